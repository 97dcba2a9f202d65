"""``jsobj bucket public`` and ``private`` on Ceph RGW, judged by somebody without a login, over S3 and Swift's URL."""

from __future__ import annotations

import json
import os
import shutil
import urllib.request
from collections.abc import Iterator
from typing import Any

import pytest
from commands import Jsobj
from fixtures_cloud import Cloud
from fixtures_rgw import Gateway
from people import Boto, Swift, Users, drop_segments, log_in, on_tenants
from strangers import status

FOREIGN = "*:b24106e2589d42d1a20a25a6c4e054f8"
PART = 5 << 20  # bytes


class Stranger:
    """Somebody without a login, who knows both URLs of a bucket."""

    def __init__(self, gateway: Gateway, cloud: Cloud, bucket: str) -> None:
        project = cloud.status.projects["demo"]
        tenant = f"{project}:" if gateway.tenants else ""
        self.s3 = f"{gateway.endpoint}/{tenant}{bucket}"
        self.swift = f"{gateway.swift_url(project)}/{bucket}"

    def reads(self, key: str) -> bool:
        seen = {status(f"{url}/{key}") for url in (self.s3, self.swift)}
        assert seen in ({200}, {403, 401}, {403})
        return seen == {200}

    def lists(self, prefix: str = "") -> bool:
        seen = {status(f"{self.s3}?prefix={prefix}"), status(f"{self.swift}/?prefix={prefix}")}
        assert seen in ({200}, {403, 401}, {403})
        return seen == {200}


@pytest.fixture(name="filled")
def _filled(alice: Jsobj, boto: Boto, name: str, swift: Swift) -> Iterator[str]:
    client = boto(alice)
    client.create_bucket(Bucket=name)
    for key in ("pub/a b.txt", "priv/x", "top"):
        client.put_object(Bucket=name, Key=key, Body=b"data")
    yield name
    alice("bucket", "delete", f"s3://{name}", "--recursive", "--yes")
    drop_segments(swift("alice"), name)


@pytest.fixture(name="stranger")
def _stranger(gateway: Gateway, cloud: Cloud, filled: str) -> Stranger:
    return Stranger(gateway, cloud, filled)


def test_a_bucket_is_opened_and_closed_again(alice: Jsobj, filled: str, stranger: Stranger) -> None:
    assert not stranger.reads("top")
    done = alice("bucket", "public", filled, "--json").json
    assert (done["public"], done["listed"], done["mechanism"]) == (True, True, "policy")
    assert done["urls"] == {"s3": f"{stranger.s3}/", "swift": f"{stranger.swift}/"}
    assert {each["object"] for each in done["proof"]} == {200}
    assert stranger.reads("top")
    assert stranger.lists()
    assert alice("bucket", "show", filled, "--json").json["readers"] == [
        "everybody may read * (policy)",
        "everybody may list the bucket (policy)",
    ]
    closed = alice("bucket", "private", filled)
    assert "refused without credentials" in closed.out
    assert not stranger.reads("top")
    assert not stranger.lists()
    again = alice("bucket", "private", f"swift://{filled}", "--json").json
    assert (again["public"], again["taken_away"]) == (False, [])


@pytest.mark.parametrize("dialect", ["s3", "swift"])
def test_the_url_that_was_printed_is_read_without_a_login(
    alice: Jsobj, newcomer: Users, filled: str, dialect: str
) -> None:
    url = alice("bucket", "public", filled, "--json").json["urls"][dialect]
    nobody = newcomer("nobody")
    assert nobody("ls", url).lines == ["priv/", "pub/", "top"]
    assert nobody("ls", url, "-r", "--json").json["items"][0]["key"] == "priv/x"
    assert nobody("cat", f"{url}pub/a%20b.txt").out == "data"
    assert nobody("du", url, "--json").json["objects"] == 3
    assert nobody("stat", f"{url}top", "--json").json["size"] == 4
    assert "3 objects" in nobody("tree", url).out
    nobody("download", url, f"{nobody.folder}/all/")
    assert (nobody.folder / "all/pub/a b.txt").read_bytes() == b"data"
    compared = nobody("verify", f"{nobody.folder}/all/", url, "--json").json["items"]
    assert [each["state"] for each in compared] == ["same"] * 3
    assert nobody("download", url, f"{nobody.folder}/all/", "--json").json["same"] == 3
    assert "open" in nobody("snippet", "fsspec", f"{url}top").out
    error = nobody("ls", f"{url}nothing/", "--json", code=5).error
    assert "--no-sign-request --endpoint" in error["hint"]
    alice("bucket", "private", filled)
    assert nobody("cat", f"{url}top", "--json", code=4).error["reference"] == "not-public"
    assert nobody("rm", f"{url}top", "--json", code=2).error["reference"] == "location-is-web-address"


