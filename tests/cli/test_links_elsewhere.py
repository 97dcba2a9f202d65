"""Links over the Swift API to objects whose bytes lie in another container, used by strangers.

In the account of otto's project: a key of an account changes what every other test of that account would find.
"""

from __future__ import annotations

import html
import json
import re
import uuid
from collections.abc import Iterator
from typing import Any

import pytest
from commands import Jsobj
from fixtures_cloud import Cloud
from link_scene import OVER, got, until
from strangers import status

BYTES = {"in/a_small": b"small", "in/dynamic": b"onetwo", "in/link": b"three", "in/static": b"onetwo"}
FAR = tuple(BYTES)[1:]
KEYS = {f"X-Account-Meta-Temp-Url-Key{number}": "" for number in ("", "-2")}


@pytest.fixture(name="swift")
def _swift(cloud: Cloud) -> Iterator[Any]:
    """A connection of otto's, past jsobj. His account has no key before the test, and none after it."""
    import swiftclient

    account = cloud.swift_url.replace(cloud.status.projects["demo"], cloud.status.projects["other"])
    connection = swiftclient.Connection(preauthurl=account, preauthtoken=cloud.keystone_token("otto"))
    connection.post_account(KEYS)
    yield connection
    connection.post_account(KEYS)
    connection.close()


@pytest.fixture(name="name")
def _name(swift: Any) -> Iterator[str]:
    """A container with a small object, and one of each kind whose bytes lie in another one."""
    name = f"t-{uuid.uuid4().hex[:12]}"
    other = f"{name}-parts"
    for container in (name, other):
        swift.put_container(container)
    for key, data in {"x/1": b"one", "x/2": b"two", "target": b"three"}.items():
        swift.put_object(other, key, data)
    swift.put_object(name, "in/a_small", b"small")
    swift.put_object(name, "in/dynamic", b"", headers={"X-Object-Manifest": f"{other}/x/"})
    swift.put_object(name, "in/link", b"", headers={"X-Symlink-Target": f"{other}/target"})
    manifest = json.dumps([{"path": f"/{other}/x/{number}"} for number in (1, 2)])
    swift.put_object(name, "in/static", manifest, query_string="multipart-manifest=put")
    yield name
    for container in (name, other):
        for item in swift.get_container(container)[1]:
            swift.delete_object(container, item["name"])
        swift.delete_container(container)


@pytest.fixture(name="otto")
def _otto(jsobj: Jsobj, cloud: Cloud) -> Jsobj:
    words = ("--password-stdin", "--as", "demo")
    jsobj("login", cloud.rc("openrc-other"), *words, stdin=cloud.rc("password-other"))
    return jsobj


def account_keys(swift: Any) -> set[str]:
    return {name for name in KEYS if swift.head_account().get(name.lower())}


def test_presign(otto: Jsobj, swift: Any, name: str) -> None:
    place = f"swift://{name}"
    assert got(otto("presign", f"{place}/in/a_small", "--make-key").out.strip()) == b"small"
    for key in FAR:
        error = otto("presign", f"{place}/{key}", "--json", code=6).error
        assert error["reference"] == "presign-account-key"
        assert f"jsobj presign --make-key {place}/{key}" in error["hint"]
    assert account_keys(swift) == set()
    made = otto("presign", f"{place}/in/static", "--make-key")
    assert "a key was made in the account" in made.err
    assert got(made.out.strip()) == BYTES["in/static"]
    for key, data in BYTES.items():
        again = otto("presign", f"{place}/{key}", "--make-key")
        assert (got(again.out.strip()), again.err) == (data, "")


def test_nothing_is_shared_without_a_key_of_the_account(otto: Jsobj, swift: Any, name: str) -> None:
    place = f"swift://{name}"
    assert got(otto("share", f"{place}/in/a_small", "--to", "link", "--json").json["url"]) == b"small"
    for where in ("in/", *FAR):
        error = otto("share", f"{place}/{where}", "--to", "link", "--json", code=6).error
        assert error["reference"] == "presign-account-key"
    assert account_keys(swift) == set()
    assert {item["name"] for item in swift.get_container(name)[1]} == set(BYTES)
    assert len(otto("shares", "--json").json["items"]) == 1


def test_shares_signed_with_a_key_of_the_account(otto: Jsobj, swift: Any, name: str) -> None:
    """They end with its second key, and nothing else does."""
    place = f"swift://{name}"
    own = otto("presign", f"{place}/in/static", "--make-key").out.strip()
    small = otto("share", f"{place}/in/a_small", "--to", "link", "--json").json["url"]
    one = otto("share", f"{place}/in/static", "--to", "link", "--json").json
    assert got(one["url"]) == BYTES["in/static"]
    page = otto("share", f"{place}/in/", "--to", "link", "--json").json
    links = [html.unescape(each) for each in re.findall(r'<a[^>]* href="(http[^"]*)"', got(page["url"]).decode())]
    assert sorted(got(each) for each in links) == sorted(BYTES.values())
    ended = otto("unshare", one["id"], "--revoke", "--json").json["items"]
    assert {each["id"] for each in ended} == {one["id"], page["id"]}
    assert until(lambda: all(status(each) in OVER for each in (one["url"], page["url"], *links)))
    assert (got(own), got(small)) == (BYTES["in/static"], b"small")


def test_the_page_is_not_shown_where_the_largest_object_cannot_be_fetched(otto: Jsobj, swift: Any, name: str) -> None:
    place = f"swift://{name}"
    otto("presign", f"{place}/in/static", "--make-key")
    swift.delete_object(f"{name}-parts", "x/1")
    assert "link-not-honoured" in otto("share", f"{place}/in/", "--to", "link", code=6).err
