"""Errors for what Keystone answers, or does not answer. Its own message is kept as context."""

from __future__ import annotations

import contextlib
from collections.abc import Mapping
from typing import Any

from jsobj.errors import (
    ExitCode,
    JsobjError,
    KeystoneConflict,
    KeystoneForbidden,
    KeystoneRejected,
    LoginRefused,
    TlsFailed,
)
from jsobj.identity.auth_source import AuthSource
from jsobj.net.connection.response_head import WireError
from jsobj.net.request import Reply

LOG_IN = "log in"  # the step at which the login itself is judged
_NO_SUCH_KEY = "access key not found"


def not_keystone(auth_url: str) -> JsobjError:
    """The error for an answer that no Keystone gives: a captive portal's page, another service's port."""
    sentence = f"{auth_url} answers, but not as a Keystone (Identity API v3)"
    hint = "check OS_AUTH_URL; a network that wants you to log in through the browser first answers like this too"
    return JsobjError("not-keystone", sentence, code=ExitCode.NETWORK, hint=hint)


def from_reply(reply: Reply, source: AuthSource, step: str) -> JsobjError:
    """The error for an answer to ``step`` that is no success."""
    words = _words(reply, source)
    if 200 <= reply.status < 500 and reply.status != 429 and words is None:
        return not_keystone(source.auth_url)
    request_id = reply.headers.get("x-openstack-request-id", "")
    said = " ".join(part for part in (words, f"(request {request_id})" if request_id else "") if part)
    return _by_status(reply.status, source, step, said, reply.headers)


def json_object(reply: Reply, source: AuthSource) -> dict[str, Any]:
    """The JSON object of an answer. Raises :class:`JsobjError` (``not-keystone``) where it is anything else."""
    try:
        document = reply.json()
    except ValueError:
        document = None
    if not isinstance(document, dict):
        raise not_keystone(source.auth_url)
    return document


def is_missing_key(reply: Reply) -> bool:
    """Whether a 401 is about an EC2 key that does not exist, as some releases answer, and not about the login."""
    return _NO_SUCH_KEY in reply.text


def _words(reply: Reply, source: AuthSource) -> str | None:
    """Keystone's own sentence: it sends ``{"error": {"message": ...}}``, which no web page and no proxy does."""
    with contextlib.suppress(JsobjError):
        error = json_object(reply, source).get("error")
        if isinstance(error, dict):
            return str(error.get("message", ""))
    return None


def from_transport(error: WireError, source: AuthSource) -> JsobjError:
    """The error where no usable answer came."""
    if error.tls:
        sentence = f"{source.auth_url} does not prove who it is: its TLS certificate was refused"
        hint = "if your cloud has its own certificate authority, set OS_CACERT=/path/to/ca.pem and log in again"
        return TlsFailed(sentence, context=error.reason, hint=hint)
    if error.kind == "timeout":
        sentence = f"Keystone at {source.auth_url} accepted the connection and did not answer"
        hint = "try again in a minute; if it stays so, ask the cloud's help desk"
        return JsobjError("keystone-busy", sentence, code=ExitCode.NETWORK, context=error.reason, hint=hint)
    sentence = f"cannot reach Keystone at {source.auth_url}"
    hint = "check the network and the address; behind a proxy, HTTPS_PROXY must be set"
    return JsobjError("keystone-unreachable", sentence, code=ExitCode.NETWORK, context=error.reason, hint=hint)


def from_plugin(error: Exception, source: AuthSource) -> JsobjError:
    """The error for what a keystoneauth plugin raised while logging in."""
    from keystoneauth1 import exceptions as ks

    if isinstance(error, ks.HttpError):
        response = getattr(error, "response", None)
        body = response.content if response is not None else b""
        headers = {k.lower(): v for k, v in response.headers.items()} if response is not None else {}
        return from_reply(Reply(int(error.http_status), "", headers, body), source, LOG_IN)
    if isinstance(error, ks.SSLError):
        return from_transport(WireError("tls", _cause(error)), source)
    if isinstance(error, ks.ConnectionError):
        return from_transport(WireError("connect", _cause(error)), source)
    if isinstance(error, (ks.InvalidResponse, ks.DiscoveryFailure)):
        return not_keystone(source.auth_url)
    sentence = f"{source.where}: the login lacks something"
    hint = "download the file again from the portal, or run jsobj login and answer its questions"
    return JsobjError("login-incomplete", sentence, code=ExitCode.LOCAL, context=str(error), hint=hint)


def _by_status(status: int, source: AuthSource, step: str, said: str, headers: Mapping[str, str]) -> JsobjError:
    if (status == 401 and _NO_SUCH_KEY not in said) or (status == 404 and step == LOG_IN and "Could not find" in said):
        return _refused(source, said)  # 404: an application credential that was deleted
    if status == 403:
        return KeystoneForbidden(f"Keystone refuses to {step}", context=said)
    if status in (401, 404):
        sentence = f"Keystone does not find what '{step}' is about"
        hint = "if this happens at login, OS_AUTH_URL probably lacks its path (/v3, or /identity/v3)"
        return JsobjError("keystone-not-found", sentence, code=ExitCode.NOT_FOUND, context=said, hint=hint)
    if status == 429 or status >= 500:
        wait = headers.get("retry-after", "")
        sentence = f"Keystone at {source.auth_url} answered {status}"
        hint = f"it asks to wait {wait} seconds: try again then" if wait else "try again in a minute"
        return JsobjError("keystone-busy", sentence, code=ExitCode.NETWORK, context=said, hint=hint)
    if status == 409:
        return KeystoneConflict("Keystone says that this exists already", context=said)
    return KeystoneRejected(f"Keystone rejects {step} ({status})", context=said)


def _refused(source: AuthSource, said: str) -> JsobjError:
    """401. Keystone says the same of a wrong secret and of an expired credential, so both are named."""
    if "cannot request a scope" in said:
        hint = "leftover OS_* variables: open a fresh terminal and log in again (jsobj doctor env-openstack names them)"
    elif source.is_application_credential:
        hint = (
            "the secret is wrong, or the application credential has expired or was deleted: make a new one in the "
            "portal (Identity > Application Credentials) and run jsobj login with its RC file"
        )
    else:
        hint = "check user name and password; clouds with single sign-on (Jetstream2) need an application credential"
    return LoginRefused(f"Keystone refuses this login ({source.where})", context=said, hint=hint)


def _cause(error: BaseException) -> str:
    """The innermost reason (``Connection refused``, ``certificate has expired``) without what is around it."""
    seen: BaseException = error
    while (inner := seen.__cause__ or seen.__context__) is not None:
        seen = inner
    reason = getattr(seen, "reason", None) or seen
    return str(getattr(reason, "strerror", None) or reason)
