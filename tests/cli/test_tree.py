"""``jsobj tree``: a listing as tree(1) draws one."""

from __future__ import annotations

import pytest
from objects_scene import Scene

TREE = {
    "a": b"1",
    "a-b": b"22",
    "a/b": b"333",
    "a/c/d": b"4444",
    "b.txt": b"5" * 2048,
    "marker/": b"",
    "marker/m": b"7",
    "x//y": b"666666",
}


def test_the_drawing(scene: Scene) -> None:
    scene.fill(TREE)
    assert scene("tree", scene.url()).lines == [
        scene.url(),
        "├── a",
        "├── a-b",
        "├── a/",
        "│   ├── b",
        "│   └── c/",
        "│       └── d",
        "├── b.txt",
        "├── marker/",
        "│   └── m",
        "└── x/",
        "    └── /",
        "        └── y",
        "",
        "7 objects, 5 folders, 2.02 KiB",
    ]


@pytest.mark.parametrize(
    ("key", "drawn"),
    [
        ("a/", ["├── b", "└── c/", "    └── d"]),
        ("a/c", ["└── d"]),
        ("a", ["├── a", "└── a/", "    ├── b", "    └── c/", "        └── d"]),
        ("a-b", ["└── a-b"]),
        ("**/{b,d}", ["└── a/", "    ├── b", "    └── c/", "        └── d"]),
        ("*.txt", ["└── b.txt"]),
    ],
)
def test_a_part(scene: Scene, key: str, drawn: list[str]) -> None:
    scene.fill(TREE)
    assert scene("tree", scene.url(key)).lines[1:-2] == drawn


def test_so_many_levels(scene: Scene) -> None:
    scene.fill(TREE)
    lines = scene("tree", scene.url(), "--depth", "1").lines
    assert lines[1:] == ["├── a", "├── a-b", "├── a/", "├── b.txt", "├── marker/", "└── x/", "", *lines[-1:]]
    assert lines[-1] == "3 objects, 3 folders, 2 KiB"
    document = scene("tree", scene.url(), "--depth", "2", "--json").json
    assert document["schema"] == "jsobj.object-list/1"
    levels = [(item["type"], item["key"], item["depth"]) for item in document["items"]]
    assert levels[2:5] == [("prefix", "a/", 1), ("object", "a/b", 2), ("prefix", "a/c/", 2)]
    assert document["items"][0]["size"] == 1
    assert document["total"] == {"objects": 5, "folders": 5, "bytes": 1 + 2 + 3 + 2048 + 1}


def test_sizes(scene: Scene) -> None:
    scene.fill({"a/x": b"1" * 2048})
    assert scene("tree", "-l", scene.url()).lines[1:3] == ["└── a/", "    └── [      2048]  x"]
    assert scene("tree", "-lh", scene.url()).lines[2] == "    └── [     2 KiB]  x"
    with scene.jsobj.terminal("tree", "-l", scene.url(), env={"LANG": "C.UTF-8"}) as child:
        child.expect_exact(f"{scene.url()}\r\n└── a/\r\n    └── [     2 KiB]  x\r\n\r\n1 object, 1 folder, 2 KiB\r\n")


def test_plain_letters_where_there_are_no_others(scene: Scene) -> None:
    scene.fill({"a/x": b"1", "esc\x1b[31m": b""})
    env = {"LC_ALL": "C", "PYTHONCOERCECLOCALE": "0", "PYTHONUTF8": "0"}
    done = scene.jsobj.process("tree", scene.url(), env=env)
    assert done.lines[1:4] == ["|-- a/", "|   `-- x", "`-- esc\\x1b[31m"]


def test_nothing(scene: Scene) -> None:
    done = scene("tree", scene.url())
    assert "is empty" in done.err
    assert scene("tree", scene.url(), "--json").json["items"] == []
    assert scene("tree", scene.url("nope/"), "--json", code=5).error["reference"] == "object-not-found"
    assert scene("tree", scene.url("*.nc"), "--json", code=5).error["reference"] == "nothing-matches"
    assert scene("tree", scene.url("a"), "--depth", "0", "--json", code=2).error["reference"] == "usage"
