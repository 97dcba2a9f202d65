"""``jsobj catalog``: a table and its files go into a bucket, and are found again."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import duckdb
import pytest
from transfer_scene import RGW_S3, SWIFT_API, SWIFT_S3, TransferScene, on_disk, sha

import jsobj
from jsobj.errors import ExitCode, JsobjError

FILES = {"s1.bin": b"one", "s2.bin": b"two" * 1000, "deep/\u00e4 b.txt": b"three"}
TABLE = '''\
item|experiment|date|file name|comment
007|e1|2026-05-01|s1.bin|"first | of ""all"""
008|e1|2026-05-02|s2.bin|plain
009|e2|2026-05-03|deep/\u00e4 b.txt|=cmd()
010|e2|2026-05-04||no file
'''
GROUNDS = [SWIFT_S3, SWIFT_API, RGW_S3]


@pytest.fixture(params=GROUNDS)
def scene(request: pytest.FixtureRequest, make_scene: Callable[[str], TransferScene]) -> TransferScene:
    """A bucket over each API that a catalogue is used by; over Swift's own without any S3 key."""
    return make_scene(request.param)


def _load(scene: TransferScene, table: str = TABLE, *more: str, code: int = 0, at: str = "lab") -> Any:
    scene.write(FILES, "samples")
    (scene.folder / "t.csv").write_text(table)
    argv = ("load", "t.csv", scene.url(f"{at}/"), "--files", "samples", "--type", "date=DATE", *more)
    return scene("catalog", *argv, "--json", code=code).json


def _items(scene: TransferScene, *more: str, at: str = "lab") -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = scene("catalog", "query", scene.url(f"{at}/"), *more, "--json").json["items"]
    return found


def test_load_and_query(scene: TransferScene) -> None:
    first = _load(scene)
    assert (first["rows"], first["new"], first["refused"], first["objects"]) == (4, True, [], 3)
    assert {key: sha(scene.get(f"lab/{key}")) for key in FILES} == {key: sha(data) for key, data in FILES.items()}
    rows = {row["item"]: row for row in _items(scene)}
    assert list(rows) == ["007", "008", "009", "010"]
    assert (rows["007"]["comment"], rows["009"]["comment"]) == ('first | of "all"', "=cmd()")
    assert rows["008"]["_sha256"] == sha(FILES["s2.bin"])
    assert (rows["008"]["_size"], rows["008"]["_object"], rows["010"]["_url"]) == (3000, "s2.bin", None)
    assert rows["008"]["_etag"] == scene.head("lab/s2.bin")["ETag"].strip('"')
    assert rows["009"]["_url"].endswith("/lab/deep/%C3%A4%20b.txt")
    assert [row["item"] for row in _items(scene, "date > '2026-05-02'", "--order", "date DESC")] == ["010", "009"]
    printed = scene("catalog", "query", scene.url("lab"), "experiment = 'e2'", "--select", "item, date", "--csv").out
    assert list(csv.reader(io.StringIO(printed))) == [["item", "date"], ["009", "2026-05-03"], ["010", "2026-05-04"]]
    before = scene.state()
    again = _load(scene)
    assert (again["new"], again["part"], again["loaded"]) == (False, first["part"], first["loaded"])
    assert scene.state() == before


def test_what_rows_name_is_fetched_and_shared(scene: TransferScene) -> None:
    _load(scene)
    scene("catalog", "query", scene.url("lab/"), "experiment = 'e1'", "--get", "got")
    assert on_disk(scene.folder / "got") == {name: sha(FILES[name]) for name in ("s1.bin", "s2.bin")}
    urls = scene("catalog", "query", scene.url("lab/"), "item = '007'", "--urls").lines
    assert [url.rpartition("/")[2] for url in urls] == ["s1.bin"]
    last = scene("catalog", "query", scene.url("lab/"), "--order", "item DESC", "--limit", "3", "--urls").lines
    assert [url.rpartition("/")[2] for url in last] == ["%C3%A4%20b.txt", "s2.bin"]
    first = scene("catalog", "query", scene.url("lab/"), "--limit", "1", "--urls").lines
    assert [url.rpartition("/")[2] for url in first] == ["s1.bin"]
    scene("catalog", "query", scene.url("lab/"), "item = 'none'", "--get", "nothing")
    assert not (scene.folder / "nothing").exists()
    scene("catalog", "query", scene.url("lab/"), "--parquet", "all.parquet")
    assert duckdb.sql(f"SELECT count(*) FROM '{scene.folder}/all.parquet'").fetchall() == [(4,)]


def test_bad_rows_are_named_and_the_rest_is_loaded(scene: TransferScene) -> None:
    more = "011|e3|31.12.2026|s1.bin|a date\n012|e3\n013|e3||gone.bin|no such file\n014|e3||../t.csv|out\n||||\n"
    more += "015|e3||_catalog/v1/schema.json|ours\n016|e3||deep|a folder\n017|e3||/etc/passwd|absolute\n"
    more += f"018|e3||sub/_catalog/v1/parts/x.parquet|of another one\n019|e3||{'x' * 300}|too long for a file\n"
    done = _load(scene, TABLE + more, code=ExitCode.PARTIAL)
    assert done["rows"] == 4
    assert [(bad["line"], bad["kind"]) for bad in done["refused"]] == [
        (6, "value"),
        (7, "row"),
        (8, "file"),
        (9, "path"),
        (10, "key"),
        (11, "path"),
        (12, "file"),
        (13, "path"),
        (14, "path"),
        (15, "file"),
    ]
    mended = _load(scene, TABLE + "018|e3|2026-12-31|s1.bin|mended\n")
    assert (mended["rows"], mended["new"]) == (5, True)
    assert len(_items(scene)) == 5
    (scene.folder / "bad.csv").write_text("id,path\n1,gone.bin\n")
    nothing = scene("catalog", "load", "bad.csv", scene.url("x/"), "--files", "samples", code=ExitCode.PARTIAL)
    assert "line 2: gone.bin: there is no such file" in nothing.err
    nothing = scene("catalog", "load", "t.csv", scene.url("x/"), "--files", "got", code=ExitCode.LOCAL)
    assert "source-missing" in nothing.err


def test_rows_change_and_what_they_were_stays(scene: TransferScene) -> None:
    _load(scene)
    url = scene.url("lab/")
    scene("catalog", "add", url, "007", "comment=new words", "checked=yes")
    scene("catalog", "add", url, "new", "experiment=e9", "date=2026-12-24")
    assert "catalog-no-row" in scene("catalog", "delete", url, "none", code=ExitCode.NOT_FOUND).err
    scene("catalog", "delete", url, "008")
    assert "usage" in scene("catalog", "add", url, "009", "date=tomorrow", code=ExitCode.USAGE).err
    rows = {row["item"]: row for row in _items(scene)}
    assert set(rows) == {"007", "009", "010", "new"}
    assert (rows["007"]["comment"], rows["007"]["checked"], rows["007"]["date"]) == ("new words", "yes", "2026-05-01")
    assert rows["007"]["_sha256"] == sha(FILES["s1.bin"])
    history = scene("catalog", "history", url, "008", "--json").json["items"]
    assert [(row["_source"], row["_deleted"]) for row in history] == [("delete", True), ("t.csv", False)]
    scene("catalog", "add", url, "008", "comment=back")
    assert [row["comment"] for row in _items(scene, "item = '008'")] == ["back"]
    assert _load(scene)["new"] is False  # what was loaded before does not come back over what is newer
    assert [row["comment"] for row in _items(scene, "item = '007'")] == ["new words"]
    assert _load(scene, TABLE, "--again")["new"] is True
    assert [row["comment"] for row in _items(scene, "item = '007'")] == ['first | of "all"']


def test_compaction_loses_nothing(scene: TransferScene) -> None:
    _load(scene)
    url = scene.url("lab/")
    scene("catalog", "add", url, "007", "comment=new")
    scene("catalog", "delete", url, "008")
    rows, history = _items(scene), scene("catalog", "history", url, "008", "--json").json
    done = scene("catalog", "compact", url, "--json").json
    assert (done["merged"], done["removed"], done["waiting"]) == (3, 0, 3)
    assert _items(scene) == rows
    done = scene("catalog", "compact", url, "--grace", "0", "--json").json
    assert (done["merged"], done["removed"], done["waiting"]) == (0, 3, 0)
    assert _items(scene) == rows
    assert scene("catalog", "history", url, "008", "--json").json == history
    shown = scene("catalog", "show", url, "--json").json
    assert (shown["rows"], shown["parts"], shown["key"]) == (3, 1, ["item"])
    assert [load["verb"] for load in shown["loads"]] == ["compact", "delete", "add", "load"]
    assert _load(scene)["new"] is False
    scene("catalog", "add", url, "009", "comment=after")
    scene("catalog", "compact", url, "--grace", "0")
    assert {row["item"]: row["comment"] for row in _items(scene)}["009"] == "after"
    assert len([key for key in scene.state() if "/parts/" in key]) <= 2


def test_keys_in_two_parts_and_other_keys(scene: TransferScene) -> None:
    key = ("--key", "experiment", "--row", "1")
    assert _load(scene, TABLE, *key)["key"] == ["experiment", "item"]
    url = scene.url("lab/")
    scene("catalog", "add", url, "e1/007", "comment=changed")
    assert [row["comment"] for row in _items(scene, "_key = 'e1/007'")] == ["changed"]
    assert "usage" in scene("catalog", "add", url, "007", "comment=x", code=ExitCode.USAGE).err
    refused = scene("catalog", "load", "t.csv", url, "--key", "item", code=ExitCode.REFUSED)
    assert "catalog-other-key" in refused.err
    text = "experiment,item,ph\ne1,007,7.5\n"
    (scene.folder / "more.csv").write_text(text)
    scene("catalog", "load", "more.csv", url, "--type", "ph=DOUBLE")
    assert _items(scene, "ph > 7", "--select", "item, ph, comment") == [{"item": "007", "ph": 7.5, "comment": None}]


def test_python(scene: TransferScene, monkeypatch: pytest.MonkeyPatch) -> None:
    _load(scene)
    for name, value in {**scene.jsobj.variables, "HOME": str(scene.jsobj.home)}.items():
        monkeypatch.setenv(name, value)
    catalogue = jsobj.connect().catalog(scene.url("lab/"))
    assert [row["item"] for row in catalogue.query("experiment = 'e1'")] == ["007", "008"]
    assert catalogue.query(sql="SELECT count(*) AS n FROM catalog").rows() == [{"n": 4}]
    assert catalogue.add("007", comment="by Python").changed == ("comment",)
    assert catalogue.add("007", {"by": "a column", "checked on": "7.5."}).changed == ("by", "checked on")
    assert catalogue.history("007")[0]["comment"] == "by Python"
    assert catalogue.delete("008").before
    assert catalogue.show().rows == 3
    assert catalogue.compact(grace=0).merged == 4
    with pytest.raises(JsobjError, match="one SELECT"):
        catalogue.query(sql="DROP TABLE x")
    with pytest.raises(JsobjError, match="no catalogue"):
        jsobj.connect().catalog(scene.url("other/")).query()


def test_a_place_without_a_catalogue(scene: TransferScene) -> None:
    for verb in ("query", "show", "compact"):
        assert "catalog-missing" in scene("catalog", verb, scene.url("none/"), code=ExitCode.NOT_FOUND).err
    assert "usage" in scene("catalog", "query", scene.url("none/"), "--csv", "--urls", code=ExitCode.USAGE).err


def test_questions_get_nothing_but_rows(scene: TransferScene) -> None:
    _load(scene)
    (scene.folder / "secret.csv").write_text("a\nhunter2\n")
    for where in ("1=1) UNION ALL SELECT * FROM read_csv('secret.csv') --", "1; DROP VIEW catalog", "item = 7 +"):
        found = scene("catalog", "query", scene.url("lab/"), where, code=ExitCode.USAGE)
        assert "catalog-query" in found.err
        assert "hunter2" not in found.out + found.err
    assert json.loads(scene("catalog", "query", scene.url("lab/"), "--limit", "1", "--json").out)["items"]


def test_objects_that_are_there_already(scene: TransferScene) -> None:
    scene.put("lab/s1.bin", b"there")
    (scene.folder / "t.csv").write_text("id,path\n1,s1.bin\n2,none.bin\n")
    done = scene("catalog", "load", "t.csv", scene.url("lab"), "--path", "path", "--json", code=ExitCode.PARTIAL).json
    assert [(bad["line"], bad["reason"]) for bad in done["refused"]] == [(3, "none.bin: there is no such object")]
    assert [(row["_size"], row["_sha256"]) for row in _items(scene)] == [(5, None)]


HOSTILE = [
    '=HYPERLINK("http://x")',
    "'; DROP TABLE catalog; --",
    "<script>alert(1)</script>",
    "two\nlines\r\nand more",
    "\u202egnp.exe",
    "x" * 1024**2,
    '"quoted"',
    "  spaces  ",
    "\\N",
    "NULL",
    "\u0001\u001b[31m",
]


def test_hostile_cells_are_text(make_scene: Callable[[str], TransferScene]) -> None:
    scene = make_scene(SWIFT_S3)
    path = Path(scene.folder / "t.csv")
    with path.open("w", newline="") as out:
        csv.writer(out).writerows([("id", "va\"l'ue; --"), *((str(n), cell) for n, cell in enumerate(HOSTILE))])
    assert scene("catalog", "load", "t.csv", scene.url("h/"), "--json").json["rows"] == len(HOSTILE)
    found = {row["id"]: row["va\"l'ue; --"] for row in _items(scene, at="h")}
    assert found == {str(n): cell for n, cell in enumerate(HOSTILE)}
    shown = scene("catalog", "query", scene.url("h/"), "id = '10'").out
    assert "\x1b" not in shown
