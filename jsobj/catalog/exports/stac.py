"""STAC GeoParquet: a row for each item, with its box as geometry, and the object as asset ``data``.

Sources: STAC GeoParquet 1.1.0, GeoParquet 1.1.0, STAC 1.1.0. DuckDB writes the file; boxes become well-known binary
here, because that needs no extension of it.
"""

from __future__ import annotations

import csv
import json
import math
import struct
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from jsobj.catalog.engine import connect, named, text, texts
from jsobj.catalog.staging import take
from jsobj.errors import BadUsage
from jsobj.transfer.local.local_file import content_type
from jsobj.transfer.zarr.names import MARKERS

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

_BOX = ("west", "south", "east", "north")
_MOMENTS = ("datetime", "date", "time")  # columns that are taken for the time of a row: the first that is there
_SPAN = ("start_datetime", "end_datetime")
_TAKEN = frozenset(
    {"id", "type", "geometry", "bbox", "properties", "links", "assets", "collection", "stac_version", "stac_extensions"}
)
_FILE = "https://stac-extensions.github.io/file/v2.1.0/schema.json"
_SHA256 = "1220"  # how a multihash begins: sha2-256, 32 bytes


@dataclass(frozen=True, slots=True)
class Items:
    """How many items were written; how many rows have no usable box, or no time, and are none."""

    items: int
    without_box: int
    without_time: int


def write_items(rows: str, path: str, folder: Path) -> Items:
    """Write the rows of a Parquet file as STAC items. ``folder``: for what is needed meanwhile.

    Raises :class:`JsobjError` (usage) for rows without columns for a box, or for a time.
    """
    with closing(connect(folder)) as connection:
        connection.execute(f"CREATE VIEW rows AS SELECT * FROM read_parquet({text(rows)})")
        types = {name: kind for name, kind, *_ in connection.execute("DESCRIBE rows").fetchall()}
        columns = {name.lower(): name for name in types}
        if not all(side in columns for side in _BOX):
            raise BadUsage(
                "the rows have no columns west, south, east and north",
                hint="jsobj catalog scan URL --inspect makes them for NetCDF files and Zarrs",
            )
        moments = {
            name: _moment(types[columns[name]], columns[name]) for name in (*_MOMENTS, *_SPAN) if name in columns
        }
        if not moments:
            raise BadUsage(
                f"the rows have no time: none of the columns {', '.join((*_MOMENTS, *_SPAN))}",
                hint="add one: STAC items without a time are not allowed",
            )
        total = int(connection.execute("SELECT count(*) FROM rows").fetchall()[0][0])
        kinds, crossing = _boxes(connection, columns, folder)
        boxed = int(connection.execute("SELECT count(*) FROM boxes").fetchall()[0][0])
        select = _select(connection, types, moments)
        geo, stac = _geo(connection, kinds, crossing=crossing), {"version": "1.1.0"}
        metadata = f"{{geo: {text(json.dumps(geo))}, 'stac-geoparquet': {text(json.dumps(stac))}}}"
        connection.execute(f"CREATE VIEW items AS {select}")
        found = connection.execute("SELECT count(*) FROM items").fetchall()[0][0]
        connection.execute(
            f"COPY items TO {text(path)} (FORMAT parquet, COMPRESSION zstd, ROW_GROUP_SIZE 20480, "
            f"KV_METADATA {metadata})"
        )
    return Items(int(found), total - boxed, boxed - int(found))


# -- boxes


def box_wkb(west: float, south: float, east: float, north: float) -> tuple[str, bytes]:
    """The type of geometry of a box, and its well-known binary. Across the antimeridian it is in two parts."""
    if (west, south) == (east, north):
        return "Point", struct.pack("<BIdd", 1, 1, west, south)
    if west == east or south == north:
        return "LineString", struct.pack("<BII4d", 1, 2, 2, west, south, east, north)
    if west <= east:
        return "Polygon", _polygon(west, south, east, north)
    parts = _polygon(west, south, 180.0, north) + _polygon(-180.0, south, east, north)
    return "MultiPolygon", struct.pack("<BII", 1, 6, 2) + parts


def _polygon(west: float, south: float, east: float, north: float) -> bytes:
    ring = (west, south, east, south, east, north, west, north, west, south)
    return struct.pack("<BIII10d", 1, 3, 1, 5, *ring)


def usable(box: Sequence[float | None]) -> bool:
    """Whether it is a box on the Earth."""
    numbers = [side for side in box if side is not None and math.isfinite(side)]
    if len(numbers) < 4:
        return False
    west, south, east, north = numbers
    return max(abs(west), abs(east)) <= 180 and -90 <= south <= north <= 90


def _boxes(connection: DuckDBPyConnection, columns: Mapping[str, str], folder: Path) -> tuple[list[str], bool]:
    """Make the table of boxes; the types of geometry that there are, and whether one crosses the antimeridian."""
    sides = ", ".join(f"TRY_CAST({named(columns[side])} AS DOUBLE)" for side in _BOX)
    file, kinds, crossing = folder / "boxes.csv", set(), False
    cursor = connection.cursor().execute(f"SELECT _key, _object, {sides} FROM rows")
    with file.open("w", encoding="utf-8", newline="") as out:
        write = csv.writer(out, quoting=csv.QUOTE_ALL, lineterminator="\n").writerow
        for key, name, *box in _each(cursor):
            if usable(box):
                kind, data = box_wkb(*box)
                kinds.add(kind)
                crossing = crossing or box[0] > box[2]
                write((key, *map(repr, box), data.hex(), content_type(name or "")))
    types = {"key": "VARCHAR", **dict.fromkeys(_BOX, "DOUBLE"), "wkb": "VARCHAR", "media": "VARCHAR"}
    take(connection, "boxes", file, types)
    return sorted(kinds), crossing


