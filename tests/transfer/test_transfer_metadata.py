"""Metadata and headers that the user wants kept with what is sent; the witnesses are boto3 and python-swiftclient."""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import Any
from urllib.parse import unquote

import pytest
import swiftclient
from fixtures_cloud import Cloud
from meddler import Answer, Passing, meddling
from transfer_scene import GROUNDS, IN_PARTS, PART, RGW_S3, RGW_SWIFT, SWIFT_API, SWIFT_S3, TransferScene, aged

MakeScene = Callable[[str], TransferScene]
METADATA = {"run": "42", "a.b-c": "two  blanks, and = signs"}
DISPOSITION = "attachment; filename=\"x y.txt\"; filename*=UTF-8''%C3%BC.txt"
HEADERS = {"cache-control": "max-age=3600, public", "content-disposition": DISPOSITION, "content-language": "de"}
WORDS = (
    *(word for name, value in METADATA.items() for word in ("--metadata", f"{name}={value}")),
    *(word for name, value in HEADERS.items() for word in (f"--{name}", value)),
)


def seen(scene: TransferScene, key: str) -> tuple[dict[str, str], dict[str, str]]:
    """What boto3 sees: the user's metadata, and the headers; what jsobj keeps for itself must be there too."""
    head = scene.head(key)
    metadata = dict(head["Metadata"])
    assert float(metadata.pop("mtime")) > 1e9
    metadata.pop("jsobj-part-size", None)
    headers = head["ResponseMetadata"]["HTTPHeaders"]
    return metadata, {name: headers.get(name, "") for name in HEADERS}


def shown(scene: TransferScene, key: str) -> tuple[dict[str, str], dict[str, str]]:
    """What ``jsobj stat`` says."""
    document = scene("stat", scene.url(key), "--json").json
    metadata = {n: v for n, v in document["metadata"].items() if n not in {"mtime", "jsobj-part-size"}}
    return metadata, {name: document[name.replace("-", "_")] for name in HEADERS}


@pytest.mark.parametrize("ground", GROUNDS)
def test_all_of_it_is_kept(make_scene: MakeScene, cloud: Cloud, ground: str) -> None:
    scene = make_scene(ground)
    tree = scene.write({"small.txt": b"0123456789", "large.txt": os.urandom(PART + 7)})
    assert scene.summary("upload", f"{tree}/", scene.url(), *IN_PARTS, *WORDS)["done"] == 2
    for key in ("small.txt", "large.txt"):
        assert seen(scene, key) == shown(scene, key) == (METADATA, HEADERS)
        assert scene.head(key)["ContentType"] == "text/plain"
        if ground in {SWIFT_S3, SWIFT_API}:
            token = cloud.keystone_token("alice")
            theirs = swiftclient.Connection(preauthurl=cloud.swift_url, preauthtoken=token).head_object(
                scene.bucket, key
            )
            assert {name: theirs[f"x-object-meta-{name}"] for name in METADATA} == METADATA
            assert {name: theirs[name] for name in HEADERS} == {n: unquote(value) for n, value in HEADERS.items()}
    text = scene("stat", scene.url("small.txt")).out
    assert "Cache-Control:       max-age=3600, public" in text
    assert "Metadata run:        42" in text

    scene("cp", scene.url("small.txt"), scene.url("copied"))
    scene("cp", scene.url("large.txt"), scene.url("large copied"))
    scene("mv", scene.url("small.txt"), scene.url("moved"))
    for key in ("copied", "large copied", "moved"):
        assert seen(scene, key) == (METADATA, HEADERS)

    scene("download", scene.url("moved"), "back.txt")
    assert (scene.folder / "back.txt").read_bytes() == b"0123456789"


