"""All logins and AWS profiles that this computer knows, without asking any server."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime

from jsobj.errors import JsobjError, LoginIncomplete
from jsobj.identity import ledger
from jsobj.identity.auth_source import AuthSource
from jsobj.identity.aws_files.profile import names as profile_names
from jsobj.identity.aws_files.profile import read_profile
from jsobj.identity.clouds_yaml.read import cloud_names, read_cloud
from jsobj.identity.current import Choice, chosen_cloud
from jsobj.identity.settings import Settings
from jsobj.units import iso_time


@dataclass(frozen=True, slots=True)
class KnownLogin:
    """A cloud of clouds.yaml with the AWS profile that belongs to it (``kind`` ``cloud``), or a profile alone.

    ``chosen_by``: why commands use it where none is named, "" for the others. ``expires``: None where no end is known.
    ``fault``: why the entry cannot be used, "" where it can. What is not known is "".
    """

    kind: str
    name: str
    chosen_by: str = ""
    auth_url: str = ""
    auth_type: str = ""
    project: str = ""
    region: str = ""
    expires: datetime | None = None
    profile: str = ""
    endpoint: str = ""
    where: str = ""
    fault: str = ""


def known_logins(settings: Settings) -> tuple[KnownLogin, ...]:
    """Clouds in the order of their files, then the AWS profiles with keys that belong to none of them.

    Raises :class:`JsobjError` (local) for a clouds.yaml, ledger or AWS file that cannot be read at all.
    """
    book = ledger.read(settings)
    choice = Choice("", "")
    with suppress(LoginIncomplete):  # then none is used
        choice = chosen_cloud(settings)
    clouds = tuple(
        _cloud(settings, book.cloud(name), choice.reason if name == choice.name else "")
        for name in cloud_names(settings)
    )
    linked = {login.profile for login in clouds}
    profiles = (_profile(settings, name) for name in profile_names(settings.aws) if name not in linked)
    return (*clouds, *(login for login in profiles if login))


def _cloud(settings: Settings, record: ledger.CloudRecord, chosen_by: str) -> KnownLogin:
    try:
        source, fault = read_cloud(settings, record.name), ""
    except JsobjError as error:
        source, fault = AuthSource("", "", "", {}, {}, {}), error.message
    profile = read_profile(settings.aws, record.profile) if record.profile else None
    return KnownLogin(
        "cloud",
        record.name,
        chosen_by=chosen_by,
        auth_url=source.auth_url,
        auth_type=source.auth_type,
        project=record.project_name or str(source.auth.get("project_name", "")),
        region=source.region,
        expires=iso_time(record.expires),
        profile=profile.name if profile and profile.access else "",
        endpoint=profile.endpoint_url if profile else "",
        where=source.where,
        fault=fault,
    )


def _profile(settings: Settings, name: str) -> KnownLogin | None:
    profile = read_profile(settings.aws, name)
    if profile is None or not profile.access:
        return None
    return KnownLogin("profile", name, region=profile.region, profile=name, endpoint=profile.endpoint_url)
