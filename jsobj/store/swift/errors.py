"""The Swift API's refusals in the user's words, with the server's reason and request id as evidence.

A status alone does not say what is wrong: to a creation 409 means a name that is taken (Ceph RGW, where names may be
shared), to a deletion a container that is not empty. Here are the words for accounts and containers, and what
swiftclient raises; those for objects are in :mod:`jsobj.store.swift.verdict`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from jsobj.errors import ExitCode, JsobjError, StoreUnreachable
from jsobj.identity.command_hints import same_login
from jsobj.store.refusals import (
    BUCKET_NAME_RULES,
    BUCKET_NAME_TAKEN,
    BUCKET_NOT_EMPTY,
    BUCKET_NOT_FOUND,
    PROJECT_QUOTA,
    QUOTA,
)

if TYPE_CHECKING:  # what reads public data needs no login, nor the time that importing it takes
    from jsobj.identity.keystone.client import Keystone

_WRITING_ROLES = frozenset({"admin", "member", "manager"})

# By the verb (see :func:`translate_errors`) and the status.
_STATUSES = {
    ("create", 409): BUCKET_NAME_TAKEN,
    ("create", 400): BUCKET_NAME_RULES,
    ("", 404): BUCKET_NOT_FOUND,
    ("", 409): BUCKET_NOT_EMPTY,
    ("", 413): QUOTA,
    ("", 507): QUOTA,
}


@dataclass(frozen=True, slots=True)
class AccountContext:
    """Whose requests these are: the login's project and roles, and the name of its cloud ("" for the current one)."""

    project: str
    roles: tuple[str, ...] = ()
    cloud: str = ""


def account_context(keystone: Keystone) -> AccountContext:
    """Whose login this is."""
    return AccountContext(keystone.login.project.name, tuple(keystone.login.roles), keystone.source.cloud)


@contextmanager
def translate_errors(keystone: Keystone, name: str, verb: str = "") -> Iterator[None]:
    """Turn what swiftclient raises inside into :class:`JsobjError`. ``verb``: ``create``, or "" for all others."""
    import requests
    from swiftclient import ClientException

    try:
        yield
    except ClientException as error:
        raise _explain(error, keystone, name, verb) from error
    except requests.RequestException as error:
        raise StoreUnreachable(
            "swift-unreachable",
            f"cannot speak with {keystone.login.swift_url}",
            code=ExitCode.NETWORK,
            context=type(error).__name__,
            hint="check the network and try again",
        ) from error


def _explain(error: Any, keystone: Keystone, name: str, verb: str) -> JsobjError:
    status = int(error.http_status or 0)
    headers = error.http_response_headers or {}
    return explained(status, evidence(status, error.http_reason or "", headers), account_context(keystone), name, verb)


def evidence(status: int, reason: str, headers: Mapping[str, str]) -> str:
    """``HTTP 404 Not Found tx0123``: what the help desk needs."""
    return " ".join(part for part in (f"HTTP {status}", reason, headers.get("x-trans-id", "")) if part)


def explained(status: int, context: str, who: AccountContext, name: str, verb: str = "") -> JsobjError:
    """The error for an answer about an account or the container ``name``; ``verb`` as in :func:`translate_errors`."""
    known = _STATUSES.get((verb, status)) or _STATUSES.get(("", status))
    if known is QUOTA and (not name or verb == "create"):
        known = PROJECT_QUOTA
    if known is not None:
        return known.error("swift", name, "", context, same_login(cloud=who.cloud))
    if status in {401, 403}:
        return _refused(who, name, status, context)
    if status == 0 or status == 429 or status >= 500:
        return JsobjError(
            "swift-busy",
            "the object store did not answer as it should",
            code=ExitCode.NETWORK,
            context=context,
            hint="try again in a minute",
        )
    return JsobjError("swift-failed", "the object store refuses this request", code=ExitCode.FAILURE, context=context)


def _refused(who: AccountContext, name: str, status: int, context: str) -> JsobjError:
    """Swift answers 403 to a role without the permission; RGW answers 401 to one that it does not accept."""
    roles = ", ".join(who.roles) or "none"
    project = who.project
    if not _WRITING_ROLES & {role.lower() for role in who.roles}:
        message = f"your role in project {project} ({roles}) does not allow this"
        hint = "ask the project's manager for the role 'member'"
    elif status == 403:
        owned = f"container '{name}' belongs to another project, or " if name else ""
        message = f"{owned}your role in project {project} ({roles}) does not allow this"
        hint = "jsobj whoami shows project and roles"
    else:
        message = f"the object store refuses the token, or does not accept your role in project {project} ({roles})"
        hint = "log in again: jsobj login RCFILE; if that does not help, ask the cloud's help desk"
        return JsobjError("token-refused", message, code=ExitCode.AUTH, context=context, hint=hint)
    return JsobjError("bucket-forbidden", message, code=ExitCode.REFUSED, context=context, hint=hint)
