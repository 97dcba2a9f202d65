"""Whether two entries of one name are the same, and what decided it.

By default what an earlier run remembers comes first; then sizes; then the content where it is cheap to compare or the
times disagree. Of a file of one part the content is read, since asking the server for its time takes longer; of larger
ones the time that travels in the object's metadata is asked for, and equal sizes and times are enough.
"""

from __future__ import annotations

import enum
from abc import ABC, abstractmethod
from collections.abc import Callable
from dataclasses import dataclass, replace

from jsobj.errors import BadUsage, ObjectNotFound
from jsobj.store.etag import EMPTY_MD5
from jsobj.store.objects import Store
from jsobj.store.values import MTIME, Listed
from jsobj.transfer.compare import compare, md5_of
from jsobj.transfer.copy.items import state_of
from jsobj.transfer.decoded import encoding_of, made_of
from jsobj.transfer.local.fingerprints import Fingerprints
from jsobj.transfer.local.kept_time import is_same_time, to_nanoseconds
from jsobj.transfer.local.local_file import opened
from jsobj.transfer.local.scan import LocalFile
from jsobj.transfer.sync.entry import Entry

SMALL = 16 * 1024**2  # bytes; larger files are read only where their times disagree


class Check(enum.Enum):
    """What has to be the same (``--check``)."""

    AUTO = "auto"
    EXISTS = "exists"
    SIZE = "size"
    MTIME = "mtime"
    CONTENT = "content"

    @classmethod
    def parse(cls, text: str) -> Check:
        """Raises :class:`JsobjError` (usage) for another word."""
        try:
            return cls(text)
        except ValueError:
            raise BadUsage(f"check is one of {', '.join(each.value for each in cls)}") from None


class By(enum.Enum):
    """What decided, with the words for two that are the same and two that differ."""

    MEMORY = "memory", "unchanged since an earlier run", ""
    NAME = "name", "exists", ""
    SIZE = "size", "same size", "size differs"
    TIME = "time", "same size and time", "time differs"
    CONTENT = "content", "same content", "content differs"
    NOTHING = "nothing", "", "no digest to compare"

    def __init__(self, word: str, same: str, differs: str) -> None:
        self.word = word
        self.same = same
        self.differs = differs


@dataclass(frozen=True, slots=True)
class Verdict:
    """The result of a comparison."""

    same: bool
    by: By

    @property
    def reason(self) -> str:
        """For messages."""
        return self.by.same if self.same else self.by.differs


@dataclass(frozen=True, slots=True)
class Comparison(ABC):
    """Compares a source with a target; used by several threads.

    ``place``: from an object's key to its whole address, under which fingerprints are kept.
    """

    check: Check
    fingerprints: Fingerprints
    place: Callable[[str], str]

    def at_once(self, source: Entry, target: Entry) -> Verdict | None:
        """What is known without reading or asking; None where a look is needed."""
        if self.check is Check.EXISTS:
            return Verdict(True, By.NAME)
        if self.check in {Check.AUTO, Check.MTIME} and self.is_remembered(source, target):
            return Verdict(True, By.MEMORY)
        if (source.seems_empty and source.may_have(target.size)) or (
            target.seems_empty and target.may_have(source.size)
        ):
            return None
        if source.size != target.size:
            return Verdict(False, By.SIZE)
        if self.check is Check.SIZE:
            return Verdict(True, By.SIZE)
        return None

    def is_remembered(self, source: Entry, target: Entry) -> bool:
        """Whether an earlier run made one of the other, or compared them, and both are unchanged since."""
        if not source.tells_versions:
            return False
        file, remote = self.pair(source, target)
        return bool(remote.etag) and self.fingerprints.known(file, self.place(remote.key)) == remote.etag

    @abstractmethod
    def pair(self, source: Entry, target: Entry) -> tuple[LocalFile, Listed]:
        """The two as the memory of earlier runs has them."""

    def remember(self, source: Entry, key: str, etag: str) -> None:
        """The object ``key`` of the target was made of ``source``, and has ``etag``.

        Of what only seemed empty no listing would show the changes.
        """
        if not source.tells_versions or (source.seems_empty and etag != EMPTY_MD5):
            return
        file, _ = self.pair(source, Entry.of_object(Listed(key), ""))
        self.fingerprints.remember(file, self.place(key), etag)

    @abstractmethod
    def look(self, source: Entry, target: Entry) -> Verdict:
        """Read or ask what is needed. Raises :class:`JsobjError`."""


