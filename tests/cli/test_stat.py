"""``jsobj stat``: what is known of one object."""

from __future__ import annotations

import json

from commands import Jsobj
from fixtures_cloud import Cloud
from objects_scene import Scene, md5


def test_a_plain_object(scene: Scene) -> None:
    data = b"x" * 5000
    headers = {"X-Object-Meta-Instrument": "radar", "Content-Encoding": "gzip"}
    scene.swift.put_object(scene.bucket, "dir/ünï x.nc", data, content_type="application/x-netcdf", headers=headers)
    document = scene("stat", scene.url("dir/ünï x.nc"), "--json").json
    moment = document.pop("modified")
    assert document == {
        "schema": "jsobj.object/1",
        "url": scene.url("dir/ünï x.nc"),
        "key": "dir/ünï x.nc",
        "size": 5000,
        "etag": md5(data),
        "content_type": "application/x-netcdf",
        "content_encoding": "gzip",
        "cache_control": None,
        "content_disposition": None,
        "content_language": None,
        "expires": None,
        "delete_at": None,
        "version": None,
        "large": False,
        "parts": None,
        "verifiable_by": "md5",
        "metadata": {"instrument": "radar"},
        "file_modified": None,
    }
    assert moment.startswith("20")
    shown = scene("stat", scene.url("dir/ünï x.nc")).out
    assert "4.88 KiB (5000 bytes)" in shown
    assert "Metadata instrument: radar" in shown


def test_the_time_of_the_file_is_shown_as_a_time(scene: Scene) -> None:
    for seconds, moment in (("1795861836.510467851", "2026-11-28T10:30:36Z"), ("never", None), ("1e30", None)):
        scene.swift.put_object(scene.bucket, "x", b"x", headers={"X-Object-Meta-Mtime": seconds})
        assert scene("stat", scene.url("x"), "--json").json["file_modified"] == moment
        shown = scene("stat", scene.url("x")).out
        assert (f"Metadata mtime: {seconds}" in shown) == (moment is None)  # once, and as it is where it is no time
        assert ("2026-11-28 10:30 UTC" in shown) == bool(moment)


def test_one_in_parts(scene: Scene) -> None:
    scene.swift.put_container(f"{scene.bucket}_segments")
    manifest = []
    for number in range(2):
        etag = scene.swift.put_object(f"{scene.bucket}_segments", f"big/{number}", bytes(1000 + number))
        path = f"/{scene.bucket}_segments/big/{number}"
        manifest.append({"path": path, "etag": etag, "size_bytes": 1000 + number})
    scene.swift.put_object(scene.bucket, "big", json.dumps(manifest), query_string="multipart-manifest=put")
    document = scene("stat", scene.url("big"), "--json").json
    assert document["size"] == 2001
    if scene.dialect == "swift":
        assert (document["parts"], document["verifiable_by"], document["large"]) == (2, "manifest", True)


def test_hostile_metadata_are_shown_escaped(scene: Scene) -> None:
    scene.swift.put_object(scene.bucket, "x", b"", content_type="text/\u202ehtml")
    assert "\u202e" not in scene("stat", scene.url("x")).out


def test_not_found(scene: Scene) -> None:
    assert scene("stat", scene.url("nope"), "--json", code=5).error["reference"] == "object-not-found"
    missing = f"{scene.dialect}://{scene.bucket}-not/x"
    assert scene("stat", missing, "--json", code=5).error["reference"] == "bucket-not-found"


def test_one_object_is_wanted(keyed: Jsobj, cloud: Cloud) -> None:
    for text in ("s3://b", "s3://b/", "s3://b/dir/", "b"):
        assert keyed("stat", text, "--json", code=2).error["reference"] == "location-grammar"


def test_several_objects_and_patterns(scene: Scene) -> None:
    scene.fill({"a.nc": b"1", "b.nc": b"22", "dir.nc/x": b"3", "w*": b"4444", "wide": b"5"})
    document = scene("stat", scene.url("b.nc"), scene.url("w*"), "--json").json
    assert document["schema"] == "jsobj.object-list/1"
    assert [(item["type"], item["key"], item["size"]) for item in document["items"]] == [
        ("object", "b.nc", 2),
        ("object", "w*", 4),  # the object of exactly this name
    ]
    done = scene("stat", scene.url("*.nc"))
    assert [line for line in done.lines if line.startswith(("Object", "Size"))] == [
        f"Object:        {scene.url('a.nc')}",
        "Size:          1 B",
        f"Object:        {scene.url('b.nc')}",
        "Size:          2 B",
    ]
    assert done.lines.count("") == 1
    assert f"the folder {scene.url('dir.nc/')} is left out" in done.err
    assert scene("stat", scene.url("w*"), "--json").json["schema"] == "jsobj.object/1"
    assert [item["key"] for item in scene("stat", scene.url("a.*"), "--json").json["items"]] == ["a.nc"]


def test_a_missing_object_does_not_keep_others_from_being_shown(scene: Scene) -> None:
    scene.fill({"a.nc": b"1"})
    done = scene("stat", scene.url("nope"), scene.url("a.nc"), scene.url("none*"), "--json", code=5)
    assert [item["key"] for item in done.json["items"]] == ["a.nc"]
    assert done.error["reference"] == "not-all-shown"
    assert scene("stat", scene.url("none*"), "--json", code=5).error["reference"] == "nothing-matches"
    scene.fill({"dir/x": b"1"})
    assert scene("stat", scene.url("di*"), "--json", code=5).error["reference"] == "object-is-prefix"
