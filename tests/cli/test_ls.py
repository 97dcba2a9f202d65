"""``jsobj ls``: buckets, one level, everything; while it comes, and in both dialects alike."""

from __future__ import annotations

import subprocess

import pytest
from commands import Jsobj
from fixtures_cloud import SEGMENTS, Cloud
from objects_scene import Scene, md5

TREE = {
    "a": b"1",
    "a-b": b"22",
    "a/b": b"333",
    "a/c/d": b"4444",
    "b.txt": b"55555",
    "x//y": b"666666",
}
ODD = ("sp ace", "per%cent", "pl+us", "ünï-📦", "esc\x1b[31m", "new\nline", "tab\tbed", "-rf", "q?uery#x", "'quote\"")


def keys(document: dict[str, object]) -> list[str]:
    items = document["items"]
    assert isinstance(items, list)
    return [item["key"] for item in items]


def test_one_level(scene: Scene) -> None:
    scene.fill(TREE)
    for url in (scene.url(), scene.url().rstrip("/"), f"{scene.dialect}://{scene.bucket}"):
        assert scene("ls", url).lines == ["a", "a-b", "a/", "b.txt", "x/"]
    assert scene("ls", scene.url("a/")).lines == ["b", "c/"]
    assert scene("ls", scene.url("x/")).lines == ["/"]


def test_a_name_is_the_object_or_else_the_folder_and_never_what_begins_alike(scene: Scene) -> None:
    scene.fill(TREE)
    assert scene("ls", scene.url("a")).lines == ["a"]
    assert scene("ls", scene.url("a/c")).lines == ["d"]
    assert scene("ls", scene.url("a/b")).lines == ["b"]
    assert scene("ls", scene.url("b.tx"), "--json", code=5).error["reference"] == "object-not-found"


def test_everything_below(scene: Scene) -> None:
    scene.fill(TREE)
    assert scene("ls", scene.url(), "-r").lines == list(TREE)
    assert scene("ls", scene.url("a"), "-r").lines == ["a", "a/b", "a/c/d"]
    assert scene("ls", scene.url("a/"), "-r").lines == ["b", "c/d"]


def test_json_has_whole_keys_sizes_and_digests(scene: Scene) -> None:
    scene.fill(TREE)
    document = scene("ls", scene.url("a/"), "--json").json
    assert document["schema"] == "jsobj.object-list/1"
    found, folder = document["items"]
    assert folder == {"type": "prefix", "key": "a/c/", "url": scene.url("a/c/")}
    assert (found["type"], found["key"], found["url"], found["size"]) == ("object", "a/b", scene.url("a/b"), 3)
    assert found["etag"] == md5(b"333")
    assert found["modified"].endswith("Z")
    assert keys(scene("ls", scene.url(), "-r", "--json").json) == list(TREE)


def test_long(scene: Scene) -> None:
    scene.fill({"a/b": b"333", "c": b"x" * 2048})
    folder, file = scene("ls", scene.url(), "-l").lines
    assert folder == "\t\ta/"
    size, moment, name = file.split("\t")
    assert (size, name) == ("2048", "c")
    assert moment.endswith("Z")
    with scene.jsobj.terminal("ls", scene.url(), "-l") as child:
        child.expect(r"  2 KiB  20\d\d-\d\d-\d\d \d\d:\d\d UTC  c\r\n")


def test_sizes_for_people_also_into_a_pipe(scene: Scene) -> None:
    scene.fill({"big": b"x" * 2048})
    for words in (["-lh"], ["-hl"], ["-l", "--human"], ["-rlh"]):
        assert scene("ls", *words, scene.url()).out.partition("\t")[0] == "2 KiB"
    assert scene("ls", "-l", scene.url()).out.partition("\t")[0] == "2048"
    assert scene("ls", "-h").out.startswith("Usage: jsobj ls")


