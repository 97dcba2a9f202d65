"""``jsobj share`` to a project and to a person on Ceph RGW, judged by the other side's boto3, Swift token and jsobj."""

from __future__ import annotations

import json
import os
import time
from collections.abc import Iterator
from datetime import datetime, timedelta, timezone
from typing import Any

import pytest
from botocore.exceptions import ClientError
from commands import Jsobj
from fixtures_cloud import Cloud
from fixtures_rgw import Gateway
from people import Boto, Swift, Users, drop_segments, log_in

PART = 5 << 20  # bytes
NOTHING = frozenset[str]()
READS, WRITES = frozenset({"get", "list"}), frozenset({"get", "list", "put"})


class Other:
    """otto of project other, with his key in boto3 and his token in swiftclient: what a bucket of demo lets him do."""

    def __init__(self, otto: Jsobj, boto: Boto, swift: Swift, gateway: Gateway, cloud: Cloud, bucket: str) -> None:
        from botocore.handlers import validate_bucket_name

        demo = cloud.status.projects["demo"]
        self.jsobj = otto
        self._s3 = boto(otto)
        self._s3.meta.events.unregister("before-parameter-build.s3", validate_bucket_name)
        self._swift = swift("otto")
        self._swift.url = gateway.swift_url(demo)
        self._name = f"{demo}:{bucket}" if gateway.tenants else bucket
        self._container = bucket

    def over_s3(self, folder: str = "pub/") -> frozenset[str]:
        key = f"{folder}a b"
        tries = {
            "get": lambda: self._s3.get_object(Bucket=self._name, Key=key),
            "list": lambda: self._s3.list_objects_v2(Bucket=self._name, Prefix=folder),
            "put": lambda: self._s3.put_object(Bucket=self._name, Key=f"{folder}otto", Body=b"otto"),
        }
        return _allowed(tries, lambda error: error.response["ResponseMetadata"]["HTTPStatusCode"])

    def over_swift(self, folder: str = "pub/") -> frozenset[str]:
        place = self._container
        tries = {
            "get": lambda: self._swift.get_object(place, f"{folder}a b"),
            "list": lambda: self._swift.get_container(place, prefix=folder),
            "put": lambda: self._swift.put_object(place, f"{folder}otto-swift", b"otto"),
        }
        return _allowed(tries, lambda error: error.http_status)


def _allowed(tries: Any, status: Any) -> frozenset[str]:
    from swiftclient import ClientException

    done = set()
    for name, attempt in tries.items():
        try:
            attempt()
        except (ClientError, ClientException) as error:
            if status(error) not in {401, 403, 404}:
                raise
        else:
            done.add(name)
    return frozenset(done)


@pytest.fixture(name="filled")
def _filled(alice: Jsobj, boto: Boto, name: str, swift: Swift) -> Iterator[str]:
    client = boto(alice)
    client.create_bucket(Bucket=name)
    for key in ("pub/a b", "priv/a b"):
        client.put_object(Bucket=name, Key=key, Body=b"data")
    yield name
    alice("bucket", "delete", f"s3://{name}", "--recursive", "--yes")
    drop_segments(swift("alice"), name)


@pytest.fixture(name="otto")
def _otto(keyed: Users) -> Jsobj:
    return keyed("otto")


@pytest.fixture(name="other")
def _other(otto: Jsobj, boto: Boto, swift: Swift, gateway: Gateway, cloud: Cloud, filled: str) -> Other:
    return Other(otto, boto, swift, gateway, cloud, filled)


@pytest.fixture(name="project")
def _project(cloud: Cloud) -> str:
    """otto's."""
    found: str = cloud.status.projects["other"]
    return found


def statements(client: Any, bucket: str) -> list[Any]:
    found: list[Any] = json.loads(client.get_bucket_policy(Bucket=bucket)["Policy"])["Statement"]
    return found


