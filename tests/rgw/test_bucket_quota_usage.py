"""``jsobj bucket usage`` and ``quota`` on Ceph RGW."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from typing import Any

import pytest
from commands import Jsobj
from people import Boto


@pytest.fixture(name="client")
def _client(alice: Jsobj, boto: Boto, name: str) -> Iterator[Any]:
    client = boto(alice)
    client.create_bucket(Bucket=name)
    for key, size in (("raw/a", 300), ("raw/b", 200), ("top", 100)):
        client.put_object(Bucket=name, Key=key, Body=b"x" * size)
    yield client
    alice("bucket", "delete", f"s3://{name}", "--recursive", "--yes")


@pytest.fixture(name="with_keys_alone")
def _with_keys_alone(alice: Jsobj, client: Any) -> Jsobj:
    shutil.rmtree(alice.home / ".config")
    alice.variables["AWS_PROFILE"] = "ceph"
    return alice


def test_the_server_counts_and_growth_is_since_the_last_time(alice: Jsobj, client: Any, name: str) -> None:
    first = alice("bucket", "usage", name, "--json").json
    assert (first["objects"], first["bytes"], first["counted_by"], first["last"]) == (3, 600, "server", None)
    client.put_object(Bucket=name, Key="more", Body=b"x" * 50)
    second = alice("bucket", "usage", name, "--json").json
    assert (second["bytes"], second["last"]["bytes"], second["last"]["objects"]) == (650, 600, 3)
    assert "none since" in alice("bucket", "usage", name).out


def test_one_listing_shows_folders_ages_and_what_is_hidden(alice: Jsobj, client: Any, name: str) -> None:
    client.put_bucket_versioning(Bucket=name, VersioningConfiguration={"Status": "Enabled"})
    client.put_object(Bucket=name, Key="top", Body=b"y" * 70)
    upload = client.create_multipart_upload(Bucket=name, Key="half")["UploadId"]
    client.upload_part(Bucket=name, Key="half", UploadId=upload, PartNumber=1, Body=b"p" * 40)
    found = alice("bucket", "usage", name, "--folders", "--ages", "--json").json
    assert (found["counted_by"], found["objects"], found["bytes"]) == ("listing", 3, 570)
    assert [(each["folder"], each["objects"], each["bytes"]) for each in found["folders"]] == [
        ("raw/", 2, 500),
        ("./", 1, 70),
    ]
    assert found["ages"] == [{"age": "up to 1 day", "objects": 3, "bytes": 570}]
    assert found["old_versions"] == {"objects": 1, "bytes": 100}
    assert found["unfinished_uploads"] == {"objects": 1, "bytes": 40}
    assert found["versioning"] == "on"
    whole = alice("bucket", "usage", name, "--json").json
    assert (whole["bytes"], whole["includes_old_versions"]) == (710, True)
    below = alice("bucket", "usage", f"{name}/raw/", "--json").json
    assert (below["objects"], below["old_versions"]["objects"]) == (2, 0)
    alice("bucket", "usage", f"{name}/nothing/", code=5)


def test_all_buckets_with_a_login_and_with_keys_alone(alice: Jsobj, client: Any, name: str) -> None:
    wanted = {"name": name, "objects": 3, "bytes": 600}
    assert wanted in alice("bucket", "usage", "--json").json["buckets"]
    shutil.rmtree(alice.home / ".config")
    found = alice("bucket", "usage", "--profile", "ceph", "--json").json
    assert wanted in found["buckets"]
    assert found["bytes"] >= 600
    assert f"600\t3\t{name}" in alice("bucket", "usage", "--profile", "ceph").lines


def test_a_quota_is_kept_and_says_what_refuses(alice: Jsobj, client: Any, name: str) -> None:
    assert alice("bucket", "quota", name, "--size", "1K", "--objects", "5", "--json").json["max_bytes"] == 1024
    found = alice("bucket", "quota", name, "--objects", "9", "--json").json
    assert (found["max_bytes"], found["max_objects"], found["bytes"]) == (1024, 9, 600)
    assert "58.6% used" in alice("bucket", "usage", name).out
    large = alice.folder / "large"
    large.write_bytes(b"x" * 2000)
    for dialect in ("s3", "swift"):
        refused = alice("upload", str(large), f"{dialect}://{name}/", code=6).err
        assert "quota" in refused
        assert f"jsobj bucket quota {dialect}://{name}" in refused
    assert "already" in alice("bucket", "quota", name, "--size", "500").err
    cleared = alice("bucket", "quota", name, "--clear", "--json").json
    assert (cleared["max_bytes"], cleared["max_objects"], cleared["known"]) == (None, None, True)
    alice("upload", str(large), f"s3://{name}/")
    assert alice("bucket", "quota", name, "--clear", "--size", "1K", "--json", code=2).error["reference"] == "usage"


def test_with_keys_alone_a_quota_is_shown_and_not_set(with_keys_alone: Jsobj, name: str) -> None:
    assert with_keys_alone("bucket", "quota", name, "--json").json["known"] is True
    error = with_keys_alone("bucket", "quota", name, "--size", "1K", "--json", code=6).error
    assert error["reference"] == "quota-needs-login"
    assert "jsobj login" in error["hint"]
