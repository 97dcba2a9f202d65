"""Copy and move objects, on the server where that is possible, else through this computer.

One request copies up to 5 GiB; what is larger, or was sent in parts of a known size, is copied part by part, so that
the composite ETag stays the same and proves the copy. Between dialects, or between accounts, the bytes pass through
here and are hashed on the way. A move deletes the source only after its copy was checked.
"""

from __future__ import annotations

import shlex
from collections.abc import Callable, Iterable, Iterator
from contextlib import closing
from dataclasses import dataclass

from jsobj.errors import ExitCode, JsobjError, ObjectChanged
from jsobj.net.body import Moved, uncounted
from jsobj.store.location import head_or_none
from jsobj.store.objects import Store
from jsobj.store.values import PART_SIZE, Listed, ObjectInfo, Part, StorePlace
from jsobj.transfer.compare import layouts
from jsobj.transfer.download.read_stream import ReadStream
from jsobj.transfer.engine.parallel_map import parallel_map
from jsobj.transfer.events import Done, Failed, Listener, Skipped, Tally
from jsobj.transfer.outcomes import ends_run
from jsobj.transfer.part_layout import Layout, Stretch, plan_layout
from jsobj.transfer.side import ONE_LOGIN, Side
from jsobj.transfer.upload.kept import missing
from jsobj.transfer.upload.once_anew import once_anew
from jsobj.transfer.upload.send_stream import begun_upload, send_stream

EXISTS = "exists already"  # why --no-clobber leaves an object alone
_PARTS_AT_ONCE = 8
_CLOCK = 2.0  # seconds by which the two dialects tell one object's time differently
_COPY_PART = 256 * 1024**2  # bytes; a server copies a large part as fast as a small one


@dataclass(frozen=True, slots=True)
class CopyItem:
    """An object and its new key."""

    remote: Listed
    key: str


def onto_itself(source: StorePlace, target: StorePlace, item: CopyItem) -> bool:
    """Whether both may be one object, also as s3:// and swift://: a move would delete its own copy.

    ``PROJECT:BUCKET`` may be one's own ``BUCKET``, which only a look at both can tell.
    """
    return _bare(source) == _bare(target) and item.remote.key == item.key


def _bare(place: StorePlace) -> str:
    """The bucket's name without a project."""
    return place.bucket.rpartition(":")[2] if place.dialect == "s3" else place.bucket


@dataclass(frozen=True, slots=True)
class CopyTerms:
    """How objects are copied. ``same_server``: both stores use the same server, account and login.

    ``apart``: they are of two logins that see different buckets, as far as can be known; ``at_source`` and
    ``at_target`` name the two in errors.
    """

    same_server: bool
    move: bool
    overwrite: bool
    part_size: int
    apart: bool = False
    at_source: Side = ONE_LOGIN
    at_target: Side = ONE_LOGIN


