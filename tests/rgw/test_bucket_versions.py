"""``bucket versioning``, ``ls --versions`` and ``undelete`` on Ceph RGW."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from functools import partial
from typing import Any

import pytest
from commands import Jsobj
from fixtures_cloud import Cloud
from fixtures_rgw import Gateway
from people import Boto, Users, log_in

PART = 5 << 20  # bytes


@pytest.fixture(name="client")
def _client(alice: Jsobj, boto: Boto, name: str) -> Iterator[Any]:
    client = boto(alice)
    client.create_bucket(Bucket=name)
    yield client
    alice("bucket", "delete", f"s3://{name}", "--recursive", "--yes")


def body(client: Any, bucket: str, key: str) -> bytes:
    data: bytes = client.get_object(Bucket=bucket, Key=key)["Body"].read()
    return data


def test_on_and_off(alice: Jsobj, client: Any, name: str) -> None:
    assert alice("bucket", "versioning", name, "--json").json["versioning"] == "off"
    same = alice("bucket", "versioning", name, "off", "--json").json
    assert (same["versioning"], same["changed"], same["old_versions"]) == ("off", False, None)
    assert "Status" not in client.get_bucket_versioning(Bucket=name)
    done = alice("bucket", "versioning", name, "on", "--json").json
    assert (done["versioning"], done["changed"]) == ("on", True)
    for text in (b"one", b"three"):
        client.put_object(Bucket=name, Key="k", Body=text)
    off = alice("bucket", "versioning", name, "off")
    assert "--versions-older-than" in off.err
    assert client.get_bucket_versioning(Bucket=name)["Status"] == "Suspended"
    found = alice("bucket", "versioning", name, "--json").json["old_versions"]
    assert found == {"objects": 1, "bytes": 3, "at_least": False}


def test_versions_are_listed_with_what_they_are(alice: Jsobj, client: Any, name: str) -> None:
    client.put_bucket_versioning(Bucket=name, VersioningConfiguration={"Status": "Enabled"})
    for key in ("a b/x", "a b/x", "a b/y", "a b"):
        client.put_object(Bucket=name, Key=key, Body=b"data")
    client.delete_object(Bucket=name, Key="a b/y")
    items = alice("ls", "--versions", f"{name}/a b", "--json").json["items"]
    assert [(item["key"], item["type"], item["latest"], item["size"]) for item in items] == [
        ("a b", "version", True, 4),
        ("a b/x", "version", True, 4),
        ("a b/x", "version", False, 4),
        ("a b/y", "delete-marker", True, None),
        ("a b/y", "version", False, 4),
    ]
    theirs = client.list_object_versions(Bucket=name, Prefix="a b/")["Versions"]
    assert [item["id"] for item in items if item["key"] == "a b/x"] == [
        each["VersionId"] for each in theirs if each["Key"] == "a b/x"
    ]
    lines = alice("ls", "--versions", f"s3://{name}/a b/").lines
    assert [line.split("\t")[2] for line in lines] == ["current", "old", "deleted", "old"]
    assert alice("ls", "--versions", "--json", code=2).error["reference"] == "usage"


def test_lists_come_in_pages_and_all_of_it_can_be_deleted(
    alice: Jsobj, client: Any, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    from jsobj.housekeeping import versions
    from jsobj.store.s3 import bucket_admin

    client.put_bucket_versioning(Bucket=name, VersioningConfiguration={"Status": "Enabled"})
    for n in range(10):
        client.put_object(Bucket=name, Key=f"a+b {n % 3}", Body=b"d")
    monkeypatch.setattr(versions.s3_versions, "versions", partial(versions.s3_versions.versions, limit=2))
    items = alice("ls", "--versions", name, "--json").json["items"]
    assert len({(item["key"], item["id"]) for item in items}) == len(items) == 10
    assert [item["key"] for item in items] == sorted(item["key"] for item in items)
    assert sum(item["latest"] for item in items) == 3
    monkeypatch.setattr(bucket_admin, "_PAGE", 2)
    alice("bucket", "delete", f"s3://{name}", "--recursive", "--yes")
    client.create_bucket(Bucket=name)


def test_what_was_deleted_is_brought_back(alice: Jsobj, client: Any, name: str) -> None:
    client.put_bucket_versioning(Bucket=name, VersioningConfiguration={"Status": "Enabled"})
    for key, text in (("d/x", b"old"), ("d/x", b"new"), ("d/y", b"y"), ("e", b"e"), ("d/there", b"t")):
        client.put_object(Bucket=name, Key=key, Body=text)
    for key in ("d/x", "d/x", "d/y", "e"):  # the second time only adds a marker
        client.delete_object(Bucket=name, Key=key)
    plan = alice("undelete", "-r", f"s3://{name}/d/", "--dry-run", "--json").json["items"]
    assert [(item["key"], item["state"]) for item in plan] == [
        ("d/x", "planned"),
        ("d/y", "planned"),
    ]
    assert "Contents" in client.list_objects_v2(Bucket=name)
    one = alice("undelete", f"s3://{name}/e", "--json").json["items"]
    assert [(item["key"], item["state"], item["size"]) for item in one] == [("e", "restored", 1)]
    assert alice("undelete", f"s3://{name}/e", "--json").json["items"][0]["state"] == "there"
    assert alice("undelete", "-r", f"s3://{name}/d/", "--since", "2027-01-31", "--json", code=2).error
    done = alice("undelete", "-r", f"s3://{name}/d/", "--since", "1h", "--json").json["items"]
    assert [item["state"] for item in done] == ["restored", "restored"]
    assert body(client, name, "d/x") == b"new"
    assert "DeleteMarkers" not in client.list_object_versions(Bucket=name)
    assert alice("undelete", "-r", f"s3://{name}/", "--json").json["items"] == []


def test_what_is_not_kept_cannot_be_brought_back(alice: Jsobj, client: Any, name: str) -> None:
    client.put_object(Bucket=name, Key="k", Body=b"data")
    client.delete_object(Bucket=name, Key="k")
    error = alice("undelete", f"s3://{name}/k", "--json", code=5).error
    assert error["reference"] == "version-not-found"
    assert "jsobj bucket versioning" in error["hint"]
    assert alice("undelete", f"s3://{name}-not/k", "--json", code=5).error["reference"] == "bucket-not-found"


def test_a_newer_upload_stays_on_top(alice: Jsobj, client: Any, name: str) -> None:
    """What was listed as deleted is uploaded again before its marker is deleted."""
    from jsobj.actions.stores import BucketStores
    from jsobj.housekeeping.sides import sides_of
    from jsobj.housekeeping.undelete import bring_back, deleted_below
    from jsobj.housekeeping.versions import require_versions
    from jsobj.identity.settings import Settings
    from jsobj.store.location import parse_location
    from jsobj.store.open import StoreRequest

    client.put_bucket_versioning(Bucket=name, VersioningConfiguration={"Status": "Enabled"})
    client.put_object(Bucket=name, Key="k", Body=b"old")
    client.delete_object(Bucket=name, Key="k")
    settings = Settings.read(alice.environment())
    with BucketStores(settings, StoreRequest()) as opened:
        sides = sides_of(parse_location(name), opened.of, lambda: opened.request.keystone(settings))
        store = require_versions(sides)
        found = list(deleted_below(store, ""))
        client.put_object(Bucket=name, Key="k", Body=b"newer")
        assert bring_back(store, found[0]).error is None
    assert body(client, name, "k") == b"newer"


def test_without_keys_it_is_said_what_is_needed(
    alice: Jsobj, newcomer: Users, cloud: Cloud, gateway: Gateway, client: Any, name: str
) -> None:
    keyless = newcomer("keyless")
    log_in(keyless, cloud, gateway, "alice")
    for words in (("bucket", "versioning", name, "on"), ("ls", "--versions", name), ("undelete", f"swift://{name}/k")):
        error = keyless(*words, "--json", code=6).error
        assert error["reference"] == "versions-need-keys"
        assert "jsobj ec2-creds" in error["hint"]


def test_with_keys_alone(alice: Jsobj, client: Any, name: str) -> None:
    shutil.rmtree(alice.home / ".config")
    alice("bucket", "versioning", name, "on", "--profile", "ceph")
    client.put_object(Bucket=name, Key="k", Body=b"data")
    client.delete_object(Bucket=name, Key="k")
    assert len(alice("ls", "--versions", name, "--profile", "ceph").lines) == 2
    alice("undelete", f"s3://{name}/k", "--profile", "ceph")
    assert body(client, name, "k") == b"data"


def test_a_version_is_read_and_copied(
    alice: Jsobj, newcomer: Users, cloud: Cloud, gateway: Gateway, client: Any, name: str
) -> None:
    client.put_object(Bucket=name, Key="k", Body=b"before")
    client.put_bucket_versioning(Bucket=name, VersioningConfiguration={"Status": "Enabled"})
    large = alice.folder / "large"
    large.write_bytes(os.urandom(2 * PART + 1))
    alice("upload", str(large), f"s3://{name}/k", "--part-size", "5M")
    client.put_object(Bucket=name, Key="k", Body=b"now")
    ids = [item["id"] for item in alice("ls", "--versions", f"{name}/k", "--json").json["items"]]
    assert ids[-1] == "null"
    assert [alice("cat", f"s3://{name}/k", "--version", ident).out for ident in (ids[0], ids[2])] == ["now", "before"]
    plan = alice("cp", "--version", ids[1], f"s3://{name}/k", f"s3://{name}/old/", "--dry-run").out
    assert "old/k" in plan
    done = alice("cp", "--version", ids[1], f"s3://{name}/k", f"s3://{name}/old/", "--json").json
    assert (done["done"], done["verified"]) == (1, 1)
    assert body(client, name, "old/k") == large.read_bytes()
    alice("cp", "--version", ids[2], f"s3://{name}/k", f"s3://{name}/k")  # current again
    assert body(client, name, "k") == b"before"
    error = alice("cp", "--version", "none", f"s3://{name}/k", f"s3://{name}/x", "--json", code=5).error
    assert error["reference"] == "version-not-found"
    assert "jsobj ls --versions" in error["hint"]
    keyless = newcomer("keyless")
    log_in(keyless, cloud, gateway, "alice")
    error = keyless("cat", f"swift://{name}/k", "--version", ids[1], "--json", code=5).error
    assert "over S3 alone" in error["context"]
