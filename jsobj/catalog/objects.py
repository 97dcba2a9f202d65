"""What is known about the objects that rows name: size and ETag as the server has them, the SHA-256 of the file."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator
from contextlib import closing
from functools import partial
from pathlib import Path
from typing import TypeAlias
from urllib.parse import quote

from jsobj.catalog.layout import Catalogue
from jsobj.catalog.staging import StagedObject
from jsobj.errors import ExitCode, JsobjError, ObjectNotFound
from jsobj.net.md5.streams import md5
from jsobj.packing.open import StoresOfKeys
from jsobj.parallel_map import parallel_map
from jsobj.store.etag import is_md5
from jsobj.store.objects import Store
from jsobj.store.values import Listed, StorePlace
from jsobj.transfer.compare import compare

_FEW = 500  # objects that are asked for one by one; more are looked for in one listing
_AT_ONCE = 16
_READERS = 4
_PIECE = 1024 * 1024

Known: TypeAlias = StagedObject | tuple[str, str]


def known_objects(
    catalogue: Catalogue, names: Iterator[str], url_of: Callable[[str], str], files: str
) -> Iterator[Known]:
    """What is known about each object, or its name and why not."""
    read = partial(_look, StoresOfKeys(catalogue.store), catalogue.prefix, url_of, files)
    workers = _READERS if files else _AT_ONCE
    with closing(parallel_map(read, _paired(catalogue, names), workers, stop=catalogue.store.stop)) as found:
        yield from found


def _paired(catalogue: Catalogue, names: Iterator[str]) -> Iterator[tuple[str, Listed | None]]:
    """Names, in the order of their bytes, with what a listing says; few are not listed."""
    first = [name for name, _ in zip(names, range(_FEW), strict=False)]
    if len(first) < _FEW:
        yield from ((name, None) for name in first)
        return
    listing = iter(catalogue.store.list(catalogue.prefix))
    item = next(listing, None)
    for name in (*first, *names):
        key = f"{catalogue.prefix}{name}".encode()
        while item is not None and item.key.encode("utf-8", "surrogateescape") < key:
            item = next(listing, None)
        yield name, item if item is not None and item.key == f"{catalogue.prefix}{name}" else None


def _look(
    stores: StoresOfKeys, prefix: str, url_of: Callable[[str], str], files: str, found: tuple[str, Listed | None]
) -> Known:
    name, item = found
    key = f"{prefix}{name}"
    try:
        store, sha256 = stores.of(key), ""
        size, etag = (item.size, item.etag) if item is not None else ("", "")
        if item is None:
            info = store.head(key)
            size, etag, sha256 = info.size, info.etag, info.sha256
        if files:
            sha256 = _read_file(store, key, int(size), str(etag), str(Path(files, name)))
        # Size and digest are the member's, and no web address is: that of the archive would be taken for it.
        url = store.place.url(key) if store.place.archive else url_of(key)
        return StagedObject(name, url, int(size), sha256, str(etag))
    except ObjectNotFound:
        return name, "there is no such object"
    except JsobjError as error:
        if error.code in {ExitCode.AUTH, ExitCode.NETWORK}:
            raise
        return name, error.message
    except OSError as error:
        return name, error.strerror or str(error)


def _read_file(store: Store, key: str, size: int, etag: str, path: str) -> str:
    """The SHA-256 of a file, whose bytes are those of the object: by its MD5, read at the same time, or by its parts.

    Raises :class:`JsobjError` (integrity) where they are not.
    """
    sha, plain = hashlib.sha256(), is_md5(etag)
    other, count = md5(), 0
    with Path(path).open("rb", buffering=0) as file:
        buffer = bytearray(_PIECE)
        view = memoryview(buffer)
        while got := file.readinto(buffer):
            sha.update(view[:got])
            count += got
            if plain:
                other.update(view[:got])  # looked at now: the buffer is used again
        same = count == size
        if same and not (plain and other.hexdigest() == etag):  # or it is in parts: Swift's ETag is an MD5 then, too
            same = compare(store, store.head(key), file.fileno()).same is not False
    if not same:
        raise JsobjError(
            "catalog-file-changed",
            "the file changed while it was loaded",
            code=ExitCode.INTEGRITY,
            hint="load again when nothing writes to it",
        )
    return sha.hexdigest()


def plain_url(place: StorePlace, key: str) -> str:
    """The address of an object, which asks for a login unless it is public."""
    base = place.account or place.endpoint
    return f"{base.rstrip('/')}/{quote(place.bucket, safe=':')}/{quote(key)}"
