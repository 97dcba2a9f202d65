"""What the search page reads, on real servers: written once, exchanged at once, and cleared away after a while."""

from __future__ import annotations

import gzip
import json
import time
from typing import Any

import pytest
from catalog_scene import COLUMNS, ROOT, many, opened_store, row, write
from publish_scene import Scene

from jsobj.catalog.search.write import GRACE, write_shards

FOLDER = f"{ROOT}search/"


def index(scene: Scene) -> Any:
    return json.loads(scene.body(f"{FOLDER}index.json"))


def there(scene: Scene) -> set[str]:
    return {name.removeprefix(FOLDER) for name in scene.names()} - {"index.json"}


def test_what_is_unchanged_is_not_written_again(scene: Scene) -> None:
    first = write(scene, many(30_000))
    assert (first.rows, first.written, first.removed) == (30_000, first.shards, 0)
    names = {shard["name"] for shard in index(scene)["shards"]}
    assert names == there(scene)
    assert sum(shard["rows"] for shard in index(scene)["shards"]) == 30_000
    headers = scene.swift.head_object(scene.bucket, FOLDER + min(names))
    assert "immutable" in headers["cache-control"]
    assert scene.swift.head_object(scene.bucket, f"{FOLDER}index.json")["cache-control"] == "no-cache"
    body = json.loads(gzip.decompress(scene.body(FOLDER + index(scene)["shards"][0]["name"])))
    assert len(body["columns"]) == len(COLUMNS)
    again = write(scene, many(30_000))
    assert (again.rows, again.written, again.bytes) == (30_000, 0, first.bytes)
    more = write(scene, [*many(30_000), row("z", None, "one more", None)])
    assert (more.rows, more.written) == (30_001, 1)
    assert write(scene, []).shards == 0


@pytest.mark.parametrize("opened", ["swift"], indirect=True, scope="module")
def test_shards_stay_for_those_who_have_the_old_index_open(scene: Scene) -> None:
    def at(days: float, comment: str) -> int:
        with opened_store(scene) as store:
            rows = [row("a", None, comment, None)]
            return write_shards(store, ROOT, COLUMNS, rows, now=lambda: time.time() + days * 86400).removed

    at(0, "first")
    (first,) = there(scene)
    at(8, "second")  # the shard is old, and only now is it no longer named
    assert first in index(scene)["gone"]
    at(9, "third")
    assert len(there(scene)) == 3
    assert at(8 + GRACE / 86400 + 0.1, "third") == 1
    assert first not in there(scene)
    assert first not in index(scene)["gone"]
    scene.fill({f"{FOLDER}killed.json.gz": b"of a run that was killed"})
    assert at(9, "third") == 1
    assert "killed.json.gz" not in there(scene)
    scene.fill({f"{FOLDER}index.json": b"{broken"})
    at(9, "third")
    assert index(scene)["rows"] == 1