def test_b085_odd_names_are_shown_escaped_and_kept_exactly(scene: Scene) -> None:
    scene.fill(dict.fromkeys(ODD, b"x"))
    shown = scene("ls", scene.url())
    assert "\x1b" not in shown.out
    assert "esc\\x1b[31m" in shown.lines
    assert len(shown.lines) == len(ODD)
    assert keys(scene("ls", scene.url(), "--json").json) == sorted(ODD, key=str.encode)
    for key in ODD:
        assert keys(scene("ls", scene.url(key), "--json").json) == [key]


def test_an_empty_bucket_is_no_error_and_an_empty_place_is_one(scene: Scene) -> None:
    done = scene("ls", scene.url())
    assert done.out == ""
    assert "is empty" in done.err
    assert scene("ls", scene.url(), "--json").json == {"schema": "jsobj.object-list/1", "items": []}
    for url in (scene.url("nothing/"), scene.url("nothing")):
        refused = scene("ls", url, "--json", code=5)
        assert refused.error["reference"] == "object-not-found"
        assert refused.out == ""


def test_no_such_bucket(scene: Scene) -> None:
    error = scene("ls", f"{scene.dialect}://{scene.bucket}-not", "--json", code=5).error
    assert error["reference"] == "bucket-not-found"


def test_buckets(scene: Scene) -> None:
    there = {item["name"] for item in scene.swift.get_account(full_listing=True)[1]}
    if scene.dialect == "s3":  # which shows no name that it would not allow, and so no container of segments
        there = {name for name in there if not name.endswith(SEGMENTS)}
    assert set(scene("ls", f"{scene.dialect}://").lines) == there
    document = scene("ls", f"{scene.dialect}://", "--json").json
    assert document["schema"] == "jsobj.bucket-list/1"
    mine = next(item for item in document["items"] if item["name"] == scene.bucket)
    assert mine["dialect"] == scene.dialect
    if scene.dialect == "swift":
        assert (mine["objects"], mine["bytes"]) == (0, 0)
        assert f"0\t\t{scene.bucket}" in scene("ls", "swift://", "-l").lines
    else:
        assert mine["created"] is None  # Swift's s3api gives the same made-up date for every bucket


def test_no_place_at_all_means_the_buckets(keyed: Jsobj, member: Jsobj) -> None:
    assert keyed("ls", "--json").json["schema"] == "jsobj.bucket-list/1"


def test_without_keys_the_swift_api_serves(member: Jsobj, cloud: Cloud, name: str) -> None:
    member("bucket", "create", name)
    assert name in member("ls").lines
    assert member("ls", name).lines == []
    assert member("ls", f"s3://{name}", "--json", code=4).error["reference"] == "no-s3-keys"


def test_b134_head_ends_it_quietly(scene: Scene) -> None:
    scene.fill({f"{number:03}{'x' * 900}": b"1" for number in range(120)})  # more than a pipe holds
    command = scene.jsobj.command("ls", scene.url(), "-v")
    with subprocess.Popen(
        command, env=scene.jsobj.environment(), stdout=subprocess.PIPE, stderr=subprocess.PIPE
    ) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        assert process.stdout.readline().startswith(b"000xxx")
        process.stdout.close()
        said = process.stderr.read().decode()
        assert process.wait(60) == 0
    assert "Traceback" not in said
    assert "Error" not in said


@pytest.mark.parametrize("scene", ["s3"], indirect=True)
def test_another_endpoint_than_the_profiles(scene: Scene, cloud: Cloud) -> None:
    scene.fill({"x": b"1"})
    config = scene.jsobj.config.read_text()
    scene.jsobj.config.write_text(config.replace(cloud.s3_endpoint, "http://127.0.0.1:9"))
    assert scene("ls", scene.url(), "--json", code=7).error["reference"] == "endpoint-unreachable"
    assert scene("ls", scene.url(), "--endpoint", cloud.s3_endpoint).lines == ["x"]
    refused = scene("ls", scene.url(), "--endpoint", cloud.swift_url, "--json", code=2).error
    assert refused["reference"] == "endpoint-is-swift"
    assert cloud.s3_endpoint in refused["hint"]


