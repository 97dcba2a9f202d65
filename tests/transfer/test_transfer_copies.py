"""cp, mv and verify: on the server, through here, and what they refuse."""

from __future__ import annotations

import gzip
import hashlib
import os
from collections.abc import Callable

import pytest
from transfer_scene import GROUNDS, IN_PARTS, PART, TransferScene, sha

SMALL, LARGE = os.urandom(1000), os.urandom(2 * PART + 5)


@pytest.mark.parametrize("verb", ["cp", "mv"])
def test_a_tree_is_copied_on_the_server(anywhere: TransferScene, verb: str) -> None:
    folder = anywhere.write({"a": SMALL, "deep/b": LARGE, "deep/empty": b""})
    anywhere("upload", f"{folder}/", anywhere.url("from/"), *IN_PARTS)
    got = anywhere.summary(verb, anywhere.url("from/"), anywhere.url("to/"), *IN_PARTS)
    assert (got["done"], got["failed"], got["unverified"]) == (3, 0, 0)
    wanted = {"to/a": sha(SMALL), "to/deep/b": sha(LARGE), "to/deep/empty": sha(b"")}
    kept = {key.replace("to/", "from/"): value for key, value in wanted.items()} if verb == "cp" else {}
    assert anywhere.digests() == {**wanted, **kept}
    assert anywhere.unfinished() == []
    anywhere("verify", f"{folder}/", anywhere.url("to/"))


def test_metadata_and_encoding_travel_with_a_copy(over_s3: TransferScene) -> None:
    over_s3.put("packed", gzip.compress(b"text"), ContentEncoding="gzip", ContentType="text/plain")
    over_s3("cp", over_s3.url("packed"), over_s3.url("copy"))
    head = over_s3.head("copy")
    assert (head["ContentEncoding"], head["ContentType"]) == ("gzip", "text/plain")


def test_nothing_is_overwritten_with_no_clobber(over_s3: TransferScene) -> None:
    over_s3.put("new", b"new")
    over_s3.put("old", b"old")
    got = over_s3.summary("cp", over_s3.url("new"), over_s3.url("old"), "--no-clobber")
    assert (got["done"], got["skipped"], over_s3.get("old")) == (0, 1, b"old")
    plan = over_s3("cp", over_s3.url("new"), over_s3.url("old"), "--no-clobber", "--dry-run", "--json").json
    assert [(item["action"], item["reason"]) for item in plan["items"]] == [("skip", "exists already")]
    over_s3("upload", "-", over_s3.url("old"), "--no-clobber", stdin="other")
    assert over_s3.get("old") == b"old"


def test_a_dry_run_copies_nothing(over_s3: TransferScene) -> None:
    over_s3.put("a/b", SMALL)
    plan = over_s3("mv", over_s3.url("a"), over_s3.url("c/"), "--dry-run", "--json").json
    assert [(row["action"], row["item"], row["destination"]) for row in plan["items"]] == [("move", "a/b", "c/a/b")]
    assert over_s3.keys() == ["a/b"]


def test_files_here_are_refused_with_the_command_that_is_meant(over_s3: TransferScene) -> None:
    path = over_s3.write({"file": SMALL}) / "file"
    said = over_s3("cp", path, over_s3.url("x"), "--json", code=2).error
    assert said["hint"].startswith("jsobj upload ")
    moved = over_s3("mv", over_s3.url("x"), path.as_uri(), "--json", code=2).error
    assert (moved["reference"], moved["hint"]) == (
        "copy-is-remote",
        f"jsobj download {over_s3.url('x')} {path.as_uri()}",
    )
    assert "it is local" in over_s3("ls", path.as_uri(), "--json", code=2).error["message"]


