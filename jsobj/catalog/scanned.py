"""What a scan found, compared with the rows that are there, on disk and not in memory: what is new, changed, gone.

A thing is an object, or a Zarr as a whole, known by its path below the catalogue's prefix. One whose ETag is that of
its row is the same; of a Zarr, whose objects have many, size and time count too.
"""

from __future__ import annotations

import csv
import shutil
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import astuple, dataclass, fields
from datetime import datetime, timezone
from pathlib import Path

from jsobj.catalog import writing
from jsobj.catalog.engine import connect, named, text
from jsobj.catalog.rows import Rows, Wish
from jsobj.catalog.schema import OWN
from jsobj.catalog.staging import take
from jsobj.catalog.types import TEXT

KEY = "path"
LISTED = {KEY: TEXT, "size": "BIGINT", "modified": "TIMESTAMP", "type": TEXT}
METADATA = {"content_type": TEXT, "metadata": TEXT}
INSPECTED = {
    "format": TEXT,
    "title": TEXT,
    "variables": TEXT,
    "dimensions": TEXT,
    "start_datetime": "TIMESTAMP",
    "end_datetime": "TIMESTAMP",
    "west": "DOUBLE",
    "south": "DOUBLE",
    "east": "DOUBLE",
    "north": "DOUBLE",
    "attributes": TEXT,
    "notes": TEXT,
}
COLUMNS = {**LISTED, **METADATA, **INSPECTED}

_MEMORY = "192MB"
# The newest of each key, deletions too, and what made the first one.
_STATE = """
SELECT newest.*, first._made FROM (
  SELECT *, false AS _deleted FROM catalog UNION ALL SELECT * FROM (
    SELECT * FROM history WHERE _deleted
    QUALIFY row_number() OVER (PARTITION BY _key ORDER BY _loaded DESC, _line DESC) = 1
  ) ANTI JOIN catalog USING (_key)
) newest JOIN (SELECT _key, arg_min(_source, (_loaded, _line)) AS _made FROM history GROUP BY _key) first USING (_key)
"""


@dataclass(frozen=True, slots=True)
class Thing:
    """``object``: its name, of a Zarr that of its metadata; ``object_size``, ``etag`` and ``url`` are of that.

    ``size`` in bytes and ``modified`` (seconds since 1970) of all that belongs to it; ``data``: whether it may be
    looked into; ``zarr``: whether it is one.
    """

    path: str
    object: str
    object_size: int
    etag: str
    url: str
    size: int
    modified: float | None
    type: str
    data: bool = False
    zarr: bool = False


@dataclass(frozen=True, slots=True)
class Look:
    """What is to be found out of a thing: its ``metadata``, and what is ``inside``."""

    path: str
    object: str
    etag: str
    metadata: bool
    inside: bool


@dataclass(frozen=True, slots=True)
class Seen:
    """What was found out; "" and None for what was not. ``drop``: it is no data, or is not there any more."""

    path: str
    drop: bool = False
    content_type: str = ""
    metadata: str = ""
    format: str = ""
    title: str = ""
    variables: str = ""
    dimensions: str = ""
    start_datetime: str = ""
    end_datetime: str = ""
    west: float | None = None
    south: float | None = None
    east: float | None = None
    north: float | None = None
    attributes: str = ""
    notes: str = ""


@dataclass(frozen=True, slots=True)
class Changes:
    """How many rows a scan adds, changes and deletes, and how many things are as their rows say."""

    added: int
    changed: int
    deleted: int
    same: int

    @property
    def rows(self) -> int:
        """All that are written."""
        return self.added + self.changed + self.deleted


def write_state(rows: Rows, path: str) -> None:
    """Write the rows as they are now, deletions too, to a file that they may write to."""
    rows.write_parquet(Wish(sql=_STATE), path)


