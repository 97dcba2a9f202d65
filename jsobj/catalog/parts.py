"""The parts of a catalogue as they are in the bucket, and on this computer once they were needed.

A part never changes, so that what was fetched stays good for ever. It is known by its name and its ETag: the same rows
that were loaded twice at once have one name, and times that differ.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import threading
import time
from collections.abc import Collection, Iterable, Iterator, Sequence
from contextlib import closing, suppress
from dataclasses import dataclass
from pathlib import Path

from jsobj.catalog.engine import SPILLED
from jsobj.catalog.layout import Catalogue, is_part_name
from jsobj.errors import BytesDiffer, ExitCode, JsobjError
from jsobj.net.body import FileSink
from jsobj.parallel_map import parallel_map
from jsobj.store.digest_tries import TRIES
from jsobj.store.etag import is_md5
from jsobj.store.objects import Store
from jsobj.transfer.compare import bytes_differ
from jsobj.transfer.engine.thread_count import covering

_AT_ONCE, _MOST = 16, 48  # parts that are fetched at once, near and far
_KEPT = 86400.0  # seconds for which a part that is in no list any more stays: somebody may be reading it


@dataclass(frozen=True, slots=True)
class Part:
    """A part. ``size`` in bytes; ``modified``: seconds since 1970, None where it is not known."""

    name: str
    size: int
    etag: str
    modified: float | None = None


def list_parts(catalogue: Catalogue) -> tuple[Part, ...]:
    """The parts, by name: as the server lists them, or as the manifest does where names may not be listed.

    Raises :class:`JsobjError`: not found where there is no catalogue, and what the store raises.
    """
    try:
        parts = tuple(_listed(catalogue))
    except JsobjError as error:
        if error.code not in {ExitCode.REFUSED, ExitCode.AUTH}:
            raise
        parts = _in_manifest(catalogue, error)
    if not parts and catalogue.read_json(catalogue.schema) is None:
        raise catalogue.missing()
    return parts


def _listed(catalogue: Catalogue) -> Iterator[Part]:
    for item in catalogue.store.list(catalogue.parts):
        if name := catalogue.part_name(item.key):
            yield Part(name, item.size, item.etag, item.modified)


def _in_manifest(catalogue: Catalogue, refused: JsobjError) -> tuple[Part, ...]:
    try:
        document = catalogue.read_json(catalogue.manifest)
    except JsobjError:
        raise refused from None
    if document is None:
        raise refused
    try:
        parts = tuple(Part(str(each["name"]), int(each["size"]), str(each["etag"])) for each in document["parts"])
        if not all(is_part_name(part.name) for part in parts):  # somebody else's list: a name could lead elsewhere
            raise refused
        return parts
    except (KeyError, TypeError, ValueError):
        raise refused from None


def write_manifest(catalogue: Catalogue, *, without: Collection[str] = ()) -> None:
    """List the parts, and write the list, until it is the one that is there: others may write at the same time.

    ``without``: names of parts that are about to go.
    """
    parts = tuple(_listed(catalogue))
    for _ in range(TRIES):
        catalogue.write_json(
            catalogue.manifest,
            {
                "schema": "jsobj.catalog-manifest/1",
                "parts": [
                    {"name": part.name, "size": part.size, "etag": part.etag}
                    for part in parts
                    if part.name not in without
                ],
            },
        )
        now = tuple(_listed(catalogue))
        if {part.name for part in now} == {part.name for part in parts}:
            break
        parts = now


class PartCache:
    """The parts of one catalogue on this computer, below ``folder``, readable by its owner only."""

    def __init__(self, folder: Path, catalogue: Catalogue) -> None:
        place = catalogue.store.place
        where = "\0".join((place.endpoint, place.account, place.dialect, place.bucket, catalogue.root))
        self._catalogue = catalogue
        self.folder = folder / "catalog" / hashlib.sha256(where.encode()).hexdigest()[:24]

    def fetched(self, parts: Sequence[Part]) -> list[Path]:
        """The files of these parts, of which those that are not here yet are fetched, several at once.

        Raises :class:`ObjectNotFound` where one is gone by now, integrity where bytes are not what their digest says.
        """
        self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        with os.scandir(self.folder) as entries:
            here = {entry.name: entry.stat().st_size for entry in entries}
        missing = [part for part in parts if here.get(_file(part)) != part.size]  # or it was cut short here
        if missing:
            store = self._catalogue.store
            at_once = covering(store.session.quickest, _AT_ONCE, _MOST)
            with closing(parallel_map(self._fetch, missing, at_once, stop=store.stop)) as done:
                for _ in done:
                    pass
        return [self.folder / _file(part) for part in parts]

    def forget(self, parts: Iterable[Part], others: Iterable[Path]) -> None:
        """Delete what is here and is none of ``parts`` and ``others``, but for what is a day old at most."""
        named, now = {*map(_file, parts), *(path.name for path in others)}, time.time()
        with suppress(OSError), os.scandir(self.folder) as entries:
            for entry in entries:
                if entry.name in named or now - entry.stat().st_mtime <= _KEPT:
                    continue
                if entry.is_file():
                    Path(entry.path).unlink(missing_ok=True)
                elif entry.name.startswith(SPILLED):  # of an engine that was killed
                    shutil.rmtree(entry.path, ignore_errors=True)

    def _fetch(self, part: Part) -> None:
        target = self.folder / _file(part)
        temp = self.folder / f".{os.getpid()}-{threading.get_ident()}-{target.name}"
        try:
            fetch_to(self._catalogue.store, self._catalogue.part(part.name), temp)
            temp.replace(target)
        finally:
            temp.unlink(missing_ok=True)


def fetch_to(store: Store, key: str, path: Path) -> str:
    """Fetch a whole object into a new file, compared with its digest; its ETag. Raises integrity, local."""
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o600)  # it is read for its digest
    try:
        for _ in range(TRIES):
            got = store.get(key, FileSink(descriptor))
            if not is_md5(got.info.etag) or got.md5 == got.info.etag:
                os.ftruncate(descriptor, got.size)
                return got.info.etag
    except OSError as error:
        raise JsobjError(
            "catalog-cache",
            f"cannot write {path.parent}",
            code=ExitCode.LOCAL,
            context=error.strerror or str(error),
            hint="free some space; the folder is a cache and may be deleted",
        ) from error
    finally:
        os.close(descriptor)
    raise _differs(key)


def _differs(key: str) -> BytesDiffer:
    return bytes_differ(key, f"fetched {TRIES} times")


def _file(part: Part) -> str:
    return f"{part.name}.{hashlib.sha256(part.etag.encode()).hexdigest()[:8]}.parquet"