@pytest.mark.parametrize("ground", [SWIFT_API, RGW_SWIFT])
def test_a_copy_through_this_computer_keeps_it(make_scene: MakeScene, ground: str) -> None:
    scene = make_scene(ground)
    path = scene.write({"a": b"0123456789"}) / "a"
    scene("upload", path, scene.url("a"), *WORDS)
    other = make_scene({SWIFT_API: SWIFT_S3, RGW_SWIFT: RGW_S3}[ground])
    profile = {"AWS_PROFILE": "demo", "AWS_SHARED_CREDENTIALS_FILE": str(other.jsobj.credentials)}
    profile["AWS_CONFIG_FILE"] = str(other.jsobj.config)
    scene("cp", scene.url("a"), f"s3://{other.bucket}/b", env=profile)
    assert seen(other, "b") == (METADATA, HEADERS)


def test_a_copy_that_cannot_keep_it_is_told_and_a_move_leaves_the_source(make_scene: MakeScene) -> None:
    """Swift's S3 keeps ``run_id``; over its own API there is no such name."""
    scene, other = make_scene(SWIFT_API), make_scene(SWIFT_S3)
    profile = {"AWS_PROFILE": "demo", "AWS_SHARED_CREDENTIALS_FILE": str(other.jsobj.credentials)}
    profile["AWS_CONFIG_FILE"] = str(other.jsobj.config)
    other.put("a", b"0123456789", Metadata={"run_id": "42", "run": "1"})
    told = scene("cp", f"s3://{other.bucket}/a", scene.url("a"), "--quiet", env=profile).err
    assert told.startswith(f"Warning: {scene.url('a')} has not the metadata of its source")
    assert "'run_id'" in told
    assert scene.head("a")["Metadata"] == {"run": "1"}
    refused = scene("mv", f"s3://{other.bucket}/a", scene.url("b"), env=profile, code=6).err
    assert "[metadata-not-kept]" in refused
    assert "the source was not deleted" in refused
    assert other.keys() == ["a"]


def test_a_large_object_without_a_type_has_none_that_is_wrong(over_s3: TransferScene, make_scene: MakeScene) -> None:
    for scene in (over_s3, make_scene(SWIFT_S3)):
        path = scene.write({"large": os.urandom(PART + 7)}) / "large"
        scene("upload", path, scene.url("large"), *IN_PARTS, "--processes", "2", "--metadata", "run=1")
        assert scene.head("large")["ContentType"].endswith("/octet-stream")
        assert seen(scene, "large")[0] == {"run": "1"}


def test_what_has_other_metadata_is_sent_again(transfer: TransferScene) -> None:
    tree = aged(transfer.write({"small.txt": b"0123456789", "large": os.urandom(PART + 7)}))
    words: tuple[Any, ...] = ("upload", f"{tree}/", transfer.url(), *IN_PARTS)

    def run(*more: str) -> tuple[int, int]:
        found = transfer.summary(*words, *more)
        assert found["skipped"] == found["same"]
        return found["done"], found["same"]

    def planned(*more: str) -> set[tuple[str, str]]:
        items = transfer(*words, *more, "--dry-run", "--json").json["items"]
        return {(item["action"], item["reason"]) for item in items}

    assert run("--metadata", "run=1") == (2, 0)
    assert run() == run("--metadata", "run=1") == (0, 2)
    assert run("--metadata", "Run=1", "--check", "size", "--content-type", "a/b") == (2, 0)
    other = ("--metadata", "run=2", "--cache-control", "no-store")
    assert planned(*other) == {("upload", "differs, or has other metadata")}
    assert run(*other) == (2, 0)
    assert {reason for _, reason in planned(*other)} == {"unchanged since it was sent"}
    assert run("--metadata", "run=2") == run("--cache-control", "no-store") == (0, 2)  # what is asked for is there
    assert transfer.head("large")["Metadata"]["run"] == "2"
    assert run("--metadata", "run=1") == (2, 0)  # what was known of the files when they were sent so does not count
    assert transfer.head("large")["Metadata"]["run"] == "1"
    sized = transfer.summary(*words, "--metadata", "run=1", "--check", "size")
    assert (sized["skipped"], sized["same"]) == (2, 0)
    left = transfer.summary(*words, "--metadata", "run=3", "--no-clobber")
    assert (left["skipped"], left["same"]) == (2, 0)


