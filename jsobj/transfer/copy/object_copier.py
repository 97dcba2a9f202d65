"""Copy and move single objects, on the server where that is possible, else through this computer.

One request copies up to 5 GiB; what is larger, or was sent in parts of a known size, is copied part by part, so that
the composite ETag stays the same and proves the copy; over Swift segment by segment, so that the two share nothing
(:mod:`jsobj.transfer.copy.pieces`). What a copy that fails or is stopped has made by then is taken back. Between
dialects, or between accounts, the bytes pass through here (:mod:`jsobj.transfer.copy.crossing`). A move deletes the
source only after its copy was checked.
"""

from __future__ import annotations

import shlex
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from functools import partial

from jsobj.errors import BytesDiffer, ExitCode, JsobjError
from jsobj.net.body import Moved, uncounted
from jsobj.parallel_map import if_interrupted, parallel_map
from jsobj.store.location import head_or_none
from jsobj.store.objects import Store
from jsobj.store.refusals import SEGMENTS_GONE
from jsobj.store.swift.store import SwiftStore
from jsobj.store.values import PART_SIZE, Limits, ObjectInfo, PutOptions
from jsobj.transfer.compare import layouts
from jsobj.transfer.copy.crossing import Crossed, Crossing, of_user, require_unchanged
from jsobj.transfer.copy.forms import Forms, one_of_each
from jsobj.transfer.copy.items import EXISTS, CopyItem, CopyTerms, onto_itself
from jsobj.transfer.copy.pieces import Piece, copy_pieces, segments_as_pieces, stretches
from jsobj.transfer.copy.proofs import LARGEST, InOrder
from jsobj.transfer.download.read_stream import ReadStream
from jsobj.transfer.engine.parts_work import SENT, Arrived
from jsobj.transfer.events import Done, Failed, Skipped
from jsobj.transfer.outcomes import ends_run
from jsobj.transfer.part_layout import Layout, Stretch, plan_layout
from jsobj.transfer.upload.once_anew import once_anew
from jsobj.transfer.upload.send_stream import aborted_early, begun_upload, send_stream

_CROSSING_AT_ONCE = 4
_CLOCK = 2.0  # seconds by which the two dialects tell one object's time differently
_COPY_PART = 256 * 1024**2  # bytes; a server copies a large part as fast as a small one


