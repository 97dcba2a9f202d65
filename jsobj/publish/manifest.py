"""``MANIFEST.sha256``: the digest of every object below a prefix, for ``sha256sum -c`` and ``jsobj verify --manifest``.

No server keeps the SHA-256 of objects, and what others wrote into metadata proves nothing: bytes are read, each time
compared with the object's own digest, and only once. Beside the list, ``.jsobj/manifest.jsonl`` keeps for each line the
ETag, size and time of the object that it is of; what still has them is not read again. Both are in the order of the
listing, so that any number of objects passes in little memory.
"""

from __future__ import annotations

import hashlib
import json
import tempfile
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing
from dataclasses import dataclass, field, replace
from functools import partial
from typing import IO

from jsobj.catalog.layout import ROOT
from jsobj.errors import BytesDiffer, ExitCode, JsobjError, ObjectChanged, ObjectNotFound
from jsobj.net.body import Moved, uncounted
from jsobj.parallel_map import parallel_map
from jsobj.store.digest_tries import TRIES, until_digest_matches
from jsobj.store.etag import is_md5
from jsobj.store.location import head_or_none
from jsobj.store.objects import Store
from jsobj.store.values import Listed, ObjectInfo, PutOptions
from jsobj.transfer.compare import bytes_differ
from jsobj.transfer.decoded import decoded_digest, encoding_of
from jsobj.transfer.download.read_stream import ReadStream
from jsobj.transfer.local.digest_list import MANIFEST, written
from jsobj.transfer.local.key_path import OWN_FOLDER, OWN_STATE, PathRefusal, path_for
from jsobj.transfer.upload.send_stream import send_stream
from jsobj.transfer.verify import Hashing

STATE = "/".join(OWN_STATE)
MADE = "jsobj-made"  # the metadata by which an object is known as jsobj's own; its value says what it is

_WORKERS = 8
_STREAMS = 2  # objects in parts that are read at once, each with a few stretches in memory
_ONE_PIECE = 64 * 1024**2  # bytes; of what is larger it is asked first whether it is in parts
_PART = 16 * 1024**2  # bytes
_READ = 1024**2
_FORM = ["jsobj.manifest-state", 1]


@dataclass(frozen=True, slots=True)
class ManifestLine:
    """One object. ``name``: its key below the prefix; ``digest``: SHA-256, hexadecimal; ``read``: whether it was read
    for it now; the rest as it is listed.
    """

    name: str
    digest: str
    size: int
    modified: float | None
    etag: str
    read: bool = False


@dataclass(frozen=True, slots=True)
class Manifest:
    """What was made. ``key``: of the list; ``size`` and ``read_size`` in bytes.

    ``read``: objects that were read, the others were known; ``rewritten``: whether the list is another one than before;
    ``changed``: objects that were written, or deleted, while they were read: the line is of what they are now;
    ``unproven``: those whose bytes had no digest to be compared with; ``left_out``: keys that no file can have, each
    with the reason.
    """

    key: str
    lines: int = 0
    size: int = 0
    read: int = 0
    read_size: int = 0
    rewritten: bool = False
    changed: tuple[str, ...] = ()
    unproven: tuple[str, ...] = ()
    left_out: tuple[tuple[str, str], ...] = ()


def make_manifest(
    store: Store,
    prefix: str,
    *,
    ours: Callable[[str], bool] = lambda name: False,
    tell: Callable[[ManifestLine], object] = lambda line: None,
    moved: Moved = uncounted,
    workers: int = _WORKERS,
) -> Manifest:
    """Write the list of what is below ``prefix`` (ends in a slash, or "").

    ``ours``: names below the prefix that are not data, such as the page; the list's own, what is in ``.jsobj/`` and a
    catalogue never are. ``tell`` is called for each line, in the order of the keys, ``moved`` with bytes as they are
    read.

    Raises :class:`JsobjError`: refused where somebody else's ``MANIFEST.sha256`` is there; integrity where bytes are
    not what their digest says, or an object changes again and again; what the store raises. Then nothing is written.
    An early end, also by Ctrl-C, stops the store.
    """
    _require_own(store, prefix + MANIFEST)
    reader, made = _Reader(store, moved), _Making(prefix)
    with ExitStack() as stack:
        lines, state = (stack.enter_context(_text_file()) for _ in range(2))
        print(json.dumps(_FORM), file=state)
        items = made.items(store.list(prefix), _Previous(_state_of(store, prefix)), ours)
        found = stack.enter_context(closing(parallel_map(reader, items, workers, stop=store.stop)))
        for one in found:
            line = made.take(one)
            if line is None:
                continue
            lines.write(written(line.name, line.digest))
            known = [line.name, "" if one.elsewhere else line.etag, line.size, line.modified, line.digest]
            print(json.dumps(known), file=state)
            tell(line)
        rewritten = _send(store, prefix + MANIFEST, lines, "text/plain; charset=utf-8")
        _send(store, prefix + STATE, state, "application/json")
    return replace(made.result, rewritten=rewritten)


