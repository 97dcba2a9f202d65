"""From a login to an AWS profile that works: key, endpoint, dialect, files, proof. And the way back.

Each step is done only when the one before it has succeeded, and what would be refused at the end (a profile that holds
another key, a malformed file, an endpoint that is no object store) is found out before a key is made.
"""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable
from dataclasses import dataclass, replace

from jsobj.atomic import Change, edit_private_file
from jsobj.ec2_keys.boto3_proof import Prover
from jsobj.ec2_keys.choose_key import KeyOutcome, Obtained, obtain
from jsobj.ec2_keys.probe import S3Server, identify, probe
from jsobj.errors import ExitCode, JsobjError, KeyRefused
from jsobj.identity import ledger
from jsobj.identity.aws_files.profile import (
    AwsFiles,
    AwsProfile,
    names,
    read_profile,
    refuse_other_setup,
    write_profile,
)
from jsobj.identity.keystone.client import Keystone, verify_of
from jsobj.identity.settings import Settings
from jsobj.net.sigv4 import KeyPair
from jsobj.urls import Origin, require_secure

_NEW_KEY_TRIES = 4  # a key made a moment ago may take some seconds to be known to every server
_NEW_KEY_WAIT = 1.0  # seconds


@dataclass(frozen=True, slots=True)
class SetupRequest:
    """What the user asked for."""

    profile: str
    endpoint: Origin | None = None
    new: bool = False
    as_default: bool = False
    overwrite: bool = False


@dataclass(frozen=True, slots=True)
class Setup:
    """What was done. ``buckets`` is what plain boto3 saw with the profile's name; None without a profile."""

    obtained: Obtained
    dialect: S3Server
    profiles: tuple[str, ...]
    changes: tuple[Change, ...]
    buckets: tuple[str, ...] | None


def set_up(
    keystone: Keystone, settings: Settings, request: SetupRequest, prover: Prover | None, say: Callable[[str], None]
) -> Setup:
    """Give the login's project a key and, where there is a ``prover``, a profile that it proves.

    Raises :class:`JsobjError`: refused (the profile holds a key of another project; Keystone does not allow keys),
    local (a file that cannot be edited), network, auth (the proof failed).
    """
    held = held_keys(settings.aws, request)
    origin = request.endpoint or keystone.login.s3_origin
    require_secure(origin, settings.environ, "S3 endpoint")
    verify = verify_of(keystone, settings)
    say(f"looking at {origin}")
    identify(origin, verify=verify)
    if prover is not None:
        _refuse_early(settings.aws, request, origin)
    say("asking Keystone for the project's EC2 keys")
    obtained = obtain(
        keystone,
        settings,
        profile=request.profile,
        held=held,
        new=request.new,
        may_replace=request.overwrite or prover is None,
    )
    pair = KeyPair(obtained.key.access, obtained.key.secret)
    dialect = _probe_patiently(origin, pair, verify=verify, fresh=obtained.how is KeyOutcome.MADE)
    if prover is None:
        return Setup(obtained, dialect, (), (), None)
    wanted = [request.profile, *(["default"] if request.as_default and request.profile != "default" else [])]
    profile = AwsProfile(
        name=request.profile,
        access=pair.access,
        secret=pair.secret,
        endpoint_url=str(dialect.origin),
        region=dialect.region,
        addressing_style=dialect.addressing_style,
        checksums=dialect.checksums,
        ca_bundle=keystone.source.cacert,
    )
    changes: list[Change] = []
    for name in wanted:
        dead = name == request.profile and bool(held) and held != pair.access  # obtain() has allowed its replacement
        changes.extend(write_profile(settings.aws, replace(profile, name=name), overwrite=request.overwrite or dead))
    link(settings, keystone, request.profile)
    say("proving the profile with boto3")
    return Setup(obtained, dialect, tuple(wanted), tuple(changes), prover.buckets(settings.aws, request.profile))


def held_keys(files: AwsFiles, request: SetupRequest) -> str:
    """The access key that the profile holds now; refuses, before anything is made, to take ``[default]`` away."""
    existing = read_profile(files, request.profile)
    held = existing.access if existing else ""
    if request.as_default and not request.overwrite:
        default = read_profile(files, "default")
        if default is not None and default.access not in {"", held}:
            sentence = f"[default] in {files.credentials} holds another key ({default.access})"
            hint = f"leave --set-default out and use --profile {request.profile}, or replace it: --overwrite"
            raise JsobjError("default-profile-taken", sentence, code=ExitCode.REFUSED, hint=hint)
    return held


class _RehearsedError(Exception):
    """The edit went well up to the moment of replacing the file."""


def _refuse_early(files: AwsFiles, request: SetupRequest, origin: Origin) -> None:
    """Find out before a key is made that the profile could not be written: it is for elsewhere, or the disk objects."""
    existing = read_profile(files, request.profile)
    endpoint = existing.endpoint_url.rstrip("/") if existing else ""
    if endpoint not in {"", str(origin)} and not request.overwrite:
        sentence = f"profile '{request.profile}' is for another endpoint ({endpoint})"
        context = f"this login's endpoint is {origin}"
        hint = f"choose another: --profile {request.profile}-2; or replace it: --overwrite (a backup is kept)"
        raise JsobjError("profile-holds-another-key", sentence, code=ExitCode.REFUSED, context=context, hint=hint)
    if existing is not None and not request.overwrite:
        refuse_other_setup(files, replace(existing, endpoint_url=str(origin)))

    def stop(_: bytes) -> None:
        raise _RehearsedError

    for path in (files.config, files.credentials):
        with contextlib.suppress(_RehearsedError):
            edit_private_file(path, lambda old: (old or b"") + b"\n", check=stop)


def link(settings: Settings, keystone: Keystone, profile: str) -> None:
    """Record this profile as the cloud's."""
    name = keystone.source.cloud
    if not name:
        return
    project = keystone.login.project

    def change(book: ledger.Ledger) -> ledger.Ledger:
        record = replace(book.cloud(name), profile=profile, project_id=project.id, project_name=project.name)
        return book.with_cloud(record)

    ledger.update(settings, change)


def profiles_with(files: AwsFiles, access: str) -> tuple[str, ...]:
    """Every profile that holds this access key."""
    return tuple(n for n in names(files) if (profile := read_profile(files, n)) and profile.access == access)


def _probe_patiently(origin: Origin, pair: KeyPair, *, verify: bool | str, fresh: bool) -> S3Server:
    for _ in range(_NEW_KEY_TRIES - 1 if fresh else 0):
        with contextlib.suppress(KeyRefused):
            return probe(origin, pair, verify=verify)
        time.sleep(_NEW_KEY_WAIT)
    return probe(origin, pair, verify=verify)
