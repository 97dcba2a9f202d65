"""``jsobj bucket public`` and ``private`` on OpenStack Swift, judged by somebody without a login."""

from __future__ import annotations

import os
import shutil
import urllib.request

import pytest
from commands import Jsobj
from fixtures_cloud import Cloud
from objects_scene import Scene
from strangers import status

FOREIGN = "abc:*,*:def"
PART = 5 << 20  # bytes


def test_a_container_is_opened_and_closed_again(scene: Scene) -> None:
    scene.fill({"a b": b"data", "folder/x": b"data"})
    url = f"{scene.swift.url}/{scene.bucket}"
    scene.swift.post_container(scene.bucket, {"X-Container-Read": FOREIGN})
    done = scene.jsobj("bucket", "public", scene.url(), "--json").json
    assert done["urls"] == {"swift": f"{url}/"}
    assert (done["public"], done["listed"], done["mechanism"]) == (True, True, "acl")
    assert (status(f"{url}/a%20b"), status(url + "/")) == (200, 200)
    shown = scene.jsobj("bucket", "show", scene.url(), "--json").json["readers"]
    assert "everybody may read and list (read ACL)" in shown
    there = scene.jsobj.folder / "there"
    scene.jsobj("download", f"{url}/folder/", f"{there}/", env={"HOME": str(scene.jsobj.folder / "nobody")})
    assert (there / "x").read_bytes() == b"data"
    scene.jsobj("bucket", "public", scene.url(), "--no-list")
    assert (status(f"{url}/a%20b"), status(url + "/")) == (200, 401)
    closed = scene.jsobj("bucket", "private", scene.url()).out
    assert ".r:*" in closed
    assert (status(f"{url}/a%20b"), status(url + "/")) == (401, 401)
    assert scene.swift.head_container(scene.bucket)["x-container-read"] == FOREIGN


def test_large_objects_can_be_read(scene: Scene) -> None:
    large = scene.jsobj.folder / "large"
    large.write_bytes(os.urandom(2 * PART + 1))
    scene.jsobj("upload", str(large), scene.url(), "--part-size", "5M")
    scene.jsobj("bucket", "public", scene.url(), "--no-list")
    with urllib.request.urlopen(f"{scene.swift.url}/{scene.bucket}/large", timeout=60) as answer:
        assert answer.read() == large.read_bytes()
    for segments in ("_segments", "+segments"):
        assert status(f"{scene.swift.url}/{scene.bucket}{segments}/") in {401, 404}
    scene.jsobj("bucket", "private", scene.url())
    assert status(f"{scene.swift.url}/{scene.bucket}/large") == 401


def test_a_prefix_is_refused_with_what_to_do_instead(scene: Scene) -> None:
    scene.fill({"pub/x": b"data"})
    error = scene.jsobj("bucket", "public", scene.url("pub/"), "--json", code=6).error
    assert error["reference"] == "public-prefix"
    assert "jsobj cp" in error["hint"]
    assert status(f"{scene.swift.url}/{scene.bucket}/pub/x") == 401


@pytest.mark.parametrize("verb", ["public", "private"])
def test_keys_alone_cannot_say_who_reads_on_swift(keyed: Jsobj, cloud: Cloud, scene: Scene, verb: str) -> None:
    """Its S3 API has neither policies nor a way to keep the other entries of an access control list."""
    scene.fill({"x": b"data"})
    scene.swift.post_container(scene.bucket, {"X-Container-Read": ".r:*" if verb == "private" else ""})
    shutil.rmtree(keyed.home / ".config")
    error = keyed("bucket", verb, f"s3://{scene.bucket}", "--profile", "demo", "--json", code=4).error
    assert error["reference"] == "public-needs-login"
