"""One HTTP request to an object store and its answer, as frozen values."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TypeAlias

from jsobj.errors import JsobjError
from jsobj.net.body import Moved, Sink, Source
from jsobj.net.connection.wire import IDLE_SECONDS
from jsobj.net.partial import Partial

MAX_BODY = 32 * 1024 * 1024  # bytes of an answer that is kept in memory; a page of 10 000 names is far below
OK = frozenset({200, 201, 202, 204, 206})


@dataclass(frozen=True, slots=True)
class Request:
    """A request. ``path`` is percent-encoded already, ``query`` is not; header names in small letters.

    ``source`` streams the body, ``sink`` takes the body of an answer whose status is in ``expect``; ``digest`` ("md5")
    is taken over whichever streams. ``range_start`` and ``range_size`` ask for a stretch: the answer then counts only
    as 206 with exactly that ``Content-Range``. ``idle``: seconds without a byte after which it is given up.
    ``partial`` keeps what came of a stretch when a connection breaks, and is not taken back: the rest is fetched then.
    ``item`` is what a user calls it, for events. ``signed``: the SHA-256 of a long body is signed too, for which the
    source is read twice. ``bucket``, ``key`` and ``copy_from`` (bucket and key of what the server is to copy) are the
    plain names behind ``path``, for errors.
    """

    method: str
    path: str
    query: tuple[tuple[str, str], ...] = ()
    headers: Mapping[str, str] = field(default_factory=dict)
    source: Source | None = None
    sink: Sink | None = None
    expect: frozenset[int] = OK
    digest: str = ""
    range_start: int = 0
    range_size: int | None = None
    moved: Moved | None = None
    partial: Partial | None = None
    idle: float = IDLE_SECONDS
    item: str = ""
    signed: bool = False
    bucket: str = ""
    key: str = ""
    copy_from: tuple[str, str] | None = None


@dataclass(frozen=True, slots=True)
class Reply:
    """What came back. Header names in small letters; ``body`` is empty where a sink took it.

    ``received``: bytes that the sink took; ``sent_digest`` and ``received_digest``: hexadecimal, where requested.
    ``attempts``: how often it was sent; more than 1 means that an earlier try may have been done as well.
    """

    status: int
    reason: str
    headers: Mapping[str, str]
    body: bytes = b""
    received: int = 0
    sent_digest: str = ""
    received_digest: str = ""
    attempts: int = 1

    @property
    def text(self) -> str:
        """The body as text."""
        return self.body.decode("utf-8", "replace")

    @property
    def etag(self) -> str:
        """The ETag without quotation marks; "" if the server sent none."""
        return self.headers.get("etag", "").strip('"')

    @property
    def media_type(self) -> str:
        """The content type without its parameters."""
        return self.headers.get("content-type", "").partition(";")[0].strip().lower()

    @property
    def request_id(self) -> str:
        """The id to give to a help desk; "" without one."""
        names = ("x-amz-request-id", "x-trans-id", "x-openstack-request-id", "x-ms-request-id")
        return next((self.headers[name] for name in names if name in self.headers), "")

    def json(self) -> object:
        """The body as JSON; raises :class:`ValueError`."""
        import json

        try:
            return json.loads(self.body)
        except RecursionError as error:
            raise ValueError("nested too deeply") from error


def evidence(status: int, code: str, message: str, request_id: str) -> str:
    """``HTTP 409 BucketNotEmpty tx0123``, on one line: what the help desk needs, without what says nothing."""
    said = (" ".join(each.split()) for each in (code, message[:200], request_id))
    words = [each for each in said if each not in {"", "None", str(status)}]
    return " ".join([f"HTTP {status}", *words])


@dataclass(frozen=True, slots=True)
class Retry:
    """Try again. ``slow``: the server is busy, so fewer at once; ``after``: seconds to wait, by ``Retry-After``.

    ``silent``: there was no answer at all in the time that one may take. ``crawled``: its bytes hardly moved.
    """

    reason: str
    slow: bool = False
    after: float | None = None
    silent: bool = False
    crawled: bool = False


@dataclass(frozen=True, slots=True)
class Reauthorise:
    """Authorise differently (a new token, another region): renew once for all workers, then try again.

    ``error`` is raised where that does not help.
    """

    error: JsobjError


# What a dialect makes of an answer: None for a good one.
Verdict: TypeAlias = Retry | Reauthorise | JsobjError | None
