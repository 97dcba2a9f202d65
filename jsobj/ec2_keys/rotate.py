"""Changing keys without a gap, and clearing away those that are no longer used."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from jsobj.atomic import Change
from jsobj.ec2_keys.boto3_proof import Prover
from jsobj.ec2_keys.other_files import Holder, switch
from jsobj.ec2_keys.setup import Setup, SetupRequest, profiles_with, set_up
from jsobj.errors import ExitCode, JsobjError
from jsobj.identity import ledger
from jsobj.identity.aws_files.profile import read_profile, remove_profile, write_profile
from jsobj.identity.command_hints import same_login
from jsobj.identity.keystone.client import Keystone
from jsobj.identity.keystone.ec2_credentials import Ec2Api
from jsobj.identity.settings import Settings
from jsobj.net.sigv4 import KeyPair
from jsobj.units import iso_time


@dataclass(frozen=True, slots=True)
class Rotated:
    """The new key, the old one, and what became of it. ``retire_after`` "" where it was deleted at once.

    ``files``: of other tools, which have the new key now; ``left``: those that still hold the old one.
    """

    setup: Setup
    old: str
    switched: tuple[str, ...]
    retire_after: str
    files: tuple[Holder, ...] = ()
    left: tuple[Holder, ...] = ()


def rotate(
    keystone: Keystone,
    settings: Settings,
    request: SetupRequest,
    overlap: timedelta,
    now: datetime,
    say: Callable[[str], None],
) -> Rotated:
    """A new key for the profile; other profiles and files with the old key get the new one; proof; the old one goes.

    With ``overlap`` above zero the old key stays valid until :func:`prune` is run after that time.
    """
    before = read_profile(settings.aws, request.profile)
    if before is None or not before.access:
        sentence = f"profile '{request.profile}' holds no key"
        hint = f"make one: jsobj ec2-creds{same_login(cloud=keystone.source.cloud, profile=request.profile)}"
        raise JsobjError("no-key-to-rotate", sentence, code=ExitCode.NOT_FOUND, hint=hint)
    api = Ec2Api(keystone)
    known = api.list("ec2-creds rotate")
    if all(key.access != before.access or key.project_id != keystone.login.project.id for key in known):
        sentence = f"Keystone knows no key {before.access} of project {keystone.login.project.name}"
        hint = f"see the keys there are: jsobj ec2-creds list{same_login(cloud=keystone.source.cloud)}"
        raise JsobjError("key-not-of-project", sentence, code=ExitCode.NOT_FOUND, hint=hint)
    others = tuple(name for name in profiles_with(settings.aws, before.access) if name != request.profile)
    with Prover() as prover:
        setup = set_up(keystone, settings, replace(request, new=True, overwrite=True), prover, say)
    for name in others:
        profile = read_profile(settings.aws, name)
        if profile is not None:
            changed = replace(profile, access=setup.obtained.key.access, secret=setup.obtained.key.secret)
            write_profile(settings.aws, changed, overwrite=True)
    new = setup.obtained.key
    old_pair = KeyPair(before.access, before.secret)
    files, left = switch(settings, old_pair, KeyPair(new.access, new.secret))
    until = (now + overlap).isoformat(timespec="seconds") if overlap > timedelta(0) else ""
    if until:
        ledger.update(settings, lambda book: _retire(book, before.access, keystone, until))
    else:
        api.delete(before.access)
        # Kept in mind as dead: files of other tools may still hold it.
        ended = now.isoformat(timespec="seconds")
        ledger.update(settings, lambda book: _retire(book, before.access, keystone, ended))
    return Rotated(setup, before.access, (request.profile, *others), until, files, left)


def retired_with(settings: Settings, access: str) -> frozenset[str]:
    """The keys that were rotated away in the project of this key."""
    book = ledger.read(settings)
    if (own := book.key(access)) is None:
        return frozenset()
    whose = (own.auth_url, own.project_id)
    return frozenset(key.access for key in book.keys if key.retire_after and (key.auth_url, key.project_id) == whose)


def _retire(book: ledger.Ledger, access: str, keystone: Keystone, until: str) -> ledger.Ledger:
    login = keystone.login
    known = book.key(access) or ledger.KeyRecord(access, login.auth_url, login.user.id, login.project.id)
    return book.with_key(replace(known, retire_after=until))


@dataclass(frozen=True, slots=True)
class Candidate:
    """A key that may go, and why."""

    access: str
    reason: str


def prunable(keystone: Keystone, settings: Settings, now: datetime) -> tuple[Candidate, ...]:
    """The keys of this project that jsobj made and that are not needed: past their overlap, or in no profile any more.

    Keys that jsobj did not make are never among them.
    """
    listed = Ec2Api(keystone).list("ec2-creds prune --yes")
    alive = {key.access for key in listed if key.project_id == keystone.login.project.id}
    found = []
    for record in ledger.read(settings).keys:
        if record.access not in alive:
            continue
        if (end := iso_time(record.retire_after)) and end <= now:
            found.append(Candidate(record.access, f"rotated away; its time ended on {record.retire_after[:10]}"))
        elif record.made and not record.retire_after and not profiles_with(settings.aws, record.access):
            found.append(Candidate(record.access, "made by jsobj and in no AWS profile any more"))
    return tuple(found)


def delete_key(keystone: Keystone, settings: Settings, access: str) -> tuple[bool, tuple[Change, ...]]:
    """Delete a key at Keystone, then take it out of the ledger and the profiles.

    This order, so that a crash in between leaves a profile that fails and says so, never a valid key that is
    forgotten. Returns whether Keystone had it, and the files changed.
    """
    existed = Ec2Api(keystone).delete(access)
    held = profiles_with(settings.aws, access)
    ledger.update(settings, lambda book: _unlink(book, access))
    changes: list[Change] = []
    for name in held:
        changes += remove_profile(settings.aws, name, access=access)
    return existed, tuple(changes)


def _unlink(book: ledger.Ledger, access: str) -> ledger.Ledger:
    record = book.key(access)
    clouds = tuple(replace(c, profile="") if record and c.profile == record.profile else c for c in book.clouds)
    return replace(book.without_key(access), clouds=clouds)
