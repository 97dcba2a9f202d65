"""``jsobj bucket usage`` and ``quota`` on Swift, with a login and with keys."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from typing import Any

import pytest
from commands import Jsobj
from fixtures_cloud import Cloud


@pytest.fixture(name="filled")
def _filled(cloud: Cloud, name: str) -> Iterator[Any]:
    import swiftclient

    swift = swiftclient.Connection(preauthurl=cloud.swift_url, preauthtoken=cloud.keystone_token("alice"))
    swift.put_container(name)
    swift.put_container(f"{name}_segments")
    for key, size in (("raw/a", 300), ("raw/b", 200), ("top", 100)):
        swift.put_object(name, key, b"x" * size)
    swift.put_object(f"{name}_segments", "big/1", b"x" * 7)
    yield swift
    for container in (name, f"{name}_segments"):
        for item in swift.get_container(container)[1]:
            swift.delete_object(container, item["name"])
        swift.delete_container(container)
    swift.close()


@pytest.mark.parametrize("who", ["member", "keyed"])
def test_what_a_bucket_holds(request: Any, who: str, filled: Any, name: str) -> None:
    user: Jsobj = request.getfixturevalue(who)
    found = user("bucket", "usage", name, "--json").json
    assert (found["objects"], found["bytes"], found["counted_by"]) == (3, 600, "server")
    assert found["beside"] == [{"name": f"{name}_segments", "objects": 1, "bytes": 7}]
    shown = user("bucket", "usage", name, "--folders").lines
    assert "folder\t500\t2\traw/" in shown
    below = user("bucket", "usage", f"{name}/raw", "--json").json
    assert (below["objects"], below["counted_by"]) == (2, "listing")


def test_with_keys_alone_it_is_listed(keyed: Jsobj, filled: Any, name: str) -> None:
    shutil.rmtree(keyed.home / ".config")
    found = keyed("bucket", "usage", name, "--profile", "demo", "--json").json
    assert (found["objects"], found["bytes"], found["counted_by"]) == (3, 600, "listing")
    every = keyed("bucket", "usage", "--profile", "demo")
    assert "jsobj login" in every.err
    assert f"\t\t{name}" in every.lines


@pytest.mark.parametrize("who", ["member", "keyed"])
def test_a_quota(request: Any, who: str, filled: Any, name: str) -> None:
    user: Jsobj = request.getfixturevalue(who)
    done = user("bucket", "quota", name, "--size", "1K", "--objects", "9", "--json").json
    assert (done["max_bytes"], done["max_objects"], done["changed"]) == (1024, 9, True)
    assert filled.head_container(name)["x-container-meta-quota-bytes"] == "1024"
    large = user.folder / "large"
    large.write_bytes(b"x" * 2000)
    refused = user("upload", str(large), f"{'s3' if who == 'keyed' else 'swift'}://{name}/", code=6).err
    assert "jsobj bucket quota" in refused
    user("bucket", "quota", name, "--clear")
    assert "x-container-meta-quota-bytes" not in filled.head_container(name)


def test_at_a_terminal_bars_fit_into_80_columns(keyed: Jsobj, filled: Any, name: str) -> None:
    import pexpect

    filled.put_object(name, "a-folder-with-a-very-long-name-that-does-not-fit-into-the-line-of-a-terminal/x", b"x")
    argv = keyed.command("bucket", "usage", name, "--folders", "--ages")
    child = pexpect.spawn(
        argv[0], argv[1:], env={**keyed.environment(), "TERM": "xterm"}, dimensions=(40, 80), encoding="utf-8"
    )
    child.expect(pexpect.EOF, timeout=60)
    lines = [line.rstrip("\r") for line in str(child.before).split("\n")]
    assert max(map(len, lines)) <= 80
    assert any("█" in line and "raw/" in line for line in lines)
    child.close()