def test_a_prefix_is_given_accepted_and_taken_back(
    alice: Jsobj, boto: Boto, swift: Swift, filled: str, other: Other, project: str
) -> None:
    office = {
        "Sid": "Office",
        "Effect": "Allow",
        "Principal": "*",
        "Action": "s3:GetObject",
        "Resource": [f"arn:aws:s3:::{filled}/*"],
        "Condition": {"IpAddress": {"aws:SourceIp": "203.0.113.0/24"}},
    }
    client, connection = boto(alice), swift("alice")
    client.put_bucket_policy(Bucket=filled, Policy=json.dumps({"Version": "2012-10-17", "Statement": [office]}))
    connection.post_container(filled, {"X-Container-Read": "*:abc"})
    assert (other.over_s3(), other.over_swift()) == (NOTHING, NOTHING)
    done = alice("share", f"s3://{filled}/pub", "--to", project, "--expires", "1h", "--json").json
    assert (done["mechanism"], done["access"], done["enforced"], done["key"]) == ("policy", "read", True, "pub/")
    assert (other.over_s3(), other.over_swift()) == (READS, READS)
    assert (other.over_s3("priv/"), other.over_swift("priv/")) == (NOTHING, NOTHING)
    accepted = other.jsobj("share", "accept", done["ticket"], "--json").json
    assert (accepted["read"], accepted["ends"], accepted["listed"]) == ("pub/a b", done["ends"], True)
    assert other.jsobj("ls", accepted["url"]).lines == ["a b"]
    swift_url = accepted["url"].replace("s3://", "swift://")
    for url in (accepted["url"], swift_url):
        other.jsobj("download", url, f"{other.jsobj.folder}/{url[:5]}/")
        assert (other.jsobj.folder / url[:5] / "a b").read_bytes() == b"data"
    assert accepted["url"] in other.jsobj("shares", "--accepted").out
    listed = alice("shares", "--json").json["items"]
    assert [(each["id"], each["state"]) for each in listed if each["direction"] == "given"] == [(done["id"], "given")]
    assert any("abc" in each["who"] for each in listed if each["direction"] == "not made here")
    assert alice("unshare", done["id"], "--json").json["items"][0]["state"] == "taken back"
    assert (other.over_s3(), other.over_swift()) == (NOTHING, NOTHING)
    assert statements(client, filled) == [office]
    assert connection.head_container(filled)["x-container-read"] == "*:abc"
    assert alice("unshare", done["id"], "--json", code=5).error["reference"] == "share-unknown"


def test_who_may_write_may_read_and_the_owner_reads_what_they_wrote(
    alice: Jsobj, boto: Boto, filled: str, other: Other, project: str
) -> None:
    done = alice("share", f"s3://{filled}/pub/", "--to", project, "--write", "--json").json
    assert (other.over_s3(), other.over_swift()) == (WRITES, WRITES)
    assert (other.over_s3("priv/"), other.over_swift("priv/")) == (NOTHING, NOTHING)
    url = other.jsobj("share", "accept", done["ticket"], "--json").json["url"]
    large = other.jsobj.folder / "large"
    large.write_bytes(os.urandom(2 * PART + 1))
    other.jsobj("upload", str(large), url, "--part-size", "5M")
    client = boto(alice)
    for key, body in (("otto", b"otto"), ("otto-swift", b"otto"), ("large", large.read_bytes())):
        assert client.get_object(Bucket=filled, Key=f"pub/{key}")["Body"].read() == body
    other.jsobj("rm", f"{url}large")
    alice("unshare", done["id"])
    assert other.over_s3() | other.over_swift() == NOTHING
    assert client.get_object(Bucket=filled, Key="pub/otto")["Body"].read() == b"otto"
    assert [each["Sid"] for each in statements(client, filled)] == ["JsobjOwner"]


def test_the_servers_clock_ends_it(alice: Jsobj, boto: Boto, filled: str, other: Other, project: str) -> None:
    end = datetime.now(timezone.utc) + timedelta(seconds=15)
    done = alice("share", filled, "--to", project, "--expires", f"{end:%Y-%m-%dT%H:%M:%SZ}", "--json").json
    assert other.over_s3() == READS
    time.sleep(max(0.0, (end - datetime.now(timezone.utc)).total_seconds() + 1))
    assert (other.over_s3(), other.over_swift()) == (NOTHING, NOTHING)
    assert other.jsobj("share", "accept", done["ticket"], "--json", code=6).error["reference"] == "ticket-ended"
    assert alice("shares", "--json").json["items"][0]["state"] == "ended"
    assert [each["id"] for each in alice("shares", "--prune", "--json").json["items"]] == [done["id"]]
    with pytest.raises(boto(alice).exceptions.ClientError, match="NoSuchBucketPolicy"):
        boto(alice).get_bucket_policy(Bucket=filled)
    assert alice("shares", "--prune", "--json").json["items"] == []


