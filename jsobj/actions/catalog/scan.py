"""Scan: a catalogue of what is there already, from a listing, from what is kept with objects, from what is in them."""

from __future__ import annotations

import csv
import hashlib
import json
import shutil
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from jsobj.actions.catalog.own import is_made, is_own_name, may_be_own
from jsobj.actions.catalog.place import catalogue_at
from jsobj.actions.stores import BucketStores
from jsobj.catalog import writing
from jsobj.catalog.layout import Catalogue
from jsobj.catalog.objects import plain_url
from jsobj.catalog.parts import write_manifest
from jsobj.catalog.rows import Rows
from jsobj.catalog.scanned import (
    COLUMNS,
    INSPECTED,
    KEY,
    LISTED,
    METADATA,
    Changes,
    Look,
    Scanned,
    Seen,
    Thing,
    write_state,
)
from jsobj.catalog.schema import Schema, read_schema, write_schema
from jsobj.catalog.staging import staging_folder
from jsobj.catalog.types import TEXT
from jsobj.errors import BadUsage, ExitCode, JsobjError, ObjectNotFound
from jsobj.parallel_map import parallel_map
from jsobj.publish.catalogue.structured import media_of
from jsobj.publish.dataset import Dataset
from jsobj.publish.inspect.look import is_netcdf, netcdf_dataset, zarr_dataset
from jsobj.store.location import Location, nothing_at
from jsobj.store.objects import Store
from jsobj.transfer.filters import EVERYTHING, Filters, nothing_matches
from jsobj.transfer.local.local_file import content_type
from jsobj.transfer.zarr.names import MARKERS, V3

_AT_ONCE = 16


@dataclass(frozen=True, slots=True)
class ScanWish:
    """``metadata``: what is kept with each object, too; ``inspect``: what is in NetCDF files and Zarrs, too."""

    metadata: bool = False
    inspect: bool = False
    filters: Filters = EVERYTHING
    by: str = ""

    @property
    def columns(self) -> tuple[str, ...]:
        """The columns that the scan fills."""
        return (*LISTED, *(METADATA if self.metadata else ()), *(INSPECTED if self.inspect else ()))


@dataclass(frozen=True, slots=True)
class Scan:
    """What became of a scan. ``failed``: objects that could not be read, whose rows tell less, or that have none."""

    url: str
    changes: Changes
    failed: int

    @property
    def code(self) -> ExitCode:
        """The exit code."""
        return ExitCode.PARTIAL if self.failed else ExitCode.OK


def scan(stores: BucketStores, place: Location, wish: ScanWish, *, tell: Callable[[str, str], None]) -> Scan:
    """Add rows for what is new or changed, and delete those that a scan made of what is gone.

    ``tell`` gets each object that could not be read, and the reason. Raises :class:`JsobjError`: refused (the rows are
    not named by paths), usage (a Zarr), not found (nothing is there), and what the store raises; nothing is written
    then.
    """
    catalogue, failures = catalogue_at(stores, place), _Failures(tell)
    schema, cache = read_schema(catalogue), stores.settings.cache_dir
    if schema is not None and schema.key != (KEY,):
        raise _other_key(catalogue, schema)
    folder = staging_folder(cache)
    with ExitStack() as stack:
        stack.callback(shutil.rmtree, folder, ignore_errors=True)
        state, types, parts = "", {}, ""
        if schema is not None:
            state = str(folder / "state.parquet")
            with Rows(catalogue, cache, write_to=[state]) as rows:
                write_state(rows, state)
                types, parts = dict(rows.types), "\0".join(sorted(part.name for part in rows.listed))
        scanned = stack.enter_context(closing(Scanned(folder, state, types, wish.columns)))
        listing = _Listing(catalogue, wish, folder / "listed.csv", failures)
        scanned.find(listing.things())
        if schema is None and not listing.taken:
            if listing.count:
                raise nothing_matches(catalogue.url, wish.filters.included or "what --exclude leaves")
            raise nothing_at(catalogue.store, catalogue.prefix)
        look = partial(_seen, catalogue.store, catalogue.prefix, failures)
        with closing(parallel_map(look, scanned.looks(), _AT_ONCE, stop=catalogue.store.stop)) as seen:
            scanned.see(seen)
        scanned.delete(path for path in scanned.missing() if not wish.filters.judge(path))
        changes = scanned.changes()
        if changes.rows:
            _write(catalogue, scanned, wish, schema is None, parts, failures.count, folder)
        elif schema is not None:
            write_manifest(catalogue)  # a scan that was killed may have left it behind its part
        return Scan(catalogue.url, changes, failures.count)


