"""Bounded HTTP for the doctor: one request, through the proxy that applies, no redirect followed, no retry.

A retry would hide the very fault that is looked for, and a redirect could carry a signature to another host.
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timezone
from email.utils import parsedate_to_datetime
from typing import Any

from jsobj.doctor.case import Case
from jsobj.identity.http import TransportError
from jsobj.identity.s3wire import MAX_BODY, Answer, unreachable
from jsobj.net.proxy import proxy_for
from jsobj.net.sigv4 import KeyPair, signed_headers
from jsobj.net.tls import tls_context
from jsobj.urls import Origin

CONNECT_SECONDS = 3.0
READ_SECONDS = 5.0


@dataclass(frozen=True, slots=True)
class Reply:
    """An answer, and the server's clock minus ours in seconds (None where it did not say)."""

    answer: Answer
    clock: float | None
    seconds: float

    @property
    def kind(self) -> str:
        """The media type, without its parameters."""
        return self.answer.headers.get("content-type", "").partition(";")[0].strip().lower()

    def facts(self) -> dict[str, str]:
        """Evidence for a help desk: status, type, the server's code and words, request id."""
        answer = self.answer
        shown = {
            "HTTP status": str(answer.status),
            "content type": self.kind,
            "code": answer.s3_code,
            "message": answer.tag("Message")[:200] if answer.s3_code else "",
            "request id": answer.request_id,
            "location": answer.headers.get("location", "")[:200],
        }
        return {label: text for label, text in shown.items() if text}


def ask(
    case: Case,
    origin: Origin,
    path: str = "/",
    *,
    verify: bool | str = True,
    method: str = "GET",
    headers: Mapping[str, str] | None = None,
    read_seconds: float = READ_SECONDS,
) -> Reply:
    """One request. ``path`` may carry a query.

    Raises :class:`jsobj.errors.JsobjError` (network) where nothing usable comes back.
    """
    import urllib3

    sent = {"User-Agent": "jsobj doctor", "Accept-Encoding": "identity", **(headers or {})}
    began = time.monotonic()
    pool = _pool(case, origin, verify)
    try:
        response = pool.request(
            method,
            f"{origin}{path}",
            headers=sent,
            timeout=urllib3.Timeout(connect=CONNECT_SECONDS, read=read_seconds),
            retries=False,
            redirect=False,
            preload_content=False,
        )
        body = response.read(MAX_BODY).decode("utf-8", "replace")
        lower = {name.lower(): value for name, value in response.headers.items()}
        return Reply(Answer(response.status, lower, body), _clock(lower), time.monotonic() - began)
    except urllib3.exceptions.HTTPError as error:
        raise unreachable(origin, _transport(error)) from error
    finally:
        pool.clear()


def ask_signed(
    case: Case, origin: Origin, key: KeyPair, region: str, *, path: str = "/", host: str = "", verify: bool | str = True
) -> Reply:
    """A GET signed with SigV4; ``host`` is the name to sign and send where it is not the origin's."""
    headers = signed_headers("GET", host or origin.netloc, path, access=key.access, secret=key.secret, region=region)
    return ask(case, origin, path, verify=verify, headers=headers)


def _pool(case: Case, origin: Origin, verify: bool | str) -> Any:
    import urllib3

    options: dict[str, Any] = {"ssl_context": tls_context(verify)} if origin.scheme == "https" else {}
    proxy = proxy_for(case.settings.environ, origin)
    if proxy is None:
        return urllib3.PoolManager(num_pools=1, **options)
    headers = {"Proxy-Authorization": proxy.login} if proxy.login else None
    return urllib3.ProxyManager(proxy.url, num_pools=1, proxy_headers=headers, **options)


def _transport(error: BaseException) -> TransportError:
    """The innermost reason of urllib3's onion."""
    seen = error
    while (inner := seen.__cause__ or seen.__context__ or getattr(seen, "reason", None)) is not None:
        if not isinstance(inner, BaseException):
            break
        seen = inner
    tls = "certificate" in str(seen).lower() or "SSL" in type(seen).__name__
    return TransportError(str(getattr(seen, "strerror", None) or seen), tls=tls)


def _clock(headers: Mapping[str, str]) -> float | None:
    try:
        server = parsedate_to_datetime(headers.get("date", ""))
        return (server - datetime.now(timezone.utc)).total_seconds()
    except (TypeError, ValueError):  # no date, nonsense, or one without a time zone
        return None
