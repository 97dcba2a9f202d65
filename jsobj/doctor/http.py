"""The doctor's requests: each is made once, on a new connection, through the proxy that applies.

A retry would hide the very fault that is looked for, and a redirect could carry a signature to another host.
"""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import closing

from jsobj.doctor.case import Case
from jsobj.doctor.check import Finding, failed
from jsobj.net.client import HttpClient
from jsobj.net.connection.response_head import WireError
from jsobj.net.errors import request_failed
from jsobj.net.request import Reply
from jsobj.net.sigv4 import KeyPair, signed_headers
from jsobj.net.xml import error_fields
from jsobj.urls import Origin

CONNECT_SECONDS = 3.0
READ_SECONDS = 5.0


def ask(
    case: Case,
    origin: Origin,
    path: str = "/",
    *,
    verify: bool | str = True,
    method: str = "GET",
    headers: Mapping[str, str] | None = None,
) -> Reply:
    """One request. ``path`` may carry a query.

    Raises :class:`jsobj.errors.JsobjError` (network) where nothing usable comes back.
    """
    seconds = {"connect_seconds": CONNECT_SECONDS, "read_seconds": READ_SECONDS}
    with closing(HttpClient(case.settings.environ, verify, **seconds, tries=1, agent="jsobj doctor")) as client:
        try:
            return client.send(method, f"{origin}{path}", headers=headers or {})
        except WireError as error:
            raise request_failed(origin, error) from error


def ask_signed(
    case: Case, origin: Origin, key: KeyPair, region: str, *, host: str = "", verify: bool | str = True
) -> Reply:
    """A signed ListBuckets; ``host`` is the name to sign and send where it is not the origin's."""
    headers = signed_headers("GET", host or origin.netloc, "/", access=key.access, secret=key.secret, region=region)
    return ask(case, origin, verify=verify, headers=headers)


def facts_of(reply: Reply) -> dict[str, str]:
    """Evidence for a help desk: status, type, the server's code and message, request id."""
    error = error_fields(reply.body)
    shown = {
        "HTTP status": str(reply.status),
        "content type": reply.media_type,
        "code": error.get("Code", ""),
        "message": error.get("Message", "")[:200],
        "request id": reply.request_id,
        "location": reply.headers.get("location", "")[:200],
    }
    return {label: text for label, text in shown.items() if text}


def unavailable(reply: Reply, server: str, facts: Mapping[str, str], *, kept: str, hint: str) -> Finding | None:
    """The finding for a server that redirects or is overloaded; None for any other answer.

    ``kept``: what a redirect is not followed with; ``hint``: what to do about one.
    """
    if 300 <= reply.status < 400:
        sentence = f"{server} sends us elsewhere ({facts.get('location', 'nowhere')}); no {kept} follows there"
        return failed(sentence, facts, hint=hint)
    if reply.status == 429 or reply.status >= 500:
        wait = reply.headers.get("retry-after", "")
        again = f"wait {wait} seconds, then try again" if wait else "try again in a minute; then tell the help desk"
        return failed(f"{server} answers {reply.status}: it is down or overloaded", facts, hint=again)
    return None