@dataclass(frozen=True, slots=True)
class FileWithObject(Comparison):
    """Of a folder and a bucket, whichever is the source."""

    store: Store

    def pair(self, source: Entry, target: Entry) -> tuple[LocalFile, Listed]:
        """See :class:`Comparison`."""
        file, listed = source.file or target.file, source.listed or target.listed
        assert file is not None
        assert listed is not None
        return file, listed

    def look(self, source: Entry, target: Entry) -> Verdict:
        """See :class:`Comparison`. What was found the same by its content is remembered."""
        file, listed = self.pair(source, target)
        try:
            with opened(file) as descriptor:
                verdict, etag = self._looked(file, descriptor, listed)
        except ObjectNotFound:  # deleted meanwhile
            return Verdict(False, By.NOTHING)
        if verdict == Verdict(True, By.CONTENT):
            self.fingerprints.remember(file, self.place(listed.key), etag)
        return verdict

    def _looked(self, file: LocalFile, descriptor: int, listed: Listed) -> tuple[Verdict, str]:
        """The verdict, and the ETag of the content that was compared."""
        cheap = self.check is Check.CONTENT or (self.check is Check.AUTO and file.size <= SMALL)
        headed = self.store.head(listed.key) if listed.seems_empty else None
        if headed is not None and self.check is Check.SIZE:
            return Verdict(headed.size == file.size, By.SIZE), ""
        seen = headed or listed.info
        if cheap and (known := seen.whole_md5):
            if md5_of(descriptor, 0, file.size) == known:
                return Verdict(True, By.CONTENT), seen.etag
            # Over Swift a listing's may be the ETag of a large object.
            if headed is not None or listed.md5 or self.store.place.dialect == "s3":
                return Verdict(False, By.CONTENT), ""
        info = headed or self.store.head(listed.key)
        if cheap and info.etag == seen.etag and info.whole_md5:
            return Verdict(False, By.CONTENT), ""
        time = None if self.check is Check.CONTENT else to_nanoseconds(info.metadata.get(MTIME, ""))
        if time is not None:
            if is_same_time(time, file.mtime_ns) and info.size == file.size:
                return Verdict(True, By.TIME), ""
            if self.check is Check.MTIME:
                return Verdict(False, By.TIME), ""
        found = compare(self.store, info, descriptor)
        if found.same or (encoding_of(info) and made_of(info, descriptor)):
            return Verdict(True, By.CONTENT), info.etag
        return Verdict(False, By.NOTHING if found.same is None else By.CONTENT), ""


@dataclass(frozen=True, slots=True)
class TwoObjects(Comparison):
    """Of two buckets. Digests of objects that were cut in different ways cannot be compared; their times can."""

    source: Store
    target: Store

    def at_once(self, source: Entry, target: Entry) -> Verdict | None:
        """See :class:`Comparison`."""
        known = Comparison.at_once(self, source, target)
        one, other = source.object.info, target.object.info
        same_md5 = one.whole_md5 and one.whole_md5 == other.whole_md5
        if known is None and (same_md5 or (one.etag and one.etag == other.etag)):
            return Verdict(True, By.CONTENT)
        return known

    def pair(self, source: Entry, target: Entry) -> tuple[LocalFile, Listed]:
        """See :class:`Comparison`. The source's address is the path, and its ETag the inode."""
        file = replace(state_of(self.source.place, source.object), relative=source.name)
        return file, target.object

    def look(self, source: Entry, target: Entry) -> Verdict:
        """See :class:`Comparison`."""
        try:
            one, other = self.source.head(source.object.key), self.target.head(target.object.key)
        except ObjectNotFound:  # deleted meanwhile
            return Verdict(False, By.NOTHING)
        if one.size != other.size or self.check is Check.SIZE:
            return Verdict(one.size == other.size, By.SIZE)
        times = to_nanoseconds(one.metadata.get(MTIME, "")), to_nanoseconds(other.metadata.get(MTIME, ""))
        same_time = None if times[0] is None or times[1] is None else is_same_time(times[0], times[1])
        if self.check is Check.MTIME and same_time is not None:
            return Verdict(same_time, By.TIME)
        if one.whole_md5 and other.whole_md5:
            if one.etag == other.etag:
                self.remember(source, other.key, other.etag)
            return Verdict(one.whole_md5 == other.whole_md5, By.CONTENT)
        if one.etag and one.etag == other.etag:  # of large objects that are listed as empty
            return Verdict(True, By.CONTENT)
        if self.check is Check.AUTO and same_time:
            return Verdict(True, By.TIME)
        return Verdict(False, By.NOTHING)
