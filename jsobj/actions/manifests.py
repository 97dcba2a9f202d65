"""Verify against a list of digests: the objects below a prefix, or the files of a folder.

The list is a local file, an object, or a web address of public data. Without a name it is the ``MANIFEST.sha256`` of
the place itself.
"""

from __future__ import annotations

import contextlib
import io
import os
from collections.abc import Callable, Iterable, Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass, replace
from pathlib import Path

from jsobj.actions.stores import BucketStores
from jsobj.actions.verify import Verification, some
from jsobj.errors import ExitCode, JsobjError, ObjectNotFound
from jsobj.publish.manifest import is_manifest, text_lines
from jsobj.publish.recognise import is_page, is_page_file
from jsobj.store.location import Location, head_or_none, parse_location
from jsobj.store.objects import Store
from jsobj.transfer import verify
from jsobj.transfer.download.read_stream import ReadStream
from jsobj.transfer.filters import Filters
from jsobj.transfer.local.digest_check import check_folder
from jsobj.transfer.local.digest_list import MANIFEST, DigestLine, is_bag_manifest, read_manifest
from jsobj.transfer.local.local_file import unreadable
from jsobj.transfer.local.scan import Passed, follows, walk
from jsobj.transfer.verify import EXTRA, LINK, UNREADABLE, Checked

_WORKERS = 8
_NOT_LISTED = "not in the list"


@dataclass(frozen=True, slots=True)
class DigestList:
    """A list that can be opened. ``name`` is what messages call it; ``within``: its path below what it is about."""

    name: str
    within: str
    open: Callable[[], AbstractContextManager[Iterable[str]]]


def list_of(stores: BucketStores, typed: str, place: Location | str) -> DigestList:
    """The list that was named for ``place``, a location or a folder; ``typed`` "" means its own.

    Raises :class:`JsobjError` (usage) for what is no file and no place. What is missing is told when it is opened.
    """
    if not typed and isinstance(place, Location):
        return _object_list(stores, replace(place, key=folder_key(place.key) + MANIFEST), folder_key(place.key))
    if "://" in typed:
        prefix = folder_key(place.key) if isinstance(place, Location) else ""
        return _object_list(stores, stores.meant(parse_location(typed, need_key=True, public=True)), prefix)
    path = typed or f"{str(place).rstrip('/')}/{MANIFEST}"
    within = "" if isinstance(place, Location) else os.path.relpath(os.path.realpath(path), os.path.realpath(place))

    @contextlib.contextmanager
    def opened() -> Iterator[Iterable[str]]:
        """Lines of any bytes; a carriage return may belong to a name."""
        if typed == "-":
            import sys

            yield io.TextIOWrapper(sys.stdin.buffer, encoding="utf-8", errors="surrogateescape", newline="\n")
            return
        try:
            # Closed below: what opening raises is another error than what reading raises.
            file = Path(path).open(encoding="utf-8", errors="surrogateescape", newline="\n")  # noqa: SIM115
        except OSError as error:
            raise unreadable(path, error) from error
        with file:
            try:
                yield file
            except OSError as error:
                raise unreadable(path, error) from error

    return DigestList(path, within, opened)


def _object_list(stores: BucketStores, location: Location, prefix: str) -> DigestList:
    @contextlib.contextmanager
    def opened() -> Iterator[Iterable[str]]:
        store = stores.of(location)
        info = head_or_none(store, location.key)
        if info is None:
            url = store.place.url(location.key)
            raise ObjectNotFound(f"there is no list {url}", hint="name the one that there is: --manifest FILE, or URL")
        yield text_lines(ReadStream(store, info, stop=store.stop))

    return DigestList(str(location), location.key.removeprefix(prefix), opened)


def verify_objects(
    store: Store, location: Location, listed: DigestList, filters: Filters, *, extra: bool = False
) -> Verification:
    """Objects below ``location`` against a list. Objects that are in no line are counted where names may be listed.

    Raises :class:`JsobjError`: local and refused for the list, what the store raises; refused with ``extra`` where
    names may not be listed.
    """
    prefix, named = folder_key(location.key), set[str]()
    outcome = Verification(iter(()), extra)

    def verdicts() -> Iterator[Checked]:
        with listed.open() as lines:
            wanted = _promises(lines, listed.name, filters, named)
            yield from verify.check_manifest(store, prefix, wanted, workers=_WORKERS)
        try:
            for item in store.list(prefix):
                name = item.key[len(prefix) :]
                if not _is_more(name, listed, named, filters) or (not item.size and name.endswith("/")):
                    continue
                if not is_page(store, item.key):
                    yield Checked(item.key, EXTRA, _NOT_LISTED, item.size)
        except JsobjError as error:
            if extra or error.code is not ExitCode.REFUSED:
                raise
            outcome.warnings.append("objects without a line were not looked for: names may not be listed here")

    outcome.verdicts = some(verdicts(), filters, listed.name)
    return outcome


def verify_folder(
    folder: str, listed: DigestList, filters: Filters, *, extra: bool = False, links: str = "skip"
) -> Verification:
    """The files of a folder against a list; files that are in no line are counted. Raises as :func:`verify_objects`."""
    named = set[str]()

    def verdicts() -> Iterator[Checked]:
        with listed.open() as lines:
            yield from check_folder(folder, _promises(lines, listed.name, filters, named), workers=_WORKERS)
        for file in walk([folder], filters=filters, follow_symlinks=follows(links)):
            if not _is_more(file.relative, listed, named, filters):
                continue
            if not isinstance(file, Passed):
                if not is_page_file(file.path):
                    yield Checked(file.relative, EXTRA, _NOT_LISTED, file.size)
            elif file.error is not None:
                yield Checked(file.path, UNREADABLE, file.reason)
            elif file.kind == "link":
                yield Checked(file.path, LINK, file.reason)

    return Verification(some(verdicts(), filters, listed.name), extra)


def _promises(lines: Iterable[str], name: str, filters: Filters, named: set[str]) -> Iterator[DigestLine]:
    """The lines that take part; all names are remembered."""
    for line in read_manifest(lines, name):
        named.add(line.name)
        if not filters.judge(line.name):
            yield line


def _is_more(name: str, listed: DigestList, named: set[str], filters: Filters) -> bool:
    """Whether a name is data without a line; the list of a bag is about its payload only."""
    if name in named or name == listed.within or is_manifest(name) or filters.judge(name):
        return False
    return name.startswith("data/") or not is_bag_manifest(listed.name)


def folder_key(key: str) -> str:
    """The prefix of what is below a key."""
    return key if not key or key.endswith("/") else f"{key}/"
