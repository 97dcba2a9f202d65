"""Keystone's refusals and silences in the user's words. What Keystone said itself is kept as context."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from jsobj.errors import ExitCode, JsobjError
from jsobj.identity.sources import AuthSource

LONG_WAIT = 20.0  # seconds; see keystone.MAX_RETRY_AFTER


def translate(
    error: Exception, source: AuthSource, step: str, request_id: str, headers: Mapping[str, str]
) -> JsobjError:
    """The :class:`JsobjError` for a keystoneauth exception raised at ``step``."""
    from keystoneauth1 import exceptions as ks
    from keystoneauth1.exceptions.connection import SSLFailure

    if isinstance(error, ks.HttpError) and step == LOG_IN and not _from_keystone(error):
        return not_keystone(source.auth_url)
    status = getattr(error, "http_status", 0) if isinstance(error, ks.HttpError) else 0
    said = " ".join(part for part in (said_by(error), f"(request {request_id})" if request_id else "") if part)
    if status:
        return _by_status(int(status), source, step, said, headers)
    if isinstance(error, SSLFailure):
        return JsobjError(
            "tls-failed",
            f"{source.auth_url} does not prove who it is: its TLS certificate was refused",
            code=ExitCode.NETWORK,
            context=_cause(error),
            hint="if your cloud has its own certificate authority, set OS_CACERT=/path/to/ca.pem and log in again",
        )
    if isinstance(error, ks.ConnectionError):
        return JsobjError(
            "keystone-unreachable",
            f"cannot reach Keystone at {source.auth_url}",
            code=ExitCode.NETWORK,
            context=_cause(error),
            hint="check the network and the address; behind a proxy, HTTPS_PROXY must be set",
        )
    if isinstance(error, (ks.InvalidResponse, ks.DiscoveryFailure)):
        return not_keystone(source.auth_url)
    return JsobjError(
        "login-incomplete",
        f"{source.where}: the login lacks something",
        code=ExitCode.LOCAL,
        context=str(error),
        hint="download the file again from the portal, or run jsobj login and answer its questions",
    )


def _by_status(status: int, source: AuthSource, step: str, said: str, headers: Mapping[str, str]) -> JsobjError:
    if status == 401:
        return _refused(source, said)
    if status == 403:
        return JsobjError("keystone-forbidden", f"Keystone refuses to {step}", code=ExitCode.REFUSED, context=said)
    if status == 404:
        return JsobjError(
            "keystone-not-found",
            f"Keystone does not find what '{step}' is about",
            code=ExitCode.NOT_FOUND,
            context=said,
            hint="if this happens at login, OS_AUTH_URL probably lacks its path (/v3, or /identity/v3)",
        )
    if status == 429 or status >= 500:
        wait = headers.get("Retry-After", "")
        return JsobjError(
            "keystone-busy",
            f"Keystone at {source.auth_url} answered {status}",
            code=ExitCode.NETWORK,
            context=said,
            hint=f"it asks to wait {wait} seconds: try again then" if wait else "try again in a minute",
        )
    if status == 409:
        return JsobjError(
            "keystone-conflict", "Keystone says that this exists already", code=ExitCode.REFUSED, context=said
        )
    return JsobjError("keystone-rejected", f"Keystone rejects {step} ({status})", code=ExitCode.FAILURE, context=said)


def _refused(source: AuthSource, said: str) -> JsobjError:
    """401. Keystone says the same of a wrong secret and of an expired credential, so both are named."""
    if "cannot request a scope" in said:
        hint = "leftover OS_* variables: open a fresh terminal, or run 'unset ${!OS_*}', and log in again"
    elif source.is_application_credential:
        hint = (
            "the secret is wrong, or the application credential has expired or was deleted: make a new one in the "
            "portal (Identity > Application Credentials) and run jsobj login with its RC file"
        )
    else:
        hint = "check user name and password; clouds with single sign-on (Jetstream2) need an application credential"
    return JsobjError(
        "auth-refused", f"Keystone refuses this login ({source.where})", code=ExitCode.AUTH, context=said, hint=hint
    )


def said_by(error: Any) -> str:
    """The server's own sentence, without the client's decorations."""
    message = str(getattr(error, "message", "") or error)
    return message.split(" (HTTP ")[0].split(" (Request-ID")[0]


def _cause(error: BaseException) -> str:
    """The innermost reason (``Connection refused``, ``certificate has expired``) instead of the onion around it."""
    seen: BaseException = error
    while (inner := seen.__cause__ or seen.__context__) is not None:
        seen = inner
    reason = getattr(seen, "reason", None) or seen
    return str(getattr(reason, "strerror", None) or reason)
