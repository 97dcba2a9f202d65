"""Compare objects with local files, or with a list of digests."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from functools import partial

from jsobj.errors import ExitCode, JsobjError, ObjectChanged, ObjectNotFound, SourceChanged
from jsobj.parallel_map import parallel_map
from jsobj.store.digest_tries import TRIES
from jsobj.store.objects import Store
from jsobj.store.values import Listed, ObjectInfo
from jsobj.transfer.compare import compare, md5_of
from jsobj.transfer.decoded import decoded_digest, encoding_of, made_of, same_decoded
from jsobj.transfer.engine.rate_limit import Meter
from jsobj.transfer.events import Tally
from jsobj.transfer.local.digest_list import DigestLine
from jsobj.transfer.local.local_file import opened
from jsobj.transfer.local.scan import LocalFile, Passed
from jsobj.transfer.spread.charge import Tell
from jsobj.transfer.spread.crew import Crew
from jsobj.transfer.spread.shared_files import seen_below

SAME, DIFFERS, MISSING = "same", "differs", "missing"
EXTRA, UNVERIFIED, UNREADABLE, LINK = "extra", "unverified", "unreadable", "link"


@dataclass(frozen=True, slots=True)
class Checked:
    """The verdict on one item. ``by``: what was compared (``md5``, ``parts``, ``sha256``, ``bytes`` ...) or why not."""

    item: str
    state: str
    by: str = ""
    size: int = 0


@dataclass(frozen=True, slots=True)
class Pair:
    """A local file and the object that should have its bytes; one of them may be missing."""

    key: str
    file: LocalFile | None
    remote: Listed | None


def pairs(files: Iterable[LocalFile | Passed], there: Iterator[Listed], prefix: str) -> Iterator[Pair | Checked]:
    """Files paired with objects; both come in the order of the keys' bytes."""
    ahead = next(there, None)
    for file in files:
        if isinstance(file, Passed):
            if file.error is not None:
                yield Checked(file.path, UNREADABLE, file.reason)
            elif file.kind == "link":  # what else was left out was so on purpose
                yield Checked(file.path, LINK, file.reason)
            continue
        key = prefix + file.relative
        wanted = key.encode()
        while ahead is not None and ahead.key.encode("utf-8", "surrogateescape") < wanted:
            yield Pair(ahead.key, None, ahead)
            ahead = next(there, None)
        if ahead is not None and ahead.key == key:
            yield Pair(key, file, ahead)
            ahead = next(there, None)
        else:
            yield Pair(key, file, None)
    while ahead is not None:
        yield Pair(ahead.key, None, ahead)
        ahead = next(there, None)


@dataclass(frozen=True, slots=True)
class _TreeCheck:
    """Compares one pair at a time; see :func:`check_tree`."""

    store: Store
    deep: bool
    is_leftover: Callable[[str], bool] = lambda key: False

    def without_bytes(self, pair: Pair | Checked) -> Pair | Checked:
        """The verdict where one of the two is missing; else the pair."""
        if isinstance(pair, Checked):
            return pair
        if pair.file is None:
            size = pair.remote.size if pair.remote else 0
            if self.is_leftover(pair.key):
                return Checked(pair.key, DIFFERS, "no such file, and read as part of the Zarr", size)
            return Checked(pair.key, EXTRA, "no such file", size)
        if pair.remote is None:
            return Checked(pair.key, MISSING, "no such object", pair.file.size)
        return pair

    def __call__(self, both: Pair | Checked) -> Checked:
        pair = self.without_bytes(both)
        if isinstance(pair, Checked):
            return pair
        assert pair.file is not None
        assert pair.remote is not None
        try:
            with opened(pair.file) as descriptor:
                found = self._compared(pair.remote, descriptor)
                return replace(found, size=pair.file.size)
        except ObjectNotFound:  # deleted meanwhile, or a link to nothing
            return Checked(pair.key, MISSING, "no such object", pair.file.size)
        except JsobjError as error:
            if error.code is ExitCode.LOCAL or isinstance(error, SourceChanged):
                return Checked(pair.key, UNREADABLE, error.message)
            raise

    def _compared(self, remote: Listed, descriptor: int) -> Checked:
        same_size = os.fstat(descriptor).st_size == remote.size
        known = remote.info.whole_md5
        if same_size and known and md5_of(descriptor, 0, remote.size) == known:
            return Checked(remote.key, SAME, "md5", remote.size)
        info = self.store.head(remote.key)
        found = compare(self.store, info, descriptor)
        if not found.same and encoding_of(info):
            return self._decoded(info, descriptor)
        # What an archive's directory tells of its members is no more than what they were.
        if found.same is not None and not (self.deep and found.same and self.store.place.archive):
            return Checked(remote.key, SAME if found.same else DIFFERS, found.by, remote.size)
        if not self.deep:
            return Checked(remote.key, UNVERIFIED, "its ETag cannot be recomputed", remote.size)
        sink = _Comparing(descriptor)
        try:
            self.store.get(info.key, sink, etag=info.etag)
        except JsobjError as error:
            return _damaged(remote.key, error)
        return Checked(remote.key, SAME if sink.same else DIFFERS, "bytes", remote.size)

    def _decoded(self, info: ObjectInfo, descriptor: int) -> Checked:
        """The verdict on an object that is compressed."""
        encoding = encoding_of(info)
        if made_of(info, descriptor):
            return Checked(info.key, SAME, f"{encoding}, md5")
        if not self.deep:
            return Checked(info.key, UNVERIFIED, f"it is compressed ({encoding}): --deep fetches and decodes it")
        same = same_decoded(self.store, info, descriptor)
        return Checked(info.key, SAME if same else DIFFERS, f"decoded {encoding}")


