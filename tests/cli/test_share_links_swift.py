"""``jsobj share --to link``, ``--to upload-link`` and ``--for`` on Swift, used by strangers, over Swift and S3."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from pathlib import Path

import pytest
from commands import Jsobj
from headless import chromium
from link_scene import ODD, LinkScene


@pytest.fixture(name="name")
def _name(keyed: Jsobj, tmp_path: Path) -> Iterator[str]:
    name = f"t-{uuid.uuid4().hex[:12]}"
    keyed("bucket", "create", f"swift://{name}")
    folder = tmp_path / "in"
    folder.mkdir()
    (folder / "a.txt").write_bytes(b"first")
    (folder / "b c#?.txt").write_bytes(b"second")
    keyed("upload", str(folder), f"swift://{name}/")
    yield name
    keyed("bucket", "delete", f"swift://{name}", "--recursive", "--yes")


def test_links_by_temporary_urls(keyed: Jsobj, name: str, tmp_path: Path) -> None:
    scene = LinkScene(keyed, f"swift://{name}", tmp_path)
    first, links = scene.an_object(), scene.a_folder()
    assert (first in scene.inventory, len(links)) == (True, 2)
    scene.revoked(links)
    assert first not in scene.inventory


def test_links_by_keys(keyed: Jsobj, name: str, tmp_path: Path) -> None:
    scene = LinkScene(keyed, f"s3://{name}", tmp_path)
    scene.an_object()
    scene.a_folder()
    scene.an_end()
    assert "no-upload-link" in keyed("share", f"s3://{name}/box/", "--to", "upload-link", code=6).err


def test_uploads_and_a_file_for_a_while(member: Jsobj, name: str, tmp_path: Path) -> None:
    """With a login alone."""
    scene = LinkScene(member, f"swift://{name}", tmp_path)
    assert scene.an_inbox()["limited_by_server"] is False
    with chromium(tmp_path) as tab:
        assert scene.a_form(tab) == [ODD]
    first, *_ = member("shares", "--json").json["items"]
    ended = member("unshare", first["id"], "--revoke", "--json").json["items"]
    assert [each["state"] for each in ended] == ["taken back", "taken back; ended with the same key"]
    assert "share-unknown" in member("unshare", first["id"], "--revoke", code=5).err
    assert scene.a_file_for_a_while() == []
