"""How it is proven that what passed through here is what the source has, and into which parts it is cut for that.

Best are parts whose own MD5s the source tells, or whose MD5s make its ETag: then the parts of the copy are those of the
source, each is checked for itself, and the copy has the source's ETag. A CRC-32C is combined from those of parts, in
whatever order they came. An MD5 of the whole needs all bytes in their order. A source without any digest leaves what
was read: each part from the version that was pinned, and compared with what the target stored.
"""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from jsobj.errors import ExitCode, JsobjError
from jsobj.store.etag import composite
from jsobj.store.objects import Store
from jsobj.store.values import PART_SIZE, Limits, ObjectInfo, PartDigest
from jsobj.transfer.compare import is_certain, layouts
from jsobj.transfer.engine.parts_work import SENT
from jsobj.transfer.part_layout import Layout, plan_layout

LARGEST = 32 * 1024**2  # bytes of a part that is held in memory


@dataclass(frozen=True, slots=True)
class Proving:
    """How an object is cut, and what will prove its copy.

    ``by``: ``manifest``, ``parts``, ``md5``, ``sha256``, ``crc32c`` or :data:`SENT`. ``known``: the MD5 of each part,
    where the source tells it. ``in_order``: stretches of the source whose digests are taken over the bytes in their
    order: MD5s ("" where it is unknown by itself), or one SHA-256. ``doubtful``: the ETag may be that of other parts;
    bytes that came twice alike are taken for it then, as in downloads.
    """

    layout: Layout
    by: str
    known: tuple[str, ...] = ()
    in_order: tuple[PartDigest, ...] = ()
    doubtful: bool = False

    @property
    def kind(self) -> str:
        """Of the digests of ``in_order``."""
        return "sha256" if self.by == "sha256" else "md5"

    def md5_of(self, number: int) -> str:
        """The MD5 of a part, where the source tells it; else ""."""
        return self.known[number - 1] if self.known else ""


def proving(source: Store, info: ObjectInfo, limits: Limits, part_size: int, *, any_order: bool = False) -> Proving:
    """How ``info`` is copied in parts into a store with these ``limits``; ``part_size``: bytes, where one is free.

    ``any_order``: parts do not pass through one process; then a digest that needs no order comes first.
    """
    free = plan_layout(info.size, limits, min(part_size, LARGEST))
    known = source.digests(info)
    if known is not None and len(known) > 1:
        layout = Layout(info.size, known[0].size)
        if _fits(layout, limits) and [part.size for part in known] == [part.size for part in layout]:
            return Proving(layout, "manifest", known=tuple(part.md5 for part in known))
        return Proving(free, "manifest", in_order=tuple(known))
    if info.sha256:
        return Proving(free, "sha256", in_order=(PartDigest(0, info.size, info.sha256),))
    if info.crc32c and (any_order or not info.whole_md5):
        return Proving(free, "crc32c")
    if info.whole_md5:
        return Proving(free, "md5", in_order=(PartDigest(0, info.size, info.whole_md5),))
    if info.parts and (own := next(layouts(source, info), None)) is not None:
        doubtful = info.metadata.get(PART_SIZE) != str(own.part_size) and not is_certain(source, info)
        if _fits(own, limits):
            return Proving(own, "parts", doubtful=doubtful)
        in_order = tuple(PartDigest(part.start, part.size, "") for part in own)
        return Proving(free, "parts", in_order=in_order, doubtful=doubtful)
    return Proving(free, SENT)


def _fits(layout: Layout, limits: Limits) -> bool:
    """Whether parts of the source can be parts of the copy as they are."""
    smallest = limits.smallest_part if layout.count > 1 else 0
    return smallest <= layout.part_size <= min(LARGEST, limits.largest_part) and layout.count <= limits.parts


def proof(how: Proving, info: ObjectInfo, arrived: Mapping[int, tuple[str, str]], in_order: Sequence[str]) -> str:
    """What proves that the parts are the object: ``how.by``, or :data:`SENT`; "" where they are not.

    ``arrived``: of each part by number its MD5 and its CRC-32C; ``in_order``: the MD5s of ``how.in_order``.
    """
    md5s = [arrived[number][0] for number in sorted(arrived)]
    match how.by:
        case "manifest" | "md5" | "sha256":
            wanted = how.known or tuple(part.md5 for part in how.in_order)
            same = list(wanted) == (list(in_order) if how.in_order else md5s)
        case "parts":
            same = composite(in_order or md5s) == info.etag
        case "crc32c":
            same = _combined(how.layout, [arrived[number][1] for number in sorted(arrived)]) == info.crc32c
        case _:
            return SENT
    return how.by if same else ""


def _combined(layout: Layout, crcs: Iterable[str]) -> str:
    from jsobj.net.crc32c import combined

    return combined((crc, part.size) for crc, part in zip(crcs, layout, strict=True))


@dataclass(slots=True)
class InOrder:
    """The digests (``kind``: md5 or sha256) of stretches of an object whose parts come from several threads.

    Each part waits for its turn. No two threads wait for each other: parts are handed out in their order, so that who
    is waited for has begun.
    """

    stretches: tuple[PartDigest, ...]
    kind: str = "md5"
    _digest: hashlib._Hash = field(init=False)
    _next: int = 1
    _error: JsobjError | None = None
    _done: list[str] = field(default_factory=list)
    _turn: threading.Condition = field(default_factory=threading.Condition)
    _room: int = -1

    def __post_init__(self) -> None:
        self._begin()

    def _begin(self) -> None:
        self._digest, self._room = hashlib.new(self.kind, usedforsecurity=False), -1

    def take(self, number: int, data: memoryview) -> None:
        """The bytes of part ``number``, once those before it were taken. Raises what :meth:`fail` was told."""
        with self._turn:
            while self._next != number and self._error is None:
                self._turn.wait()
            if self._error is not None:
                raise self._error
            self._update(data)
            self._next += 1
            self._turn.notify_all()

    def _update(self, data: memoryview) -> None:
        while len(data):
            if self._room < 0:
                self._room = self.stretches[len(self._done)].size
            piece = data[: self._room]
            self._digest.update(piece)
            self._room -= len(piece)
            data = data[len(piece) :]
            if not self._room:
                self._done.append(self._digest.hexdigest())
                self._begin()

    def fail(self, error: JsobjError | None = None) -> None:
        """A part will not come: who waits for it meets the same ``error``, so that none hides it; None for a stop."""
        with self._turn:
            if self._error is None:
                stopped = JsobjError("stopped", "a part before it did not come", code=ExitCode.INTERRUPTED)
                self._error = error or stopped
            self._turn.notify_all()

    def digests(self) -> list[str]:
        """Of the stretches that have passed whole."""
        return list(self._done)
