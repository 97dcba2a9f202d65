"""The members of an archive as a store that is only read: their keys are ``archive.zip!/name``.

All that lists and reads objects works on members too, without knowing of archives: what it gets is of one version of
the archive, and whole members are compared by CRC-32, and by SHA-256 where the archive has an index.
"""

from __future__ import annotations

import shlex
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from typing import Any, NoReturn

from jsobj.errors import BytesDiffer, ExitCode, JsobjError, ObjectChanged, ObjectNotFound
from jsobj.net.body import Moved, Sink, Source, uncounted
from jsobj.net.partial import Partial
from jsobj.net.request import Reply
from jsobj.packing.archive import Archive
from jsobj.packing.decode import Chunk
from jsobj.packing.records import STORED, Member
from jsobj.store.digest_tries import TRIES
from jsobj.store.location import INSIDE
from jsobj.store.objects import Store
from jsobj.store.refusals import member_refused
from jsobj.store.values import MTIME, PLAIN, Got, Limits, Listed, ObjectInfo, Part, PartDigest, PutOptions, Upload
from jsobj.transfer.local.kept_time import to_text
from jsobj.transfer.local.local_file import content_type
from jsobj.units import human_bytes

_SANE = 1024**3  # bytes of a total that may have any ratio
_HELD = 8 * 1024**2  # bytes of a member that are compared before any is given out


