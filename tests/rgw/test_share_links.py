"""``jsobj share --to link``, ``--to upload-link`` and ``--for`` on Ceph RGW, used by strangers, over S3 and Swift."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from commands import Jsobj
from fixtures_rgw import Gateway
from headless import chromium
from link_scene import ODD, LinkScene, got
from people import Boto


@pytest.fixture(name="scene", params=["s3", "swift"])
def _scene(request: pytest.FixtureRequest, alice: Jsobj, boto: Boto, name: str, tmp_path: Path) -> Iterator[LinkScene]:
    client = boto(alice)
    client.create_bucket(Bucket=name)
    for key, body in (("in/a.txt", b"first"), ("in/b c#?.txt", b"second")):
        client.put_object(Bucket=name, Key=key, Body=body)
    (alice.home / ".local/state/jsobj/shares.json").unlink(missing_ok=True)
    yield LinkScene(alice, f"{request.param}://{name}", tmp_path)
    alice("bucket", "delete", f"s3://{name}", "--recursive", "--yes")


def test_links(scene: LinkScene) -> None:
    assert scene.an_object() in scene.inventory
    links = scene.a_folder()
    assert len(links) == 2
    scene.an_end()
    if scene.place.startswith("swift:"):
        scene.revoked(links)


def test_uploads(scene: LinkScene, gateway: Gateway) -> None:
    if scene.place.startswith("s3:") and gateway.tenants:
        refused = scene.jsobj("share", f"{scene.place}/box/", "--to", "upload-link", code=6)
        assert "no-upload-link" in refused.err
        assert '"given": []' in scene.inventory
        bare = LinkScene(scene.jsobj, scene.place.removeprefix("s3://"), scene.folder)
        assert bare.jsobj("share", f"{bare.place}/box/", "--to", "upload-link", "--json").json["mechanism"] == "tempurl"
        return
    made = scene.an_inbox()
    assert made["limited_by_server"] == scene.place.startswith("s3:")


def test_uploads_by_a_browser(scene: LinkScene, gateway: Gateway, tmp_path: Path) -> None:
    if gateway.tenants:
        scene = LinkScene(scene.jsobj, scene.place.replace("s3://", "swift://"), scene.folder)
    with chromium(tmp_path) as tab:
        assert scene.a_form(tab) == [ODD]


def test_a_file_for_a_while(alice: Jsobj, tmp_path: Path) -> None:
    (alice.home / ".local/state/jsobj/shares.json").unlink(missing_ok=True)
    assert LinkScene(alice, "", tmp_path).a_file_for_a_while() == []


def test_words_that_do_not_go_together(alice: Jsobj, name: str) -> None:
    usage = {
        ("--to", "link", "--write"): "--to upload-link",
        ("--to", "link", "--max-size", "1MB"): "--max-size is for",
        ("--to", "link", "--for", "1d"): "--for sends a file",
        (): "who is to read it",
    }
    for words, said in usage.items():
        assert said in alice("share", f"s3://{name}/x", *words, code=2).err
    assert alice("share", f"s3://{name}/x", "--to", "link", "--json", code=5).error["reference"] == "bucket-not-found"


def test_a_large_object_over_swift(alice: Jsobj, name: str) -> None:
    """Its segments lie in another container, which the account's key opens; Ceph has no other keys."""
    large = b"0123456789abcdef" * (6 << 16)
    (alice.folder / "large").write_bytes(large)
    place = f"swift://{name}"
    alice("bucket", "create", place)
    alice("upload", "large", f"{place}/", "--part-size", "5M")
    assert got(alice("presign", f"{place}/large", "--make-key").out.strip()) == large
    assert got(alice("share", f"{place}/large", "--to", "link", "--json").json["url"]) == large
    alice("bucket", "delete", place, "--recursive", "--yes")
