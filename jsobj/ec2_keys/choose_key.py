"""Which EC2 key a profile gets: the one it has, one that jsobj made before, or a new one. Never another project's.

Keys never expire and are not named, so every needless one is litter that opens the whole project. Making one is
therefore the last resort, and safe against a lost answer or a kill: what Keystone listed before is written down first,
and the next run adopts the key that came after.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone
from enum import Enum

from jsobj.errors import ExitCode, FullLoginNeeded, JsobjError
from jsobj.identity import ledger
from jsobj.identity.aws_files.profile import read_profile
from jsobj.identity.command_hints import same_login
from jsobj.identity.keystone.client import Keystone
from jsobj.identity.keystone.ec2_credentials import Ec2Api, Ec2Key
from jsobj.identity.keystone.key_permission import KeyPermission, learning, remember
from jsobj.identity.ledger import KeyRecord, Ledger, Pending
from jsobj.identity.settings import Settings
from jsobj.locks import one_at_a_time

_PENDING_LIFE = timedelta(days=1)
_WAIT = 120.0  # seconds for other processes, which look, make and note before the next one looks


class KeyOutcome(Enum):
    """Where a profile's key comes from."""

    KEPT = "kept"  # the profile has it already
    REUSED = "reused"  # jsobj made it before
    RECOVERED = "recovered"  # an interrupted run made it
    MADE = "made"


@dataclass(frozen=True, slots=True)
class Obtained:
    """A key and why it is this one."""

    key: Ec2Key
    how: KeyOutcome
    reason: str


def obtain(
    keystone: Keystone, settings: Settings, *, profile: str, held: str, new: bool, may_replace: bool
) -> Obtained:
    """A key for the login's project. ``held`` is the access key that the profile has now, "" for none.

    Raises :class:`JsobjError`: refused with the way out (see :mod:`jsobj.identity.keystone.ec2_credentials`), or
    because the profile holds a key that is not this project's and ``may_replace`` is off; local where another process
    of this user does the same for too long.
    """
    with one_at_a_time(settings.state_dir / "ec2-keys.lock", _WAIT) as alone:
        if not alone:
            raise JsobjError(
                "keys-in-the-making",
                f"another jsobj has been making keys for {_WAIT:.0f} seconds",
                code=ExitCode.LOCAL,
                hint="wait until it has ended, then run the same command again",
            )
        return _obtained(keystone, settings, profile=profile, held=held, new=new, may_replace=may_replace)


def _obtained(
    keystone: Keystone, settings: Settings, *, profile: str, held: str, new: bool, may_replace: bool
) -> Obtained:
    api = Ec2Api(keystone)
    book = ledger.read(settings)
    command = _command(book, keystone, profile, new=new)
    try:
        with learning(settings, keystone):
            mine = _in_project(api.list(command), keystone)
    except FullLoginNeeded:
        kept = _kept_unseen(book, keystone, settings, profile)
        if new or kept is None:
            raise
        return kept
    if held and held not in mine and not may_replace:
        _refuse_other_key(book, keystone, profile, held)
    pending = _pending(book, keystone)
    found = unfinished_key(mine, pending) if new else existing_key(mine, book, pending, held)
    if found is None:
        reason = "asked for a new one" if new else "jsobj had made none for this project yet"
        found = Obtained(_make(api, keystone, settings, tuple(mine), command), KeyOutcome.MADE, reason)
    _record(settings, keystone, found, profile)
    return found


def _command(book: Ledger, keystone: Keystone, profile: str, *, new: bool) -> str:
    """The words that ask for the same again, for hints."""
    cloud = keystone.source.cloud
    usual = book.cloud(cloud).profile or cloud
    return "ec2-creds" + (" --new" if new else "") + same_login(profile="" if profile == usual else profile)


def _refuse_other_key(book: Ledger, keystone: Keystone, profile: str, held: str) -> None:
    """A key of ours for this very project that Keystone has no more is dead and may be replaced; no other may."""
    known, login = book.key(held), keystone.login
    if known is not None and (known.auth_url, known.project_id) == (login.auth_url, login.project.id):
        return
    owner = f"project {known.project_name}" if known is not None and known.project_name else "another login"
    sentence = f"profile '{profile}' holds a key of {owner} ({held})"
    context = f"this login is project {login.project.name}"
    hint = f"choose another profile: --profile {profile}-2; or replace the key: --overwrite (a backup is kept)"
    raise JsobjError("profile-holds-another-key", sentence, code=ExitCode.REFUSED, context=context, hint=hint)


