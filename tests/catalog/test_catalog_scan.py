"""``jsobj catalog scan`` on Swift's S3 and on Ceph RGW: what is there gets rows, and keeps them as it changes."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from commands import Jsobj
from fixtures_places import PROFILE, Place, settle

import jsobj


def _scan(desk: Jsobj, place: Place, *words: str, code: int = 0) -> tuple[int, int, int, int]:
    done = desk("catalog", "scan", place.url("data/"), *words, "--json", code=code).json
    return done["added"], done["changed"], done["deleted"], done["same"]


def _rows(desk: Jsobj, place: Place, *words: str) -> dict[str, dict[str, Any]]:
    found = desk("catalog", "query", place.url("data/"), *words, "--json").json["items"]
    return {row["path"]: row for row in found}


def test_a_listing_becomes_rows_and_follows_what_is_there(place: Place, keyholder: Jsobj) -> None:
    page = b'<html><meta name="generator" content="jsobj 1"></html>'
    hostile = 'it\'s "q", \u00fc;\n2.csv'
    for name in ("a.csv", "b/c.nc", hostile, "run.zarr/.zgroup", "run.zarr/x/.zarray", "run.zarr/x/0"):
        place.put(f"data/{name}", name.encode())
    place.put("data/index.html", page)
    assert "there is nothing at" in keyholder("catalog", "scan", place.url("empty/"), code=5).err
    keyholder("catalog", "scan", place.url("data/"), "--include", "*.none", code=5)
    keyholder("catalog", "scan", place.url("data/run.zarr/"), code=2)
    assert _scan(keyholder, place) == (4, 0, 0, 0)
    rows = _rows(keyholder, place)
    assert set(rows) == {"a.csv", "b/c.nc", hostile, "run.zarr"}
    assert rows["a.csv"]["type"] == "text/csv"
    assert rows["run.zarr"]["size"] == sum(len(f"run.zarr/{name}") for name in (".zgroup", "x/.zarray", "x/0"))
    assert rows["run.zarr"]["_object"] == "run.zarr/.zgroup"
    assert _scan(keyholder, place) == (0, 0, 0, 4)
    assert "4 same" in keyholder("catalog", "verify", place.url("data/"), "--extra").err

    keyholder("catalog", "add", place.url("data/"), "a.csv", "comment=mine")
    keyholder("catalog", "delete", place.url("data/"), "b/c.nc")
    place.put("data/a.csv", b"other bytes")
    place.put("data/run.zarr/x/1", b"one chunk more")
    place.put("data/new.bin", b"new")
    place.witness.delete_object(Bucket=place.bucket, Key=f"data/{hostile}")
    assert _scan(keyholder, place, "--exclude", "*.csv") == (1, 1, 0, 1)
    assert _scan(keyholder, place) == (0, 1, 1, 3)
    rows = _rows(keyholder, place)
    assert set(rows) == {"a.csv", "new.bin", "run.zarr"}
    assert (rows["a.csv"]["size"], rows["a.csv"]["comment"]) == (11, "mine")
    place.put(f"data/{hostile}", hostile.encode())
    assert _scan(keyholder, place) == (1, 0, 0, 4)
    place.witness.delete_object(Bucket=place.bucket, Key=f"data/{hostile}")
    assert _scan(keyholder, place) == (0, 0, 1, 4)
    keyholder("catalog", "compact", place.url("data/"), "--grace", "0")
    assert _scan(keyholder, place) == (0, 0, 0, 4)


def test_rows_that_were_loaded_stay_and_others_are_named_in_another_way(place: Place, loaded: Jsobj) -> None:
    assert "named by id" in loaded("catalog", "scan", place.url("lab/"), code=6).err
    (loaded.folder / "mine.csv").write_text("path,who\na.txt,me\n")
    for name in ("a.txt", "b.txt"):
        place.put(f"data/{name}", name.encode())
    loaded("catalog", "load", "mine.csv", place.url("data/"), "--path", "path")
    assert _scan(loaded, place, "--metadata") == (1, 1, 0, 0)
    rows = _rows(loaded, place)
    assert rows["a.txt"]["who"] == "me"
    assert rows["a.txt"]["content_type"]
    place.witness.delete_object(Bucket=place.bucket, Key="data/a.txt")
    assert _scan(loaded, place) == (0, 0, 0, 1)
    assert "a.txt" in _rows(loaded, place)


def test_what_is_kept_and_what_is_inside_is_told(
    place: Place, keyholder: Jsobj, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    np, xarray = pytest.importorskip("numpy"), pytest.importorskip("xarray")
    space = {"lat": ("lat", [50.0, 51.0, 52.0]), "lon": ("lon", [4.0, 5.0])}
    values = np.zeros((2, 3, 2), "float32")
    data = xarray.Dataset({"sst": (("time", "lat", "lon"), values)}, {"time": [0, 1], **space}, {"title": "Sea"})
    data["lat"].attrs["units"], data["lon"].attrs["units"] = "degrees_north", "degrees_east"
    data["time"].attrs["units"] = "days since 2026-01-01"
    data.to_netcdf(tmp_path / "run.nc", engine="h5netcdf")
    data.to_zarr(tmp_path / "run.zarr", zarr_format=2)
    place.witness.put_object(
        Bucket=place.bucket, Key="data/run.nc", Body=(tmp_path / "run.nc").read_bytes(), Metadata={"team": "ice"}
    )
    keyholder("upload", f"{tmp_path / 'run.zarr'}/", place.url("data/run.zarr/"))
    place.put("data/broken.nc", b"CDF\x01 and nothing that follows")
    schema = {"schema": "jsobj.catalog/1", "key": ["path"], "columns": {}}  # all that a scan left that was killed
    place.put("data/_catalog/v1/schema.json", json.dumps(schema).encode())
    place.put("data/a.txt", b"text")
    assert _scan(keyholder, place) == (4, 0, 0, 0)
    assert _scan(keyholder, place, "--inspect") == (0, 3, 0, 1)
    assert _scan(keyholder, place, "--inspect", "--metadata") == (0, 3, 0, 1)
    assert _scan(keyholder, place, "--inspect", "--metadata") == (0, 0, 0, 4)
    rows = _rows(keyholder, place)
    for path, kind in (("run.nc", "NetCDF 4"), ("run.zarr", "Zarr 2")):
        row = rows[path]
        assert (row["format"], row["title"], row["variables"]) == (kind, "Sea", "sst")
        assert [row[side] for side in ("west", "south", "east", "north")] == [4, 50, 5, 52]
        assert (row["start_datetime"], row["end_datetime"]) == ("2026-01-01T00:00:00", "2026-01-02T00:00:00")
        assert "time=2" in row["dimensions"]
        assert json.loads(row["attributes"])["title"] == "Sea"
    assert "could not be read" in rows["broken.nc"]["notes"]
    assert json.loads(rows["run.nc"]["metadata"])["team"] == "ice"
    found = _rows(keyholder, place, "metadata->>'team' = 'ice'")
    assert list(found) == ["run.nc"]
    place.put("data/run.nc", b"no such file any more")
    settle(monkeypatch, place.environ)
    done = jsobj.connect(PROFILE).catalog(place.url("data/")).scan()
    assert done.changes.changed == 1
    assert _rows(keyholder, place)["run.nc"]["title"] is None
