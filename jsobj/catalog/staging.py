"""A table on its way into a catalogue: read once, checked row by row, and held on disk, not in memory.

The rows go through a plain CSV into a table of DuckDB, where they are typed and joined with what is known about their
objects; that keeps a million rows in a few ten MiB.
"""

from __future__ import annotations

import csv
import os
import shutil
import tempfile
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeAlias

from jsobj.catalog.engine import connect, disk_of_ours, named, text
from jsobj.catalog.schema import Schema
from jsobj.catalog.table import LARGEST_ROW, BadRow, Table
from jsobj.catalog.types import TEXT, ColumnType
from jsobj.errors import BadUsage

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

Refuse: TypeAlias = Callable[[BadRow], None]

_MEMORY = "192MB"
_FOLDER = "catalog-load-"
_KEPT = 2 * 86400.0  # seconds
# Columns of the staged table that are not the user's: no user's column begins so.
LINE, KEY, OBJECT = "_line", "_key", "_object"


@dataclass(frozen=True, slots=True)
class StagedObject:
    """What is known about an object that rows name. ``sha256`` "" where its bytes were not read."""

    name: str
    url: str
    size: int
    sha256: str
    etag: str


class Staging:
    """The rows of one load, in ``folder``; closed at the end. Not for several threads."""

    def __init__(self, folder: Path, columns: Sequence[str], schema: Schema, types: Mapping[str, ColumnType]) -> None:
        self.columns, self.schema, self.types = tuple(columns), schema, dict(types)
        self._folder = folder
        self.connection = connect(folder, file=str(folder / "staged.duckdb"), memory=_MEMORY)

    def read(self, table: Table, path: str, object_of: Callable[[str], str | BadRow], refuse: Refuse) -> None:
        """Take the rows of a table. ``path``: the column that names files, "" for none; ``object_of`` makes the name
        of an object of its value.
        """
        positions = [self.columns.index(column) for column in self.schema.key]
        at = self.columns.index(path) if path else -1
        file = self._folder / "rows.csv"
        with file.open("w", encoding="utf-8", newline="") as out:
            write = csv.writer(out, quoting=csv.QUOTE_ALL, lineterminator="\n").writerow
            for row in table:
                if isinstance(row, BadRow):
                    refuse(row)
                    continue
                values = [row.cells[position] for position in positions]
                if not all(values):
                    refuse(BadRow(row.line, "has no value in its key column", "key"))
                    continue
                name: str | BadRow = object_of(row.cells[at]) if path and row.cells[at] else ""
                if isinstance(name, BadRow):
                    refuse(BadRow(row.line, name.reason, name.kind))
                    continue
                write((*row.cells, row.line, self.schema.name_of(values), name))
        names = [*self.columns, LINE, KEY, OBJECT]
        self._take("staged", file, {name: "BIGINT" if name == LINE else TEXT for name in names})
        self.connection.execute(f"UPDATE staged SET {OBJECT} = NULL WHERE {OBJECT} = ''")
        self._check_types(refuse)

    def _take(self, table: str, file: Path, columns: Mapping[str, str]) -> None:
        take(self.connection, table, file, columns)

    def _check_types(self, refuse: Refuse) -> None:
        for column, kind in self.types.items():
            if kind.form:
                self._require_form(kind)
            name, condition = named(column), f"trim({named(column)}) <> '' AND {self._typed(column)} IS NULL"
            bad = self.connection.execute(f"SELECT {LINE}, {name} FROM staged WHERE {condition} ORDER BY 1").fetchall()
            for line, value in bad:
                as_written = f" written as {kind.form}" if kind.form else ""
                refuse(BadRow(line, f"{column}: '{value[:60]}' is no {kind.name}{as_written}", "value"))
            if bad:
                self.connection.execute(f"DELETE FROM staged WHERE {condition}")

    def _require_form(self, kind: ColumnType) -> None:
        import duckdb

        try:
            self.connection.execute(f"SELECT try_strptime('', {text(kind.form)})")
        except duckdb.Error as error:
            raise BadUsage(f"'{kind.form}' is no form of a {kind.name}", hint="--type day=DATE:%d.%m.%Y") from error

    def _typed(self, column: str) -> str:
        return self.types.get(column, ColumnType(TEXT)).sql(named(column))

    def count(self) -> int:
        """How many rows there are now."""
        return int(self.connection.execute("SELECT count(*) FROM staged").fetchall()[0][0])

    def doubled(self) -> int:
        """How many keys several rows have, of which the last one counts."""
        found = self.connection.execute(f"SELECT {KEY} FROM staged GROUP BY {KEY} HAVING count(*) > 1")
        return len(found.fetchall())

    def objects(self) -> Iterator[str]:
        """The names of objects that rows have, each once, in the order of their bytes."""
        cursor = self.connection.cursor()
        cursor.execute(f"SELECT DISTINCT {OBJECT} FROM staged WHERE {OBJECT} IS NOT NULL ORDER BY 1")
        while found := cursor.fetchmany(1000):
            for (name,) in found:
                yield name

    def drop(self, failed: Iterable[tuple[str, str]], refuse: Refuse, kind: str = "file") -> None:
        """Refuse the rows of objects that did not arrive, each with its reason."""
        for name, reason in failed:
            found = self.connection.execute(f"SELECT {LINE} FROM staged WHERE {OBJECT} = ? ORDER BY 1", [name])
            for (line,) in found.fetchall():
                refuse(BadRow(line, f"{name}: {reason}", kind))
            self.connection.execute(f"DELETE FROM staged WHERE {OBJECT} = ?", [name])

    def know(self, objects: Iterable[StagedObject]) -> None:
        """Keep what is known about objects; a row whose object is not among them is left without."""
        file = self._folder / "objects.csv"
        with file.open("w", encoding="utf-8", newline="") as out:
            write = csv.writer(out, quoting=csv.QUOTE_ALL, lineterminator="\n").writerow
            for each in objects:
                write((each.name, each.url, each.size, each.sha256, each.etag))
        columns = {"name": TEXT, "url": TEXT, "size": "BIGINT", "sha256": TEXT, "etag": TEXT}
        self._take("objects", file, columns)

    @property
    def content(self) -> str:
        """A table with all that a load's name depends on, for :func:`jsobj.catalog.writing.digest_of`."""
        columns = ", ".join(f"s.{named(column)}" for column in self.columns)
        return (
            f"(SELECT {columns}, s.{OBJECT}, o.size AS _size, coalesce(nullif(o.sha256, ''), o.etag) AS _digest, "
            f"s.{LINE} FROM staged s LEFT JOIN objects o ON o.name = s.{OBJECT})"
        )

    def select(self, own: str) -> str:
        """The SELECT of a part's rows; ``own``: the columns of ours."""
        # Typed before the join: a column of the user's may be called as one of the objects'.
        columns = ", ".join(f"{self._typed(column)} AS {named(column)}" for column in self.columns)
        rows = f"(SELECT {columns}, {LINE}, {KEY}, {OBJECT} FROM staged) staged"
        shown = ", ".join(f"staged.{named(column)}" for column in self.columns)
        return f"SELECT {shown}, {own} FROM {rows} LEFT JOIN objects ON objects.name = staged.{OBJECT}"

    def totals(self) -> tuple[int, int]:
        """How many objects the rows name, and their bytes."""
        found: Any = self.connection.execute("SELECT count(*), coalesce(sum(size), 0) FROM objects").fetchall()[0]
        return int(found[0]), int(found[1])

    def close(self) -> None:
        """Close the engine and delete the files."""
        with ExitStack() as stack:
            stack.callback(_remove, self._folder)
            self.connection.close()


