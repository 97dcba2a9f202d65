"""How the object store is reached: with a profile's keys (S3), or with a Keystone token (Swift).

Precedence is that of the AWS tools (option, environment, profile), with one difference: without an endpoint nothing is
sent, where they would send key ids and bucket names to Amazon.
"""

from __future__ import annotations

import re
from collections.abc import Collection
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from jsobj.errors import ExitCode, JsobjError, NoS3Keys
from jsobj.identity import ledger
from jsobj.identity.aws_files.profile import AwsProfile, has_credential_process, read_profile
from jsobj.identity.clouds_yaml.read import require_cloud
from jsobj.identity.command_hints import same_login
from jsobj.identity.current import Choice, chosen_cloud, chosen_profile, cloud_of_profile
from jsobj.identity.settings import Settings
from jsobj.net.sigv4 import DEFAULT_REGION, KeyPair
from jsobj.secret import Secret
from jsobj.urls import Origin, require_origin

if TYPE_CHECKING:
    from jsobj.identity.keystone.login import Named

IN_ENVIRONMENT = "AWS_* variables in the environment"
_PROJECT_ID = re.compile(r"[0-9a-f]{32}")


@dataclass(frozen=True, slots=True)
class S3Access:
    """Everything that an S3 request needs. ``where`` says who chose it; ``profile``, ``project``: "" if none.

    An empty ``key.access`` means that requests are not signed: public data only. ``tenant``: id of the project whose
    profile named the server then, "" if none; without a key, a Ceph may want it before the bucket's name.
    """

    origin: Origin
    region: str
    key: KeyPair
    addressing_style: str
    checksums: str
    verify: bool | str
    where: str
    profile: str = ""
    project: str = ""
    tenant: str = ""


def s3_access(settings: Settings, *, profile: str = "", cloud: str = "", endpoint: str = "") -> S3Access | None:
    """The S3 access meant, or None where no keys are chosen. ``endpoint``: instead of the profile's.

    Raises :class:`JsobjError`: not found (a named profile that does not exist or has no key), usage (no endpoint).
    """
    access = settings.get("AWS_ACCESS_KEY_ID")
    if access and not profile and not cloud:
        pair = KeyPair(access, Secret(settings.get("AWS_SECRET_ACCESS_KEY")))
        return _access(settings, None, pair, IN_ENVIRONMENT, endpoint)
    choice = chosen_profile(settings, profile=profile, cloud=cloud)
    if not choice.name:
        return None
    found = read_profile(settings.aws, choice.name)
    if found is None or not found.access or not found.secret:
        raise _no_such_profile(settings, choice, cloud)
    return _access(settings, found, KeyPair(found.access, found.secret), f"profile '{found.name}'", endpoint)


def s3_public(settings: Settings, *, profile: str = "", cloud: str = "", endpoint: str = "") -> S3Access:
    """The way to public data: no key is read, and no login is needed.

    Raises :class:`JsobjError` (usage) where no endpoint is known.
    """
    found = None
    if not endpoint:
        choice = chosen_profile(settings, profile=profile, cloud=cloud)
        found = read_profile(settings.aws, choice.name) if choice.name else None
        endpoint = _endpoint(settings, found)
    if not endpoint:
        require_cloud(settings, cloud)
        raise JsobjError(
            "endpoint-missing",
            "it is not known on which server these public data are",
            code=ExitCode.USAGE,
            hint="name it: --endpoint https://HOST:PORT",
        )
    access = _access(settings, found, KeyPair("", Secret("")), "unsigned, for public data", endpoint)
    cloud = cloud_of_profile(settings, access.profile)
    return replace(access, tenant=ledger.read(settings).cloud(cloud).project_id) if cloud else access


def _endpoint(settings: Settings, profile: AwsProfile | None) -> str:
    return (
        settings.get("AWS_ENDPOINT_URL_S3")
        or settings.get("AWS_ENDPOINT_URL")
        or (profile.endpoint_url if profile else "")
    )


