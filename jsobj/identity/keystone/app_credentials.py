"""Application credentials at Keystone: create, list, show, delete; and the RC file for a new one.

The secret is shown by Keystone once, at creation (Identity API v3, OS application credentials). It goes from there into
a 0600 file and nowhere else.
"""

from __future__ import annotations

import shlex
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timezone
from typing import Any

from jsobj.errors import ExitCode, JsobjError, KeystoneConflict, KeystoneForbidden, KeystoneRejected
from jsobj.identity.keystone.client import Keystone
from jsobj.identity.keystone.login import Login
from jsobj.identity.keystone.token import identity_root
from jsobj.secret import Secret
from jsobj.units import iso_time


@dataclass(frozen=True, slots=True)
class AppCredential:
    """One application credential. ``expires`` None means never."""

    id: str
    name: str
    description: str
    project_id: str
    roles: tuple[str, ...]
    expires: datetime | None
    unrestricted: bool
    access_rules: int = 0


@dataclass(frozen=True, slots=True)
class Expiry:
    """When a login ends: ``end`` None means never, or that it is not ``known``."""

    end: datetime | None
    known: bool = True

    @property
    def never(self) -> bool:
        """Whether Keystone says that there is no end."""
        return self.known and self.end is None


class AppCredentials:
    """The calls for the user of one login."""

    def __init__(self, keystone: Keystone) -> None:
        self._keystone = keystone
        self._path = f"/users/{keystone.login.user.id}/application_credentials"

    def list(self) -> tuple[AppCredential, ...]:
        """All of the user's, of every project."""
        return tuple(_credential(item) for item in self._keystone.get(self._path).get("application_credentials", ()))

    def find(self, name_or_id: str) -> AppCredential:
        """The one of that name or id.

        Raises :class:`JsobjError` (not found) naming those that exist.
        """
        known = self.list()
        for credential in known:
            if name_or_id in (credential.id, credential.name):
                return credential
        names = ", ".join(credential.name for credential in known)
        sentence = f"user {self._keystone.login.user.name} has no application credential '{name_or_id}'"
        context = f"there are: {names}" if names else "there are none"
        raise JsobjError("app-cred-not-found", sentence, code=ExitCode.NOT_FOUND, context=context)

    def expiry(self) -> Expiry:
        """When the application credential of this very login ends; not known where it may not be read."""
        credential = self._keystone.login.credential
        if credential is None:
            return Expiry(None, known=False)
        try:
            answer = self._keystone.get(f"{self._path}/{credential.id}")
        except JsobjError:
            return Expiry(None, known=False)
        found = answer.get("application_credential", {})
        return Expiry(_credential(found).expires, known="expires_at" in found)

    def create(
        self, name: str, *, description: str, roles: Sequence[str], expires: datetime | None, unrestricted: bool
    ) -> tuple[AppCredential, Secret]:
        """Make one for the login's project; Keystone sends its secret only this once.

        Raises :class:`JsobjError`: refused (name used, not allowed), usage (a role that the user does not have).
        """
        wanted: dict[str, Any] = {"name": name, "description": description, "unrestricted": unrestricted}
        if roles:
            wanted["roles"] = [{"name": role} for role in roles]
        if expires is not None:
            wanted["expires_at"] = expires.astimezone(timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ")
        try:
            answer = self._keystone.post(self._path, {"application_credential": wanted})
        except JsobjError as error:
            raise _explain(error, name, self._keystone.login, roles) from error
        made = answer.get("application_credential", {})
        return _credential(made), Secret(str(made.get("secret", "")))

    def delete(self, credential: AppCredential) -> None:
        """Delete one. EC2 keys that were made with it stay alive."""
        try:
            self._keystone.delete(f"{self._path}/{credential.id}")
        except JsobjError as error:
            raise _explain(error, credential.name, self._keystone.login) from error


def _credential(item: Mapping[str, Any]) -> AppCredential:
    return AppCredential(
        id=str(item.get("id", "")),
        name=str(item.get("name", "")),
        description=str(item.get("description") or ""),
        project_id=str(item.get("project_id") or ""),
        roles=tuple(str(role.get("name", "")) for role in item.get("roles") or ()),
        expires=iso_time(item.get("expires_at")),
        unrestricted=bool(item.get("unrestricted")),
        access_rules=len(item.get("access_rules") or ()),
    )


def _explain(error: JsobjError, name: str, login: Login, roles: Sequence[str] = ()) -> JsobjError:
    if isinstance(error, KeystoneConflict):
        sentence = f"there is an application credential '{name}' already"
        hint = f"choose another name, or delete it first: jsobj app-cred delete {shlex.quote(name)}"
        return JsobjError("app-cred-name-taken", sentence, code=ExitCode.REFUSED, hint=hint)
    if isinstance(error, KeystoneForbidden) and login.credential is not None and login.credential.restricted:
        sentence = "a restricted application credential may not make or delete application credentials"
        hint = "log in with your password or browser, or use the portal (Identity > Application Credentials)"
        return JsobjError("app-cred-restricted", sentence, code=ExitCode.REFUSED, context=error.context, hint=hint)
    if isinstance(error, KeystoneRejected) or (roles and error.code is ExitCode.NOT_FOUND):
        others = [role for role in roles if role not in login.roles]
        why = f": role '{others[0]}' is not yours in this project" if others else ""
        sentence = f"Keystone does not make '{name}'{why}"
        own = f"roles that you have yourself in this project: {', '.join(login.roles) or 'none'}"
        hint = f"--role takes {own}" if roles else f"try again in a minute; it would have all {own}"
        return JsobjError("app-cred-rejected", sentence, code=ExitCode.USAGE, context=error.context, hint=hint)
    return error


def rc_text(login: Login, credential: AppCredential, secret: Secret) -> bytes:
    """An RC file that bash, and jsobj, read back exactly: every value in single quotes."""
    lines = {
        "OS_AUTH_TYPE": "v3applicationcredential",
        "OS_AUTH_URL": identity_root(login.auth_url),
        "OS_IDENTITY_API_VERSION": "3",
        "OS_REGION_NAME": login.region,
        "OS_INTERFACE": login.interface,
        "OS_APPLICATION_CREDENTIAL_ID": credential.id,
        "OS_APPLICATION_CREDENTIAL_SECRET": secret.reveal(),
    }
    text = "".join(f"export {name}={shlex.quote(value)}\n" for name, value in lines.items() if value)
    project = "".join(ch if ch.isprintable() else "?" for ch in login.project.name)
    return f"#!/usr/bin/env bash\n\n# Application credential of project {project}.\n{text}".encode()