def _kept_unseen(book: Ledger, keystone: Keystone, settings: Settings, profile: str) -> Obtained | None:
    """The profile's key, where Keystone (30 and newer) shows an application credential none, but we got it ourselves.

    So the same command can be run again after the full login that made the key. Whether the object store still honours
    it is what the caller's signed request finds out next.
    """
    known = read_profile(settings.aws, profile)
    record = book.key(known.access) if known is not None else None
    where = (keystone.login.auth_url, keystone.login.project.id)
    if known is None or record is None or record.retire_after or (record.auth_url, record.project_id) != where:
        return None
    key = Ec2Key(known.access, known.secret, record.user_id, record.project_id)
    return Obtained(key, KeyOutcome.KEPT, "jsobj got it for this project; Keystone shows keys only to a full login")


def existing_key(mine: Mapping[str, Ec2Key], book: Ledger, pending: Pending | None, held: str) -> Obtained | None:
    """The truth table, best first. A key that is being retired by a rotation is never taken up again.

    held by the profile, of this project   -> kept
    made by jsobj for this project         -> reused (the newest)
    came after an unfinished creation      -> recovered (if it is only one: more could be another person's)
    """
    retired = {record.access for record in book.keys if record.retire_after}
    if held in mine and held not in retired:
        reason = "the profile holds it already and Keystone knows it for this project"
        return Obtained(mine[held], KeyOutcome.KEPT, reason)
    ours = [record for record in book.keys if record.access in mine and record.made and not record.retire_after]
    if ours:
        newest = max(ours, key=lambda record: record.made)
        return Obtained(mine[newest.access], KeyOutcome.REUSED, f"jsobj made it on {newest.made[:10]} for this project")
    return unfinished_key(mine, pending)


def unfinished_key(mine: Mapping[str, Ec2Key], pending: Pending | None) -> Obtained | None:
    """The key of an interrupted run: not used yet, so it serves where a new one is wanted too."""
    after = [access for access in mine if access not in pending.before] if pending is not None else []
    return Obtained(mine[after[0]], KeyOutcome.RECOVERED, "an interrupted run had made it") if len(after) == 1 else None


def _make(api: Ec2Api, keystone: Keystone, settings: Settings, before: tuple[str, ...], command: str) -> Ec2Key:
    whose = _whose(keystone)
    intent = Pending(*whose, before=before, started=_now())
    ledger.update(settings, lambda book: dataclasses.replace(book, pending=(*_others(book, whose), intent)))
    try:
        with learning(settings, keystone):
            made = api.create(command)
        remember(settings, keystone, KeyPermission.ALLOWED)
        return made
    except JsobjError as error:
        if error.code is not ExitCode.NETWORK:
            ledger.update(settings, lambda book: dataclasses.replace(book, pending=_others(book, whose)))
            raise
        # The answer was lost; the key may exist: look before a second one is made.
        after = [key for access, key in _in_project(api.list(command), keystone).items() if access not in before]
        if len(after) != 1:
            raise
        return after[0]


def _record(settings: Settings, keystone: Keystone, found: Obtained, profile: str) -> None:
    whose = _whose(keystone)

    def change(book: Ledger) -> Ledger:
        known = book.key(found.key.access)
        made = known.made if known else _now() if found.how in {KeyOutcome.MADE, KeyOutcome.RECOVERED} else ""
        record = KeyRecord(found.key.access, *whose, keystone.login.project.name, made=made, profile=profile)
        return dataclasses.replace(book.with_key(record), pending=_others(book, whose))

    ledger.update(settings, change)


def _in_project(keys: tuple[Ec2Key, ...], keystone: Keystone) -> dict[str, Ec2Key]:
    return {key.access: key for key in keys if key.project_id == keystone.login.project.id}


def _whose(keystone: Keystone) -> tuple[str, str, str]:
    return keystone.login.auth_url, keystone.login.user.id, keystone.login.project.id


def _pending(book: Ledger, keystone: Keystone) -> Pending | None:
    """The unfinished creation of this user and project, while it is young: later, a new key may be another person's."""
    whose = _whose(keystone)
    since = (datetime.now(timezone.utc) - _PENDING_LIFE).isoformat(timespec="seconds")
    return next((p for p in book.pending if p.whose == whose and p.started >= since), None)


def _others(book: Ledger, whose: tuple[str, str, str]) -> tuple[Pending, ...]:
    return tuple(p for p in book.pending if p.whose != whose)


def _now() -> str:
    return datetime.now(timezone.utc).isoformat(timespec="seconds")