def test_one_place_alone_lacks_a_destination(over_s3: TransferScene) -> None:
    error = over_s3("mv", over_s3.url("a b"), "--profile", "demo", "--json", code=2).error
    assert error["message"].startswith("DEST is missing")
    assert error["hint"] == f"jsobj mv '{over_s3.url('a b')}' s3://BUCKET/ --profile demo"
    assert "SOURCE and DEST" in over_s3("cp", "--json", code=2).error["message"]


def test_what_is_not_there_is_not_found(over_s3: TransferScene) -> None:
    error = over_s3("cp", over_s3.url("nothing"), over_s3.url("x"), "--json", code=5).error
    assert error["reference"] == "object-not-found"


@pytest.mark.parametrize("ground", GROUNDS)
@pytest.mark.parametrize("verb", ["cp", "mv"])
def test_the_bucket_that_is_missing_is_named(
    make_scene: Callable[[str], TransferScene], ground: str, verb: str
) -> None:
    scene = make_scene(ground)
    scene.put("raw/a", b"1")
    missing = f"{scene.bucket}-not"
    there = f"{scene.dialect}://{missing}/"
    for source, target in ((scene.url("raw/a"), there), (scene.url("raw/"), there), (f"{there}raw/a", scene.url())):
        said = scene(verb, source, target, code=5).err
        assert f"'{missing}'" in said, said
        assert "bucket-not-found" in said
    assert (
        scene(verb, scene.url("raw/a"), there, "--dry-run", "--json", code=5).error["reference"] == "bucket-not-found"
    )
    assert scene.keys() == ["raw/a"]


def test_verify_tells_same_different_missing_and_extra(over_s3: TransferScene) -> None:
    folder = over_s3.write({"same": LARGE, "other": SMALL, "here": SMALL})
    over_s3("upload", f"{folder}/", over_s3.url("v/"), *IN_PARTS)
    over_s3.put("v/other", os.urandom(1000))
    over_s3.put("v/there", SMALL)
    (folder / "gone").write_bytes(SMALL)
    found = over_s3("verify", f"{folder}/", over_s3.url("v/"), "--json", code=8).json["items"]
    states = {item["item"]: item["state"] for item in found}
    wanted = {"v/same": "same", "v/here": "same", "v/other": "differs", "v/gone": "missing", "v/there": "extra"}
    assert states == wanted


def test_verify_against_a_list_of_digests(over_s3: TransferScene) -> None:
    over_s3("upload", over_s3.write({"file": LARGE}) / "file", over_s3.url("d/large"), *IN_PARTS)
    over_s3.put("d/small", SMALL)
    lines = [f"{hashlib.sha256(LARGE).hexdigest()}  large", f"{hashlib.md5(SMALL).hexdigest()} *./small"]
    sums = over_s3.folder / "SUMS"
    sums.write_text("\n".join(lines) + "\n")
    over_s3("verify", over_s3.url("d/"), "--manifest", sums)
    sums.write_text(f"{'0' * 64}  large\n{'0' * 32}  nowhere\n")
    over_s3("verify", over_s3.url("d/"), "--manifest", sums, code=8)
    sums.write_text("no digest at all\n")
    assert "line 1" in over_s3("verify", over_s3.url("d/"), "--manifest", sums, code=9).err


@pytest.mark.parametrize("verb", ["cp", "mv"])
def test_a_pattern_copies_what_matches(anywhere: TransferScene, verb: str) -> None:
    for key in ("raw/a.nc", "raw/b.nc", "raw/c.txt", "raw/deep.nc/d"):
        anywhere.put(key, key.encode())
    typed = (verb, anywhere.url("raw/*.nc"), anywhere.url("new"))
    plan = anywhere(*typed, "--dry-run", "--json").json["items"]
    planned = {row["item"]: row["destination"] for row in plan}
    assert planned == {"raw/a.nc": "new/a.nc", "raw/b.nc": "new/b.nc", "raw/deep.nc/d": "new/deep.nc/d"}
    assert anywhere.summary(*typed)["done"] == 3
    left = {"raw/c.txt"} if verb == "mv" else {"raw/c.txt", *planned}
    assert set(anywhere.keys()) == {*left, *planned.values()}
    assert anywhere.get("new/a.nc") == b"raw/a.nc"
    assert anywhere(verb, anywhere.url("raw/*.h5"), anywhere.url("x/"), "--json", code=5).error["reference"] == (
        "nothing-matches"
    )