@dataclass(frozen=True, slots=True)
class ObjectCopier:
    """Copies one object at a time. ``tell`` takes a sentence on what a copy has not of its source, or leaves."""

    source: Store
    target: Store
    terms: CopyTerms
    moved: Moved
    tell: Callable[[str], object] = str
    any_order: bool = False
    crossing: Crossing = field(init=False)

    def __post_init__(self) -> None:
        crossing = Crossing(self.source, self.target, self.terms, self.moved, self.tell, self.any_order)
        object.__setattr__(self, "crossing", crossing)

    def __call__(self, item: CopyItem) -> Done | Skipped | Failed:
        """Copy (or move) one object; failures are returned, those of the whole run are raised."""
        name = self.source.place.url(item.remote.key)
        try:
            arrived = self.copied(item)
        except JsobjError as error:
            if ends_run(error):
                raise
            return Failed(name, error)
        if arrived.skipped:
            return Skipped(name, arrived.skipped, compared=arrived.compared)
        return Done(name, self.target.place.url(item.key), arrived.size, arrived.verified, arrived.etag)

    def copied(self, item: CopyItem) -> Arrived:
        """Copy (or move) one object, whatever its size. Raises :class:`JsobjError`."""
        in_place = self._in_place(item)
        if not self.terms.same_server and not in_place and item.size and self._in_one(item.size):
            if skipped := self.look(item):
                return skipped
            return self._small(item.remote.key, item.key)
        info = self.head(item)
        if settled := self.settled(item, info):
            return settled
        if not self.terms.same_server:
            return self._through_here(info, item.key)
        with self._telling_of_segments(info):
            etag, by = self._on_server(info, item.key)
        if self.terms.move:  # also where `by` is "": the server's own copy, of the right size, is believed
            with self.terms.at_source.errors():
                require_unchanged(self.source, info)
                self.source.delete(info.key)
        return Arrived(info.size, etag, by)

    def head(self, item: CopyItem) -> ObjectInfo:
        """The source as it is now. Raises :class:`JsobjError` (usage) where it is the copy's own place."""
        self._in_place(item)
        with self.terms.at_source.errors():
            return self.source.head(item.remote.key)

    def look(self, item: CopyItem, info: ObjectInfo | None = None) -> Arrived | None:
        """Why the object is left alone for what is at its new place. Raises usage where a move might delete it."""
        if self._in_place(item):
            return self._look_in_place(item, info or self.head(item))
        same_name = onto_itself(self.source.place, self.target.place, item)
        if self.terms.overwrite and not (same_name and self.terms.move):
            return None
        with self.terms.at_target.errors():
            there = head_or_none(self.target, item.key)
        if there and not self.terms.overwrite:
            return Arrived(there.size, there.etag, "", EXISTS, compared=False)
        if there and _may_be_one(info or self.head(item), there):
            raise self._one_object(item, "have the same size, digest and time: they may be the same object")
        return None

    def _in_place(self, item: CopyItem) -> bool:
        """Whether the object is its own target, in the other dialect. Raises usage where it is in the same one."""
        source, target = self.source.place, self.target.place
        if not onto_itself(source, target, item) or self.terms.apart or source.bucket != target.bucket:
            return False
        if self.terms.move or not one_of_each(self.source, self.target):
            raise self._one_object(item, "are the same object")
        return True

    def _look_in_place(self, item: CopyItem, info: ObjectInfo) -> Arrived | None:
        """Why the object keeps its form. Raises usage where the two places do not show one object."""
        there = self._seen_there(item, info)
        reason = Forms(self.source, self.target, self.terms).why_left(info, there) if self.terms.overwrite else EXISTS
        return Arrived(there.size, there.etag, "", reason, compared=False) if reason else None

    def _seen_there(self, item: CopyItem, info: ObjectInfo) -> ObjectInfo:
        with self.terms.at_target.errors():
            there = head_or_none(self.target, item.key)
        if there is None or not _may_be_one(info, there):
            raise self._one_object(item, "have one name, and are not the same: the two logins see other buckets")
        return there

    def settled(self, item: CopyItem, info: ObjectInfo) -> Arrived | None:
        """What is done with an object that does not pass through here as others do: left alone, or remade."""
        skipped = self.look(item, info)
        if skipped is None:
            return self._remade(item, info)
        if self._in_place(item) and self.terms.overwrite:
            Forms(self.source, self.target, self.terms).clear_up(info, self._seen_there(item, info))
        return skipped

    def _remade(self, item: CopyItem, info: ObjectInfo) -> Arrived | None:
        """A large object in the form of the other dialect; None where it is to pass through here as others do.

        Raises :class:`JsobjError`.
        """
        if self.terms.same_server or self.terms.apart or not one_of_each(self.source, self.target):
            return None
        forms = Forms(self.source, self.target, self.terms)
        if not forms.is_large(info):
            return None
        in_place = self._in_place(item)
        old = forms.old_segments(info, self._seen_there(item, info)) if in_place else ()
        name = self.source.place.url(info.key)
        with self._telling_of_segments(info):
            done = once_anew(name, self.moved, lambda moved: forms.remade(info, item.key, moved, in_place=in_place))
        if done is None:
            return None
        with self.terms.at_target.errors():
            made = self.crossing.compare(info, item.key)
        if in_place:
            forms.forget(info, old)
            forms.clear_up(info, made)
        elif self.terms.move:
            self.crossing.delete_source(info, done[1])
        return Arrived(info.size, *done)

    @contextmanager
    def _telling_of_segments(self, info: ObjectInfo) -> Iterator[None]:
        """A copy fails segment by segment, as one of a segment does that is gone or was replaced: say what it means."""
        try:
            yield
        except JsobjError as error:
            if info.large and error.code in {ExitCode.NOT_FOUND, ExitCode.INTEGRITY}:
                with self.terms.at_source.errors():
                    if not self.source.is_whole(info):
                        place = self.source.place
                        raise SEGMENTS_GONE.error(
                            place.dialect, place.bucket, info.key, error.context, place.at
                        ) from error
            raise

    def _one_object(self, item: CopyItem, reason: str) -> JsobjError:
        return JsobjError(
            "copy-onto-itself",
            f"{self.source.place.url(item.remote.key)} and {self.target.place.url(item.key)} {reason}",
            code=ExitCode.USAGE,
            hint="choose another key or bucket",
        )

    # -- on the server

    def _on_server(self, info: ObjectInfo, key: str) -> tuple[str, str]:
        """The new ETag, and what the source and the copy have alike; "" where that is nothing."""
        pieces, options = self._pieces(info)
        if not pieces:
            etag = self.target.copy(self.source.place.bucket, info, key)
        else:
            send = partial(self._by_pieces, key, pieces, options)
            etag = once_anew(self.source.place.url(info.key), uncounted, send)
        with self.terms.at_target.errors():
            made = self.crossing.compare(info, key)
        return etag, "etag" if info.etag in {made.etag, etag} else _alike(info, made)

    def _by_pieces(self, key: str, pieces: Sequence[Piece], options: PutOptions, moved: Moved) -> str:
        with begun_upload(self.target, key, options) as upload:
            try:
                parts = copy_pieces(self.target, upload, pieces)
            except JsobjError as error:
                if error.code is ExitCode.NETWORK and isinstance(self.target, SwiftStore):
                    self._tell_of_late_segments(key)
                raise
            return self.target.complete(upload, parts, options)

    def _tell_of_late_segments(self, key: str) -> None:
        """What was cut the server may go on with; segments that come after the others were deleted stay."""
        place = self.target.place
        listed = f"jsobj uploads list {shlex.quote(place.url())}{place.at}"
        self.tell(f"the server may still copy segments for {place.url(key)}; look in a few minutes: {listed}")

    def _pieces(self, info: ObjectInfo) -> tuple[Sequence[Piece], PutOptions]:
        """What of a server-side copy becomes a part each, and what is kept with it; no pieces for one request."""
        bucket = self.source.place.bucket
        if isinstance(self.target, SwiftStore) and (segments := self.target.segments_to_copy(bucket, info)):
            return segments_as_pieces(segments), info.kept()
        layout = self._parts(info)
        if layout is None:
            return (), info.kept()
        return stretches(bucket, info, layout), info.kept({**info.metadata, PART_SIZE: str(layout.part_size)})

    def _parts(self, info: ObjectInfo) -> Layout | None:
        """The stretches of a server-side copy; None for one request."""
        limits = self.target.limits
        if self.target.place.dialect == "s3" and info.parts is not None and info.metadata.get(PART_SIZE):
            return next(layouts(self.source, info), None)
        if info.size <= limits.largest_copy:
            return None
        return plan_layout(info.size, limits, _COPY_PART)

    # -- through here

    def _in_one(self, size: int) -> bool:
        """Whether all bytes are held in memory at once, and sent in one request."""
        if size > min(self.terms.part_size, LARGEST):
            return False
        # What is smaller than a part may be fits into one request anywhere: no server is asked for its limits.
        return size <= Limits().smallest_part or size <= self.target.limits.largest_put

    def _small(self, key: str, new: str) -> Arrived:
        info, etag, by = self.crossing.small(key, new)
        if self.terms.move:
            self.crossing.delete_source(info, by)
        return Arrived(info.size, etag, by)

    def _through_here(self, info: ObjectInfo, key: str) -> Arrived:
        """No object is made of wrong bytes."""
        if self._in_one(info.size):
            return self._small(info.key, key)

        def send(moved: Moved) -> tuple[str, str]:
            if not self.source.in_stretches(info):
                return self._as_it_comes(info, key, moved)
            crossing = Crossing(self.source, self.target, self.terms, moved, self.tell, self.any_order)
            seen: list[str] = []
            try:
                return _crossed(crossing, info, key, seen)
            except BytesDiffer:
                return _crossed(crossing, info, key, seen)

        etag, by = once_anew(self.source.place.url(info.key), self.moved, send)
        self.crossing.settle(info, key, by)
        return Arrived(info.size, etag, by)

    def _as_it_comes(self, info: ObjectInfo, key: str, moved: Moved) -> tuple[str, str]:
        """From a server that sends no parts."""
        reading = ReadStream(self.source, info)
        part_size = plan_layout(info.size, self.target.limits, min(self.terms.part_size, LARGEST)).part_size
        with self.terms.at_target.errors():
            chunks = self.terms.at_source.each(reading)
            options = info.kept(of_user(info))
            etag = send_stream(self.target, key, chunks, options, part_size=part_size, moved=moved).etag
        return etag, reading.verified or SENT