def remove_manifest(store: Store, prefix: str) -> tuple[str, ...]:
    """Delete what :func:`make_manifest` wrote; the keys. Somebody else's list stays."""
    gone = []
    for key in (prefix + STATE, prefix + MANIFEST):
        info = head_or_none(store, key)
        if info is not None and MADE in info.metadata:
            store.delete(key)
            gone.append(key)
    return tuple(gone)


def known_lines(store: Store, prefix: str) -> Iterator[ManifestLine]:
    """The lines of the last time, as far as they are kept. An empty ``etag`` is that of no object."""
    return (line for line, _ in _state_of(store, prefix))


def is_manifest(name: str) -> bool:
    """Whether a name below the prefix is that of the list, or what is kept beside it or in a catalogue: no data."""
    return name == MANIFEST or name.startswith(f"{OWN_FOLDER}/") or f"/{ROOT}" in f"/{name}"


@dataclass(frozen=True, slots=True)
class _Item:
    """An object of the listing. ``known``: its SHA-256 from the last time, "" where it is to be read."""

    name: str
    remote: Listed
    known: str = ""


@dataclass(frozen=True, slots=True)
class _Found:
    """An item with its digest, "" where it is gone. ``elsewhere``: the listing tells another ETag than the object."""

    item: _Item
    digest: str
    size: int
    changed: bool = False
    elsewhere: bool = False
    proven: bool = True


class _Previous:
    """The lines of the last time, asked for in the order of the keys."""

    def __init__(self, lines: Iterator[tuple[ManifestLine, bytes]]) -> None:
        self._lines = lines
        self._ahead = next(lines, None)

    def digest(self, name: str, remote: Listed) -> str:
        """The digest of an object that is still the same; else ""."""
        wanted = name.encode()
        while self._ahead is not None and self._ahead[1] < wanted:
            self._ahead = next(self._lines, None)
        if self._ahead is None or self._ahead[1] != wanted:
            return ""
        line = self._ahead[0]
        same = (line.etag, line.size, line.modified) == (remote.etag, remote.size, remote.modified)
        return line.digest if same and line.etag else ""


class _Making:
    """What is in the list, and the numbers of it as it grows."""

    def __init__(self, prefix: str) -> None:
        self._prefix = prefix
        self.result = Manifest(prefix + MANIFEST)

    def items(self, there: Iterator[Listed], previous: _Previous, ours: Callable[[str], bool]) -> Iterator[_Item]:
        """The data of a listing; another prefix's own list below this one is no data either."""
        others: set[str] = set()
        for remote in there:
            name = remote.key[len(self._prefix) :]
            if f"/{name}".endswith(f"/{STATE}"):
                others.add(name.removesuffix(STATE) + MANIFEST)
            if f"/{OWN_FOLDER}/" in f"/{name}" or is_manifest(name) or name in others or ours(name):
                continue
            path = path_for(name, size=remote.size)
            if not isinstance(path, PathRefusal):
                yield _Item(name, remote, previous.digest(name, remote))
            elif not path.harmless:
                self._count(left_out=(*self.result.left_out, (remote.key, path.reason)))

    def take(self, found: _Found) -> ManifestLine | None:
        """Count one; its line, None where the object is gone."""
        item, done = found.item, self.result
        key, here, read = item.remote.key, bool(found.digest), not item.known
        self._count(
            lines=done.lines + here,
            size=done.size + here * found.size,
            read=done.read + read,
            read_size=done.read_size + read * found.size,
            changed=(*done.changed, key) if found.changed else done.changed,
            unproven=done.unproven if found.proven else (*done.unproven, key),
        )
        listed = item.remote
        return ManifestLine(item.name, found.digest, found.size, listed.modified, listed.etag, read) if here else None

    def _count(self, **numbers: object) -> None:
        self.result = replace(self.result, **numbers)  # type: ignore[arg-type]


