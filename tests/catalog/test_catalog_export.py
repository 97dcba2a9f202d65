"""``jsobj catalog export`` on Swift's S3 and on Ceph RGW, each file read by a program of others."""

from __future__ import annotations

import csv
import json
from pathlib import Path

import duckdb
import pytest
from boto3.dynamodb.types import TypeDeserializer
from commands import Jsobj
from fixtures_places import PROFILE, Place, settle

import jsobj
from jsobj.errors import JsobjError


def _export(desk: Jsobj, place: Place, *words: str, code: int = 0) -> int:
    rows: int = desk("catalog", "export", place.url("lab/"), *words, "--json", code=code).json["rows"]
    return rows


def test_tables_and_items_hold_the_rows(place: Place, loaded: Jsobj) -> None:
    assert _export(loaded, place, "--csv", "all.csv") == 4
    with (loaded.folder / "all.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    assert [row["id"] for row in rows] == ["1", "2", "3", "4"]
    assert [row["_size"] for row in rows] == ["11", "11", "11", ""]
    assert _export(loaded, place, "run = 'x'", "--parquet", "x.parquet") == 2
    found = duckdb.execute("SELECT id, _object FROM read_parquet(?)", [str(loaded.folder / "x.parquet")]).fetchall()
    assert found == [("1", "a.txt"), ("2", "b.txt")]
    loaded("catalog", "add", place.url("lab/"), "5", f"note={'x' * 500_000}")
    assert _export(loaded, place, "--dynamodb-json", "items.json", code=3) == 4
    items = [json.loads(line)["Item"] for line in (loaded.folder / "items.json").read_text().splitlines()]
    read = TypeDeserializer().deserialize
    assert [(read(item["id"]), read(item.get("_size", {"NULL": True}))) for item in items[2:]] == [
        ("3", 11),
        ("4", None),
    ]
    loaded("catalog", "export", place.url("lab/"), code=2)
    loaded("catalog", "export", place.url("lab/"), "--csv", "a", "--parquet", "b", code=2)
    loaded("catalog", "export", place.url("lab/"), "no such", "--csv", "all.csv", code=2)
    loaded("catalog", "export", place.url("lab/"), "--stac-geoparquet", "items.parquet", code=2)
    assert "cannot write no/such" in loaded("catalog", "export", place.url("lab/"), "--csv", "no/such", code=9).err
    assert len((loaded.folder / "all.csv").read_text().splitlines()) == 5
    left = {path.name for path in loaded.folder.iterdir() if path.name.startswith(".")}
    assert not {name for name in left if "tmp" in name}


def test_places_and_times_become_stac_items(place: Place, keyholder: Jsobj, monkeypatch: pytest.MonkeyPatch) -> None:
    rows = "id,west,south,east,north,date\n1,4,50,5,52,2026-05-01\n2,,,,,2026-05-01\n"
    (keyholder.folder / "t.csv").write_text(rows)
    keyholder("catalog", "load", "t.csv", place.url("lab/"), "--type", "west=DOUBLE", "--type", "date=DATE")
    done = keyholder("catalog", "export", place.url("lab/"), "--stac-geoparquet", "items.parquet", code=3)
    assert "1 row left out: has no usable box" in done.err
    found = duckdb.execute("SELECT id, bbox FROM read_parquet(?)", [str(keyholder.folder / "items.parquet")]).fetchall()
    assert found == [("1", {"xmin": 4.0, "ymin": 50.0, "xmax": 5.0, "ymax": 52.0})]
    settle(monkeypatch, place.environ)
    done = jsobj.connect(PROFILE).catalog(place.url("lab/")).export("x.json", "dynamodb-json", "id = '1'")
    assert (done.rows, done.left_out) == (1, ())
    with pytest.raises(JsobjError, match="no form"):
        jsobj.connect(PROFILE).catalog(place.url("lab/")).export("x.json", "xml")


def test_a_frozen_ducklake_reads_the_parts_where_they_are(place: Place, loaded: Jsobj, tmp_path: Path) -> None:
    pytest.importorskip("duckdb_extension_ducklake")
    extensions = pytest.importorskip("duckdb_extensions")
    pytest.importorskip("duckdb_extension_httpfs")
    loaded("catalog", "add", place.url("lab/"), "1", "run=z")
    loaded("catalog", "delete", place.url("lab/"), "2")
    loaded("catalog", "export", place.url("lab/"), "id = '1'", "--ducklake", "lab.ducklake", code=2)
    assert _export(loaded, place, "--ducklake", "lab.ducklake") == 3
    if place.server != "rgw":  # Swift's S3 gives nothing to those without a key
        return
    policy = {
        "Effect": "Allow",
        "Principal": "*",
        "Action": "s3:GetObject",
        "Resource": f"arn:aws:s3:::{place.bucket}/*",
    }
    place.witness.put_bucket_policy(
        Bucket=place.bucket, Policy=json.dumps({"Version": "2012-10-17", "Statement": [policy]})
    )
    with duckdb.connect(config={"extension_directory": str(tmp_path / "extensions")}) as reader:
        for name in ("httpfs", "ducklake"):
            extensions.import_extension(name, con=reader)
            reader.execute(f"LOAD {name}")
        reader.execute(f"ATTACH 'ducklake:{loaded.folder / 'lab.ducklake'}' AS lab (READ_ONLY)")
        assert reader.execute("SELECT id, run FROM lab.catalog ORDER BY id").fetchall() == [
            ("1", "z"), ("3", "y"), ("4", "y"),
        ]  # fmt: skip
        assert reader.execute("SELECT count(*) FROM lab.history").fetchall() == [(6,)]
    place.witness.delete_bucket_policy(Bucket=place.bucket)