class MemberStore(Store):
    """See :class:`jsobj.store.objects.Store`. What would write raises usage."""

    def __init__(self, archive: Archive) -> None:
        super().__init__(replace(archive.store.place, archive=archive.info.key), archive.store.session)
        self.archive = archive
        self._prefix = archive.info.key + INSIDE
        self._last: tuple[str, bytearray] | None = None  # by its ETag, which another version of the archive has not

    @contextmanager
    def _of_one_version(self) -> Iterator[None]:
        """Where the archive was replaced, the next call is about the new one."""
        try:
            yield
        except ObjectChanged:
            old = self.archive
            self.archive = Archive(old.store, old.store.head(old.info.key))
            raise

    def _member(self, key: str) -> Member:
        member = self.archive.member(key.removeprefix(self._prefix)) if key.startswith(self._prefix) else None
        if member is None:
            raise ObjectNotFound(
                f"there is no member {self.place.url(key)}",
                hint=f"see what is there: jsobj ls {shlex.quote(self.place.url(self._prefix))}{self.place.at}",
            )
        return member

    def _etag(self, member: Member) -> str:
        """No digest, and looks like none: the archive's version, and where the member is in it."""
        return f"{self.archive.info.etag}!{member.offset}!{member.crc32:08x}"

    def _described(self, key: str, member: Member) -> ObjectInfo:
        seconds = None if member.modified_ns is None else member.modified_ns / 10**9
        metadata = {} if seconds is None or seconds < 0 else {MTIME: to_text(member.modified_ns or 0)}
        return ObjectInfo(
            key,
            member.size,
            self._etag(member),
            seconds,
            content_type(key),
            metadata=metadata,
            crc32=f"{member.crc32:08x}",
            sha256=member.sha256,
            in_order=member.method != STORED,
        )

    def require_sane(self, wanted: Callable[[str], bool], max_ratio: int) -> None:
        """Raise refused where the members with these keys would become so many times as large as they are stored."""
        members = [member for member in self.archive.directory.members if wanted(self._prefix + member.name)]
        size = sum(member.size for member in members if not member.fault)
        stored = sum(member.stored for member in members if not member.fault)
        if size > _SANE and size > max_ratio * stored:
            raise JsobjError(
                "archive-too-much",
                f"{self.place.url(self._prefix)}: {human_bytes(stored)} would become {human_bytes(size)}, more than "
                f"{max_ratio} times as much",
                code=ExitCode.REFUSED,
                hint="if that is what you want: jsobj unpack --max-ratio N, with a larger number",
            )

    def gather(self, wanted: Callable[[str], bool]) -> None:
        """The members with these keys will be read, by name: several of them by one request where that helps."""
        self.archive.gather(lambda name: wanted(self._prefix + name))

    # -- reading

    def in_stretches(self, info: ObjectInfo) -> bool:
        """Of those that are stored as they are, where a digest over stretches in their order is known."""
        return not info.in_order and bool(info.sha256)

    @property
    def limits(self) -> Limits:
        """Those of the server."""
        return self.archive.store.limits

    def head(self, key: str, etag: str = "") -> ObjectInfo:
        """From the directory, without a request."""
        info = self._described(key, self._member(key))
        if etag and info.etag != etag:
            raise ObjectChanged(f"{self.place.url(key)} changed while it was read", hint="run the same command again")
        return info

    def get(
        self,
        key: str,
        sink: Sink,
        *,
        start: int = 0,
        size: int | None = None,
        etag: str = "",
        digest: bool = True,
        moved: Moved = uncounted,
        partial: Partial | None = None,
    ) -> Got:
        """A whole member compared; a range of one that is stored by a range of the archive."""
        with self._of_one_version():
            info = self.head(key, etag)
            return self._got(info, self._readable(key), sink, start, size, digest=digest, moved=moved, partial=partial)

    def _got(
        self,
        info: ObjectInfo,
        member: Member,
        sink: Sink,
        start: int,
        size: int | None,
        *,
        digest: bool,
        moved: Moved,
        partial: Partial | None,
    ) -> Got:
        left = max(0, member.size - start)
        size = left if size is None else min(size, left)  # behind it lies the next member
        if not start and size == member.size and partial is None:
            return self._whole(info, member, sink, moved)
        if member.method == STORED and size:
            archive = self.archive
            at = archive.begin(member) + start
            found = archive.store.get(
                archive.info.key,
                sink,
                start=at,
                size=size,
                etag=archive.info.etag,
                digest=digest,
                moved=moved,
                partial=partial,
            )
            return Got(info, found.size, found.md5)
        return self._stretch(info, member, sink, start, size, moved)

    def _readable(self, key: str) -> Member:
        """The member. Raises refused where it is not given out."""
        member = self._member(key)
        if member.fault:
            raise member_refused(self.place.url(key), member.fault)
        return member

    def _whole(self, info: ObjectInfo, member: Member, sink: Sink, moved: Moved) -> Got:
        for number in range(TRIES):
            done = 0
            try:
                for chunk in self.archive.chunks(member):
                    sink.write(memoryview(chunk), done)
                    done += len(chunk)
                    moved(len(chunk))
                return Got(info, done, "", info.checksum[0])
            except BytesDiffer:
                moved(-done)
                if number == TRIES - 1:
                    raise
                self.archive.forget(member)
        raise AssertionError("unreachable")

    def _stretch(self, info: ObjectInfo, member: Member, sink: Sink, start: int, size: int, moved: Moved) -> Got:
        """Of what is compressed: from its beginning, and what was read last is kept."""
        if member.size <= _HELD:
            data = self._held(info, member)[start : start + size]
            sink.write(memoryview(data), 0)
            moved(len(data))
            return Got(info, len(data), "")
        at = done = 0
        for chunk in self.archive.chunks(member):
            piece = memoryview(chunk)[max(0, start - at) : start + size - at] if at < start + size else memoryview(b"")
            at += len(chunk)
            if len(piece):
                sink.write(piece, done)
                done += len(piece)
                moved(len(piece))
            if at >= start + size:
                break
        return Got(info, done, "")

    def _held(self, info: ObjectInfo, member: Member) -> bytearray:
        last = self._last
        if last is None or last[0] != info.etag:
            data = _Whole()
            self._whole(info, member, data, uncounted)
            self._last = last = info.etag, data.data
        return last[1]

    def in_order(self, info: ObjectInfo) -> Iterator[Any]:
        """All bytes; of a small member only after they were compared."""
        with self._of_one_version():
            self.head(info.key, info.etag)
            member = self._readable(info.key)
            if member.size > _HELD:
                yield from self.archive.chunks(member)
                return
            data = _Whole()
            self._whole(info, member, data, uncounted)
            yield data.data

    def list(self, prefix: str = "", *, delimiter: str = "", after: str = "") -> Iterator[Listed]:
        """Members by name, without a request."""
        if not prefix.startswith(self._prefix):
            if delimiter and self._prefix.startswith(prefix):
                yield Listed(self._prefix, prefix=True)
            return
        within, last = prefix.removeprefix(self._prefix), after.removeprefix(self._prefix)
        folder = ""
        for member in self.archive.below(within, last):
            if folder and member.name.startswith(folder):
                continue
            cut = member.name.find(delimiter, len(within)) if delimiter else -1
            if cut >= 0:
                folder = member.name[: cut + len(delimiter)]
                yield Listed(self._prefix + folder, prefix=True)
            else:
                yield self._listed(member)

    def _listed(self, member: Member) -> Listed:
        seconds = None if member.modified_ns is None else member.modified_ns / 10**9
        return Listed(
            self._prefix + member.name,
            member.size,
            self._etag(member),
            seconds,
            in_order=member.method != STORED,
            fault=member.fault,
        )

    def digests(self, info: ObjectInfo) -> Sequence[PartDigest] | None:
        """No MD5 is known."""
        return None

    def part_size(self, info: ObjectInfo, number: int) -> int:
        """There are no parts."""
        return 0

    def kept_value(self, value: str) -> str:
        """As of the archive's store."""
        return self.archive.store.kept_value(value)

    def presign(self, method: str, key: str, seconds: int) -> str:
        """Refused, as :meth:`refuse_link` says."""
        self.refuse_link()

    def refuse_link(self) -> NoReturn:
        """Raise usage: a link is to an object, and to the server a member is none."""
        archive = self.place.url(self.archive.info.key)
        raise JsobjError(
            "archive-read-only",
            f"no link leads into an archive: to the server {archive} is one object",
            code=ExitCode.USAGE,
            hint=f"make one to the whole archive: jsobj presign {shlex.quote(archive)}{self.place.at}",
        )

    def at_version(self, ident: str) -> Store:
        """Members have no versions of their own."""
        self._refuse()

    def _fetch(self, key: str, **fields: Any) -> tuple[ObjectInfo, Reply]:
        raise NotImplementedError

    def _read_info(self) -> Mapping[str, Any]:
        return {}

    # -- ending: with the archive's store, which may have connections to several servers

    def stop(self) -> None:
        """See :meth:`jsobj.store.objects.Store.stop`."""
        self.archive.store.stop()

    def cut(self, threads: Iterable[int]) -> None:
        """See :meth:`jsobj.store.objects.Store.cut`."""
        self.archive.store.cut(threads)

    def close(self) -> None:
        """Close the connections that are kept."""
        self.archive.store.close()

    # -- writing: refused

    def _refuse(self) -> NoReturn:
        name = self.place.url(self._prefix)
        raise JsobjError(
            "archive-read-only",
            f"{name} is what is in an archive, which is only read",
            code=ExitCode.USAGE,
            hint="make another archive: jsobj upload --pack SOURCE... s3://BUCKET/ARCHIVE.zip",
        )

    def put(self, key: str, source: Source, options: PutOptions = PLAIN, *, moved: Moved = uncounted) -> str:
        """Refused."""
        self._refuse()

    def delete(self, key: str) -> None:
        """Refused."""
        self._refuse()

    def delete_many(self, keys: Sequence[str]) -> Collection[str]:
        """Refused."""
        self._refuse()

    def copy(self, bucket: str, info: ObjectInfo, key: str, options: PutOptions | None = None) -> str:
        """Refused."""
        self._refuse()

    def begin(self, key: str, options: PutOptions = PLAIN) -> Upload:
        """Refused."""
        self._refuse()

    def put_part(self, upload: Upload, number: int, source: Source, *, moved: Moved = uncounted) -> Part:
        """Refused."""
        self._refuse()

    def copy_part(self, upload: Upload, number: int, bucket: str, info: ObjectInfo, start: int, size: int) -> Part:
        """Refused."""
        self._refuse()

    def parts(self, upload: Upload) -> Sequence[Part]:
        """Refused."""
        self._refuse()

    def _complete(self, upload: Upload, parts: Sequence[Part], options: PutOptions) -> str:
        """Refused."""
        self._refuse()

    def abort(self, upload: Upload) -> None:
        """Refused."""
        self._refuse()

    def uploads(self, prefix: str = "") -> Iterator[Upload]:
        """Of the archive there may be some, of members none."""
        return iter(())


class _Whole:
    """A sink in memory that begins again where a try does."""

    def __init__(self) -> None:
        self.data = bytearray()

    def write(self, chunk: Chunk, offset: int) -> None:
        """Keep ``chunk``, and nothing behind it."""
        self.data[offset:] = chunk
