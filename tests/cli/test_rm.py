"""``jsobj rm``: exactly what was meant, after a question, and failures one by one."""

from __future__ import annotations

import json

import pexpect
import pytest
from commands import Jsobj
from fixtures_cloud import Cloud
from objects_scene import Scene

TREE = {"a": b"1", "a-b": b"22", "a/b": b"333", "a/c/d": b"4444", "ab/x": b"5", "z": b"6"}


def test_one(scene: Scene) -> None:
    scene.fill(TREE)
    done = scene("rm", scene.url("a"))
    assert (done.out, done.err) == ("", f"Deleted {scene.url('a')}\n")
    assert scene.names() == ["a-b", "a/b", "a/c/d", "ab/x", "z"]
    document = scene("rm", scene.url("z"), "--json").json
    assert (document["schema"], document["url"]) == ("jsobj.object-deleted/1", scene.url("z"))
    assert "z" not in scene.names()


def test_several_of_which_some_are_not_there(scene: Scene) -> None:
    scene.fill(TREE)
    done = scene("rm", *map(scene.url, ("a", "nope", "z")), "--json", code=3)
    assert scene.names() == ["a-b", "a/b", "a/c/d", "ab/x"]
    document = json.loads(done.out)
    assert (document["schema"], document["verb"]) == ("jsobj.transfer/1", "delete")
    assert (document["done"], document["failed"]) == (2, 1)
    assert document["failures"][0]["reference"] == "object-not-found"
    assert document["failures"][0]["item"] == scene.url("nope")
    assert done.error["reference"] == "not-all-deleted"
    assert f"Failed: there is no object {scene.url('nope')}" in done.err


def test_a_mistyped_name_is_told(scene: Scene) -> None:
    scene.fill(TREE)
    assert scene("rm", scene.url("nope"), "--json", code=5).error["reference"] == "object-not-found"
    error = scene("rm", scene.url("ab"), "--json", code=5).error
    assert error["reference"] == "object-is-prefix"
    assert f"jsobj rm -r {scene.url('ab/')}" in error["hint"]
    missing = f"{scene.dialect}://{scene.bucket}-not/x"
    assert scene("rm", missing, "--json", code=5).error["reference"] == "bucket-not-found"
    assert scene.names() == sorted(TREE)


def test_without_recursive_only_objects(scene: Scene) -> None:
    scene.fill(TREE)
    for url in (scene.url(), scene.url("a/")):
        assert scene("rm", url, "--yes", "--json", code=2).error["reference"] == "location-grammar"
    assert scene.names() == sorted(TREE)


@pytest.mark.parametrize(
    ("key", "left"),
    [
        ("a", ["a-b", "ab/x", "z"]),
        ("a/", ["a", "a-b", "ab/x", "z"]),
        ("a/c", ["a", "a-b", "a/b", "ab/x", "z"]),
        ("", []),
    ],
)
def test_recursive_never_takes_what_only_begins_alike(scene: Scene, key: str, left: list[str]) -> None:
    scene.fill(TREE)
    plan = scene("rm", "-r", scene.url(key), "--dry-run").lines
    assert scene.names() == sorted(TREE)
    assert plan == [scene.url(name) for name in TREE if name not in left]
    done = scene("rm", "-r", scene.url(key), "--yes", "--json").json
    assert (done["done"], done["failed"]) == (len(TREE) - len(left), 0)
    assert scene.names() == left


def test_what_matches_is_deleted_and_folders_are_named(scene: Scene) -> None:
    scene.fill(TREE)
    plan = scene("rm", scene.url("a*"), "--dry-run")
    assert (plan.lines, scene.names()) == ([scene.url("a"), scene.url("a-b")], sorted(TREE))
    for said in (plan.err, scene("rm", scene.url("a*"), "--yes").err):
        assert all(f"the folder {scene.url(folder)} is left alone" in said for folder in ("a/", "ab/"))
    assert scene.names() == ["a/b", "a/c/d", "ab/x", "z"]
    assert scene("rm", scene.url("a*"), "--yes", "--json", code=5).error is not None
    scene("rm", "-r", scene.url("a?"), "--yes")
    assert scene.names() == ["a/b", "a/c/d", "z"]
    assert scene("rm", scene.url("**/d"), "--json", code=2).error["reference"] == "confirmation-needed"
    scene("rm", scene.url("**/[bd]"), "--yes")
    assert scene.names() == ["z"]