def _each(cursor: Any) -> Iterator[tuple[Any, ...]]:
    while found := cursor.fetchmany(1000):
        yield from found


# -- columns


def _moment(kind: str, column: str) -> str:
    if kind == "TIMESTAMP WITH TIME ZONE":
        return f"rows.{named(column)}"
    # Times without a zone are UTC.
    return f"timezone('UTC', TRY_CAST(rows.{named(column)} AS TIMESTAMP))"


def _select(connection: DuckDBPyConnection, types: Mapping[str, str], moments: Mapping[str, str]) -> str:
    columns = {name.lower(): name for name in types}
    one = next((moments[name] for name in _MOMENTS if name in moments), "NULL::TIMESTAMPTZ")
    known = [moments[name] for name in _SPAN if name in moments]
    # STAC takes both ends of a span or none, and no column of Parquet leaves a cell out.
    span = [f"coalesce({', '.join(each)}, {one})" for each in (known, known[::-1]) if each]
    assets, extensions = _assets(connection, columns)
    used = {*_BOX, *_SPAN, "datetime"}
    parts = [
        "'Feature' AS type",
        "'1.1.0' AS stac_version",
        f"CAST({texts(extensions)} AS VARCHAR[]) AS stac_extensions",
        "rows._key AS id",
        "unhex(boxes.wkb) AS geometry",
        "{xmin: boxes.west, ymin: boxes.south, xmax: boxes.east, ymax: boxes.north} AS bbox",
        'CAST([] AS STRUCT(href VARCHAR, rel VARCHAR, "type" VARCHAR, title VARCHAR)[]) AS links',
        *([f"{{{assets}}} AS assets"] if assets else []),
        f"{one} AS datetime",
        *(f"{each} AS {name}" for each, name in zip(span, _SPAN, strict=False)),
        *(
            f"{_value(name, kind)} AS {named(f'jsobj:{name}' if name.lower() in _TAKEN else name)}"
            for name, kind in types.items()
            if not name.startswith("_") and name.lower() not in used
        ),
    ]
    return (
        f"SELECT {', '.join(parts)} FROM rows JOIN boxes ON boxes.key = rows._key "
        f"WHERE coalesce({', '.join([*known, one])}) IS NOT NULL ORDER BY rows._key"
    )


def _value(name: str, kind: str) -> str:
    return _moment(kind, name) if kind.startswith("TIMESTAMP") else f"rows.{named(name)}"


def _assets(connection: DuckDBPyConnection, columns: Mapping[str, str]) -> tuple[str, list[str]]:
    """The fields of the struct of assets, "" for none, and the STAC extensions that they need.

    An object is ``data``; of a Zarr the folder is ``zarr``, which has no size and no digest of its own.
    """
    zarr = f"split_part(rows._object, '/', -1) IN ({', '.join(map(text, MARKERS))})"
    files = "rows._url IS NOT NULL AND NOT coalesce(" + zarr + ", false)"
    counts = ", ".join(f"count(*) FILTER ({files}{more})" for more in ("", " AND _size >= 0", " AND _sha256 <> ''"))
    found = connection.execute(f"SELECT count(*) FILTER (_url IS NOT NULL), {counts} FROM rows").fetchall()[0]
    objects, plain, sized, digested = found
    told = [f"nullif(rows.{named(columns['content_type'])}, '')"] if "content_type" in columns else []
    if "type" in columns:
        kind = f"rows.{named(columns['type'])}::VARCHAR"
        told.append(f"CASE WHEN {kind} LIKE '%/%' THEN {kind} END")
    media = ", ".join([*told, "nullif(boxes.media, '')", "'application/octet-stream'"])
    common = f"\"type\": coalesce({media}), roles: ['data']"
    size = ", 'file:size': rows._size" if plain == sized else ""
    digest = f", 'file:checksum': '{_SHA256}' || rows._sha256" if plain == digested else ""
    fields = []
    if plain:
        fields.append(f"data: CASE WHEN {files} THEN {{href: rows._url, {common}{size}{digest}}} END")
    if objects > plain:
        place = "regexp_replace(rows._url, '/[^/]*$', '')"
        fields.append(f"zarr: CASE WHEN rows._url IS NOT NULL AND {zarr} THEN {{href: {place}, {common}}} END")
    return ", ".join(fields), [_FILE] if plain and (size or digest) else []


def _geo(connection: DuckDBPyConnection, kinds: Sequence[str], *, crossing: bool) -> dict[str, Any]:
    geometry: dict[str, Any] = {
        "encoding": "WKB",
        "geometry_types": list(kinds),
        "covering": {"bbox": {side: ["bbox", side] for side in ("xmin", "ymin", "xmax", "ymax")}},
    }
    if kinds and not crossing:
        found = connection.execute("SELECT min(west), min(south), max(east), max(north) FROM boxes").fetchall()[0]
        geometry["bbox"] = list(found)
    return {"version": "1.1.0", "primary_column": "geometry", "columns": {"geometry": geometry}}
