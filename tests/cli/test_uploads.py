"""``jsobj uploads``: what was begun and never completed is listed, and goes away only when it is asked to."""

from __future__ import annotations

import os
import re

import boto3
import pexpect
import pytest
from botocore.config import Config
from fixtures_cloud import Cloud
from objects_scene import Scene


@pytest.fixture(name="begun")
def _begun(scene: Scene, cloud: Cloud) -> list[tuple[str, str]]:
    """Key and id of two uploads that boto3 began (over S3), or whose segments are there (over Swift)."""
    keys = ("dir/one x", "two")
    if scene.dialect == "s3":
        held = scene.jsobj.profile("demo")
        client = boto3.client(
            "s3",
            endpoint_url=cloud.s3_endpoint,
            region_name=cloud.region,
            aws_access_key_id=held["aws_access_key_id"],
            aws_secret_access_key=held["aws_secret_access_key"],
            config=Config(s3={"addressing_style": "path"}),
        )
        made = []
        for key in keys:
            found = client.create_multipart_upload(Bucket=scene.bucket, Key=key)["UploadId"]
            client.upload_part(Bucket=scene.bucket, Key=key, UploadId=found, PartNumber=1, Body=os.urandom(5 * 1024**2))
            made.append((key, found))
        return made
    scene.swift.put_container(f"{scene.bucket}_segments")
    made = []
    for key in keys:
        found = f"{key}/jsobj/1700000000-0123abcd/5242880"
        scene.swift.put_object(f"{scene.bucket}_segments", f"{found}/00000001", b"x" * 100)
        made.append((key, found))
    return made


def listed(scene: Scene, *argv: str) -> list[tuple[str, str]]:
    document = scene("uploads", "list", *argv, "--json").json
    assert document["schema"] == "jsobj.upload-list/1"
    return [(item["key"], item["id"]) for item in document["items"]]


def segments(scene: Scene) -> list[str]:
    """What lies where the parts are kept, in either dialect."""
    there = {item["name"] for item in scene.swift.get_account(full_listing=True)[1]}
    names = []
    for container in (f"{scene.bucket}_segments", f"{scene.bucket}+segments"):
        if container in there:
            names += [item["name"] for item in scene.swift.get_container(container, full_listing=True)[1]]
    return names


def test_list(scene: Scene, begun: list[tuple[str, str]]) -> None:
    assert listed(scene, scene.url()) == begun
    assert listed(scene, scene.url("dir/")) == begun[:1]
    line = scene("uploads", "list", scene.url("dir/")).lines[0].split("\t")
    assert line[1:] == [scene.url("dir/one x"), begun[0][1]]
    assert re.fullmatch(r"20\d\d-\d\d-\d\dT\d\d:\d\d:\d\dZ", line[0])
    everywhere = listed(scene, f"{scene.dialect}://")
    assert set(begun) <= set(everywhere)


def test_one_line_each_on_a_terminal(scene: Scene, begun: list[tuple[str, str]]) -> None:
    with scene.jsobj.terminal("uploads", "list", scene.url(), columns=80) as terminal:
        terminal.expect(pexpect.EOF)
        lines = (terminal.before or "").splitlines()
    assert len(lines) == len(begun)
    assert all(len(line) <= 80 for line in lines)
    assert all(f"{key[-3:]}  " in line for line, (key, _) in zip(lines, begun, strict=True))


def test_none(scene: Scene) -> None:
    done = scene("uploads", "list", scene.url())
    assert done.out == ""
    assert "no unfinished uploads" in done.err
    assert scene("uploads", "abort", scene.url(), "--yes", "--json").json["items"] == []


def test_abort_by_id(scene: Scene, begun: list[tuple[str, str]]) -> None:
    done = scene("uploads", "abort", scene.url(), "--id", begun[0][1], "--yes", "--json").json
    assert [item["id"] for item in done["items"]] == [begun[0][1]]
    assert listed(scene, scene.url()) == begun[1:]
    error = scene("uploads", "abort", scene.url(), "--id", begun[0][1], "--yes", "--json", code=5).error
    assert error["reference"] == "upload-not-found"


def test_abort_all_leaves_nothing_behind(scene: Scene, begun: list[tuple[str, str]]) -> None:
    assert segments(scene)
    scene("uploads", "abort", scene.url(), "--yes")
    assert listed(scene, scene.url()) == []
    assert segments(scene) == []


def test_abort_of_the_old_ones_spares_what_may_still_run(scene: Scene, begun: list[tuple[str, str]]) -> None:
    """Those over Swift began in 2023, those over S3 a moment ago."""
    scene("uploads", "abort", scene.url(), "--older-than", "1d", "--yes")
    assert listed(scene, scene.url()) == (begun if scene.dialect == "s3" else [])


def test_abort_asks(scene: Scene, begun: list[tuple[str, str]]) -> None:
    assert "--yes" in scene("uploads", "abort", scene.url(), "--json", code=2).error["hint"]
    with scene.jsobj.terminal("uploads", "abort", scene.url()) as child:
        child.expect(r"Abort 2 upload.*y/N")
        child.sendline("n")
        child.expect(pexpect.EOF)
        child.wait()
        assert child.exitstatus == 6
    assert listed(scene, scene.url()) == begun