# Public data.


@pytest.fixture(name="public")
def _public(scene: Scene) -> Scene:
    scene.fill({"data.csv": b"1,2,3\n"})
    scene.swift.post_container(scene.bucket, {"X-Container-Read": ".r:*,.rlistings"})
    return scene


@pytest.mark.parametrize("scene", ["swift"], indirect=True)
def test_public_data_over_swift_without_any_login(public: Scene, jsobj: Jsobj, cloud: Cloud) -> None:
    newcomer = Jsobj(jsobj.home / "newcomer", ())
    url = f"swift://{public.bucket}"
    assert newcomer("ls", url, "--no-sign-request", "--endpoint", cloud.swift_url).lines == ["data.csv"]
    plain = newcomer("cat", f"{public.bucket}/data.csv", "--no-sign-request", "--endpoint", cloud.swift_url)
    assert plain.out == "1,2,3\n"
    env = {"OS_STORAGE_URL": cloud.swift_url}
    assert newcomer("ls", url, "--no-sign-request", env=env).lines == ["data.csv"]
    assert newcomer("ls", url, "--no-sign-request", "--json", code=2).error["reference"] == "endpoint-missing"
    assert newcomer("ls", url, "--json", code=4).error["reference"] == "not-logged-in"
    assert newcomer("ls", "--no-sign-request", "--json", code=2).error["reference"] == "usage"


@pytest.mark.parametrize("scene", ["swift"], indirect=True)
def test_private_data_stay_private(scene: Scene, jsobj: Jsobj, cloud: Cloud) -> None:
    scene.fill({"data.csv": b"1,2,3\n"})
    newcomer = Jsobj(jsobj.home / "newcomer", ())
    argv = ("--no-sign-request", "--endpoint", cloud.swift_url, "--json")
    error = newcomer("ls", f"swift://{scene.bucket}", *argv, code=4).error
    assert error["reference"] == "not-public"


def test_names_that_are_none(keyed: Jsobj) -> None:
    for text in ("s3:///key", "S3://b", "s3:/b", "gcs://b"):
        assert keyed("ls", text, "--json", code=2).error["hint"]


def test_what_matches_a_pattern(scene: Scene) -> None:
    scene.fill(TREE)
    assert scene("ls", scene.url("a*")).lines == ["a", "a-b", "a/"]
    assert scene("ls", scene.url("a/*")).lines == ["b", "c/"]
    assert scene("ls", scene.url("**/{b,d}")).lines == ["a/b", "a/c/d"]
    assert scene("ls", "-r", scene.url("a/c*")).lines == ["c/d"]
    assert keys(scene("ls", scene.url("*.txt"), "--json").json) == ["b.txt"]
    error = scene("ls", scene.url("none*"), "--json", code=5).error
    assert error["reference"] == "nothing-matches"
    scene.fill({"w*": b"1", "wide": b"2"})
    assert scene("ls", scene.url("w*")).lines == ["w*"]  # the object of exactly this name


def test_several_places(scene: Scene) -> None:
    scene.fill(TREE)
    places = scene.url("b.txt"), scene.url("a/")
    assert scene("ls", *places).lines == [scene.url(key) for key in ("b.txt", "a/b", "a/c/")]
    assert scene("ls", "-l", *places).lines[0].split("\t")[2] == scene.url("b.txt")
    document = scene("ls", "-r", *places, "--json").json
    assert document["schema"] == "jsobj.object-list/1"
    assert [item["url"] for item in document["items"]] == [scene.url(key) for key in ("b.txt", "a/b", "a/c/d")]
    with scene.jsobj.terminal("ls", *places) as child:
        child.expect_exact(f"{places[0]}:\r\nb.txt\r\n\r\n{places[1]}:\r\nb\r\nc/\r\n")


