"""``jsobj du``: objects and bytes below a place."""

from __future__ import annotations

from objects_scene import Scene

TREE = {"a": b"1", "a-b": b"22", "a/b": b"333", "a/c/d": b"4444", "n.txt": b"55555", "z/y": b"666666"}


def test_totals(scene: Scene) -> None:
    scene.fill(TREE)
    for key, objects, size in (("", 6, 21), ("a", 3, 8), ("a/", 2, 7), ("a/c", 1, 4), ("a-b", 1, 2)):
        document = scene("du", scene.url(key), "--json").json
        assert document == {"schema": "jsobj.usage/1", "url": scene.url(key), "objects": objects, "bytes": size}
    assert scene("du", scene.url()).lines == [f"Place:   {scene.url()}", "Objects: 6", "Size:    21 B"]


def test_by_folder(scene: Scene) -> None:
    scene.fill(TREE)
    assert scene("du", scene.url(), "--folders").lines == ["7\t2\ta/", "6\t1\tz/", "8\t3\t./", "21\t6\ttotal"]
    document = scene("du", scene.url("a/"), "--folders", "--json").json
    assert document["schema"] == "jsobj.usage-list/1"
    assert [(item["folder"], item["bytes"], item["objects"], item["total"]) for item in document["items"]] == [
        ("c/", 4, 1, False),
        ("./", 3, 1, False),
        (None, 7, 2, True),
    ]


def test_sizes_for_people_also_into_a_pipe(scene: Scene) -> None:
    scene.fill({"a/big": b"x" * 2048})
    assert scene("du", "--human", scene.url()).lines[-1] == "Size:    2 KiB"
    assert scene("du", "--human", "--folders", scene.url()).lines == ["2 KiB\t1\ta/", "2 KiB\t1\ttotal"]


def test_nothing(scene: Scene) -> None:
    assert scene("du", scene.url(), "--json").json["objects"] == 0
    for argv in (("du", scene.url("x/")), ("du", scene.url("x")), ("du", scene.url("x"), "--folders")):
        assert scene(*argv, "--json", code=5).error["reference"] == "object-not-found"


def test_what_matches_a_pattern(scene: Scene) -> None:
    scene.fill({"a.nc": b"1", "raw/b.nc": b"22", "raw/c.txt": b"333"})
    found = scene("du", scene.url("**/*.nc"), "--json").json
    assert (found["objects"], found["bytes"]) == (2, 3)
    assert scene("du", scene.url("ra*"), "--json").json["objects"] == 2
    assert scene("du", scene.url("none*"), "--json", code=5).error["reference"] == "nothing-matches"


def test_several_places_and_their_total(scene: Scene) -> None:
    scene.fill(TREE)
    places = scene.url("z/"), scene.url("a"), scene.url("z/")
    assert scene("du", *places).lines == [f"6\t1\t{places[0]}", f"8\t3\t{places[1]}", "14\t4\ttotal"]
    document = scene("du", *places, "--json").json
    assert document["schema"] == "jsobj.usage-list/1"
    assert [(item["url"], item["total"]) for item in document["items"]] == [
        (places[0], False),
        (places[1], False),
        (None, True),
    ]
    assert scene("du", "--folders", scene.url("a/"), scene.url("z/")).lines == [
        f"4\t1\t{scene.url('a/c/')}",
        f"3\t1\t{scene.url('a/./')}",
        f"6\t1\t{scene.url('z/./')}",
        "13\t3\ttotal",
    ]


def test_a_missing_place_does_not_keep_others_from_being_counted(scene: Scene) -> None:
    scene.fill(TREE)
    done = scene("du", scene.url("nope"), scene.url("z/"), scene.url("none*"), code=5)
    assert done.lines == [f"6\t1\t{scene.url('z/')}", "6\t1\ttotal"]
    assert done.err.count("Failed:") == 2
    assert "[not-all-shown]" in done.err
