"""Somebody without a login who has the link: what the server answers to that, before the link is shown."""

from __future__ import annotations

import contextlib
import time
import uuid

from jsobj.errors import ExitCode, JsobjError
from jsobj.identity.settings import process_environment
from jsobj.net.client import HttpClient
from jsobj.net.connection.response_head import WireError
from jsobj.net.errors import request_failed
from jsobj.net.request import Reply
from jsobj.share.links.ways import Upload, named_below
from jsobj.store.objects import Store
from jsobj.urls import parse_url

_SECONDS = 5.0  # for which a server's front ends may not know yet what was set
_PAUSE = 0.5
_READ = frozenset({200, 206})
_SENT = frozenset({200, 201, 204})
_REFUSED = "the server does not take the link that was made for it"


def require_readable(store: Store, url: str, size: int) -> None:
    """Fetch one byte by the link. Raises :class:`JsobjError` (refused) where that is not given."""
    headers = {"range": "bytes=0-0"} if size else {}
    reply = _asked(store, "GET", url, headers, b"", good=_READ)
    if reply.status not in _READ:
        raise JsobjError("link-not-honoured", _REFUSED, code=ExitCode.REFUSED, context=_answer(reply))


def require_closed(store: Store, url: str) -> None:
    """Raises :class:`JsobjError` (refused) where a page of links may be read without its signature.

    Whoever may list the bucket would find it, with all that it lets do.
    """
    reply = _asked(store, "GET", url.partition("?")[0], {"range": "bytes=0-0"}, b"", good=_READ | {401, 403, 404})
    if reply.status in _READ:
        raise JsobjError(
            "share-public-bucket",
            f"everybody may read {store.place.url()}: whoever lists it would find the page, and use its links",
            code=ExitCode.REFUSED,
            hint="what is public needs no link; for uploads choose a bucket that is not public",
        )


def try_upload(store: Store, upload: Upload, name: str) -> Reply:
    """Send a byte as a stranger would; the answer, :func:`was_taken` or not."""
    if upload.method == "PUT":
        return _asked(store, "PUT", f"{named_below(upload.url, name)}?{upload.query}", {}, b"x", good=_SENT)
    body, kind = form_data(upload, name, b"x")
    return _asked(store, "POST", upload.url, {"content-type": kind}, body, good=_SENT)


def was_taken(reply: Reply) -> bool:
    """Whether an upload was."""
    return reply.status in _SENT


def form_data(upload: Upload, name: str, data: bytes) -> tuple[bytes, str]:
    """The body and the type of a form with one file, as a browser sends it (RFC 7578)."""
    mark = uuid.uuid4().hex
    head = "".join(
        f'--{mark}\r\nContent-Disposition: form-data; name="{field}"\r\n\r\n{value}\r\n'
        for field, value in upload.fields.items()
    )
    file = f'--{mark}\r\nContent-Disposition: form-data; name="file"; filename="{name}"\r\n\r\n'
    return f"{head}{file}".encode() + data + f"\r\n--{mark}--\r\n".encode(), f"multipart/form-data; boundary={mark}"


def _asked(store: Store, method: str, url: str, headers: dict[str, str], body: bytes, *, good: frozenset[int]) -> Reply:
    """The answer, asked for again for five seconds where it is not a good one, but not where nothing can change."""
    end = time.monotonic() + _SECONDS
    with contextlib.closing(HttpClient(process_environment(), store.session.verify)) as client:
        while True:
            try:
                reply = client.send(method, url, headers=headers, body=body, max_body=65536)
            except WireError as error:
                raise request_failed(parse_url(url.partition("?")[0])[0], error) from error
            if reply.status in good or reply.status not in {401, 403} or time.monotonic() > end:
                return reply
            time.sleep(_PAUSE)


def _answer(reply: Reply) -> str:
    return f"without a login it answers HTTP {reply.status}"
