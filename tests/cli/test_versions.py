"""``bucket versioning``, ``ls --versions`` and ``undelete`` on Swift, with keys and with a login alone."""

from __future__ import annotations

import os
from collections.abc import Iterator
from functools import partial
from typing import Any

import pytest
from commands import Jsobj
from fixtures_cloud import Cloud

PART = 5 << 20  # bytes


@pytest.fixture(name="swift")
def _swift(cloud: Cloud, name: str) -> Iterator[Any]:
    import swiftclient

    connection = swiftclient.Connection(preauthurl=cloud.swift_url, preauthtoken=cloud.keystone_token("alice"))
    connection.put_container(name)
    yield connection
    for container in (name, f"{name}_segments", f"{name}+segments"):
        if container == name or any(c["name"] == container for c in connection.get_account()[1]):
            for item in connection.get_container(container, query_string="versions")[1]:
                version = f"version-id={item['version_id']}" if item.get("version_id", "null") != "null" else None
                connection.delete_object(container, item["name"], query_string=version)
            connection.delete_container(container)
    connection.close()


@pytest.fixture(name="user", params=["member", "keyed"])
def _user(request: pytest.FixtureRequest) -> Jsobj:
    user: Jsobj = request.getfixturevalue(request.param)
    return user


def test_versions_and_undelete(user: Jsobj, swift: Any, name: str) -> None:
    assert user("bucket", "versioning", name, "--json").json["versioning"] == "off"
    swift.put_object(name, "before", b"before versions")
    assert user("bucket", "versioning", name, "on", "--json").json["changed"] is True
    for key, text in (("d/x", b"old"), ("d/x", b"new"), ("d/y", b"y")):
        swift.put_object(name, key, text)
    for key in ("d/x", "d/y", "before"):
        swift.delete_object(name, key)
    items = user("ls", "--versions", f"{name}/d/", "--json").json["items"]
    assert [(item["key"], item["type"], item["latest"]) for item in items] == [
        ("d/x", "delete-marker", True),
        ("d/x", "version", False),
        ("d/x", "version", False),
        ("d/y", "delete-marker", True),
        ("d/y", "version", False),
    ]
    assert len(user("undelete", "-r", f"{name}/d/", "--dry-run").lines) == 2
    done = user("undelete", "-r", f"{name}/", "--json").json["items"]
    assert [(item["key"], item["state"]) for item in done] == [
        ("before", "restored"),
        ("d/x", "restored"),
        ("d/y", "restored"),
    ]
    assert [swift.get_object(name, key)[1] for key in ("before", "d/x", "d/y")] == [b"before versions", b"new", b"y"]
    listed = user("ls", "--versions", name, "--json").json["items"]
    assert [item["type"] for item in listed] == ["version"] * 4
    assert user("undelete", f"{name}/d/x", "--json").json["items"][0]["state"] == "there"
    off = user("bucket", "versioning", name, "off", "--json").json
    assert (off["versioning"], off["old_versions"]["objects"], off["old_versions"]["bytes"]) == ("suspended", 1, 3)


def test_lists_come_in_pages(user: Jsobj, swift: Any, name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    from jsobj.housekeeping import versions
    from jsobj.store.swift import containers

    swift.post_container(name, {"X-Versions-Enabled": "true"})
    for n in range(7):
        swift.put_object(name, f"a+b {n % 2}", b"d")
    monkeypatch.setattr(versions.s3_versions, "versions", partial(versions.s3_versions.versions, limit=2))
    monkeypatch.setattr(containers, "LIMIT", 2)
    items = user("ls", "--versions", name, "--json").json["items"]
    assert len({(item["key"], item["id"]) for item in items}) == len(items) == 7


def test_what_came_meanwhile_is_current_again(member: Jsobj, swift: Any, name: str) -> None:
    """Swift is told which version to show, and shows it even where a newer one has come: jsobj looks again."""
    from jsobj.actions.stores import BucketStores
    from jsobj.housekeeping.sides import sides_of
    from jsobj.housekeeping.undelete import bring_back, deleted_below
    from jsobj.housekeeping.versions import require_versions
    from jsobj.identity.settings import Settings
    from jsobj.store.location import parse_location
    from jsobj.store.open import StoreRequest

    swift.post_container(name, {"X-Versions-Enabled": "true"})
    swift.put_object(name, "k", b"old")
    swift.delete_object(name, "k")
    settings = Settings.read(member.environment())
    with BucketStores(settings, StoreRequest()) as opened:
        sides = sides_of(parse_location(name), opened.of, lambda: opened.request.keystone(settings))
        store = require_versions(sides)
        found = list(deleted_below(store, ""))
        swift.put_object(name, "k", b"newer")
        assert bring_back(store, found[0]).error is None
    assert swift.get_object(name, "k")[1] == b"newer"


def test_a_version_is_read_and_copied(user: Jsobj, swift: Any, name: str) -> None:
    swift.put_object(name, "k", b"before")
    user("bucket", "versioning", name, "on")
    large = user.folder / "large"
    large.write_bytes(os.urandom(PART + 1))
    user("upload", str(large), f"{name}/k", "--part-size", "5M")
    swift.put_object(name, "k", b"now")
    ids = [item["id"] for item in user("ls", "--versions", f"{name}/k", "--json").json["items"]]
    assert [user("cat", f"{name}/k", "--version", ident).out for ident in (ids[0], ids[2])] == ["now", "before"]
    done = user("cp", "--version", ids[1], f"{name}/k", f"{name}/old/", "--json").json
    assert (done["done"], done["verified"]) == (1, 1)
    assert swift.get_object(name, "old/k")[1] == large.read_bytes()
    user("cp", "--version", ids[2], f"{name}/k", f"{name}/k")  # current again
    assert swift.get_object(name, "k")[1] == b"before"
    error = user("cp", "--version", "1.5", f"{name}/k", f"{name}/x", "--json", code=5).error
    assert error["reference"] == "version-not-found"