def staging_folder(cache: Path) -> Path:
    """A new folder for a load. Folders of loads that were killed go when they are old."""
    cache.mkdir(mode=0o700, parents=True, exist_ok=True)
    now = time.time()
    for left in cache.glob(f"{_FOLDER}*"):
        with suppress(OSError):
            if now - left.stat().st_mtime > _KEPT:
                _remove(left)
    return Path(tempfile.mkdtemp(prefix=_FOLDER, dir=cache))


def take(connection: DuckDBPyConnection, table: str, file: Path, columns: Mapping[str, str]) -> None:
    """Make a table of a CSV in which every cell is quoted, and delete the file. ``columns``: names and types."""
    described = ", ".join(f"{text(name)}: {text(kind)}" for name, kind in columns.items())
    # Quoted is text, also where it is empty. A row may have line ends in it, so that threads cannot cut the file.
    with disk_of_ours():
        connection.execute(
            f"CREATE OR REPLACE TABLE {table} AS SELECT * FROM read_csv({text(str(file))}, columns={{{described}}}, "
            f"header=false, auto_detect=false, delim=',', quote='\"', escape='\"', allow_quoted_nulls=false, "
            f"nullstr='\\N', parallel=false, max_line_size={2 * LARGEST_ROW}, buffer_size={2 * LARGEST_ROW}, "
            f"strict_mode=true)"
        )
    file.unlink()


def _remove(folder: Path) -> None:
    shutil.rmtree(folder, ignore_errors=True)


def object_name(path: str) -> str:
    """The name of an object for a path that a table has, as ``--files-from`` reads it; a reason in ``ValueError``."""
    if path.startswith("/"):
        raise ValueError("is an absolute path")
    parts = [part for part in path.split("/") if part not in {"", "."}]
    if ".." in parts:
        raise ValueError("contains '..'")
    if not parts:
        raise ValueError("names no file")
    name = "/".join(parts)
    if len(os.fsencode(name)) > 1024:
        raise ValueError("is longer than the name of an object may be (1024 bytes)")
    return name