@dataclass(frozen=True, slots=True)
class ObjectCopier:
    """Copies one object at a time. ``tell`` takes a sentence on what a copy has not of its source, beside its bytes."""

    source: Store
    target: Store
    terms: CopyTerms
    moved: Moved
    tell: Callable[[str], object] = str

    def __call__(self, item: CopyItem) -> Done | Skipped | Failed:
        """Copy (or move) one object; failures are returned, those of the whole run are raised."""
        name = self.source.place.url(item.remote.key)
        try:
            return self._copied(item, name)
        except JsobjError as error:
            if ends_run(error):
                raise
            return Failed(name, error)

    def _copied(self, item: CopyItem, name: str) -> Done | Skipped:
        same_name = onto_itself(self.source.place, self.target.place, item)
        if same_name and not self.terms.apart and self.source.place.bucket == self.target.place.bucket:
            raise self._one_object(name, item, "are the same object")
        with self.terms.at_source.errors():
            info = self.source.head(item.remote.key)
        if not self.terms.overwrite or (same_name and self.terms.move):
            with self.terms.at_target.errors():
                there = head_or_none(self.target, item.key)
            if there and not self.terms.overwrite:
                return Skipped(name, EXISTS, compared=False)
            if there and same_name and self.terms.move and _may_be_one(info, there):
                raise self._one_object(name, item, "have the same size, digest and time: they may be the same object")
        if self.terms.same_server:
            etag = self._on_server(info, item.key)
            verified = self._compared(info, item.key, etag)
        else:
            etag, verified = once_anew(name, self.moved, lambda moved: self._through_here(info, item.key, moved))
            self._compared(info, item.key, etag)
            if self.terms.move and not verified:
                raise self._unproven(name)
        if self.terms.move:
            with self.terms.at_source.errors():
                self._require_unchanged(info)
                self.source.delete(info.key)
        return Done(name, self.target.place.url(item.key), info.size, verified, etag)

    def _one_object(self, name: str, item: CopyItem, reason: str) -> JsobjError:
        return JsobjError(
            "copy-onto-itself",
            f"{name} and {self.target.place.url(item.key)} {reason}",
            code=ExitCode.USAGE,
            hint="choose another key or bucket",
        )

    def _unproven(self, name: str) -> JsobjError:
        return JsobjError(
            "copy-unproven",
            f"the server has no digest of {name} to compare with what came, so the source was not deleted",
            code=ExitCode.INTEGRITY,
            hint=f"both are there; look at the copy, then: jsobj rm {shlex.quote(name)}{self.source.place.at}",
        )

    def _require_unchanged(self, info: ObjectInfo) -> None:
        """A source that was overwritten during the copy is not deleted."""
        if self.source.head(info.key).etag != info.etag:
            raise ObjectChanged(
                f"{self.source.place.url(info.key)} changed while it was copied; it was not deleted",
                hint="run the same command again",
            )

    def _on_server(self, info: ObjectInfo, key: str) -> str:
        layout = self._parts(info)
        if layout is None:
            return self.target.copy(self.source.place.bucket, info, key)
        return once_anew(self.source.place.url(info.key), uncounted, lambda moved: self._by_parts(info, key, layout))

    def _by_parts(self, info: ObjectInfo, key: str, layout: Layout) -> str:
        options = info.kept({**info.metadata, PART_SIZE: str(layout.part_size)})
        with begun_upload(self.target, key, options) as upload:

            def copy_part(part: Stretch) -> Part:
                bucket = self.source.place.bucket
                return self.target.copy_part(upload, part.number, bucket, info, part.start, part.size)

            parts = tuple(parallel_map(copy_part, layout, _PARTS_AT_ONCE))
            return self.target.complete(upload, parts, options)

    def _parts(self, info: ObjectInfo) -> Layout | None:
        """The parts of a server-side copy; None for one request."""
        limits = self.target.limits
        if self.target.place.dialect == "s3" and info.parts is not None and info.metadata.get(PART_SIZE):
            return next(layouts(self.source, info), None)
        if info.size <= limits.largest_put:
            return None
        return plan_layout(info.size, limits, _COPY_PART)

    def _through_here(self, info: ObjectInfo, key: str, moved: Moved) -> tuple[str, str]:
        """The new ETag, and which digest the bytes were compared with; no object is made of wrong ones."""
        reading = ReadStream(self.source, info)
        with self.terms.at_target.errors():
            sent = send_stream(
                self.target,
                key,
                self.terms.at_source.each(reading),
                info.kept(_of_user(info)),
                part_size=plan_layout(info.size, self.target.limits, self.terms.part_size).part_size,
                moved=moved,
            )
        return sent.etag, reading.verified

    def _compared(self, info: ObjectInfo, key: str, etag: str) -> str:
        """Check the size of the copy; "etag" where its ETag is the source's, else ""."""
        with self.terms.at_target.errors():
            made = self.target.head(key)
        if made.size != info.size:
            raise JsobjError(
                "copy-differs",
                f"the copy {self.target.place.url(key)} has {made.size} bytes, and the source {info.size}",
                code=ExitCode.INTEGRITY,
                hint="run the same command again",
            )
        if lost := missing(info.kept(_of_user(info)), made):
            self._tell_lost(info, key, lost)
        return "etag" if made.etag == info.etag or etag == info.etag else ""

    def _tell_lost(self, info: ObjectInfo, key: str, lost: list[str]) -> None:
        """Metadata that the server of the copy did not keep; where the source would be gone, an error."""
        url, names = self.target.place.url(key), ", ".join(f"'{name}'" for name in lost)
        text = f"{url} has not the metadata of its source: the server does not keep {names}"
        if self.terms.move:
            where = f"{shlex.quote(self.source.place.url(info.key))}{self.source.place.at}"
            raise JsobjError(
                "metadata-not-kept",
                f"{text}; the source was not deleted",
                code=ExitCode.REFUSED,
                hint=f"both are there; to see what they have: jsobj stat {where}",
            )
        self.tell(text)


def _may_be_one(one: ObjectInfo, other: ObjectInfo) -> bool:
    """Whether two logins may show one object: a move would delete what it has just made."""
    same_time = one.modified is None or other.modified is None or abs(one.modified - other.modified) <= _CLOCK
    return one.size == other.size and (one.etag == other.etag or one.large or other.large) and same_time


def _of_user(info: ObjectInfo) -> dict[str, str]:
    return {name: value for name, value in info.metadata.items() if name != PART_SIZE}


def copy_all(
    calls: Iterator[Callable[[], Done | Skipped | Failed]],
    tally: Tally,
    emit: Listener,
    *,
    workers: int,
    stop: Callable[[], None],
) -> list[JsobjError]:
    """Do all ``calls``, each of an object, and return the failures. ``stop`` is called on an early end."""
    with closing(parallel_map(lambda call: call(), calls, workers, stop=stop)) as events:
        return counted(events, tally, emit)


def counted(events: Iterable[Done | Skipped | Failed], tally: Tally, emit: Listener) -> list[JsobjError]:
    """Count and report what became of objects; the failures."""
    failures = []
    for event in events:
        if isinstance(event, Failed):
            tally.item_failed()
            failures.append(event.error)
        elif isinstance(event, Skipped):
            tally.item_skipped(compared=event.compared)
        else:
            tally.item_done(event.size, verified=bool(event.verified))
        emit(event)
    return failures