def _crossed(crossing: Crossing, info: ObjectInfo, key: str, seen: list[str]) -> tuple[str, str]:
    """All parts of an object. ``seen``: the MD5s of those that came before, and then of these."""
    begun = crossing.begin(info, crossing.how(info), key)
    how, before = begun.how, tuple(seen)
    order = InOrder(how.in_order, how.kind) if how.in_order else None

    def cross(part: Stretch) -> Crossed:
        return crossing.part(begun.info, begun.upload, part, how.by, how.md5_of(part.number), order=order)

    with (
        aborted_early(crossing.target, begun.upload),
        closing(parallel_map(cross, how.layout, _CROSSING_AT_ONCE, stop=if_interrupted(crossing.target.stop))) as parts,
    ):
        crossed = tuple(parts)
        seen[:] = [each.md5 for each in crossed]
        return crossing.finish(begun, crossed, order.digests() if order else (), before)


def _alike(one: ObjectInfo, other: ObjectInfo) -> str:
    """The digest that both have beside their ETags, which are no digests in other clouds."""
    digests = (("md5", one.md5, other.md5), ("crc32c", one.crc32c, other.crc32c))
    return next((by for by, first, second in digests if first and first == second), "")


def _may_be_one(one: ObjectInfo, other: ObjectInfo) -> bool:
    """Whether two logins may show one object: a move would delete what it has just made."""
    same_time = one.modified is None or other.modified is None or abs(one.modified - other.modified) <= _CLOCK
    return one.size == other.size and (one.etag == other.etag or one.large or other.large) and same_time