@pytest.mark.parametrize("dry", [(), ("--dry-run",)])
def test_a_dry_run_looks_at_what_is_there(scene: Scene, dry: tuple[str, ...]) -> None:
    scene.fill(TREE)
    for key, reference in (("nope", "object-not-found"), ("ab", "object-is-prefix"), ("x*", "nothing-matches")):
        refused = scene("rm", scene.url(key), "--yes", *dry, "--json", code=5)
        assert (refused.out, refused.error["reference"]) == ("", reference)
    refused = scene("rm", *map(scene.url, ("nope", "x*", "z")), "--yes", *dry, code=3)
    failed = [line for line in refused.err.splitlines() if line.startswith("Failed: ")]
    assert [scene.url(key) in line for key, line in zip(("nope", "x*"), failed, strict=True)] == [True, True]
    assert f"2 of 3 objects {'would' if dry else 'could'} not be deleted" in refused.err
    assert scene.names() == [key for key in sorted(TREE) if dry or key != "z"]


def test_a_name_with_a_wildcard_in_it_comes_before_what_it_matches(scene: Scene) -> None:
    scene.fill({"a[1].nc": b"1", "a1.nc": b"2", "*": b"3"})
    scene("rm", scene.url("a[1].nc"))
    scene("rm", scene.url("*"))
    assert scene.names() == ["a1.nc"]


def test_dry_run_as_a_document(scene: Scene) -> None:
    scene.fill(TREE)
    document = scene("rm", "-r", scene.url("a/"), "--dry-run", "--json").json
    assert document["schema"] == "jsobj.delete-plan/1"
    assert document["items"][0] == {"url": scene.url("a/b"), "key": "a/b", "size": 3}


def test_recursive_on_nothing(scene: Scene) -> None:
    assert scene("rm", "-r", scene.url("x/"), "--yes", "--json", code=5).error["reference"] == "object-not-found"
    assert scene("rm", "-r", scene.url("x/"), "--dry-run", "--json", code=5).out == ""
    assert scene("rm", "-r", scene.url(), "--yes", "--json").json["done"] == 0


def test_recursive_asks_and_deletes_nothing_unasked(scene: Scene) -> None:
    scene.fill(TREE)
    error = scene("rm", "-r", scene.url(), "--json", code=2).error
    assert error["reference"] == "confirmation-needed"
    assert "--yes" in error["hint"]
    assert scene.names() == sorted(TREE)
    for answer, code in (("n", 6), ("y", 0)):
        with scene.jsobj.terminal("rm", "-r", scene.url("a/")) as child:
            child.expect("Delete 2 object.*y/N")
            child.sendline(answer)
            child.expect(pexpect.EOF)
            child.wait()
            assert child.exitstatus == code
    assert scene.names() == ["a", "a-b", "ab/x", "z"]


def test_many(scene: Scene) -> None:
    scene.fill({f"d/{number}": b"" for number in range(120)})
    assert scene("rm", "-r", scene.url("d/"), "--yes", "--json").json["done"] == 120
    assert scene.names() == []


def test_b085_odd_names(scene: Scene) -> None:
    odd = ["sp ace", "per%41cent", "pl+us", "ünï", "esc\x1b[31m", "new\nline", "-rf", "q?x#y", "a//b"]
    scene.fill(dict.fromkeys(odd, b"x"))
    said = scene("rm", *map(scene.url, odd)).err
    assert "\x1b" not in said
    assert scene.names() == []


@pytest.mark.parametrize("scene", ["swift"], indirect=True)
def test_who_may_not_write_deletes_nothing(jsobj: Jsobj, cloud: Cloud, scene: Scene) -> None:
    scene.fill(TREE)
    reader = Jsobj(jsobj.home / "reader", ())
    reader("login", cloud.rc("openrc-reader"), "--password-stdin", stdin=cloud.rc("password-reader"))
    assert reader("rm", scene.url("a"), "--json", code=6).error["hint"]
    error = reader("rm", scene.url("a"), scene.url("z"), "--json", code=6).error
    assert error["reference"] == "not-all-deleted"
    assert scene.names() == sorted(TREE)