def test_the_line_of_python_reads_it(alice: Jsobj, filled: str) -> None:
    import fsspec

    line = alice("bucket", "public", f"s3://{filled}/pub", "--json").json["python"]
    assert eval(line, {"fsspec": fsspec}) == b"data"


def test_a_prefix_with_and_without_its_list(alice: Jsobj, filled: str, stranger: Stranger) -> None:
    alice("bucket", "public", f"{filled}/pub/")
    assert stranger.reads("pub/a%20b.txt")
    assert stranger.lists("pub/")
    assert not stranger.reads("priv/x")
    assert not stranger.lists("priv/")
    assert not stranger.lists()
    alice("bucket", "public", f"{filled}/pub/", "--no-list")
    assert stranger.reads("pub/a%20b.txt")
    assert not stranger.lists("pub/")
    alice("bucket", "public", f"{filled}/priv", "--no-list")
    alice("bucket", "private", f"{filled}/pub")
    assert not stranger.reads("pub/a%20b.txt")
    assert stranger.reads("priv/x")


def test_what_others_may_stays(alice: Jsobj, boto: Boto, swift: Swift, filled: str, stranger: Stranger) -> None:
    client, connection = boto(alice), swift("alice")
    theirs = {
        "Sid": "Office",
        "Effect": "Allow",
        "Principal": "*",
        "Action": ["s3:GetObject"],
        "Resource": [f"arn:aws:s3:::{filled}/*"],
        "Condition": {"IpAddress": {"aws:SourceIp": "203.0.113.0/24"}},
    }
    client.put_bucket_policy(Bucket=filled, Policy=json.dumps({"Version": "2012-10-17", "Statement": [theirs]}))
    connection.post_container(filled, {"X-Container-Read": f".r:*,{FOREIGN}", "X-Container-Write": FOREIGN})
    alice("bucket", "public", filled)
    assert stranger.reads("top")
    done = alice("bucket", "private", filled, "--json").json
    assert any(".r:*" in each for each in done["taken_away"])
    assert not stranger.reads("top")
    headers = connection.head_container(filled)
    assert (headers["x-container-read"], headers["x-container-write"]) == (FOREIGN, FOREIGN)
    assert json.loads(client.get_bucket_policy(Bucket=filled)["Policy"])["Statement"] == [theirs]


def test_what_else_everybody_may_below_a_prefix_is_said(alice: Jsobj, boto: Boto, filled: str) -> None:
    client = boto(alice)
    everybody = {"AWS": ["*", "arn:aws:iam::0123456789abcdef0123456789abcdef:root"]}
    write = {"Effect": "Allow", "Principal": "*", "Action": ["s3:PutObject"], "Resource": [f"arn:aws:s3:::{filled}/*"]}
    read = {**write, "Principal": everybody, "Action": ["s3:GetObject"], "Resource": [f"arn:aws:s3:::{filled}/pub/*"]}
    client.put_bucket_policy(Bucket=filled, Policy=json.dumps({"Version": "2012-10-17", "Statement": [write, read]}))
    error = alice("bucket", "private", f"{filled}/pub/", "--json", code=6).error
    assert error["reference"] == "still-public"
    assert "they may write *" in error["context"]
    left = json.loads(client.get_bucket_policy(Bucket=filled)["Policy"])["Statement"]
    assert left == [write, {**read, "Principal": {"AWS": everybody["AWS"][1:]}}]
    alice("bucket", "private", filled)
    assert json.loads(client.get_bucket_policy(Bucket=filled)["Policy"])["Statement"] == left[1:]


def test_where_the_server_does_not_open_it_nothing_is_changed(alice: Jsobj, boto: Boto, filled: str) -> None:
    client = boto(alice)
    forbidden = {
        "Effect": "Deny",
        "Principal": "*",
        "Action": "s3:GetObject",
        "Resource": f"arn:aws:s3:::{filled}/pub/*",
    }
    before = json.dumps({"Version": "2012-10-17", "Statement": [forbidden]})
    client.put_bucket_policy(Bucket=filled, Policy=before)
    error = alice("bucket", "public", f"{filled}/pub/", "--json", code=6).error
    assert error["reference"] == "not-published"
    assert "HTTP 40" in error["context"]
    assert client.get_bucket_policy(Bucket=filled)["Policy"] == before


def test_private_finds_what_a_login_would_be_needed_for(
    alice: Jsobj, swift: Swift, filled: str, stranger: Stranger
) -> None:
    """With keys alone Ceph shows no ACL of Swift's, and changing it over S3 would lose its other entries."""
    swift("alice").post_container(filled, {"X-Container-Read": ".r:*"})
    shutil.rmtree(alice.home / ".config")
    error = alice("bucket", "private", filled, "--profile", "ceph", "--json", code=6).error
    assert error["reference"] == "still-public"
    assert "lists were not looked at" in error["context"]
    assert stranger.reads("top")


