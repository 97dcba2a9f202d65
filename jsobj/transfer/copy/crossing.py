"""One object on its way from one store to another through this computer: read, proven, and stored.

Every read is of one version of the source; a part counts only when the target has stored what was read. No object is
made of bytes that are not the source's.
"""

from __future__ import annotations

import shlex
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace

from jsobj.errors import ExitCode, JsobjError, ObjectChanged
from jsobj.net.body import BytesSink, BytesSource, Moved
from jsobj.store.digest_tries import TRIES, until_digest_matches
from jsobj.store.location import head_or_none
from jsobj.store.objects import Store
from jsobj.store.values import PART_SIZE, Got, ObjectInfo, Part, PutOptions, Upload
from jsobj.transfer.compare import bytes_differ, came_wrong, compare_held, is_damage
from jsobj.transfer.copy.buffers import Buffers, Into
from jsobj.transfer.copy.items import CopyTerms
from jsobj.transfer.copy.proofs import InOrder, Proving, proof, proving
from jsobj.transfer.engine.parts_work import SENT
from jsobj.transfer.part_layout import Stretch
from jsobj.transfer.upload.kept import missing

_KEPT_EVERYWHERE = frozenset({"content-type", "metadata mtime"})
_CUT_AS = frozenset({"s3", "swift"})  # whose ETags tell nothing without the size of the parts


@dataclass(frozen=True, slots=True)
class Crossed:
    """A part that is there. ``md5`` and ``crc32c`` ("" where it is not needed): of the bytes that were read."""

    part: Part
    md5: str
    crc32c: str = ""


@dataclass(frozen=True, slots=True)
class Begun:
    """A copy in parts under way. ``crossed``: parts of an earlier run whose bytes need not be read again.

    ``stored``: those that must be read for a digest of the whole, and need not be sent. ``notice``: why it starts over.
    """

    info: ObjectInfo
    upload: Upload
    how: Proving
    crossed: tuple[Crossed, ...] = ()
    stored: tuple[Part, ...] = ()
    notice: str = ""