def test_one_object_with_nothing_beside_it(alice: Jsobj, filled: str, other: Other, project: str) -> None:
    done = alice("share", f"s3://{filled}/pub/a b", "--to", project, "--json").json
    assert (other.over_s3(), other.over_swift()) == ({"get"}, {"get"})
    accepted = other.jsobj("share", "accept", done["ticket"], "--json").json
    assert (accepted["read"], accepted["listed"]) == ("pub/a b", False)
    assert other.jsobj("cat", accepted["url"]).out == "data"
    alice("unshare", done["id"])
    assert other.over_s3() | other.over_swift() == NOTHING


def test_one_person_by_the_token_of_a_login(
    alice: Jsobj, swift: Swift, filled: str, other: Other, project: str, cloud: Cloud
) -> None:
    person = f"{project}:{cloud.user_id('otto')}"
    swift("alice").post_container(filled, {"X-Container-Read": "*:abc"})
    done = alice("share", f"s3://{filled}", "--to", person, "--json").json
    assert done["mechanism"] == "acl"
    assert (other.over_s3(), other.over_swift()) == (NOTHING, READS)
    accepted = other.jsobj("share", "accept", done["ticket"], "--json").json
    assert accepted["url"].startswith("swift://")
    assert other.jsobj("cat", f"{accepted['url']}pub/a b").out == "data"
    assert alice("unshare", done["id"], "--json").json["items"][0]["state"] == "taken back"
    assert other.over_swift() == NOTHING
    assert swift("alice").head_container(filled)["x-container-read"] == "*:abc"
    refused = alice("share", f"s3://{filled}/pub/", "--to", person, "--json", code=6).error
    assert refused["reference"] == "share-prefix"


def test_segments_are_opened_with_all_of_a_bucket(alice: Jsobj, filled: str, other: Other, project: str) -> None:
    large = alice.folder / "large"
    large.write_bytes(os.urandom(2 * PART + 1))
    alice("upload", str(large), f"swift://{filled}/pub/", "--part-size", "5M")
    part = alice("share", f"s3://{filled}/pub/", "--to", project, "--json").json
    assert (part["opened"], part["closed"]) == ([], [f"{filled}_segments"])
    alice("unshare", part["id"])
    done = alice("share", f"s3://{filled}", "--to", project, "--expires", "1h", "--json").json
    assert (done["opened"], done["closed"], done["enforced"]) == ([f"{filled}_segments"], [], False)
    url = other.jsobj("share", "accept", done["ticket"], "--json").json["url"].replace("s3://", "swift://")
    other.jsobj("download", f"{url}pub/large", f"{other.jsobj.folder}/got")
    assert (other.jsobj.folder / "got").read_bytes() == large.read_bytes()
    alice("unshare", done["id"])
    assert other.over_swift() == NOTHING


def test_another_computer_of_the_owner_sees_it_and_takes_it_back(
    alice: Jsobj, keyed: Users, filled: str, other: Other, project: str
) -> None:
    done = alice("share", f"s3://{filled}/pub/", "--to", project, "--write", "--expires", "1h", "--json").json
    (alice.home / ".local/state/jsobj/shares.json").unlink()
    assert alice("shares", "--json").json["items"] == []
    found = alice("shares", f"s3://{filled}", "--json").json["items"]
    assert [(each["id"], each["access"], each["ends"], each["state"]) for each in found] == [
        (done["id"], "write", done["ends"], "elsewhere")
    ]
    assert "--of" in alice("unshare", done["id"], "--json", code=5).error["hint"]
    alice("unshare", done["id"], "--of", f"s3://{filled}")
    assert other.over_s3() == NOTHING


def test_a_login_without_keys_opens_both_ways_to_a_project(
    newcomer: Users, gateway: Gateway, cloud: Cloud, swift: Swift, filled: str, other: Other, project: str
) -> None:
    """The element PROJECT, which Ceph knows for S3 and Swift; PROJECT:* would open Swift only."""
    keyless = newcomer("keyless")
    log_in(keyless, cloud, gateway, "alice")
    done = keyless("share", filled, "--to", project, "--write", "--json").json
    assert done["mechanism"] == "acl"
    assert (other.over_s3(), other.over_swift()) == (WRITES, WRITES)
    for key in ("otto", "otto-swift"):
        assert keyless("cat", f"swift://{filled}/pub/{key}").out == "otto"
    assert other.jsobj("share", "accept", done["ticket"], "--json").json["read"] == "priv/a b"
    keyless("unshare", done["id"])
    assert other.over_s3() | other.over_swift() == NOTHING
    headers = swift("alice").head_container(filled)
    assert headers.get("x-container-read") == cloud.status.projects["demo"]  # so that the owner reads what they wrote
    assert not headers.get("x-container-write")
