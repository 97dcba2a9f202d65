"""EC2 keys at Keystone: the API (OS-EC2), and its refusals explained.

A key (access, secret) belongs to one user in one project and signs S3 requests. Keystone keeps no name, date or expiry
for it, and it outlives the application credential that made it. Who may make one changed twice: see
:func:`explain_refusal`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from jsobj.errors import ExitCode, JsobjError
from jsobj.identity.keystone import Keystone
from jsobj.identity.login import Login
from jsobj.secret import Secret

SWIFT_WORKS = "the Swift API works with this login already: jsobj bucket list swift://"


@dataclass(frozen=True, slots=True)
class Ec2Key:
    """One key as Keystone knows it."""

    access: str
    secret: Secret
    user_id: str
    project_id: str


class Ec2Api:
    """The OS-EC2 calls for the user of one login."""

    def __init__(self, keystone: Keystone) -> None:
        self._keystone = keystone
        self._path = f"/users/{keystone.login.user.id}/credentials/OS-EC2"

    def list(self) -> tuple[Ec2Key, ...]:
        """All keys of the user, of every project that Keystone shows.

        Raises :class:`JsobjError`; a refusal never reads as "no keys".
        """
        try:
            answer = self._keystone.get(self._path)
        except JsobjError as error:
            raise explain_refusal(error, self._keystone.login, "list") from error
        return tuple(_key(item) for item in answer.get("credentials", ()))

    def create(self) -> Ec2Key:
        """A new key for the login's own project."""
        try:
            answer = self._keystone.post(self._path, {"tenant_id": self._keystone.login.project.id})
        except JsobjError as error:
            raise explain_refusal(error, self._keystone.login, "make") from error
        return _key(answer.get("credential", {}))

    def delete(self, access: str) -> bool:
        """Delete a key; False where Keystone has none of that name (any more)."""
        try:
            self._keystone.delete(f"{self._path}/{access}")
        except JsobjError as error:
            # A missing key is 404, in some releases a 401 that speaks of the key and not of the login.
            if error.code is ExitCode.NOT_FOUND or "access key not found" in error.context:
                return False
            raise explain_refusal(error, self._keystone.login, "delete") from error
        return True


def _key(item: Mapping[str, Any]) -> Ec2Key:
    try:
        return Ec2Key(str(item["access"]), Secret(str(item["secret"])), str(item["user_id"]), str(item["tenant_id"]))
    except KeyError as error:
        raise JsobjError(
            "keystone-odd-answer", "Keystone's answer about EC2 keys is not of the known form", code=ExitCode.NETWORK
        ) from error


def explain_refusal(error: JsobjError, login: Login, verb: str) -> JsobjError:
    """A 403 from OS-EC2 in words that name the cause and the ways out; other errors unchanged.

    Three generations of Keystone: until April 2026 every application credential could make keys; since
    OSSA-2026-005 (26.1.1, 27.0.1, 28.0.1, 29.0.1) only an unrestricted one; since 30.0 none, only a login of the
    person. The server does not tell its version, but each says its own sentence.
    """
    if error.reference != "keystone-forbidden":
        return error
    said = error.context
    full_login = (
        "with a full login, once: jsobj ec2-creds --password-stdin < FILE (or --login-as NAME for another user name)"
    )
    browser = "on clouds with single sign-on: jsobj login --browser, then jsobj ec2-creds"
    if "Delegated tokens cannot access" in said:
        message = f"this cloud's Keystone lets no application credential {verb} EC2 keys (Keystone 30 and newer)"
        hint = f"{full_login}; {browser}; or do without: {SWIFT_WORKS}"
        return _refusal("ec2-needs-full-login", message, said, hint)
    if "managing additional application credentials" in said:
        message = (
            f"a restricted application credential may not {verb} EC2 keys (Keystone since April 2026, OSSA-2026-005)"
        )
        unrestricted = "make an application credential with 'Unrestricted' ticked in the portal and log in with it"
        hint = f"{full_login}; or {unrestricted}; or do without: {SWIFT_WORKS}"
        return _refusal("ec2-needs-unrestricted", message, said, hint)
    if "does not match the project scope" in said:
        message = f"an application credential makes keys only for its own project ({login.project.name})"
        return _refusal("ec2-other-project", message, said, "log in with a credential of the project that you mean")
    if "maximum of" in said:
        message = f"user {login.user.name} has as many EC2 keys as this cloud allows"
        return _refusal(
            "ec2-limit", message, said, "see them with jsobj ec2-creds list, delete one: jsobj ec2-creds delete ACCESS"
        )
    if not {"member", "admin", "manager"} & {role.lower() for role in login.roles}:
        roles = ", ".join(login.roles) or "none"
        message = (
            f"your role in project {login.project.name} ({roles}) does not allow to {verb} EC2 keys: it takes 'member'"
        )
        return _refusal("ec2-role", message, said, f"ask the project's manager for the role 'member'; {SWIFT_WORKS}")
    return _refusal("ec2-forbidden", f"Keystone does not let you {verb} EC2 keys", said, SWIFT_WORKS)


def _refusal(reference: str, message: str, said: str, hint: str) -> JsobjError:
    return JsobjError(reference, message, code=ExitCode.REFUSED, context=said, hint=hint)
