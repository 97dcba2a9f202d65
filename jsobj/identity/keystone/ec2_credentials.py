"""EC2 keys at Keystone: the API (OS-EC2), and its refusals explained.

A key (access, secret) belongs to one user in one project and signs S3 requests. Keystone keeps no name, date or expiry
for it, and it outlives the application credential that made it. Who may make one changed twice: see
:func:`explain_refusal`.
"""

from __future__ import annotations

import shlex
from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum
from typing import Any
from urllib.parse import quote

from jsobj.errors import BadUsage, ExitCode, FullLoginNeeded, JsobjError, KeysRefused, KeystoneForbidden
from jsobj.identity.command_hints import same_login
from jsobj.identity.keystone.client import Keystone
from jsobj.identity.keystone.login import Login
from jsobj.secret import Secret

KEY_ROLES = frozenset({"member", "admin", "manager"})  # one of them is needed since April 2026
_NO_PROJECT = "0" * 32  # well-formed, and no project's


class KeyRefusal(Enum):
    """Why Keystone refuses (403), known by words of its sentence: it sends no other sign. UNKNOWN matches all."""

    DELEGATED = "Delegated tokens cannot access"  # Keystone 30 and newer
    RESTRICTED = "managing additional application credentials"  # OSSA-2026-005
    OTHER_PROJECT = "does not match the project scope"
    LIMIT = "maximum of"
    UNKNOWN = ""

    @classmethod
    def of(cls, error: KeystoneForbidden) -> KeyRefusal:
        """The first whose words are in the error."""
        return next(refusal for refusal in cls if refusal.value in error.context)


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

    def list(self, command: str = "ec2-creds list") -> tuple[Ec2Key, ...]:
        """All keys of the user, of every project that Keystone shows; ``command`` wants them (for the hint).

        Raises :class:`JsobjError`; a refusal never reads as "no keys".
        """
        try:
            answer = self._keystone.get(self._path)
        except JsobjError as error:
            raise self._explain(error, "list", command) from error
        return tuple(_key(item) for item in answer.get("credentials", ()))

    def create(self, command: str = "ec2-creds") -> Ec2Key:
        """A new key for the login's own project; ``command`` wants it (for the hint)."""
        try:
            answer = self._keystone.post(self._path, {"tenant_id": self._keystone.login.project.id})
        except JsobjError as error:
            raise self._explain(error, "make", command) from error
        return _key(answer.get("credential", {}))

    def may_create(self) -> bool:
        """Whether :meth:`create` would be refused; nothing is made.

        The request is for a key in a project that does not exist. Where a restricted application credential or a reader
        may make none, Keystone refuses (403) before it looks for the project (404). Not so Keystone 30 to application
        credentials: there :meth:`list` is refused as well.
        """
        try:
            answer = self._keystone.post(self._path, {"tenant_id": _NO_PROJECT})
        except JsobjError as error:
            if isinstance(error, KeystoneForbidden):
                return KeyRefusal.of(error) is KeyRefusal.OTHER_PROJECT
            if error.code in (ExitCode.NOT_FOUND, ExitCode.REFUSED):
                return error.code is ExitCode.NOT_FOUND
            raise
        self.delete(_key(answer.get("credential", {})).access)  # no Keystone that is known gets here
        return True

    def delete(self, access: str) -> bool:
        """Delete a key; False where Keystone has none of that name (any more)."""
        if not access:
            raise BadUsage("the access key to delete is empty")
        if "/" in access:  # no key has one, and Keystone would read another path in it
            return False
        try:
            self._keystone.delete(f"{self._path}/{quote(access, safe='')}")
        except JsobjError as error:
            if error.code is ExitCode.NOT_FOUND:
                return False
            # --yes: with the password on standard input there is no prompt.
            raise self._explain(error, "delete", f"ec2-creds delete {access} --yes") from error
        return True

    def _explain(self, error: JsobjError, verb: str, command: str) -> JsobjError:
        if not isinstance(error, KeystoneForbidden):
            return error
        return explain_refusal(error, self._keystone.login, verb, command, self._keystone.source.cloud)


def _key(item: Mapping[str, Any]) -> Ec2Key:
    try:
        return Ec2Key(str(item["access"]), Secret(str(item["secret"])), str(item["user_id"]), str(item["tenant_id"]))
    except KeyError as error:
        raise JsobjError(
            "keystone-odd-answer", "Keystone's answer about EC2 keys is not of the known form", code=ExitCode.NETWORK
        ) from error