def test_a_missing_place_does_not_keep_others_from_being_listed(scene: Scene) -> None:
    scene.fill(TREE)
    elsewhere = f"{scene.dialect}://{scene.bucket}-not"
    done = scene("ls", scene.url("nope"), scene.url("a/c/"), elsewhere, scene.url("*.txt"), "--json", code=5)
    assert keys(done.json) == ["a/c/d", "b.txt"]
    assert done.error["reference"] == "not-all-shown"
    assert done.error["message"].startswith("2 places")
    assert "[object-not-found]" in done.err
    assert "[bucket-not-found]" in done.err


def test_a_mistyped_bucket_among_several(scene: Scene) -> None:
    scene.fill(TREE)
    done = scene("ls", f"{scene.dialect}://{scene.bucket}x/", scene.url("a/c/"), code=5)
    assert done.lines == [scene.url("a/c/d")]
    assert f"did you mean '{scene.bucket}'" in done.err


def test_a_failure_is_told_at_its_place_on_a_terminal(scene: Scene) -> None:
    scene.fill(TREE)
    with scene.jsobj.terminal("ls", scene.url("a/"), scene.url("nope"), scene.url("a/c/")) as child:
        child.expect_exact(f"{scene.url('a/')}:\r\nb\r\nc/\r\n")
        child.expect_exact("there is nothing at")
        child.expect_exact(f"\r\n\r\n{scene.url('a/c/')}:\r\nd\r\n")


def test_all_buckets_go_alone(scene: Scene) -> None:
    error = scene("ls", scene.url(), f"{scene.dialect}://", "--json", code=2).error
    assert "goes alone" in error["message"]


def test_in_another_order(scene: Scene) -> None:
    scene.fill({"a": b"22", "b": b"1", "c": b"333", "dir/x": b"4444"})
    for words, wanted in (
        (["--sort", "size"], ["c", "a", "b", "dir/"]),
        (["--sort", "size", "--reverse"], ["dir/", "b", "a", "c"]),
        (["--reverse"], ["dir/", "c", "b", "a"]),
        (["--sort", "name"], ["a", "b", "c", "dir/"]),
        (["-r", "--sort", "size"], ["dir/x", "c", "a", "b"]),
    ):
        assert scene("ls", *words, scene.url()).lines == wanted
        assert keys(scene("ls", *words, scene.url(), "--json").json) == wanted
    plain = {item["key"]: item for item in scene("ls", "-r", scene.url(), "--json").json["items"]}
    for item in scene("ls", "-r", "--sort", "time", scene.url(), "--json").json["items"]:
        assert item == plain[item["key"]]
    assert scene("ls", "--sort", "size", scene.url("none"), code=5).out == ""


def test_a_total(scene: Scene) -> None:
    scene.fill({"a": b"22", "b": b"1" * 2048, "dir/x": b"4444"})
    assert scene("ls", "--total", scene.url()).lines == ["a", "b", "dir/", "2050\t2\ttotal"]
    assert scene("ls", "--total", "--human", scene.url()).lines[-1] == "2 KiB\t2\ttotal"
    document = scene("ls", "--total", scene.url(), scene.url("dir/"), "--json").json
    assert document["total"] == {"objects": 3, "folders": 1, "bytes": 2054}
    assert len(document["items"]) == 4
    with scene.jsobj.terminal("ls", "--total", scene.url()) as child:
        child.expect_exact("dir/\r\ntotal: 2 objects, 1 folder, 2 KiB\r\n")


def test_buckets_in_another_order_and_their_total(scene: Scene) -> None:
    place = f"{scene.dialect}://"
    there = scene("ls", place).lines
    assert scene("ls", place, "--reverse").lines == there[::-1]
    assert scene("ls", place, "--total", "--json").json["total"]["buckets"] == len(there)
    scene.fill({"x": bytes(5000)})
    sizes = [item["bytes"] or 0 for item in scene("ls", place, "--sort", "size", "--json").json["items"]]
    assert sizes == sorted(sizes, reverse=True)
