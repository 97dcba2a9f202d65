"""How a login is shown: by ``login`` and by ``whoami``."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from jsobj.errors import JsobjError
from jsobj.identity.keystone.app_credentials import Expiry
from jsobj.identity.keystone.key_permission import KeyPermission
from jsobj.identity.keystone.login import Login
from jsobj.ui.documents import Record
from jsobj.units import days_left, human_time, utc_time


@dataclass(frozen=True, slots=True)
class S3Keys:
    """The AWS profile that holds keys, "" for none, and whether this login may make some.

    ``at``: the options that choose this login, where it is not the default, with a blank in front.
    """

    permission: KeyPermission
    profile: str = ""
    chosen_by: str = ""
    at: str = ""

    @property
    def state(self) -> str | None:
        """``made``, ``allowed``, ``refused``; None where it is not known."""
        return "made" if self.profile else self.permission.value or None

    def __str__(self) -> str:
        """As people read it."""
        if self.profile:
            return f"made: profile {self.profile}" + (f" (by {self.chosen_by})" if self.chosen_by else "")
        return {
            KeyPermission.ALLOWED: f"can be made: jsobj ec2-creds{self.at}",
            KeyPermission.REFUSED: "refused to this login (swift:// needs none)",
            KeyPermission.UNKNOWN: "not known whether they can be made (swift:// needs none)",
        }[self.permission]


def login_record(
    schema: str,
    login: Login,
    cloud: str,
    expiry: Expiry,
    keys: S3Keys,
    now: datetime,
    extra: Mapping[str, object],
) -> Record:
    """User, project, roles, expiry, restricted or not, URLs, S3 keys. ``extra`` joins the JSON."""
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
            "expires": utc_time(expiry.end) if expiry.end else None,
            "never_expires": expiry.never if expiry.known else None,
        },
        "token_expires": utc_time(login.token_expires) if login.token_expires else None,
        "swift_url": swift,
        "s3_endpoint": s3,
        "s3_keys": keys.state,
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
        ("Expires", _expiry(login, expiry, now)),
        ("Region", login.region or "(the only one)"),
        ("Swift URL", swift or "none in the catalogue"),
        ("S3 endpoint", s3 or "none"),
        ("S3 keys", str(keys)),
    ]
    return Record(schema, data, lines)


def _urls(login: Login) -> tuple[str | None, str | None]:
    try:
        return login.swift_url, str(login.s3_origin)
    except JsobjError:
        return None, None  # a cloud without object storage


def _kind(login: Login) -> str:
    if login.credential is None:
        return ", ".join(login.methods) or "token"
    kind = "restricted" if login.credential.restricted else "unrestricted"
    return f"application credential '{login.credential.name}' ({kind})"


def _expiry(login: Login, expiry: Expiry, now: datetime) -> str:
    if login.credential is None and login.methods == ("password",):
        return "never (a password); tokens are renewed by themselves"
    end = login.token_expires if login.credential is None else expiry.end
    if end is None:
        return "never" if expiry.never else "not known"
    return f"{human_time(end)} ({days_left(end, now)} left)"


def next_steps(keys: S3Keys, login: Login) -> str:
    """What to type after ``login``.

    Without keys the Swift API comes first: it works with every login, and keys only where Keystone gives them.
    """
    at = keys.at
    if keys.profile:
        return f"Next: jsobj doctor{at}"
    if keys.permission is KeyPermission.ALLOWED:
        return f"Next: jsobj ec2-creds{at}"
    if {role.lower() for role in login.roles} <= {"reader"}:
        return f"Next: jsobj ls swift://{at}"
    lines = [f"Next: jsobj bucket create results --unique{at}", f"      jsobj upload DATA swift://BUCKET/{at}"]
    if keys.permission is KeyPermission.UNKNOWN:
        lines.append(f"or, if this cloud gives S3 keys to this login: jsobj ec2-creds{at}")
    return "\n".join([*lines, "More: jsobj help keyless"])
