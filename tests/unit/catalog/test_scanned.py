"""What a scan found against the rows that are there: new, changed, the same, deleted by hand, gone."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from datetime import datetime, timedelta, timezone
from pathlib import Path

import duckdb
import pytest

from jsobj.catalog.scanned import INSPECTED, LISTED, Changes, Scanned, Seen, Thing

NOW = datetime(2026, 5, 1, tzinfo=timezone.utc)
# path, size, modified, ETag, source, deleted, what made the first row, title, and a column of the user's
STATE = """
  ('same.nc', 1, TIMESTAMP '2026-01-01', 'e1', 'scan', false, 'scan', 'Sea', 'mine'),
  ('changed.nc', 1, TIMESTAMP '2026-01-01', 'e1', 'scan', false, 'scan', 'Sea', 'mine'),
  ('run.zarr', 9, TIMESTAMP '2026-01-01', 'e1', 'scan', false, 'scan', NULL, NULL),
  ('by-hand.nc', 1, NULL, 'e1', 'delete', true, 'scan', NULL, NULL),
  ('back.nc', 1, NULL, 'e1', 'scan', true, 'scan', NULL, NULL),
  ('gone.nc', 1, NULL, 'e1', 'add', false, 'scan', NULL, 'mine'),
  ('loaded.nc', 1, NULL, 'e1', 't.csv', false, 't.csv', NULL, NULL)
"""
TYPES = {"path": "VARCHAR", "size": "BIGINT", "modified": "TIMESTAMP", "Title": "VARCHAR", "change": "VARCHAR"}


@pytest.fixture(name="state")
def _state(tmp_path: Path) -> str:
    path = str(tmp_path / "state.parquet")
    with duckdb.connect() as connection:
        connection.execute(
            f"""COPY (SELECT *, path AS _key, path AS _object, 'https://host/' || path AS _url, 1::BIGINT AS _size,
                  'sha' AS _sha256, TIMESTAMP '2026-06-01' AS _loaded, 1::BIGINT AS _line
                FROM (VALUES {STATE}) rows(path, size, modified, _etag, _source, _deleted, _made, "Title", change))
                TO '{path}' (FORMAT parquet)"""
        )
    return path


def _thing(path: str, etag: str = "e1", size: int = 1) -> Thing:
    zarr = path.endswith(".zarr")
    modified = datetime(2026, 1, 1, tzinfo=timezone.utc).timestamp()
    return Thing(path, path, 1, etag, f"https://host/{path}", size, modified, "", data=True, zarr=zarr)


def _scanned(folder: Path, state: str, *columns: str) -> Iterator[Scanned]:
    folder.mkdir()
    with closing(Scanned(folder, state, TYPES if state else {}, (*LISTED, *columns))) as scanned:
        yield scanned


def test_only_what_differs_is_written(tmp_path: Path, state: str) -> None:
    for scanned in _scanned(tmp_path / "scan", state):
        names = ("same.nc", "changed.nc", "by-hand.nc", "back.nc", "new \"'\n.nc")
        scanned.find([_thing(name, "e2" if name == "changed.nc" else "e1") for name in names])
        looks = [look.path for look in scanned.looks()]
        assert looks == ["back.nc", "changed.nc", "new \"'\n.nc"]
        scanned.see(Seen(path) for path in looks)
        assert list(scanned.missing()) == ["gone.nc", "run.zarr"]
        scanned.delete(["gone.nc"])
        assert scanned.changes() == Changes(added=2, changed=1, deleted=1, same=2)
        moment = scanned.after(NOW)
        assert moment == datetime(2026, 6, 1, tzinfo=timezone.utc) + timedelta(microseconds=1)
        rows = {row["_key"]: row for row in _rows(scanned, moment)}
        assert rows["changed.nc"]["change"] == "mine"
        assert rows["changed.nc"]["Title"] is None  # it was of other bytes
        assert rows["changed.nc"]["_sha256"] is None
        assert (rows["gone.nc"]["_deleted"], rows["gone.nc"]["change"]) == (True, "mine")
        assert {row["_source"] for row in rows.values()} == {"scan"}


def _rows(scanned: Scanned, moment: datetime) -> list[dict[str, object]]:
    found = scanned.connection.execute(scanned.select(moment))
    names = [column[0] for column in found.description or ()]
    return [dict(zip(names, row, strict=True)) for row in found.fetchall()]


@pytest.mark.parametrize(("size", "etag", "changed"), [(9, "e1", 0), (10, "e1", 1), (9, "e2", 1)])
def test_a_zarr_changes_with_any_of_its_objects(tmp_path: Path, state: str, size: int, etag: str, changed: int) -> None:
    for scanned in _scanned(tmp_path / "scan", state):
        scanned.find([_thing("run.zarr", etag, size)])
        scanned.see(Seen(look.path) for look in scanned.looks())
        assert scanned.changes().changed == changed


def test_more_may_be_told_of_what_is_the_same(tmp_path: Path, state: str) -> None:
    for scanned in _scanned(tmp_path / "scan", state, *INSPECTED):
        scanned.find([_thing("same.nc"), _thing("loaded.nc")])
        assert [(look.path, look.metadata, look.inside) for look in scanned.looks()] == [
            ("loaded.nc", False, True),
            ("same.nc", False, True),
        ]
        scanned.see([Seen("same.nc", format="NetCDF 4", west=-1.5), Seen("loaded.nc")])
        assert scanned.changes() == Changes(added=0, changed=1, deleted=0, same=1)
        (row,) = _rows(scanned, NOW)
        assert (row["format"], row["west"], row["Title"], row["_sha256"]) == ("NetCDF 4", -1.5, "Sea", "sha")


def test_the_same_rows_are_the_same_digests(tmp_path: Path) -> None:
    said = []
    for order in (1, -1):
        for scanned in _scanned(tmp_path / f"scan{order}", ""):
            scanned.find([_thing("a.nc"), _thing("b.nc")][::order])
            scanned.see([Seen("b.nc"), Seen("a.nc")][::order])
            said.append(scanned.digests())
            assert scanned.totals() == (2, 2)
    assert said[0] == said[1]
