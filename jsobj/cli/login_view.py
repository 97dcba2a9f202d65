"""How a login is shown: by ``login`` and by ``whoami``."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from jsobj.errors import JsobjError
from jsobj.identity.login import Login
from jsobj.ui.documents import Record
from jsobj.units import days_left, human_time


def login_record(
    schema: str, login: Login, cloud: str, expires: datetime | None, now: datetime, extra: Mapping[str, object]
) -> Record:
    """User, project, roles, expiry, restricted or not, Swift URL, S3 endpoint. ``extra`` joins the JSON."""
    credential = login.credential
    swift, s3 = _urls(login)
    data: dict[str, object] = {
        "cloud": cloud,
        "auth_url": login.auth_url,
        "user": {"id": login.user.id, "name": login.user.name, "domain": login.user.domain},
        "project": {"id": login.project.id, "name": login.project.name, "domain": login.project.domain},
        "roles": list(login.roles),
        "region": login.region,
        "application_credential": None
        if credential is None
        else {
            "id": credential.id,
            "name": credential.name,
            "restricted": credential.restricted,
            "expires": expires.isoformat() if expires else None,
        },
        "token_expires": login.token_expires.isoformat() if login.token_expires else None,
        "swift_url": swift,
        "s3_endpoint": s3,
        "clock_offset_seconds": None if login.clock_offset is None else round(login.clock_offset, 1),
        **extra,
    }
    lines = [
        ("Cloud", cloud or "(none: the environment's variables)"),
        ("Keystone", login.auth_url),
        ("User", f"{login.user.name} ({login.user.id})"),
        ("Project", f"{login.project.name} ({login.project.id})"),
        ("Roles", ", ".join(login.roles) or "none"),
        ("Login by", _kind(login)),
        ("Expires", _expiry(login, expires, now)),
        ("Region", login.region or "(the only one)"),
        ("Swift URL", swift or "none in the catalogue"),
        ("S3 endpoint", s3 or "none"),
    ]
    return Record(schema, data, lines)


def _urls(login: Login) -> tuple[str | None, str | None]:
    try:
        return login.swift_url, str(login.s3_origin)
    except JsobjError:
        return None, None  # login still tells who one is on a cloud without object storage


def _kind(login: Login) -> str:
    if login.credential is None:
        return ", ".join(login.methods) or "token"
    kind = "restricted" if login.credential.restricted else "unrestricted"
    return f"application credential '{login.credential.name}' ({kind})"


def _expiry(login: Login, expires: datetime | None, now: datetime) -> str:
    if login.credential is None and login.methods == ("password",):
        return "never (a password); tokens are renewed by themselves"
    if login.credential is None:
        expires = login.token_expires
    if expires is None:
        return "no date known"
    return f"{human_time(expires)} ({days_left(expires, now)} left)"