@dataclass(frozen=True, slots=True)
class _Reader:
    """Reads one object at a time, from several threads."""

    store: Store
    moved: Moved
    streams: threading.Semaphore = field(default_factory=lambda: threading.Semaphore(_STREAMS))

    def __call__(self, item: _Item) -> _Found:
        remote = item.remote
        if item.known:
            return _Found(item, item.known, remote.size)
        info = ObjectInfo(remote.key, remote.size, remote.etag, remote.modified)
        changed = False
        for _ in range(TRIES):
            try:
                digest, proven = self._digest(info)
                break
            except ObjectNotFound:
                return _Found(item, "", 0, changed=True)
            except ObjectChanged:
                now = head_or_none(self.store, remote.key)
                if now is None:
                    return _Found(item, "", 0, changed=True)
                # A listing tells another ETag than a dynamic large object of Swift has.
                changed = changed or not now.large or not _same_second(now, remote)
                info = now
        else:
            raise ObjectChanged(
                f"{self.store.place.url(remote.key)} changes again and again while it is read",
                hint="wait until nothing writes to it, and run the same command again",
            )
        listed = remote
        if changed:
            listed = replace(remote, etag=info.etag, size=info.size, modified=info.modified)
        return _Found(replace(item, remote=listed), digest, info.size, changed, info.etag != listed.etag, proven)

    def _digest(self, info: ObjectInfo) -> tuple[str, bool]:
        """The SHA-256, and whether the bytes were compared with the object's own digest."""
        if not is_md5(info.etag) or info.large:
            return self._of_stream(self.store.head(info.key, info.etag))
        if info.size > _ONE_PIECE:
            info = self.store.head(info.key, info.etag)
            if info.large or encoding_of(info):
                return self._of_stream(info)
        seen: list[ObjectInfo] = []

        def attempt(_: int) -> str | None:
            sink = Hashing("sha256")
            got = self.store.get(info.key, sink, etag=info.etag, moved=self.moved)
            seen.append(got.info)
            return sink.hexdigest() if got.info.large or got.md5 == info.etag else None

        digest = until_digest_matches(attempt, partial(bytes_differ, info.key, f"fetched {TRIES} times"))
        if seen[-1].large or encoding_of(seen[-1]):
            return self._of_stream(seen[-1])
        return digest, True

    def _of_stream(self, info: ObjectInfo) -> tuple[str, bool]:
        """By stretches, each compared where the server tells how; what is compressed counts as it is downloaded."""
        with self.streams:
            if encoding_of(info):
                stored, decoded = decoded_digest(self.store, info, "sha256")
                self.moved(info.size)
                return decoded or stored, True
            if info.large and self.store.digests(info) is None:  # Ceph answers S3 with wrong ranges of Swift's
                sink = Hashing("sha256")
                self.store.get(info.key, sink, etag=info.etag, moved=self.moved)
                return sink.hexdigest(), False
            digest, reading = hashlib.sha256(), ReadStream(self.store, info, stop=self.store.stop)
            for data in reading:
                digest.update(data)
                self.moved(len(data))
            return digest.hexdigest(), bool(reading.verified)


def _same_second(info: ObjectInfo, listed: Listed) -> bool:
    """Whether the times are one, as far as HEAD tells them."""
    return info.modified is not None and listed.modified is not None and abs(info.modified - listed.modified) <= 1


def _require_own(store: Store, key: str) -> None:
    """Raises :class:`JsobjError` (refused) where an object is there that was not made here."""
    info = head_or_none(store, key)
    if info is not None and MADE not in info.metadata:
        raise JsobjError(
            "manifest-not-ours",
            f"{store.place.url(key)} is there already, and jsobj has not made it, so it is not replaced",
            code=ExitCode.REFUSED,
            hint="if it is not needed, move it elsewhere first: jsobj mv",
        )


def _state_of(store: Store, prefix: str) -> Iterator[tuple[ManifestLine, bytes]]:
    """What is known from the last time, with the bytes of the name; it ends where it cannot be read."""
    info = head_or_none(store, prefix + STATE)
    if info is None or MADE not in info.metadata:
        return
    try:
        lines = text_lines(ReadStream(store, info))
        if json.loads(next(lines, "null")) != _FORM:
            return
        for text in lines:
            name, etag, size, modified, digest = json.loads(text)
            yield ManifestLine(name, digest, size, modified, etag), name.encode()
    except (ValueError, TypeError, AttributeError, BytesDiffer, ObjectChanged):
        return


def text_lines(chunks: Iterator[bytearray] | ReadStream) -> Iterator[str]:
    """The lines in chunks of UTF-8, without their ends; bytes that are none stay as surrogates."""
    rest = b""
    for chunk in chunks:
        *whole, rest = (rest + chunk).split(b"\n")
        for line in whole:
            yield line.decode(errors="surrogateescape")
    if rest:
        yield rest.decode(errors="surrogateescape")


def _text_file() -> IO[str]:
    return tempfile.TemporaryFile("w+", encoding="utf-8", newline="\n")


def _send(store: Store, key: str, text: IO[str], content_type: str) -> bool:
    """Put a file's text where it is not there already; whether it was sent."""
    text.flush()
    data = text.buffer  # type: ignore[attr-defined]

    def chunks() -> Iterator[bytes]:
        data.seek(0)
        return iter(lambda: data.read(_READ), b"")

    digest = hashlib.md5(usedforsecurity=False)
    for chunk in chunks():
        digest.update(chunk)
    there = head_or_none(store, key)
    if there is not None and there.etag == digest.hexdigest():
        return False
    options = PutOptions(content_type, metadata={MADE: "manifest"})
    send_stream(store, key, chunks(), options, part_size=_PART, moved=uncounted)
    return True