def test_the_same_content_with_other_metadata_seen_from_another_home(transfer: TransferScene) -> None:
    """No fingerprint: the bytes are compared, and then the metadata."""
    tree = transfer.write({"a.txt": b"0123456789"})
    transfer.put("a.txt", b"0123456789", Metadata={"run": "1", "more": "x"})
    words: tuple[Any, ...] = ("upload", f"{tree}/", transfer.url())
    assert transfer.summary(*words, "--metadata", "run=1")["same"] == 1
    assert transfer.summary(*words, "--metadata", "run=2")["done"] == 1


@pytest.mark.parametrize("ground", GROUNDS)
@pytest.mark.parametrize("size", [10, PART + 7])
def test_standard_input(make_scene: MakeScene, ground: str, size: int) -> None:
    scene = make_scene(ground)
    path = scene.write({"data": os.urandom(size)}) / "data"
    scene("upload", "-", scene.url("x"), *IN_PARTS, *WORDS, "--content-encoding", "identity", stdin=path)
    document = scene("stat", scene.url("x"), "--json").json
    assert (document["metadata"].items() >= METADATA.items(), document["size"]) == (True, size)
    assert document["content_encoding"] == "identity"
    assert shown(scene, "x") == (METADATA, HEADERS)


def test_compressed_files_keep_it(transfer: TransferScene) -> None:
    path = aged(transfer.write({"table.csv": b"1,2,3\n" * 1000}) / "table.csv")
    transfer("upload", path, transfer.url("x"), *WORDS, "--compress", "gzip")
    assert transfer.head("x")["ContentEncoding"] == "gzip"
    assert seen(transfer, "x") == (METADATA, HEADERS)
    again = transfer.summary("upload", path, transfer.url("x"), *WORDS, "--compress", "gzip")
    assert (again["done"], again["same"]) == (0, 1)
    other = transfer.summary("upload", path, transfer.url("x"), "--metadata", "run=43", "--compress", "gzip")
    assert other["done"] == 1


def test_unusual_values(transfer: TransferScene) -> None:
    path = transfer.write({"x": b"x"}) / "x"
    words = ("--metadata", "ort=Grünes Tal €", "--metadata", "empty=", "--metadata", "looks-encoded==?UTF-8?Q?x?=")
    assert transfer("upload", path, transfer.url("x"), *words, "--quiet").err == ""
    assert shown(transfer, "x")[0] == {"ort": "Grünes Tal €", "empty": "", "looks-encoded": "=?UTF-8?Q?x?="}
    assert transfer.summary("upload", path, transfer.url("x"), *words)["same"] == 1


REFUSED = [
    (("--metadata", "run"), "--metadata takes NAME=VALUE, and 'run' has no '='", ""),
    (("--metadata", "=42"), "a name in --metadata has letters", ""),
    (("--metadata", "a b=1"), "a name in --metadata has letters", ""),
    (("--metadata", "a:\r\nx=1"), "a name in --metadata has letters", ""),
    (("--metadata", "grün=1"), "a name in --metadata has letters", ""),
    (("--metadata", "a=1", "--metadata", "A=2"), "--metadata has 'A' twice", ""),
    (("--metadata", "a=1", "--metadata", "a=2"), "--metadata has 'a' twice", ""),
    (("--metadata", "run_id=1"), "servers drop or rename metadata with '_'", "call it run-id"),
    (("--metadata", "a=1\r\nx-amz-acl: public-read"), "contains the control character U+000D", ""),
    (("--metadata", "a=1\n"), "contains the control character U+000A", ""),
    (("--metadata", "a=\x7f"), "contains the control character U+007F", ""),
    (("--metadata", "a= 1"), "begins or ends with a blank", ""),
    (("--metadata", "mtime=1"), "jsobj itself keeps the file's modification time as 'mtime'", ""),
    (("--metadata", "Jsobj-Part-Size=1"), "jsobj itself keeps", ""),
    (("--metadata", "x-amz-meta-run=1"), "without 'x-amz-meta-'", "call it run"),
    (("--metadata", "X-Object-Meta-Run=1"), "without 'X-Object-Meta-'", "call it Run"),
    (("--metadata", "Cache-Control=no-store"), "is a header of its own", "give it as --cache-control"),
    (("--cache-control", "no-store\r\nx: y"), "--cache-control contains the control character U+000D", ""),
    (("--content-type", "text/plain\nx: y"), "--content-type contains the control character U+000A", ""),
    (("--content-disposition", "attachment; filename=ü"), "has ASCII characters only", "filename*=UTF-8''NAME"),
    (("--compress", "gzip", "--content-encoding", "br"), "--compress sets the content encoding itself", ""),
]