class Scanned:
    """One scan, in ``folder``; closed at the end. Not for several threads.

    ``state``: the rows that are there, "" for none; ``types``: of their columns; ``wanted``: the columns of this scan.
    """

    def __init__(self, folder: Path, state: str, types: Mapping[str, str], wanted: Sequence[str]) -> None:
        self._folder, self._wanted = folder, tuple(wanted)
        low = {name.lower() for name in types}  # names are the same in upper and lower case
        self.types = {**types, **{name: COLUMNS[name] for name in wanted if name not in low}}
        self.connection = connect(folder, file=str(folder / "scanned.duckdb"), memory=_MEMORY)
        none = _nulls({name: kind for name, kind in COLUMNS.items() if name not in low} or {"_none": TEXT})
        source = f"read_parquet({text(state)})" if state else f"(SELECT {_nulls({**OWN, '_made': TEXT})} LIMIT 0)"
        self.connection.execute(f"CREATE VIEW state AS SELECT *, {none} FROM {source}")

    def close(self) -> None:
        """Close the engine and delete the files."""
        self.connection.close()
        shutil.rmtree(self._folder, ignore_errors=True)

    # -- what is there

    def find(self, things: Iterable[Thing]) -> None:
        """Take all that was found."""
        file = self._folder / "things.csv"
        with file.open("w", encoding="utf-8", newline="") as out:
            write = csv.writer(out, quoting=csv.QUOTE_ALL, lineterminator="\n").writerow
            for each in things:
                write(["" if cell is None else cell for cell in _cells(each)])
        columns = dict.fromkeys((field.name for field in fields(Thing)), TEXT)
        columns |= {"object_size": "BIGINT", "size": "BIGINT", "data": "BOOLEAN", "zarr": "BOOLEAN"}
        take(self.connection, "found", file, columns)
        self.connection.execute(
            """CREATE TABLE things AS SELECT found.* REPLACE (
                 TRY_CAST(nullif(modified, '') AS TIMESTAMP) AS modified, nullif(type, '') AS type
               ) FROM found"""
        )
        self.connection.execute(
            """CREATE TABLE compared AS SELECT things.*, CASE
                 WHEN state._key IS NULL THEN 'new'
                 WHEN state._etag = things.etag AND (state._deleted OR NOT things.zarr OR
                   (TRY_CAST(state.size AS BIGINT) = things.size
                    AND TRY_CAST(state.modified AS TIMESTAMP) IS NOT DISTINCT FROM things.modified))
                 THEN CASE WHEN NOT state._deleted THEN 'same' WHEN state._source = 'delete' THEN 'left' ELSE 'new' END
                 WHEN state._deleted THEN 'new' ELSE 'changed' END AS _change
               FROM things LEFT JOIN state ON state._key = things.path"""
        )

    def looks(self) -> Iterator[Look]:
        """What is to be looked at, by path: new and changed things, and those of which a row does not tell enough."""
        head, inside = "content_type" in self._wanted, "format" in self._wanted
        found = self.connection.cursor().execute(
            f"""SELECT * FROM (SELECT compared.path, compared.object, compared.etag, _change,
                  {head} AND NOT compared.zarr AND (_change <> 'same' OR state.content_type IS NULL) AS head,
                  {inside} AND compared.data AND (_change <> 'same' OR state.format IS NULL) AS inside
                FROM compared LEFT JOIN state ON state._key = compared.path WHERE _change <> 'left')
                WHERE _change <> 'same' OR head OR inside ORDER BY 1"""
        )
        while rows := found.fetchmany(1000):
            for path, name, etag, _, *wanted in rows:
                yield Look(path, name, etag, *wanted)

    def see(self, seen: Iterable[Seen]) -> None:
        """Take what was found out, and decide which rows are to be written."""
        file = self._folder / "seen.csv"
        with file.open("w", encoding="utf-8", newline="") as out:
            write = csv.writer(out, quoting=csv.QUOTE_ALL, lineterminator="\n").writerow
            for each in seen:
                write(["" if cell is None else cell for cell in astuple(each)])
        columns = {field.name: "BOOLEAN" if field.name == "drop" else TEXT for field in fields(Seen)}
        take(self.connection, "seen", file, columns)
        cells = ", ".join(f"{self._cell(name, kind)} AS {named(name)}" for name, kind in self.types.items())
        details = [name for name in self.types if name.lower() in COLUMNS and name.lower() not in LISTED]
        differs = " OR ".join(f"wanted.{named(name)} IS DISTINCT FROM state.{named(name)}" for name in details)
        wanted = f"""
            SELECT {cells}, compared.path AS _key, compared.object AS _object, compared.object_size AS _size,
              compared.url AS _url, compared.etag AS _etag,
              CASE WHEN _change = 'same' THEN state._sha256 END AS _sha256, _change
            FROM compared JOIN seen ON seen.path = compared.path LEFT JOIN state ON state._key = compared.path
            WHERE NOT seen.drop"""
        self.connection.execute(
            f"""CREATE TABLE staged AS SELECT row_number() OVER (ORDER BY _key) - 1 AS _line, wanted.*
                FROM ({wanted}) wanted LEFT JOIN state USING (_key)
                WHERE _change <> 'same' OR {differs or "false"}"""
        )

    def _cell(self, name: str, kind: str) -> str:
        """A column of a row: as it was found, or as the row has it where the thing is the same, or not of the scan."""
        old, low = f"state.{named(name)}", name.lower()
        if low in LISTED:
            return f"CAST(compared.{low} AS {kind})"
        if low not in COLUMNS:
            return old
        value = f"TRY_CAST(nullif(seen.{low}, '') AS {COLUMNS[low]})"
        return f"CAST(coalesce({value}, CASE WHEN _change = 'same' THEN {old} END) AS {kind})"

    # -- what is gone

    def missing(self) -> Iterator[str]:
        """The paths of rows that a scan has made once, and that nothing has any more."""
        found = self.connection.cursor().execute(
            "SELECT _key FROM state WHERE NOT _deleted AND _made = 'scan' AND _key NOT IN (SELECT path FROM things) "
            "ORDER BY 1"
        )
        while rows := found.fetchmany(1000):
            yield from (path for (path,) in rows)

    def delete(self, paths: Iterable[str]) -> None:
        """Delete the rows of paths that are gone."""
        file = self._folder / "gone.csv"
        with file.open("w", encoding="utf-8", newline="") as out:
            write = csv.writer(out, quoting=csv.QUOTE_ALL, lineterminator="\n").writerow
            for path in paths:
                write((path,))
        take(self.connection, "gone", file, {"_key": TEXT})
        columns = ", ".join(f"state.{named(name)}" for name in self.types)
        self.connection.execute(
            f"""INSERT INTO staged SELECT (SELECT count(*) FROM staged) + row_number() OVER (ORDER BY _key) - 1,
                {columns}, _key, _object, _size, _url, _etag, _sha256, 'gone' FROM state SEMI JOIN gone USING (_key)"""
        )

    # -- what is written

    def changes(self) -> Changes:
        """What is to be done."""
        counts = dict(self.connection.execute("SELECT _change, count(*) FROM staged GROUP BY 1").fetchall())
        total = self.connection.execute("SELECT count(*) FROM compared WHERE _change IN ('same', 'left')").fetchall()[
            0
        ][0]
        more = counts.get("same", 0)
        return Changes(
            counts.get("new", 0), counts.get("changed", 0) + more, counts.get("gone", 0), int(total) - int(more)
        )

    def totals(self) -> tuple[int, int]:
        """How many things the rows name, and their bytes."""
        found = self.connection.execute("SELECT count(*), coalesce(sum(_size), 0) FROM staged WHERE _change <> 'gone'")
        objects, size = found.fetchall()[0]
        return int(objects), int(size)

    def digests(self) -> list[str]:
        """What stands for the rows to be written."""
        columns = (*self.types, "_key", "_object", "_size", "_etag", "_change")
        return writing.digest_of(self.connection, "staged", columns, "_line")

    def after(self, moment: datetime) -> datetime:
        """A moment that is later than that of each row which is replaced, also where a clock was ahead."""
        found = self.connection.execute(
            "SELECT max(_loaded) + INTERVAL 1 MICROSECOND FROM state SEMI JOIN staged USING (_key)"
        ).fetchall()[0][0]
        return moment if found is None else max(moment, found.replace(tzinfo=timezone.utc))

    def select(self, moment: datetime) -> str:
        """The SELECT of a part's rows."""
        own = writing.own_columns(
            key="_key",
            object="_object",
            url="_url",
            size="_size",
            sha256="_sha256",
            etag="_etag",
            loaded=writing.time_text(moment),
            source="'scan'",
            line="_line",
            deleted="_change = 'gone'",
        )
        return f"SELECT {', '.join(map(named, self.types))}, {own} FROM staged"


def _nulls(columns: Mapping[str, str]) -> str:
    return ", ".join(f"NULL::{kind} AS {named(name)}" for name, kind in columns.items())


def _cells(each: Thing) -> tuple[object, ...]:
    moment = "" if each.modified is None else datetime.fromtimestamp(each.modified, timezone.utc).isoformat(" ")
    return (*astuple(each)[:6], moment.partition("+")[0], each.type, each.data, each.zarr)
