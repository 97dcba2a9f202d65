"""Who is meant by ``PROJECT`` or ``PROJECT:USER``: ids as Keystone gives them; names where Keystone may be asked."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import quote

from jsobj.errors import BadUsage, ExitCode, JsobjError

if TYPE_CHECKING:
    from collections.abc import Callable

    from jsobj.identity.keystone.client import Keystone

_ID = re.compile(r"[0-9a-f]{32}(?:[0-9a-f]{32})?")  # 64 digits: users of an identity provider


@dataclass(frozen=True, slots=True)
class Whom:
    """A project, or with ``user`` one person in it, both by id."""

    project: str
    user: str = ""
    project_name: str = ""
    user_name: str = ""

    @property
    def words(self) -> str:
        """``project demo (0123...)``, ``user eve of project 0123...``."""
        project = f"project {_named(self.project_name, self.project)}"
        return f"user {_named(self.user_name, self.user)} of {project}" if self.user else project


def parse_whom(typed: str, log_in: Callable[[], Keystone]) -> Whom:
    """Who was typed; ``log_in`` is called only for a name. Raises :class:`JsobjError`: usage, auth."""
    project, colon, user = typed.strip().partition(":")
    if not project or (colon and not user) or ":" in user:
        raise BadUsage(f"'{typed}' is no PROJECT and no PROJECT:USER", hint="jsobj share --help")
    if not _ID.fullmatch(project):
        project, project_name = _look_up("projects", project, log_in()), project
    else:
        project_name = ""
    if user in {"", "*"}:
        return Whom(project, "", project_name)
    user_name = "" if _ID.fullmatch(user) else user
    return Whom(project, _look_up("users", user, log_in()) if user_name else user, project_name, user_name)


def _look_up(kind: str, name: str, keystone: Keystone) -> str:
    """The id behind a name. Most Keystones tell a user only about the own projects, and nothing about others."""
    own = keystone.login.user if kind == "users" else keystone.login.project
    found = [own.id] if own.name == name else []
    for path in ("/auth/projects",) if kind == "projects" else ():
        found += _ids(keystone, path, kind, name)
    found = found or _ids(keystone, f"/{kind}?name={quote(name, safe='')}", kind, name)
    if len(set(found)) == 1:
        return found[0]
    noun = kind.removesuffix("s")
    reason = (
        f"there are several {kind} named '{name}'" if found else f"Keystone does not tell the id of {noun} '{name}'"
    )
    raise JsobjError(
        "share-name-unknown",
        f"{reason}: an id is needed",
        code=ExitCode.NOT_FOUND,
        hint="ask the other person for the ids that 'jsobj whoami' prints, behind User and Project",
    )


def _ids(keystone: Keystone, path: str, kind: str, name: str) -> list[str]:
    try:
        listed = keystone.get(path).get(kind)
    except JsobjError as error:
        if error.code is ExitCode.NETWORK:
            raise
        return []  # not for this user to know
    items = listed if isinstance(listed, list) else []
    return [str(each["id"]) for each in items if isinstance(each, dict) and each.get("name") == name and "id" in each]


def _named(name: str, id: str) -> str:
    return f"{name} ({id})" if name else id
