"""The body of an answer, in each of the ways in which HTTP/1.1 sends one.

``keep`` is called with every piece in order, which it may look at until it returns. Each function raises
:class:`WireError`: ``short`` where the body ends early, ``garbage`` for what is no body.

Source of the rules: RFC 9112, sections 6.3 and 7.1.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeAlias

from jsobj.net.connection.incoming import Incoming
from jsobj.net.connection.response_head import MAX_HEADERS, WireError

Keep: TypeAlias = Callable[[memoryview], None]
# Bytes gathered before they are hashed and written: fewer calls, and the next ones arrive meanwhile.
CHUNK = 256 * 1024


def ended_early(left: int) -> WireError:
    """The error for a body of which ``left`` bytes did not come."""
    return WireError("short", f"the body ended {left} bytes early")


def receive_exactly(incoming: Incoming, length: int, keep: Keep) -> None:
    """A body of a known length, through the buffer."""
    view, receive = incoming.buffer(length), incoming.receive
    whole, lying = len(view), min(len(incoming), length)
    left = length - lying
    if left == 0:
        if lying:
            keep(incoming.take(lying))
        return
    # What lies in the buffer stays at its front, and more is received behind it.
    if lying and incoming.start + lying > whole // 2:
        keep(view[incoming.start : incoming.end])
        begin = filled = 0
    else:
        begin, filled = incoming.start, incoming.end
    incoming.clear()
    while left:
        goal = min(whole, max(filled + 1, begin + CHUNK))
        try:
            count = receive(view[filled : min(whole, filled + left)])
            if not count:
                raise ended_early(left)
        except WireError:
            keep(view[begin:filled])  # of a slow body this may be all that came in a minute
            raise
        filled += count
        left -= count
        if filled >= goal or not left:
            keep(view[begin:filled])
            begin = filled = 0


def receive_into(incoming: Incoming, place: memoryview, keep: Keep) -> None:
    """A body of a known length straight to its place, where its pieces stay."""
    length, receive = len(place), incoming.receive
    filled = min(len(incoming), length)
    place[:filled] = incoming.take(filled)
    begin = 0
    while filled < length:
        count = receive(place[filled:])
        if not count:
            raise ended_early(length - filled)
        filled += count
        if filled - begin >= CHUNK:
            keep(place[begin:filled])
            begin = filled
    if begin < length:
        keep(place[begin:])


def receive_to_end(incoming: Incoming, keep: Keep) -> None:
    """A body that ends with the connection."""
    keep(incoming.take(len(incoming)))
    while count := incoming.receive(incoming.view):
        keep(incoming.view[:count])


def receive_chunked(incoming: Incoming, keep: Keep) -> None:
    """A body in chunks, and its trailer."""
    while True:
        text = incoming.line().split(b";")[0].strip()
        try:
            size = int(text, 16) if 0 < len(text) <= 15 and text.isalnum() else -1
        except ValueError:
            size = -1
        if size < 0:
            raise WireError("garbage", "the answer's chunks are malformed")
        if size == 0:
            break
        while size:
            if not len(incoming):
                incoming.fill()
            piece = incoming.take(size)
            size -= len(piece)
            keep(piece)
        if incoming.line():
            raise WireError("garbage", "the answer's chunks are malformed")
    for _ in range(MAX_HEADERS):  # trailers
        if not incoming.line():
            return
    raise WireError("garbage", "the answer's trailer has no end")
