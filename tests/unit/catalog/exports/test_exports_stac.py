"""STAC GeoParquet from rows: boxes of all kinds, times of all kinds, read by DuckDB, and by readers of its own."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import duckdb
import pytest

from jsobj.catalog.exports.stac import box_wkb, usable, write_items
from jsobj.errors import JsobjError

ROWS = """
  ('a', 'x/a.nc', 'https://host/b/x/a.nc', 5, repeat('ab', 32), -10, 40, 5, 50, '2026-01-01', '2026-02-01', 'x'),
  ('b', 'z/zarr.json', 'https://host/b/z/zarr.json', 6, NULL, 170, -10, -170, 10, '2026-01-01', NULL, NULL),
  ('c', NULL, NULL, NULL, NULL, 1, 2, 1, 2, NULL, '2026-03-01', 'text/plain'),
  ('no box', NULL, NULL, NULL, NULL, NULL, 2, 1, 2, '2026-01-01', NULL, NULL),
  ('far', NULL, NULL, NULL, NULL, 1, 2, 400, 3, '2026-01-01', NULL, NULL),
  ('no time', NULL, NULL, NULL, NULL, 1, 2, 1, 2, NULL, NULL, NULL)
"""
NAMES = "_key, _object, _url, _size, _sha256, west, south, east, north, start_datetime, end_datetime, type"
TYPES = {"_size": "BIGINT", "start_datetime": "TIMESTAMP", "end_datetime": "TIMESTAMP"}


def _file(folder: Path, columns: str = "*") -> str:
    typed = ", ".join(f"{name}::{kind} AS {name}" for name, kind in TYPES.items())
    path = str(folder / "rows.parquet")
    with duckdb.connect() as connection:
        connection.execute(
            f"COPY (SELECT {columns} FROM (SELECT * REPLACE ({typed}) FROM (VALUES {ROWS}) rows({NAMES}))) "
            f"TO '{path}' (FORMAT parquet)"
        )
    return path


@pytest.fixture(name="items", scope="module")
def _items(tmp_path_factory: pytest.TempPathFactory) -> str:
    folder = tmp_path_factory.mktemp("stac")
    path = str(folder / "items.parquet")
    found = write_items(_file(folder), path, folder)
    assert (found.items, found.without_box, found.without_time) == (3, 2, 1)
    return path


def _ask(sql: str) -> list[tuple[Any, ...]]:
    with duckdb.connect() as connection:
        return connection.execute(sql).fetchall()


def test_the_file_says_what_it_is(items: str) -> None:
    said = {key.decode(): json.loads(value) for _, key, value in _ask(f"FROM parquet_kv_metadata('{items}')")}
    assert said["stac-geoparquet"] == {"version": "1.1.0"}
    geometry = said["geo"]["columns"]["geometry"]
    assert (said["geo"]["version"], said["geo"]["primary_column"]) == ("1.1.0", "geometry")
    assert geometry["encoding"] == "WKB"
    assert geometry["geometry_types"] == ["MultiPolygon", "Point", "Polygon"]
    assert geometry["covering"]["bbox"]["xmin"] == ["bbox", "xmin"]
    assert "bbox" not in geometry  # one crosses the antimeridian


def test_rows_are_items(items: str) -> None:
    assert [key for (key,) in _ask(f"SELECT id FROM '{items}'")] == ["a", "b", "c"]
    (data, none), (nothing, zarr), (_, _) = _ask(f"SELECT assets.data, assets.zarr FROM '{items}'")
    assert data["href"] == "https://host/b/x/a.nc"
    assert data["file:checksum"] == "1220" + "ab" * 32
    assert (none, nothing, zarr["href"]) == (None, None, "https://host/b/z")
    spans = _ask(f"SELECT start_datetime::DATE::VARCHAR, end_datetime::DATE::VARCHAR, datetime FROM '{items}'")
    assert spans == [
        ("2026-01-01", "2026-02-01", None),
        ("2026-01-01", "2026-01-01", None),
        ("2026-03-01", "2026-03-01", None),
    ]
    assert _ask(f"SELECT \"jsobj:type\" FROM '{items}'")[2] == ("text/plain",)


def test_readers_of_stac_geoparquet_read_it(items: str) -> None:
    arrow = pytest.importorskip("stac_geoparquet.arrow")
    pystac, parquet = pytest.importorskip("pystac"), pytest.importorskip("pyarrow.parquet")
    geopandas = pytest.importorskip("geopandas")
    frame = geopandas.read_parquet(items)
    assert frame.geometry.is_valid.all()
    assert frame.crs == "OGC:CRS84"
    assert list(frame.geometry.geom_type) == ["Polygon", "MultiPolygon", "Point"]
    found = [pystac.Item.from_dict(item) for item in arrow.stac_table_to_items(parquet.read_table(items))]
    assert [item.bbox for item in found] == [[-10, 40, 5, 50], [170, -10, -170, 10], [1, 2, 1, 2]]
    assert [list(item.assets) for item in found] == [["data"], ["zarr"], []]
    assert found[0].common_metadata.end_datetime is not None


def test_one_time_will_do_and_none_will_not(tmp_path: Path) -> None:
    path = str(tmp_path / "items.parquet")
    rows = _file(tmp_path, "* EXCLUDE (start_datetime, end_datetime), '2026-05-01' AS date")
    assert write_items(rows, path, tmp_path).items == 4
    assert _ask(f"SELECT DISTINCT datetime::DATE::VARCHAR FROM '{path}'") == [("2026-05-01",)]
    with pytest.raises(JsobjError, match="no time"):
        write_items(_file(tmp_path, "* EXCLUDE (start_datetime, end_datetime)"), path, tmp_path)
    with pytest.raises(JsobjError, match="no columns west"):
        write_items(_file(tmp_path, "* EXCLUDE (west)"), path, tmp_path)


@pytest.mark.parametrize(
    ("box", "kind", "size"),
    [
        ((1.0, 2.0, 1.0, 2.0), "Point", 21),
        ((1.0, 2.0, 3.0, 2.0), "LineString", 41),
        ((1.0, 2.0, 3.0, 4.0), "Polygon", 93),
        ((170.0, 2.0, -170.0, 4.0), "MultiPolygon", 195),
    ],
)
def test_boxes_become_binary(box: tuple[float, float, float, float], kind: str, size: int) -> None:
    assert usable(box)
    found, data = box_wkb(*box)
    assert (found, len(data)) == (kind, size)


@pytest.mark.parametrize(
    "box",
    [
        (None, 1.0, 2.0, 3.0),
        (1.0, 3.0, 2.0, 2.0),
        (0.0, 0.0, 181.0, 1.0),
        (0.0, -91.0, 1.0, 0.0),
        (float("nan"), 0, 1, 1),
    ],
)
def test_some_are_no_boxes(box: tuple[float | None, ...]) -> None:
    assert not usable(box)
