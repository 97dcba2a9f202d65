"""``ls`` and ``tree`` of a folder that no server lists at once: one bucket, since it takes a while to fill."""

from __future__ import annotations

import uuid
from collections.abc import Iterator

import pytest
from commands import Jsobj
from fixtures_cloud import Cloud
from objects_scene import DIALECTS, Scene, swift_of

NAMES = [f"data/big/{number:04}" for number in range(1003)]
BEHIND = {"data/z": b"1", "end": b"2"}


@pytest.fixture(name="bucket", scope="module")
def _bucket(cloud: Cloud) -> str:
    name = f"pages-{uuid.uuid4().hex[:12]}"
    with swift_of(cloud) as swift:
        swift.put_container(name)
        for key in NAMES:
            swift.put_object(name, key, b"1")
    return name


@pytest.fixture(name="scene", params=DIALECTS)
def _scene(request: pytest.FixtureRequest, keyed: Jsobj, cloud: Cloud, bucket: str) -> Iterator[Scene]:
    """It has ``NAMES``; what a test adds is taken away."""
    with swift_of(cloud) as swift:
        made = Scene(keyed, request.param, bucket, swift)
        yield made
        for key in set(made.names()) - set(NAMES):
            swift.delete_object(bucket, key)


def test_a_listing_comes_in_order(scene: Scene) -> None:
    assert scene("ls", scene.url("data/"), "-r").lines == [key.removeprefix("data/") for key in NAMES]
    assert [item["key"] for item in scene("ls", scene.url(), "-r", "--json").json["items"]] == NAMES


def test_folders_in_a_tree(scene: Scene) -> None:
    """What is behind such a folder is asked for, and what is in it is not listed where it is not shown."""
    assert scene("tree", scene.url()).lines[1:4] == ["└── data/", "    └── big/", "        ├── 0000"]
    scene.fill(BEHIND)
    for words in ([], ["--depth", "2"]):
        lines = scene("tree", *words, scene.url()).lines
        assert [line for line in lines if line[-4:].strip("0123456789")] == [
            scene.url(),
            "├── data/",
            "│   ├── big/",
            "│   └── z",
            "└── end",
            lines[-1],
        ]
        assert len(lines) == (7 if words else 7 + len(NAMES))
