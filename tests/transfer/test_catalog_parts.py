"""Parts of a catalogue under writers that are killed, compact every day, or have a wrong clock; and in the cache."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import pytest
from transfer_scene import SWIFT_S3, TransferScene

import jsobj
from jsobj.catalog import writing


@pytest.fixture
def scene(make_scene: Callable[[str], TransferScene], monkeypatch: pytest.MonkeyPatch) -> TransferScene:
    """A bucket, and this process with the login and the home of its commands."""
    scene = make_scene(SWIFT_S3)
    for name, value in {**scene.jsobj.variables, "HOME": str(scene.jsobj.home)}.items():
        monkeypatch.setenv(name, value)
    return scene


def _load(scene: TransferScene, text: str) -> Any:
    (scene.folder / "t.csv").write_text(text)
    return jsobj.connect().catalog(scene.url("lab/")).load(scene.folder / "t.csv")


def _parts(scene: TransferScene) -> set[str]:
    return {Path(key).stem for key in scene.state() if "/parts/" in key}


def _manifest(scene: TransferScene) -> set[str]:
    return {part["name"] for part in json.loads(scene.get("lab/_catalog/v1/manifest.json"))["parts"]}


def _drop(scene: TransferScene, *keys: str) -> None:
    for key in keys:
        scene("rm", scene.url(f"lab/_catalog/v1/{key}"), "--yes")


def _cached(scene: TransferScene) -> list[Path]:
    found = (scene.jsobj.home / ".cache" / "jsobj" / "catalog").rglob("*.parquet")
    return [path for path in found if not path.name.startswith("older-")]


def test_a_load_that_was_killed_after_its_part_is_finished_by_the_next(scene: TransferScene) -> None:
    part = _load(scene, "id,n\n1,a\n").load.part
    _drop(scene, f"loads/{part}.json", "manifest.json")
    assert not _load(scene, "id,n\n1,a\n").new
    assert _manifest(scene) == _parts(scene) == {part}
    assert any(key.endswith(f"/loads/{part}.json") for key in scene.state())


def test_parts_go_also_where_somebody_compacts_again_and_again(scene: TransferScene) -> None:
    catalogue = jsobj.connect().catalog(scene.url("lab/"))
    old = {_load(scene, f"id,n\n{n},a\n").load.part for n in range(2)}
    catalogue.compact()
    time.sleep(9.5)  # Swift's S3 rounds times up to the next second; the new part is far younger than the grace
    _load(scene, "id,n\n3,a\n")
    done = catalogue.compact(grace=8)
    assert (done.merged, done.removed, done.waiting) == (2, 2, 2)
    assert not old & _parts(scene)
    assert _manifest(scene) == _parts(scene)
    _drop(scene, "manifest.json")
    catalogue.compact()  # as after one that was killed when parts had gone
    assert _manifest(scene) == _parts(scene)
    assert len(catalogue.query().rows()) == 3


def test_a_new_reader_fetches_no_part_that_another_stands_for(scene: TransferScene) -> None:
    catalogue = jsobj.connect().catalog(scene.url("lab/"))
    for n in range(3):
        _load(scene, f"id,n\n{n},a\n")
    catalogue.compact()
    for path in _cached(scene):
        path.unlink()
    rows = catalogue.query().rows()
    assert (len(rows), len(_cached(scene)), len(_parts(scene))) == (3, 1, 4)
    _cached(scene)[0].write_bytes(b"PAR1")  # cut short, on a full disk or by a crash
    assert catalogue.query().rows() == rows


def test_rows_from_a_slow_clock_are_the_newest_when_they_come_last(
    scene: TransferScene, monkeypatch: pytest.MonkeyPatch
) -> None:
    _load(scene, "id,n\n1,wrong\n")
    monkeypatch.setattr(writing, "now", lambda: datetime.now(timezone.utc) - timedelta(minutes=10))
    _load(scene, "id,n\n1,right\n")
    assert [row["n"] for row in jsobj.connect().catalog(scene.url("lab/")).query()] == ["right"]