def explain_refusal(error: KeystoneForbidden, login: Login, verb: str, command: str, cloud: str) -> JsobjError:
    """A 403 from OS-EC2 in words that name the cause and the ways out.

    Three generations of Keystone: until April 2026 every application credential could make keys; since
    OSSA-2026-005 (26.1.1, 27.0.1, 28.0.1, 29.0.1) only an unrestricted one, though all may still list and delete;
    since 30.0 none may do anything, only a login of the person. The server does not tell its version, but each says its
    own sentence. The hint's commands name ``cloud``, since pasted into another terminal they must mean the same one.
    """
    said, refusal = error.context, KeyRefusal.of(error)
    at = same_login(cloud=cloud)
    swift = f"the Swift API works with this login already: jsobj bucket list swift://{at}"
    if refusal is KeyRefusal.DELEGATED:
        message = "this cloud's Keystone (30 or newer) lets no application credential make, list or delete EC2 keys"
        name = shlex.quote(f"{cloud}-sso" if cloud else "sso")
        third = (
            "# where you log in through the browser",
            f"jsobj login --browser{at} --as {name} --identity-provider IDP",
            f"jsobj {command} --cloud {name}",
        )
        return _refusal("ec2-needs-full-login", message, said, _ways(login, command, at, third), FullLoginNeeded)
    if refusal is KeyRefusal.RESTRICTED:
        message = (
            f"a restricted application credential may not {verb} EC2 keys (Keystone since April 2026, OSSA-2026-005)"
        )
        replaced = f" --as {shlex.quote(cloud)} --overwrite" if cloud else ""
        third = (
            "# with a new application credential: tick 'Unrestricted' in the portal",
            f"jsobj login NEW-openrc.sh{replaced}",
            f"jsobj {command}{at}",
        )
        return _refusal("ec2-needs-unrestricted", message, said, _ways(login, command, at, third), KeysRefused)
    if refusal is KeyRefusal.OTHER_PROJECT:
        message = f"an application credential may {verb} EC2 keys only of its own project ({login.project.name})"
        hint = f"log in with a credential of that project; or with your password: {_password(login, command, at)}"
        return _refusal("ec2-other-project", message, said, hint)
    if refusal is KeyRefusal.LIMIT:
        message = f"user {login.user.name} has as many EC2 keys as this cloud allows"
        hint = f"see them: jsobj ec2-creds list{at}; delete one: jsobj ec2-creds delete ACCESS{at}"
        return _refusal("ec2-limit", message, said, hint)
    if not KEY_ROLES & {role.lower() for role in login.roles}:
        roles = ", ".join(login.roles) or "none"
        message = (
            f"your role in project {login.project.name} ({roles}) does not allow to {verb} EC2 keys: it takes 'member'"
        )
        hint = f"ask the project's manager for the role 'member'; {swift}"
        return _refusal("ec2-role", message, said, hint, KeysRefused)
    return _refusal("ec2-forbidden", f"Keystone does not let you {verb} EC2 keys", said, swift, KeysRefused)


def _ways(login: Login, command: str, at: str, third: tuple[str, ...]) -> tuple[str, ...]:
    """The ways to the same command, best first: each line that begins with ``jsobj`` can be pasted."""
    password = _password(login, command, at)
    return (
        "three ways, the best first:",
        "# at a terminal: asks for your password, for this command only",
        password,
        "# in a script",
        f"{password} --password-stdin < FILE",
        *third,
        "or do without: swift:// works now, see jsobj help keyless",
    )


def _password(login: Login, command: str, at: str) -> str:
    """As the person behind the login; the domain is said where it is not the usual one."""
    domain = login.user.domain
    inside = f" --user-domain {shlex.quote(domain)}" if domain not in {"", "Default"} else ""
    return f"jsobj {command}{at} --login-as {shlex.quote(login.user.name)}{inside}"


def _refusal(
    reference: str, message: str, said: str, hint: str | tuple[str, ...], kind: type[JsobjError] = JsobjError
) -> JsobjError:
    return kind(reference, message, code=ExitCode.REFUSED, context=said, hint=hint)
