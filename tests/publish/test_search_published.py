"""``jsobj publish`` of data with a catalogue: the search page comes and goes with it, and rows are no data."""

from __future__ import annotations

import gzip
import json
import re
from typing import Any

from catalog_scene import FILES, ROOT, few, write
from publish_scene import Scene, fetched

PARTS = {f"{ROOT}schema.json": b"{}", f"{ROOT}parts/a.parquet": b"PAR1", "data/sub/_catalog/v1/schema.json": b"{}"}


def test_it_comes_and_goes_with_the_catalogue(scene: Scene) -> None:
    scene.fill({**FILES, **PARTS})
    done = scene.jsobj("publish", f"{scene.bucket}/data")
    assert f"jsobj catalog compact {scene.bucket}/data" in re.sub(r"\s+", " ", done.err)
    assert "data/search.html" not in scene.names()
    assert b"search.html" not in scene.body("data/index.html")
    assert b"_catalog" not in scene.body("data/index.html") + scene.body("data/MANIFEST.sha256")
    write(scene, few())
    done = scene.publish().json
    assert done["objects"] == len(FILES)
    assert sorted(done["written"]) == ["data/index.html", "data/search.html"]
    assert done["search"] == {name: url.replace("index.html", "search.html") for name, url in done["urls"].items()}
    for url in done["search"].values():
        assert scene.jsobj("ls", url).lines == scene.jsobj("ls", url.replace("search.html", "")).lines
        page, headers = fetched(url)
        assert headers["content-type"] == "text/html; charset=utf-8"
        assert b"<title>Search: data</title>" in page
    assert b'href="./search.html">Search by metadata</a>' in scene.body("data/index.html")
    assert "data/_catalog/index.html" not in scene.names()
    assert scene.jsobj("verify", f"{scene.bucket}/data", "--manifest", "--extra").err.endswith("2 same\n")
    write(scene, [*few()][1:])
    assert scene.publish().json["written"] == []  # the page reads what is there when it is opened
    scene.swift.delete_object(scene.bucket, f"{ROOT}search/index.json")
    assert scene.publish().json["removed"] == ["data/search.html"]
    write(scene, few())
    assert "data/search.html" in scene.publish().json["written"]
    scene.publish("--remove")
    assert not {"data/search.html", "data/index.html", "data/MANIFEST.sha256"} & set(scene.names())
    assert set(PARTS) <= set(scene.names())


def test_somebody_elses_search_page_stays(scene: Scene) -> None:
    scene.fill({**FILES, "data/search.html": b"<p>theirs</p>", "data/deep/search.html": b"<p>theirs too</p>"})
    write(scene, few())
    done = scene.jsobj("publish", f"{scene.bucket}/data", "--no-manifest")
    assert "data/search.html was left as it is" in done.err
    assert scene.body("data/search.html") == b"<p>theirs</p>"
    assert b"Search by metadata" not in scene.body("data/index.html")
    assert scene.publish("--dry-run").json["items"][0] == {"action": "leave", "key": "data/search.html", "size": 0}
    scene.publish("--remove")
    assert {"data/search.html", "data/deep/search.html"} <= set(scene.names())


def test_a_catalogue_without_data_has_a_page_too(scene: Scene) -> None:
    write(scene, few())
    assert scene.publish("--no-manifest").json["search"]
    assert scene.publish("--no-manifest").json["written"] == []


def test_from_a_table_to_the_page(scene: Scene) -> None:
    """load, compact, publish; and again after a row has changed."""
    folder = scene.jsobj.folder / "samples"
    folder.mkdir(exist_ok=True)
    (folder / "a b.csv").write_bytes(b"one\n")
    table = folder / "table.csv"
    table.write_text("item,date,path,note\n007,2026-03-01,a b.csv,first\n008,,,=1+1\n")
    url = f"{scene.bucket}/data"
    words = ("catalog", "load", str(table), url, "--files", str(folder), "--path", "path", "--type", "date=DATE")
    scene.jsobj(*words)
    scene.jsobj("catalog", "compact", url)
    assert scene.publish().json["search"]
    index, columns = shown(scene)
    assert (index["rows"], columns["item"], columns["note"]) == (2, ["007", "008"], ["first", "=1+1"])
    assert (columns["date"], columns["_object"], columns["_size"]) == (["2026-03-01", ""], ["a b.csv", ""], ["4", ""])
    assert {each["name"]: each["kind"] for each in index["columns"]}["date"] == "date"
    table.write_text("item,date,path,note\n007,2026-03-01,a b.csv,second\n")
    scene.jsobj(*words)
    scene.jsobj("catalog", "compact", url)
    assert shown(scene)[1]["note"] == ["second", "=1+1"]


def shown(scene: Scene) -> tuple[Any, dict[str, list[str]]]:
    """The index, and the cells of the one shard by column."""
    index = json.loads(scene.body(f"{ROOT}search/index.json"))
    (shard,) = index["shards"]
    value = json.loads(gzip.decompress(scene.body(f"{ROOT}search/{shard['name']}")))
    names = [each["name"] for each in index["columns"]]
    return index, {name: text.split(mark) for name, (mark, text) in zip(names, value["columns"], strict=True)}