def _write(
    catalogue: Catalogue, scanned: Scanned, wish: ScanWish, first: bool, parts: str, failed: int, folder: Path
) -> None:
    """The same rows after the same parts are the same part; after others they are news: what has come back, say."""
    digest = hashlib.sha256(parts.encode())
    for each in (str(tuple(scanned.types.items())), *scanned.digests()):
        digest.update(f"{len(each)}:{each}".encode())
    moment, (objects, size) = scanned.after(writing.now()), scanned.totals()
    load = writing.Load(
        digest.hexdigest()[:40],
        "scan",
        scanned.changes().rows,
        moment.isoformat(timespec="microseconds"),
        wish.by,
        "scan",
        objects,
        size,
        failed,
    )
    if first:
        write_schema(catalogue, Schema((KEY,), {name: kind for name, kind in COLUMNS.items() if kind != TEXT}))
    about = {"schema": "jsobj.catalog-part/1", "load": load.to_json()}
    file = folder / "part.parquet"
    writing.write_file(scanned.connection, scanned.select(moment), file, about)
    writing.put_part(catalogue, file, load)


class _Failures:
    """Counts what could not be read, and passes it on; from several threads."""

    def __init__(self, tell: Callable[[str, str], None]) -> None:
        self._tell = tell
        self._names: list[str] = []

    @property
    def count(self) -> int:
        """How many objects there were."""
        return len(set(self._names))

    def __call__(self, name: str, reason: str) -> None:
        self._names.append(name)
        self._tell(name, reason)


# -- the listing


@dataclass(slots=True)
class _Zarr:
    """What is known of a Zarr so far. ``marker``: the file that makes it one, with its size and ETag."""

    size: int = 0
    modified: float | None = None
    marker: tuple[str, int, str] = ("", 0, "")

    def count(self, name: str, size: int, etag: str, modified: float | None) -> None:
        """Take an object of it, by its name in it."""
        self.size += size
        if modified is not None:
            self.modified = max(self.modified or 0.0, modified)
        if name in MARKERS and (not self.marker[0] or MARKERS.index(name) < MARKERS.index(self.marker[0])):
            self.marker = (name, size, etag)


class _Listing:
    """What a listing has below the prefix, a Zarr as one thing; it is read once into a file, then from that."""

    def __init__(self, catalogue: Catalogue, wish: ScanWish, file: Path, failures: _Failures) -> None:
        self._catalogue, self._wish, self._file, self._fail = catalogue, wish, file, failures
        self.count = self.taken = 0

    def things(self) -> Iterator[Thing]:
        """All that has a row. Raises usage where the prefix is a Zarr itself, and what the store raises."""
        roots = _outermost(self._keep())
        if "" in roots:
            raise BadUsage(
                f"{self._catalogue.url} is a Zarr: a scan makes one row of it",
                hint="scan the folder that it is in",
            )
        zarrs: dict[str, _Zarr] = {root: _Zarr() for root in roots}
        url_of = partial(plain_url, self._catalogue.store.place)
        with self._file.open(encoding="utf-8", newline="") as file:
            for name, length, etag, modified in csv.reader(file):
                size, moment = int(length), float(modified) if modified else None
                if inside := next((folder for folder in _above(name) if folder in zarrs), ""):
                    zarrs[inside].count(name.removeprefix(f"{inside}/"), size, etag, moment)
                elif name in zarrs:
                    self._fail(name, "a Zarr has the same name, and has the row")
                elif self._takes(name):
                    url = url_of(f"{self._catalogue.prefix}{name}")
                    yield Thing(name, name, size, etag, url, size, moment, content_type(name), is_netcdf(name))
        for root, each in zarrs.items():
            if self._takes(root):
                last, size, etag = each.marker
                name, kind = f"{root}/{last}", media_of("Zarr 3" if last == V3 else "Zarr 2")
                url = url_of(f"{self._catalogue.prefix}{name}")
                yield Thing(root, name, size, etag, url, each.size, each.modified, kind, data=True, zarr=True)

    def _keep(self) -> set[str]:
        """Write the listing into the file; the folders that have the metadata of a Zarr."""
        folders = set()
        with self._file.open("w", encoding="utf-8", newline="") as file:
            write = csv.writer(file, quoting=csv.QUOTE_ALL).writerow
            for item in self._catalogue.store.list(self._catalogue.prefix):
                name = item.key.removeprefix(self._catalogue.prefix)
                if is_own_name(name, item.size):
                    continue
                if reason := _fault(name):
                    self._fail(name, reason)
                    continue
                write((name, item.size, item.etag, "" if item.modified is None else repr(item.modified)))
                self.count += 1
                folder, _, last = name.rpartition("/")
                if last in MARKERS:
                    folders.add(folder)
        return folders

    def _takes(self, path: str) -> bool:
        taken = not self._wish.filters.judge(path)
        self.taken += taken
        return taken