def _access(settings: Settings, profile: AwsProfile | None, pair: KeyPair, where: str, endpoint: str) -> S3Access:
    endpoint = endpoint or _endpoint(settings, profile)
    if not endpoint:
        raise JsobjError(
            "endpoint-missing",
            f"{where} name no endpoint" if profile is None else f"{where} has no endpoint_url",
            code=ExitCode.USAGE,
            context="without one, AWS tools would send your key id and bucket names to Amazon",
            hint="set AWS_ENDPOINT_URL=https://HOST:PORT, or use a profile: unset AWS_ACCESS_KEY_ID"
            if profile is None
            else f"write it into the profile: jsobj ec2-creds{same_login(profile=profile.name)}",
        )
    region = settings.get("AWS_REGION") or settings.get("AWS_DEFAULT_REGION") or (profile.region if profile else "")
    record = ledger.read(settings).key(pair.access) if pair.access else None
    return S3Access(
        origin=require_origin(endpoint),
        region=region or DEFAULT_REGION,
        key=pair,
        addressing_style=profile.addressing_style if profile and profile.addressing_style else "path",
        checksums=profile.checksums if profile and profile.checksums else "when_required",
        verify=settings.get("AWS_CA_BUNDLE") or (profile.ca_bundle if profile else "") or True,
        where=where,
        profile=profile.name if profile else "",
        project=record.project_name if record else "",
    )


def no_s3_keys(
    settings: Settings,
    message: str = "there are no S3 keys to use",
    *,
    cloud: str = "",
    profile: str = "",
    swift: str = "swift://NAME",
) -> JsobjError:
    """The error where S3 was requested. ``cloud``, ``profile``: as typed; ``swift``: what serves without keys.

    Raises :class:`JsobjError` (not found) where the cloud meant is not there: no keys could be made for it.
    """
    require_cloud(settings, chosen_cloud(settings, cloud).name)
    hint = ways_without_keys(settings, cloud=cloud, profile=profile, swift=swift)
    return NoS3Keys(message, hint=hint)


def ways_without_keys(
    settings: Settings, *, cloud: str = "", profile: str = "", swift: str = "swift://NAME"
) -> tuple[str, ...]:
    """What to do without S3 keys: the Swift API; and making keys, unless Keystone is known to refuse them."""
    from jsobj.identity.keystone.key_permission import (  # only here: it brings Keystone's client along
        KeyPermission,
        known,
    )

    permission = known(settings, chosen_cloud(settings, cloud).name)
    without = f"use the Swift API, which needs none: {swift}{same_login(cloud=cloud)}"
    make = f"make them: jsobj ec2-creds{same_login(cloud=cloud, profile=profile)}"
    if permission is KeyPermission.REFUSED:
        return without, "(Keystone refuses keys to this login: jsobj help keyless)"
    first, second = (make, without) if permission is KeyPermission.ALLOWED else (without, make)
    return first, f"or {second}"


def _no_such_profile(settings: Settings, choice: Choice, cloud: str) -> JsobjError:
    chosen = "" if choice.reason == "--profile" else f" (chosen by {choice.reason})"
    process = has_credential_process(settings.aws, choice.name)
    why = "; its credential_process is for other tools: jsobj runs no program that a file names" if process else ""
    return JsobjError(
        "profile-without-key",
        f"profile '{choice.name}'{chosen} holds no key in {settings.aws.credentials}{why}",
        code=ExitCode.NOT_FOUND,
        hint=ways_without_keys(settings, cloud=cloud, profile=choice.name),
    )


def owner_id(access: S3Access) -> str:
    """What the server calls the owner of the key's buckets; "" where it does not say."""
    from jsobj.ec2_keys.s3_account import get, read_buckets

    listed = read_buckets(get(access.origin, key=access.key, region=access.region, verify=access.verify))
    return listed.owner if listed is not None else ""


def other_account(access: S3Access, origins: Collection[Origin | None], project: Named) -> str:
    """Why a login is not that of the keys' buckets; "" where nothing says so.

    ``origins``: those of the login's object store; ``project``: the login's.
    """
    if access.origin not in origins:
        return f"the login's object store is {next(filter(None, origins), 'another one')}"
    if access.project and access.project != project.name:
        return f"the login is of project {project.name}, the keys are of project {access.project}"
    owner = owner_id(access).partition("$")[0]  # Ceph's: the project's id
    if _PROJECT_ID.fullmatch(owner) and owner != project.id:
        return f"the login is of project {project.name} ({project.id}), the keys are of project {owner}"
    return ""
