"""Load: the files that a table names go up, and then its rows, with what is known about each file's object."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta, timezone
from functools import partial
from pathlib import Path
from typing import TypeAlias

from jsobj.actions.catalog.place import catalogue_at
from jsobj.actions.context import ActionContext
from jsobj.catalog import writing
from jsobj.catalog.engine import text
from jsobj.catalog.layout import ROOT, Catalogue
from jsobj.catalog.objects import Known, known_objects, plain_url
from jsobj.catalog.parts import list_parts
from jsobj.catalog.schema import (
    Schema,
    column_of,
    other_key,
    read_schema,
    write_schema,
)
from jsobj.catalog.staging import StagedObject, Staging, object_name, staging_folder
from jsobj.catalog.table import BadRow, Table, TableForm
from jsobj.catalog.types import TEXT, ColumnType
from jsobj.errors import BadUsage, ExitCode, JsobjError
from jsobj.packing.open import StoresOfKeys
from jsobj.store.location import Location
from jsobj.transfer.events import Event, EventBus, Failed, Summary
from jsobj.transfer.filters import EVERYTHING
from jsobj.transfer.job import JobSpec
from jsobj.transfer.local.scan import named
from jsobj.transfer.options import Options
from jsobj.transfer.targets import UploadSource, absolute
from jsobj.transfer.upload import run as upload_run

# Makes the URL of an object of its key, once a sample of the objects is there ("" where there is none).
LinkMaker: TypeAlias = Callable[[Catalogue, str], Callable[[str], str]]

_PATH_COLUMNS = ("path", "file", "filename", "file name", "file_name", "object")


@dataclass(frozen=True, slots=True)
class LoadWish:
    """What is to be loaded. ``files``: the folder that paths are below, "" for objects that are there already.

    ``key``, ``row``, ``path``: columns, by name or number; "" for the first one, none, and one that is called so.
    ``again``: also where the same was loaded before. ``source``: what rows say where they come from.
    """

    table: str
    files: str = ""
    key: str = ""
    row: str = ""
    path: str = ""
    types: tuple[tuple[str, ColumnType], ...] = ()
    form: TableForm = field(default_factory=TableForm)
    again: bool = False
    by: str = ""
    source: str = ""


@dataclass(frozen=True, slots=True)
class Loaded:
    """What became of a load. ``new``: whether rows were added; where not, ``load`` is the one that has added them.

    ``refused``: rows of this table that were not loaded; ``doubled``: keys that several rows of it have.
    """

    catalogue: Catalogue
    load: writing.Load
    new: bool
    key: tuple[str, ...]
    columns: tuple[str, ...]
    refused: int
    doubled: int

    @property
    def code(self) -> ExitCode:
        """The exit code."""
        return ExitCode.PARTIAL if self.refused else ExitCode.OK


class _Refusals:
    """Counts rows that are refused, and passes them on."""

    def __init__(self, tell: Callable[[BadRow], None]) -> None:
        self._tell, self.count = tell, 0

    def __call__(self, row: BadRow) -> None:
        self.count += 1
        self._tell(row)


def load(
    context: ActionContext,
    place: Location,
    wish: LoadWish,
    options: Options,
    *,
    refuse: Callable[[BadRow], None],
    links: LinkMaker | None = None,
) -> Loaded:
    """Load a table. ``refuse`` is told each row that is not loaded; the others are. ``links``: else plain URLs.

    Raises :class:`JsobjError`: usage (columns), local (the table), refused (another key), what ends the upload, and
    ``catalog-nothing-loaded`` where no row is left.
    """
    if wish.files and not Path(wish.files).is_dir():
        raise JsobjError(
            "source-missing", f"there is no folder {wish.files}", code=ExitCode.LOCAL, hint="check --files"
        )
    catalogue = catalogue_at(context.stores, place)
    refusals = _Refusals(refuse)
    with closing(Table(wish.table, wish.form)) as table:
        schema, types, news = _agreed(catalogue, wish, table.columns)
        path = _path_column(wish, table.columns)
        folder = staging_folder(context.stores.settings.cache_dir)
        with closing(Staging(folder, table.columns, schema, types)) as staging:
            staging.read(table, path, partial(_object_of, wish.files), refusals)
            if wish.files:
                staging.drop(_uploaded(context, catalogue, wish.files, place, staging, options), refusals)
            sample = _sample(catalogue, next(iter(staging.objects()), "")) if links else ""
            url_of = links(catalogue, sample) if links else None
            if url_of and sample:  # what keeps all links from being made is no fault of each row
                url_of(sample)
            failed: list[tuple[str, str]] = []
            known = known_objects(
                catalogue, staging.objects(), url_of or partial(plain_url, catalogue.store.place), wish.files
            )
            staging.know(_without(known, failed))
            staging.drop(failed, refusals)
            if not staging.count():
                raise _nothing(wish, refusals.count)
            return _write(catalogue, staging, wish, news, refusals.count, folder)


def _sample(catalogue: Catalogue, name: str) -> str:
    """The key of the object to try links on: where the row names a member of an archive, the archive."""
    if not name:
        return ""
    key = f"{catalogue.prefix}{name}"
    return StoresOfKeys(catalogue.store).of(key).place.archive or key


def _write(catalogue: Catalogue, staging: Staging, wish: LoadWish, news: bool, refused: int, folder: Path) -> Loaded:
    if news:
        write_schema(catalogue, staging.schema)
    moment = _moment(catalogue)
    name, rows, (objects, size) = _name(staging, wish, moment), staging.count(), staging.totals()
    source = wish.source or Path(wish.table).name
    load = writing.Load(
        name, "load", rows, moment.isoformat(timespec="microseconds"), wish.by, source, objects, size, refused
    )
    new = False
    if not writing.is_known(catalogue, name):
        file = folder / "part.parquet"
        own = writing.own_columns(
            key="staged._key",
            object="staged._object",
            url="objects.url",
            size="objects.size",
            sha256="nullif(objects.sha256, '')",
            etag="objects.etag",
            loaded=writing.time_text(moment),
            source=text(source),
            line="staged._line",
            deleted="false",
        )
        about = {"schema": "jsobj.catalog-part/1", "load": load.to_json()}
        writing.write_file(staging.connection, staging.select(own), file, about)
        new = writing.put_part(catalogue, file, load)
    if not new:
        load = writing.read_load(catalogue.read_json(catalogue.load(name)) or load.to_json())
    return Loaded(catalogue, load, new, staging.schema.key, staging.columns, refused, staging.doubled())


def _moment(catalogue: Catalogue) -> datetime:
    """Now; where the clock of this computer is behind, a moment after the last part came, by the server's clock.

    Else these rows would be older than the ones that they are to replace.
    """
    last = max((part.modified or 0.0 for part in list_parts(catalogue)), default=0.0)
    return max(writing.now(), datetime.fromtimestamp(last, timezone.utc) + timedelta(milliseconds=1))


def _name(staging: Staging, wish: LoadWish, moment: datetime) -> str:
    """The name of the part: the same for the same rows, columns, types, key and bytes of objects."""
    digest = hashlib.sha256()
    types = sorted((name, kind.name, kind.form) for name, kind in staging.types.items())
    salt = moment.isoformat() if wish.again else ""
    for said in map(str, (staging.columns, staging.schema.key, types, salt)):
        digest.update(f"{len(said)}:{said}".encode())
    columns = (*staging.columns, "_object", "_size", "_digest")
    for part in writing.digest_of(staging.connection, staging.content, columns, "_line"):
        digest.update(part.encode())
    return digest.hexdigest()[:40]


# -- columns


def _agreed(catalogue: Catalogue, wish: LoadWish, columns: Sequence[str]) -> tuple[Schema, dict[str, ColumnType], bool]:
    """Key and types, as they were asked for and as the catalogue has them; and whether any of it is new there."""
    there = read_schema(catalogue)
    if wish.row and not wish.key:
        raise BadUsage("--row names the second column of a key: --key names the first one")
    named_columns = (("--key", wish.key), ("--row", wish.row))
    wanted = tuple(column_of(typed, columns, option) for option, typed in named_columns if typed)
    if len(set(wanted)) < len(wanted):
        raise BadUsage(f"--key and --row are both '{wanted[0]}'")
    types = {column_of(name, columns, "--type"): kind for name, kind in wish.types}
    if there is None:
        kinds = {name: kind.name for name, kind in types.items() if kind.name != TEXT}
        return Schema(wanted or (columns[0],), kinds), types, True
    known = tuple(column_of(name, columns, "the catalogue's key") for name in there.key)
    if wanted and wanted != known:
        raise other_key(catalogue, there, Schema(wanted))
    for name in columns:
        kind = next((kind for typed, kind in there.types.items() if typed.lower() == name.lower()), None)
        if kind is not None and types.setdefault(name, ColumnType(kind)).name != kind:
            raise BadUsage(f"column '{name}' is {kind} in this catalogue, not {types[name].name}")
    named_here = {name.lower() for name in there.types}
    news = {name: kind.name for name, kind in types.items() if kind.name != TEXT and name.lower() not in named_here}
    return Schema(known, {**there.types, **news}), types, bool(news)


def _path_column(wish: LoadWish, columns: Sequence[str]) -> str:
    if wish.path:
        return column_of(wish.path, columns, "--path")
    if not wish.files:
        return ""
    low = {column.lower(): column for column in columns}
    found = next((low[name] for name in _PATH_COLUMNS if name in low), "")
    if not found:
        raise BadUsage("which column names the files is not known", hint=f"--path COLUMN, one of: {', '.join(columns)}")
    return found


# -- files


def _object_of(folder: str, cell: str) -> str | BadRow:
    """The object that a row names, and with a folder, whether it has the file."""
    try:
        name = object_name(cell)
        if f"/{ROOT.partition('/')[0]}/" in f"/{name}/":
            return BadRow(0, f"{cell[:120]}: is where a catalogue itself is", "path")
        if folder:
            path = Path(folder, name)
            if not path.is_file():
                reason = "is no file" if path.exists() else f"there is no such file below {folder}"
                return BadRow(0, f"{cell}: {reason}", "file")
    except ValueError as error:
        return BadRow(0, f"{cell[:120]}: {error}", "path")
    except OSError as error:
        return BadRow(0, f"{cell[:120]}: {error.strerror}", "file")
    return name


def _uploaded(
    context: ActionContext, catalogue: Catalogue, files: str, place: Location, staging: Staging, options: Options
) -> list[tuple[str, str]]:
    """Send the files that rows name; those that did not arrive, with reasons."""
    failed: list[tuple[str, str]] = []
    tell = context.emit

    def hear(event: Event) -> None:
        if isinstance(event, Failed):
            failed.append((os.path.relpath(event.item, files), event.error.message))
        if not isinstance(event, Summary):  # there is more to come
            tell(event)

    if next(iter(staging.objects()), None) is None:
        return failed
    store, source = catalogue.store, UploadSource(files, catalogue.prefix)
    spec = JobSpec(
        verb="upload",
        sources=(absolute(files),),
        destination=store.place.url(catalogue.prefix),
        options=options,
        filters=EVERYTHING,
        words=("catalog", "load"),
        links="follow",
    )
    heard = replace(context, emit=EventBus(hear, context.tally))
    found = named(files, staging.objects(), filters=EVERYTHING, follow_symlinks=True)
    upload_run.upload(
        heard.open_job(spec, replace(place, key=catalogue.prefix)),
        store,
        (source,),
        upload_run.plan_listed(store, found, catalogue.prefix),
    )
    return failed


def _without(verdicts: Iterator[Known], failed: list[tuple[str, str]]) -> Iterator[StagedObject]:
    for verdict in verdicts:
        if isinstance(verdict, StagedObject):
            yield verdict
        else:
            failed.append(verdict)


def _nothing(wish: LoadWish, refused: int) -> JsobjError:
    seen = f"{refused} row(s) were refused, each for the reason above" if refused else "the table has no rows"
    return JsobjError(
        "catalog-nothing-loaded",
        f"nothing of {wish.table} was loaded",
        code=ExitCode.PARTIAL if refused else ExitCode.LOCAL,
        context=seen,
        hint="mend the rows that are named above, and run the same command again" if refused else "look at the file",
    )
