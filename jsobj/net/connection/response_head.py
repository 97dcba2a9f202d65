"""The head of an HTTP answer, read strictly: status line, headers, and how the body's end is known.

Source of the rules: RFC 9112 (HTTP/1.1), sections 4, 5 and 6.3.
"""

from __future__ import annotations

import ssl
from dataclasses import dataclass

MAX_HEAD = 64 * 1024
MAX_HEADERS = 256
_WITHOUT_BODY = frozenset({204, 304})


class WireError(Exception):
    """No usable answer came.

    ``kind``: ``dns``, ``connect``, ``tls``, ``timeout``, ``slow`` (below the floor), ``reset``, ``short`` (the body
    ended early) or ``garbage``.
    ``stale``: a kept connection was closed by the server before any byte of an answer: nothing is wrong, send it again.
    ``sent``: the server may have received the request.
    """

    def __init__(self, kind: str, reason: str) -> None:
        super().__init__(reason)
        self.kind = kind
        self.reason = reason
        self.stale = False
        self.sent = False

    @property
    def tls(self) -> bool:
        """Whether the server did not prove who it is."""
        return self.kind == "tls"


@dataclass(frozen=True, slots=True)
class Head:
    """Status line and headers. ``length``: bytes of the body; None for chunked, -1 for "until the connection ends".

    ``keep``: the server will answer another request on the same connection. Header names are in small letters.
    """

    status: int
    reason: str
    headers: dict[str, str]
    length: int | None
    keep: bool


def parse_head(block: bytes, *, bodiless: bool) -> Head:
    """Status line and headers, without the empty line. ``bodiless``: the request was a HEAD.

    Raises :class:`WireError` (garbage).
    """
    lines = block.split(b"\r\n")
    version, _, rest = lines[0].partition(b" ")
    code, _, reason = rest.partition(b" ")
    if version not in {b"HTTP/1.1", b"HTTP/1.0"} or len(code) != 3 or not code.isdigit():
        raise WireError("garbage", "the answer is not HTTP")
    if len(lines) > MAX_HEADERS:
        raise WireError("garbage", "the answer has too many headers")
    headers = _headers(lines[1:])
    status = int(code)
    length = 0 if bodiless or status in _WITHOUT_BODY or status < 200 else _length(headers)
    closing = headers.get("connection", "").lower() == "close" or version == b"HTTP/1.0" or length == -1
    return Head(status, reason.decode("utf-8", "replace"), headers, length, not closing)


def _headers(lines: list[bytes]) -> dict[str, str]:
    headers: dict[str, str] = {}
    for line in lines:
        name, colon, value = line.decode("utf-8", "surrogateescape").partition(":")
        name, value = name.lower(), value.strip(" \t")
        if not colon or name != name.strip():
            raise WireError("garbage", "the answer's header is malformed")
        if name == "content-length" and headers.get(name, value) != value:
            raise WireError("garbage", "the answer has two lengths")
        headers[name] = value
    return headers


def _length(headers: dict[str, str]) -> int | None:
    coding = headers.get("transfer-encoding", "").lower()
    length = headers.get("content-length")
    if coding and coding != "identity":
        if coding != "chunked" or length is not None:
            raise WireError("garbage", "the answer's length is unclear")
        return None
    if length is None:
        return -1
    if not (length.isascii() and length.isdigit() and len(length) < 19):
        raise WireError("garbage", "the answer's length is no number")
    return int(length)


def wire_error_of(error: Exception) -> WireError:
    """What a socket raised, as a :class:`WireError`."""
    if isinstance(error, WireError):
        return error
    if isinstance(error, TimeoutError):
        return WireError("timeout", "no answer in time")
    if isinstance(error, ssl.SSLEOFError):
        return WireError("short", "the connection was cut")
    if isinstance(error, ssl.SSLError):
        return WireError("reset", error.reason or "TLS failed")
    if isinstance(error, OSError):
        return WireError("reset", error.strerror or type(error).__name__)
    return WireError("reset", "the connection was cut")
