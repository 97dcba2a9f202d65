"""What a browser would be told about a bucket, by each of its URLs, for pages that may read it and for another.

A browser asks first where a page sends a header such as ``Range`` (OPTIONS with ``Origin`` and
``Access-Control-Request-*``), then lets the page see an answer only if ``Access-Control-Allow-Origin`` names the page's
origin (Fetch standard, "CORS protocol").
"""

from __future__ import annotations

import contextlib
import time
from collections.abc import Sequence
from dataclasses import dataclass
from urllib.parse import quote

from jsobj.housekeeping.cors import EVERYBODY, CorsRule
from jsobj.net.request import Reply
from jsobj.store.links.public_look import PublicContainer, PublicLook, PublicServer

STRANGER = "https://not-allowed.invalid"
_SECONDS = 5.0  # for which a server's front ends may still know what was before
_PAUSE = 0.5
_ALLOW = "access-control-allow-"
_ASKED = 4  # origins of a rule, at most


@dataclass(frozen=True, slots=True)
class CorsView:
    """The answers to a page of one origin at one URL of the bucket. Statuses are HTTP's.

    ``asked``: whether the question before a ``GET`` with ``Range`` is answered so that the browser sends it;
    ``read``: whether the page may see the answer; ``expected``: whether both should be so.
    """

    dialect: str
    url: str
    origin: str
    asked_status: int
    asked: bool
    read_status: int
    read: bool
    expected: bool

    @property
    def right(self) -> bool:
        """Whether the answers are as they should be."""
        return self.asked == self.read == self.expected

    @property
    def unknown(self) -> bool:
        """Whether the server knows no such bucket, or no reading without a key, by this URL."""
        return self.read_status in {400, 404} and not self.read


def origins_to_try(rules: Sequence[CorsRule]) -> tuple[str, ...]:
    """Origins that the rules allow to GET, with a name in the place of ``*``; not more than four of them."""
    named = [each for rule in rules if "GET" in rule.methods for each in rule.origins]
    shown = ["https://any.example" if each == EVERYBODY else each.replace("*", "any") for each in named]
    return tuple(dict.fromkeys(shown))[:_ASKED]


def look_at(
    server: PublicServer,
    bucket: str,
    sample: str,
    rules: Sequence[CorsRule],
    allowed: Sequence[str],
    refused: Sequence[str] = (STRANGER,),
) -> tuple[CorsView, ...]:
    """Each URL form as pages of ``allowed`` and ``refused`` origins see it, asked again for five seconds until right.

    ``sample``: the key of an object, "" for none; then the list is asked for. Raises :class:`JsobjError` (network).
    """
    origins = tuple(dict.fromkeys((*allowed, *refused)))
    expected = {origin: any(rule.allows(origin) and "GET" in rule.methods for rule in rules) for origin in origins}
    end = time.monotonic() + _SECONDS
    with contextlib.closing(PublicLook(server, bucket)) as look:
        while True:
            views = [_view(look, way, sample, origin, expected[origin]) for way in look.ways() for origin in origins]
            known = tuple(view for view in views if not view.unknown) or tuple(views)
            if all(view.right for view in known) or time.monotonic() > end:
                return known
            time.sleep(_PAUSE)


def _view(look: PublicLook, way: PublicContainer, sample: str, origin: str, expected: bool) -> CorsView:
    swift = bool(way.account) and way.url.startswith(f"{way.account}/")
    url = f"{way.url}/{quote(sample)}" if sample else f"{way.url}/?limit=1" if swift else f"{way.url}?max-keys=1"
    question = {"access-control-request-method": "GET", "access-control-request-headers": "range"}
    before = look.answer(url, method="OPTIONS", headers={"origin": origin, **question})
    answer = look.answer(
        url, method="GET", headers={"origin": origin, "range": "bytes=0-0"} if sample else {"origin": origin}
    )
    may_ask = before.status in {200, 204} and _allows(before, origin) and _has(before, "headers", "range")
    return CorsView(
        "swift" if swift else "s3",
        way.url,
        origin,
        before.status,
        may_ask and _has(before, "methods", "get"),
        answer.status,
        _allows(answer, origin),
        expected,
    )


def _allows(reply: Reply, origin: str) -> bool:
    return reply.headers.get(f"{_ALLOW}origin", "") in {origin, EVERYBODY}


def _has(reply: Reply, what: str, word: str) -> bool:
    listed = {each.strip().lower() for each in reply.headers.get(_ALLOW + what, "").split(",")}
    return word in listed or "*" in listed