@pytest.mark.parametrize(("words", "message", "hint"), REFUSED, ids=lambda value: repr(value)[:40])
def test_refused_before_anything_is_sent(
    over_s3: TransferScene, words: tuple[str, ...], message: str, hint: str
) -> None:
    path = over_s3.write({"x": b"x"}) / "x"
    for source in (path, "-"):
        error = over_s3("upload", source, over_s3.url("x"), *words, "--json", code=2).error
        assert message in error["message"]
        assert hint in (error["hint"] or "")
    assert over_s3.keys() == []


@pytest.mark.parametrize("ground", [SWIFT_S3, SWIFT_API])
def test_what_is_longer_than_the_server_keeps_is_refused_before_anything_is_sent(
    make_scene: MakeScene, ground: str
) -> None:
    scene = make_scene(ground)
    tree = scene.write({"x": b"x"})
    fits = ("--metadata", f"a={'x' * 256}", "--metadata", f"{'n' * 128}=1")
    assert scene.summary("upload", f"{tree}/", scene.url("fits/"), *fits)["done"] == 1
    many = [word for number in range(89) for word in ("--metadata", f"k{number}=1")]
    large = [word for number in range(17) for word in ("--metadata", f"k{number}={'x' * 240}")]
    for words, message in (
        (["--metadata", f"a={'x' * 257}"], "the value of 'a' has 257 bytes, and 256 is the most"),
        (["--metadata", f"{'n' * 129}=1"], "has 129 characters, and 128 is the most"),
        (many, "with jsobj's own there are 91, and 90 is the most"),
        (large, "4096 is the most"),
    ):
        for source in (f"{tree}/", "-"):
            error = scene("upload", source, scene.url("x"), *words, "--json", code=2).error
            assert message in error["message"]
    assert scene.keys() == ["fits/x"]


def test_what_the_server_does_not_keep_is_said_once(over_s3: TransferScene) -> None:
    def forgets(passing: Passing) -> Answer:
        status, headers, body = passing.ask()
        return status, {name: value for name, value in headers.items() if name != "cache-control"}, body

    tree = over_s3.write({f"{number}": b"x" for number in range(5)})
    words = ("--cache-control", "no-store", "--metadata", "run=1", "--quiet")
    with meddling(over_s3.endpoint) as meddler:
        meddler.spoil = forgets
        there = ("--endpoint", meddler.origin)
        said = over_s3("upload", f"{tree}/", over_s3.url(), *words, *there).err
        assert said.count("the server does not keep 'cache-control' as sent") == 1
        assert len(said.splitlines()) == 1
        said = over_s3("upload", "-", over_s3.url("y"), *words, *there, stdin="y").err
        assert said.count("the server does not keep 'cache-control' as sent") == 1
    assert over_s3("upload", f"{tree}/", over_s3.url("z/"), *words).err == ""


def test_the_way_in_which_aws_writes_several_is_pointed_out(over_s3: TransferScene) -> None:
    path = over_s3.write({"x": b"x"}) / "x"
    said = over_s3("upload", path, over_s3.url("x"), "--metadata", "a=b,c=d").err
    assert "metadata 'a' is 'b,c=d': for several, repeat --metadata NAME=VALUE" in said
    assert shown(over_s3, "x")[0] == {"a": "b,c=d"}
