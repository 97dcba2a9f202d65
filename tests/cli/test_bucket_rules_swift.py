"""``jsobj bucket cors`` on OpenStack Swift, judged by requests as browsers send them, and by a browser."""

from __future__ import annotations

from pathlib import Path

import pytest
from headless import chromium
from objects_scene import Scene
from web_pages import ask, fetched_by, page_reads, viewer

VIEWER, OTHER = "https://viewer.example", "https://other.example"


@pytest.fixture(name="url")
def _url(scene: Scene) -> str:
    """The Swift URL of a public object."""
    scene.fill({"x": b"data"})
    scene.swift.post_container(scene.bucket, {"X-Container-Read": ".r:*", "X-Container-Meta-Mine": "stays"})
    return f"{scene.swift.url}/{scene.bucket}/x"


def test_pages_read_and_no_longer(scene: Scene, url: str) -> None:
    assert not page_reads(url, VIEWER)
    words = ("bucket", "cors", "set", scene.url())
    done = scene.jsobj(*words, "--origin", VIEWER, "--origin", "http://127.0.0.1:8000", "--json").json
    assert done["mechanism"] == "headers"
    assert page_reads(url, VIEWER)
    assert page_reads(url, "http://127.0.0.1:8000")
    assert not page_reads(url, OTHER)
    assert {"content-range", "etag", "accept-ranges"} <= ask(url, "GET", Origin=VIEWER).exposed
    again = scene.jsobj(*words, "--origin", "*", "--method", "GET", "--max-age", "5m")
    assert "keeps no methods" in again.err
    assert page_reads(url, OTHER)
    (kept,) = (scene.jsobj.home / ".local/state/jsobj/replaced").iterdir()
    scene.jsobj(*words, "--rules", str(kept))
    assert page_reads(url, VIEWER)
    assert not page_reads(url, OTHER)
    assert VIEWER in scene.jsobj("bucket", "cors", "show", scene.url()).out
    assert scene.jsobj("bucket", "cors", "clear", scene.url(), "--json").json["rules"] == []
    assert not page_reads(url, VIEWER)
    headers = scene.swift.head_container(scene.bucket)
    assert headers["x-container-meta-mine"] == "stays"
    assert not [name for name in headers if "access-control" in name]


def test_what_swift_cannot_keep_is_refused(scene: Scene, url: str) -> None:
    words = ("bucket", "cors", "set", scene.url())
    many = [word for n in range(20) for word in ("--origin", f"https://viewer{n}.example")]
    for options in (["--origin", "https://*.example"], many):
        assert scene.jsobj(*words, *options, "--json", code=6).error["reference"] == "cors-swift"
    for options in ([], ["--origin", VIEWER, "--rules", "x"], ["--origin", "viewer.example"]):
        assert scene.jsobj(*words, *options, "--json", code=2).error["reference"] == "usage"
    hint = scene.jsobj(*words, "--origin", "https://Viewer.example/app?x", "--json", code=2).error["hint"]
    assert hint.endswith("--origin https://viewer.example")
    assert scene.jsobj(*words, "--rules", "missing", "--json", code=5).error["reference"] == "file-unreadable"
    assert not page_reads(url, VIEWER)


@pytest.mark.parametrize("scene", ["swift"], indirect=True)
def test_a_browser_reads_from_swift(scene: Scene, url: str, tmp_path: Path) -> None:
    with viewer() as origin, viewer() as other, chromium(tmp_path) as tab:
        assert fetched_by(tab, origin, url) == {"error": "TypeError"}
        scene.jsobj("bucket", "cors", "set", scene.url(), "--origin", origin)
        assert fetched_by(tab, origin, url) == {"status": 206, "text": "at", "range": "bytes 1-2/4"}
        assert fetched_by(tab, other, url) == {"error": "TypeError"}


def test_swift_has_no_policies(scene: Scene, url: str) -> None:
    for words in (("get",), ("check",), ("delete",)):
        error = scene.jsobj("bucket", "policy", *words, scene.url(), "--json", code=6).error
        assert error["reference"] == "policy-swift"
        assert "jsobj bucket public" in error["hint"]


def test_swift_has_no_lifecycle(scene: Scene, url: str) -> None:
    for words in (("set", "--expire", "3d", "--yes"), ("show",), ("clear",)):
        error = scene.jsobj("bucket", "lifecycle", *words, scene.url(), "--json", code=6).error
        assert error["reference"] == "lifecycle-swift"
        assert "X-Delete-After" in error["hint"]