@dataclass(frozen=True, slots=True)
class Crossing:
    """The way from ``source`` to ``target``. ``tell`` takes a sentence on what a copy has not of its source."""

    source: Store
    target: Store
    terms: CopyTerms
    moved: Moved
    tell: Callable[[str], object] = str
    any_order: bool = False
    _looked_at: set[frozenset[str]] = field(default_factory=set)
    _buffers: Buffers = field(default_factory=Buffers)

    # -- in one request

    def small(self, key: str, new: str) -> tuple[ObjectInfo, str, str]:
        """Copy an object in one piece: what it is, the copy's ETag, and what proves it. Raises :class:`JsobjError`."""
        with self.terms.at_source.errors():
            got, data, by = self._held(key)
        with self.terms.at_target.errors():
            etag = self.target.put(new, BytesSource(data, self._at_once), _options(got.info), moved=self.moved)
            self._look(got.info, new)
        return got.info, etag, by

    def _held(self, key: str) -> tuple[Got, memoryview, str]:
        """All bytes of an object, and what they were compared with."""
        seen: list[str] = []
        came = ""

        def fetch(number: int) -> tuple[Got, memoryview, str] | None:
            nonlocal came
            sink = BytesSink()
            got = self.source.get(key, sink)
            info, data = got.info, memoryview(sink.data)[: got.size]
            if got.size != info.size:
                return None
            if got.verified:
                return got, data, got.verified
            if info.whole_md5 and not info.sha256:
                came = got.md5
                return (got, data, "md5") if got.md5 == info.whole_md5 else None
            found = compare_held(self.source, info, data)
            if found.same:
                return got, data, found.by
            came = found.came
            twice = got.md5 in seen and not is_damage(self.source, info)
            seen.append(got.md5)
            return (got, data, SENT) if found.same is None and (twice or not found.suspicious) else None

        return until_digest_matches(
            fetch, lambda: came_wrong(self.source.place, key, f"fetched {TRIES} times; nothing was written", came)
        )

    @property
    def _at_once(self) -> int:
        return getattr(self.moved, "at_once", 0)

    # -- in parts

    def how(self, info: ObjectInfo) -> Proving:
        """Into which parts an object is cut, and what will prove them. Raises :class:`JsobjError`."""
        limits, size = self.target.limits, self.terms.part_size
        with self.terms.at_source.errors():
            return proving(self.source, info, limits, size, any_order=self.any_order)

    def begin(self, info: ObjectInfo, how: Proving, new: str) -> Begun:
        """Begin a copy in parts. Raises :class:`JsobjError`."""
        with self.terms.at_target.errors():
            return Begun(info, self.target.begin(new, self._options(info, how)), how)

    def resume(
        self, info: ObjectInfo, how: Proving, upload: Upload, part_size: int, sent: Mapping[int, str]
    ) -> Begun | None:
        """The copy that an earlier run began with parts of this size; None where the server knows it no more.

        ``sent``: the MD5 of each part that it sent.
        """
        if how.layout.part_size != part_size:
            return None
        with self.terms.at_target.errors():
            try:
                there = self.target.parts(upload)
            except JsobjError as error:
                if error.code is ExitCode.NOT_FOUND:
                    return None
                raise
        own = [part for part in there if _is_ours(part, how, sent)]
        if how.in_order or how.by == "crc32c":
            return Begun(info, upload, how, stored=tuple(own))
        return Begun(info, upload, how, tuple(Crossed(part, sent[part.number]) for part in own))

    def found_begun(self, info: ObjectInfo, how: Proving, new: str) -> Begun | None:
        """The upload of this key whose id was lost before any part was sent, if there is one."""
        with self.terms.at_target.errors():
            for upload in self.target.uploads(new):
                if upload.key == new and not self._parts_of(upload):
                    return Begun(info, upload, how)
        return None

    def _parts_of(self, upload: Upload) -> Sequence[Part]:
        try:
            return self.target.parts(upload)
        except JsobjError as error:
            if error.code is ExitCode.NOT_FOUND:  # Swift has nothing before the first segment
                return ()
            raise

    def part(
        self,
        info: ObjectInfo,
        upload: Upload,
        stretch: Stretch,
        by: str,
        md5: str = "",
        *,
        order: InOrder | None = None,
        stored: Part | None = None,
    ) -> Crossed:
        """Read one part and store it; ``stored``: it is there already, and is read for its digest only."""
        with self._buffers.taken(stretch.size) as data:
            try:
                with self.terms.at_source.errors():
                    read = self._read(info, stretch, data, md5, digest=bool(md5) or stored is not None)
                if order is not None:
                    order.take(stretch.number, data)
            except BaseException as error:
                if order is not None:
                    order.fail(error if isinstance(error, JsobjError) else None)
                raise
            crc = _crc32c(data) if by == "crc32c" else ""
            if stored is None or stored.etag != read:
                with self.terms.at_target.errors():
                    body = BytesSource(data, self._at_once)
                    stored = self.target.put_part(upload, stretch.number, body, moved=self.moved)
        return Crossed(stored, read or stored.etag, crc)

    def _read(self, info: ObjectInfo, stretch: Stretch, into: memoryview, md5: str, *, digest: bool) -> str:
        """Read a part. Its MD5 is taken where there is something to compare with; else it is when it is stored."""

        def fetch(number: int) -> str | None:
            got = self.source.get(
                info.key, Into(into), start=stretch.start, size=stretch.size, etag=info.etag, digest=digest
            )
            return got.md5 if got.size == stretch.size and md5 in {"", got.md5} else None

        seen = f"part {stretch.number} was fetched {TRIES} times; nothing was written"
        return until_digest_matches(fetch, lambda: bytes_differ(info.key, seen))

    def finish(
        self, begun: Begun, crossed: Sequence[Crossed], order: Sequence[str], seen: Sequence[str] = ()
    ) -> tuple[str, str]:
        """Make the object of its parts: its ETag, and what proves it. Raises :class:`BytesDiffer` for wrong bytes.

        ``seen``: the MD5s of the parts when they came for the first time, where they proved nothing.
        """
        info, how = begun.info, begun.how
        by = proof(how, info, {each.part.number: (each.md5, each.crc32c) for each in crossed}, order)
        if not by and how.doubtful and [each.md5 for each in crossed] == list(seen):
            by = SENT
        if not by:
            came = order[0] if len(order) == 1 else ""
            raise came_wrong(self.source.place, info.key, f"compared by {how.by}; no object was made", came)
        with self.terms.at_target.errors():
            return self.target.complete(begun.upload, [each.part for each in crossed], self._options(info, how)), by

    # -- what is kept with it

    def _options(self, info: ObjectInfo, how: Proving) -> PutOptions:
        options = _options(info)
        if self.target.keeps_md5:
            options = replace(options, md5=info.whole_md5)
        if self.target.place.dialect not in _CUT_AS:
            return options
        return replace(options, metadata={**options.metadata, PART_SIZE: str(how.layout.part_size)})

    def _look(self, info: ObjectInfo, new: str) -> None:
        """See what the target kept of metadata with these names: of the first copy, and of each that is moved."""
        names = frozenset(_options(info).headers("metadata "))
        if names - _KEPT_EVERYWHERE and (self.terms.move or names not in self._looked_at):
            self._looked_at.add(names)
            self.compare(info, new)

    def compare(self, info: ObjectInfo, new: str) -> ObjectInfo:
        """The copy as it is there. Raises :class:`JsobjError` (integrity) where its size is another."""
        made = self.target.head(new)
        if made.size != info.size:
            raise JsobjError(
                "copy-differs",
                f"the copy {self.target.place.url(new)} has {made.size} bytes, and the source {info.size}",
                code=ExitCode.INTEGRITY,
                hint="run the same command again",
            )
        if lost := missing(_options(info), made):
            self._tell_lost(info, new, lost)
        return made

    def _tell_lost(self, info: ObjectInfo, new: str, lost: list[str]) -> None:
        """Metadata that the server of the copy did not keep; where the source would be gone, an error."""
        url, names = self.target.place.url(new), ", ".join(f"'{name}'" for name in lost)
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

    def settle(self, info: ObjectInfo, new: str, by: str) -> None:
        """Look at a copy that is there; of a move, delete its source."""
        with self.terms.at_target.errors():
            self.compare(info, new)
        if self.terms.move:
            self.delete_source(info, by)

    def delete_source(self, info: ObjectInfo, by: str) -> None:
        """After its copy was proven. Raises :class:`JsobjError`, and deletes nothing, where it was not, or changed."""
        name = self.source.place.url(info.key)
        if by in {"", SENT}:
            raise JsobjError(
                "copy-unproven",
                f"the server has no digest of {name} to compare with what came, so the source was not deleted",
                code=ExitCode.INTEGRITY,
                hint=f"both are there; look at the copy, then: jsobj rm {shlex.quote(name)}{self.source.place.at}",
            )
        with self.terms.at_source.errors():
            require_unchanged(self.source, info)
            self.source.delete(info.key)