def test_with_keys_alone(alice: Jsobj, filled: str, stranger: Stranger) -> None:
    shutil.rmtree(alice.home / ".config")
    done = alice("bucket", "public", filled, "--no-list", "--profile", "ceph", "--json").json
    assert done["urls"] == {"s3": f"{stranger.s3}/"}
    assert stranger.reads("top")
    assert not stranger.lists()
    alice("bucket", "private", filled, "--profile", "ceph")
    assert not stranger.reads("top")


@pytest.fixture(name="keyless")
def _keyless(newcomer: Users, cloud: Cloud, gateway: Gateway) -> Jsobj:
    """alice, logged in, without S3 keys."""
    jsobj = newcomer("keyless")
    log_in(jsobj, cloud, gateway, "alice")
    return jsobj


def test_without_keys(keyless: Jsobj, filled: str, stranger: Stranger) -> None:
    for words, reference in ((("pub/",), "public-prefix"), (("", "--no-list"), "public-list")):
        error = keyless("bucket", "public", f"{filled}/{words[0]}", *words[1:], "--json", code=6).error
        assert error["reference"] == reference
        assert "jsobj ec2-creds" in error["message"]
    assert not stranger.reads("top")
    assert keyless("bucket", "public", filled, "--json").json["mechanism"] == "acl"
    assert stranger.reads("top")
    assert stranger.lists()
    keyless("bucket", "private", filled)
    assert not stranger.reads("top")


@pytest.mark.parametrize("who", ["alice", "keyless"])
def test_large_objects_of_segments_can_be_read(
    request: pytest.FixtureRequest, alice: Jsobj, filled: str, stranger: Stranger, who: str
) -> None:
    large = alice.folder / "large"
    large.write_bytes(os.urandom(2 * PART + 1))
    alice("upload", str(large), f"swift://{filled}/", "--part-size", "5M")
    user: Jsobj = request.getfixturevalue(who)
    done = user("bucket", "public", filled, "--json").json
    assert (done["closed"], done["opened"]) == ([], [f"{filled}_segments"])
    with urllib.request.urlopen(f"{stranger.swift}/large", timeout=60) as answer:
        assert answer.read() == large.read_bytes()
    user("bucket", "private", filled)
    assert status(f"{stranger.swift}/large") in {401, 403}
    assert status(f"{stranger.swift}_segments/") in {401, 403}


def test_segments_are_not_opened_for_a_part_of_the_bucket(alice: Jsobj, filled: str, stranger: Stranger) -> None:
    """Their container can be opened only as a whole, and what is private has its segments there too."""
    large = alice.folder / "large"
    large.write_bytes(os.urandom(2 * PART + 1))
    alice("upload", str(large), f"swift://{filled}/pub/", "--part-size", "5M")
    done = alice("bucket", "public", f"{filled}/pub/")
    assert f"{filled}_segments" in done.err
    assert stranger.reads("pub/a%20b.txt")
    assert status(f"{stranger.swift}/pub/large") in {401, 403}
    assert status(f"{stranger.swift}_segments/") in {401, 403}


@on_tenants
def test_without_a_login_the_name_needs_its_project(
    alice: Jsobj, newcomer: Users, gateway: Gateway, filled: str, cloud: Cloud
) -> None:
    alice("bucket", "public", filled)
    words = ("ls", f"s3://{filled}", "--no-sign-request", "--json")
    error = newcomer("nobody")(*words, "--endpoint", gateway.endpoint, code=5).error
    assert "PROJECT:BUCKET" in error["hint"]
    assert f"s3://{cloud.status.projects['demo']}:" in alice(*words, code=5).error["hint"]
    assert alice("ls", f"s3://{cloud.status.projects['demo']}:{filled}", "--no-sign-request").lines[-1] == "top"


@on_tenants
def test_mistakes(alice: Jsobj, filled: str) -> None:
    cases: tuple[tuple[str, int, str], ...] = (
        ("public", 2, f"{filled}/nothing/"),
        ("public", 2, f"{filled}/top"),
        ("public", 5, f"{filled}-not"),
        ("private", 5, f"{filled}-not"),
    )
    for verb, code, place in cases:
        error = alice("bucket", verb, place, "--json", code=code).error
        assert error["exit_code"] == code, error


def test_an_empty_bucket_is_proven_by_its_list(alice: Jsobj, boto: Boto, name: str) -> None:
    boto(alice).create_bucket(Bucket=name)
    done: dict[str, Any] = alice("bucket", "public", name, "--json").json
    assert {(each["object"], each["list"]) for each in done["proof"]} == {(None, 200)}
    alice("bucket", "private", name)
    alice("bucket", "delete", name, "--yes")