class _Comparing:
    """A sink that compares with an open file."""

    def __init__(self, descriptor: int) -> None:
        self._descriptor = descriptor
        self.same = True

    def write(self, chunk: memoryview, offset: int) -> None:
        if os.pread(self._descriptor, len(chunk), offset) != chunk:
            self.same = False


def checked_by_digest(store: Store, prefix: str, line: DigestLine) -> Checked:
    """Compare one object with its digest: by the ETag where that is an MD5, else by fetching it.

    Bytes that have neither that digest nor the object's own one were damaged on their way, and are fetched again.
    """
    key = prefix + line.name
    try:
        if line.kind == "md5":
            info = store.head(key)
            if info.whole_md5 and info.whole_md5 == line.digest:
                return Checked(key, SAME, "md5", info.size)
        for _ in range(TRIES):
            sink = Hashing(line.kind)
            got = store.get(key, sink)
            info = got.info
            same = sink.hexdigest() == line.digest
            if same or not info.whole_md5 or got.md5 == info.whole_md5:
                break
        if not same and (encoding := encoding_of(info)):
            same = decoded_digest(store, info, line.kind)[1] == line.digest
            return Checked(key, SAME if same else DIFFERS, f"{line.kind} of decoded {encoding}", info.size)
    except ObjectNotFound:
        return Checked(key, MISSING, "no such object")
    except ObjectChanged:
        return Checked(key, UNVERIFIED, "it changed while it was read")
    except JsobjError as error:
        return _damaged(key, error)
    return Checked(key, SAME if same else DIFFERS, line.kind, info.size)


def _damaged(key: str, error: JsobjError) -> Checked:
    """The verdict where what is there cannot be what it should, by a digest of its own. Raises any other error."""
    if error.code is not ExitCode.INTEGRITY or isinstance(error, ObjectChanged):
        raise error
    return Checked(key, DIFFERS, error.message)


class Hashing:
    """A sink that hashes bytes in order; a retry starts the digest over."""

    def __init__(self, kind: str) -> None:
        self._kind = kind
        self._digest = hashlib.new(kind, usedforsecurity=False)

    def write(self, chunk: memoryview, offset: int) -> None:
        """Take the next bytes."""
        if offset == 0:
            self._digest = hashlib.new(self._kind, usedforsecurity=False)
        self._digest.update(chunk)

    def hexdigest(self) -> str:
        """Of what came so far."""
        return self._digest.hexdigest()


def check_tree(
    store: Store,
    items: Iterable[Pair | Checked],
    *,
    deep: bool,
    workers: int,
    is_leftover: Callable[[str], bool] = lambda key: False,
    crew: Crew | None = None,
    local: str = "",
) -> Iterator[Checked]:
    """The verdicts on a tree, in order. ``deep``: an object without a usable digest is fetched and compared by bytes.

    An early end, also by Ctrl-C, stops the store.

    An object without a file is ``extra``, which is not a fault, unless ``is_leftover`` says that it is read as part of
    a Zarr. ``crew``: who compares, and ``local`` what with: an absolute path.
    """
    check = _TreeCheck(store, deep, is_leftover)
    if crew is None:
        yield from parallel_map(check, items, workers, stop=store.stop)
        return
    with crew.at_work(partial(_checker, deep), seen_below([local]), Tally(), lambda event: None) as others:
        yield from others.map(map(check.without_bytes, items), _bytes_read, stop=store.stop)


def _checker(deep: bool, store: Store, moved: Meter, tell: Tell) -> _TreeCheck:
    return _TreeCheck(store, deep)


def _bytes_read(item: Pair | Checked) -> int:
    return item.file.size if isinstance(item, Pair) and item.file is not None else 0


def check_manifest(store: Store, prefix: str, lines: Iterable[DigestLine], *, workers: int) -> Iterator[Checked]:
    """The verdicts on a list of digests, in order. An early end stops the store."""
    return parallel_map(partial(checked_by_digest, store, prefix), lines, workers, stop=store.stop)


def verdict(states: Iterable[str]) -> ExitCode:
    """8 where anything differs; 5 where objects are missing; 3 where something could not be compared; else 0."""
    seen = set(states)
    if DIFFERS in seen:
        return ExitCode.INTEGRITY
    if MISSING in seen:
        return ExitCode.NOT_FOUND
    return ExitCode.PARTIAL if seen & {UNVERIFIED, UNREADABLE} else ExitCode.OK