def require_unchanged(source: Store, info: ObjectInfo) -> None:
    """A source that was overwritten during the copy is not deleted."""
    if source.head(info.key).etag != info.etag:
        raise ObjectChanged(
            f"{source.place.url(info.key)} changed while it was copied; it was not deleted",
            hint="run the same command again",
        )


def finished_before(target: Store, info: ObjectInfo, new: str) -> ObjectInfo | None:
    """The copy that an earlier run finished, where digests tell that it is one."""
    there = head_or_none(target, new)
    if there is None or there.size != info.size:
        return None
    if there.whole_md5 and there.whole_md5 == info.whole_md5:
        return there
    if there.crc32c and there.crc32c == info.crc32c:
        return there
    return there if info.parts and there.etag == info.etag else None


def _options(info: ObjectInfo) -> PutOptions:
    return info.kept(of_user(info))


def of_user(info: ObjectInfo) -> dict[str, str]:
    """The metadata but for how the object was cut."""
    return {name: value for name, value in info.metadata.items() if name != PART_SIZE}


def _is_ours(part: Part, how: Proving, known: Mapping[int, str]) -> bool:
    """Whether a part that the server has is one that was sent: not where it tells no MD5 of it."""
    if part.number not in known or part.number > how.layout.count:
        return False
    return part.size == how.layout.part(part.number).size and part.etag == known[part.number]


def _crc32c(data: memoryview) -> str:
    from jsobj.net.crc32c import crc32c

    return crc32c(data)