def _above(name: str) -> Iterator[str]:
    """The folders above a name, the outermost first."""
    at = name.find("/")
    while at >= 0:
        yield name[:at]
        at = name.find("/", at + 1)


def _outermost(folders: set[str]) -> set[str]:
    """Those that are in none of the others: a Zarr has more of them in its groups and arrays."""
    return {each for each in folders if not any(above in folders for above in ("", *_above(each)) if above != each)}


def _fault(name: str) -> str:
    try:
        name.encode()
    except UnicodeEncodeError:
        return "its name is not UTF-8: it has no row"
    return "its name has a NUL character: it has no row" if "\0" in name else ""


# -- a look at one thing


def _seen(store: Store, prefix: str, failures: _Failures, look: Look) -> Seen:
    key = f"{prefix}{look.object}"
    kept, mime, dataset = "", "", None
    try:
        if may_be_own(look.path) and is_made(store, key):
            return Seen(look.path, drop=True)
        if look.metadata:
            info = store.head(key)
            mime, kept = info.content_type, json.dumps(dict(info.metadata), ensure_ascii=False, sort_keys=True)
        if look.inside:
            inside = netcdf_dataset if look.object == look.path else zarr_dataset
            dataset = inside(store, prefix, _place(look), picture=False)
    except ObjectNotFound:
        return Seen(look.path, drop=True)
    except JsobjError as error:
        if error.code in {ExitCode.NETWORK, ExitCode.AUTH}:
            raise
        failures(look.path, error.message)
    return (
        Seen(look.path, content_type=mime, metadata=kept) if dataset is None else _with(look.path, mime, kept, dataset)
    )


def _place(look: Look) -> str:
    return look.path if look.object == look.path else f"{look.path}/"


def _with(path: str, mime: str, kept: str, dataset: Dataset) -> Seen:
    west, south, east, north = dataset.extent.box or (None, None, None, None)
    return Seen(
        path,
        content_type=mime,
        metadata=kept,
        format=dataset.kind,
        title=dataset.title,
        variables=", ".join(each.name for each in dataset.measured),
        dimensions=", ".join(f"{each.name}={each.size}" for each in dataset.dimensions),
        start_datetime=dataset.extent.start,
        end_datetime=dataset.extent.end,
        west=west,
        south=south,
        east=east,
        north=north,
        attributes=json.dumps(dict(dataset.attributes), ensure_ascii=False) if dataset.attributes else "",
        notes="; ".join(dataset.notes),
    )


def _other_key(catalogue: Catalogue, schema: Schema) -> JsobjError:
    return JsobjError(
        "catalog-other-key",
        f"the rows of {catalogue.url} are named by {', '.join(schema.key)}, and a scan names them by {KEY}",
        code=ExitCode.REFUSED,
        hint="scan a folder below, which gets a catalogue of its own",
    )