def test_several_sources_go_into_a_folder(anywhere: TransferScene) -> None:
    for key in ("one", "raw/a.nc", "tree/x"):
        anywhere.put(key, key.encode())
    sources = [anywhere.url(key) for key in ("one", "raw/*.nc", "tree")]
    refused = anywhere("cp", *sources, anywhere.url("new"), "--json", code=2).error
    assert refused["reference"] == "destination-not-folder"
    assert anywhere.url("new/") in refused["hint"]
    assert anywhere.summary("cp", *sources, anywhere.url("new/"))["done"] == 3
    assert {"new/one", "new/a.nc", "new/tree/x"} < set(anywhere.keys())


def test_sources_that_meet_are_refused_before_anything_moves(over_s3: TransferScene) -> None:
    for key in ("a/f", "b/f", "c"):
        over_s3.put(key, key.encode())
    for sources in (("c", "a/", "b/f"), ("c", "a/*", "b/*"), ("c", "c"), ("c", "a/f", "a/*"), ("c", "a/", "a/none*")):
        before = over_s3.keys()
        typed = ("mv", *map(over_s3.url, sources), over_s3.url("new/"))
        for option in ("--dry-run", "--progress=none"):
            over_s3(*typed, option, "--json", code=5 if "a/none*" in sources else 2)
        assert over_s3.keys() == before


def test_a_pattern_that_matches_its_own_copies_is_refused(over_s3: TransferScene) -> None:
    over_s3.put("raw/a.nc", b"1")
    error = over_s3("cp", over_s3.url("**.nc"), over_s3.url("new/"), "--json", code=2).error
    assert error["reference"] == "copy-into-itself"
    over_s3("cp", over_s3.url("raw/*.nc"), over_s3.url("raw/new/"))
    assert over_s3.keys() == ["raw/a.nc", "raw/new/a.nc"]


@pytest.mark.parametrize(
    ("sources", "destination"),
    [(["a/"], ""), (["a/a/", "a/"], ""), (["x/a/a*"], "x/"), (["new/old", "old/"], "")],
)
def test_what_would_replace_a_source_that_is_still_to_come_is_refused(
    over_s3: TransferScene, sources: list[str], destination: str
) -> None:
    for key in ("a/x", "a/a/x", "a/a1", "x/a/a/a1", "x/a/a1", "new/old/x", "old/x"):
        over_s3.put(key, key.encode())
    before = over_s3.keys()
    for verb in ("mv", "cp"):
        error = over_s3(verb, *map(over_s3.url, sources), over_s3.url(destination), "--json", code=2).error
        assert error["reference"] in {"copy-into-itself", "sources-meet"}
    assert over_s3.keys() == before
    over_s3("mv", over_s3.url("old/"), over_s3.url())  # upwards, and nothing in the way
    assert over_s3.get("x") == b"old/x"


def test_a_dry_run_shows_what_would_be_refused(over_s3: TransferScene) -> None:
    over_s3.put("a", b"1")
    plan = over_s3("cp", over_s3.url("a"), over_s3.url(), "--dry-run", "--json").json["items"]
    assert [(row["action"], row["reason"]) for row in plan] == [("refuse", "it is the same object")]


def test_includes_that_match_nothing_are_not_found(over_s3: TransferScene) -> None:
    over_s3.put("raw/a", b"1")
    for option in ("--dry-run", "--no-clobber"):
        typed = (over_s3.url("raw/"), over_s3.url("new/"), "--include", "*.nc", option, "--json")
        assert over_s3("cp", *typed, code=5).error["reference"] == "nothing-matches"
