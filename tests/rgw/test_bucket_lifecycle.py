"""``jsobj bucket lifecycle`` on Ceph RGW: rules among others', and what the server deletes by them."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError
from commands import Jsobj
from fixtures_cloud import Cloud
from fixtures_rgw import GLOBAL, Gateway, Rgw
from people import Boto, Users, log_in, on_global

THEIRS: list[dict[str, Any]] = [
    {
        "ID": "theirs",
        "Filter": {"And": {"Prefix": "logs/", "Tags": [{"Key": "k", "Value": "v & <w>"}]}},
        "Status": "Enabled",
        "Expiration": {"Days": 400},
    },
    {
        "ID": "two tags",
        "Filter": {"And": {"Prefix": "both/", "Tags": [{"Key": "a", "Value": "1"}, {"Key": "b", "Value": "2"}]}},
        "Status": "Enabled",
        "Expiration": {"Days": 500},
    },
    {
        "ID": "one tag",
        "Filter": {"Tag": {"Key": "a", "Value": "1"}},
        "Status": "Enabled",
        "NoncurrentVersionExpiration": {"NoncurrentDays": 9},
        "Transitions": [{"Days": 3, "StorageClass": "STANDARD"}],
    },
    {"Filter": {"Prefix": "old/"}, "Status": "Disabled", "Expiration": {"Date": "2030-01-01T00:00:00Z"}},
]


@pytest.fixture(name="client")
def _client(alice: Jsobj, boto: Boto, name: str) -> Iterator[Any]:
    client = boto(alice)
    client.create_bucket(Bucket=name)
    yield client
    alice("bucket", "delete", f"s3://{name}", "--recursive", "--yes")


def _rules(client: Any, bucket: str) -> list[dict[str, Any]]:
    try:
        return list(client.get_bucket_lifecycle_configuration(Bucket=bucket)["Rules"])
    except ClientError as error:
        if error.response["Error"]["Code"] != "NoSuchLifecycleConfiguration":
            raise
        return []


def test_rules_of_others_stay(alice: Jsobj, client: Any, name: str) -> None:
    client.put_bucket_lifecycle_configuration(Bucket=name, LifecycleConfiguration={"Rules": THEIRS})
    theirs = _rules(client, name)
    client.put_object(Bucket=name, Key="tmp/x", Body=b"data")
    words = ("bucket", "lifecycle")
    done = alice(*words, "set", f"{name}/tmp", "--expire", "30d", "--yes", "--json").json
    (ours,) = (each for each in done["rules"] if each["own"])
    assert (ours["own"], ours["prefix"], done["sample"]) == (True, "tmp/", "tmp/x")
    assert ours["id"] in client.head_object(Bucket=name, Key="tmp/x")["Expiration"]
    assert ours["id"] in done["server_says"]
    alice(*words, "set", name, "--abort-uploads", "7")
    alice(*words, "set", f"{name}/tmp/", "--expire", "4w", "--noncurrent", "90d", "--yes")
    by_id = {each["ID"]: each for each in _rules(client, name)}
    assert [by_id[each["ID"]] for each in theirs] == theirs
    assert by_id[ours["id"]]["Expiration"] == {"Days": 28}
    assert by_id[ours["id"]]["NoncurrentVersionExpiration"] == {"NoncurrentDays": 90}
    assert by_id["jsobj-all"]["AbortIncompleteMultipartUpload"] == {"DaysAfterInitiation": 7}
    assert len(by_id) == 6
    shown = alice(*words, "show", name).out
    assert "objects below logs/ with tag k=v & <w> are deleted 400 days after they were written" in shown
    assert "not in force" in shown
    alice(*words, "clear", f"{name}/tmp")
    assert {each["ID"] for each in _rules(client, name)} == {"jsobj-all", *(each["ID"] for each in theirs)}
    cleared = alice(*words, "clear", name, "--json").json
    assert sorted(_rules(client, name), key=str) == sorted(theirs, key=str)
    kept = Path(cleared["kept"])
    assert alice(*words, "set", name, "--rules", kept, "--json", code=2).error["reference"] == "confirmation-needed"
    alice(*words, "set", name, "--rules", kept, "--yes")
    assert {each["ID"] for each in _rules(client, name)} == {"jsobj-all", *(each["ID"] for each in theirs)}
    alice(*words, "clear", name, "--all")
    assert _rules(client, name) == []
    again = alice(*words, "clear", name, "--all", "--json").json
    assert (again["changed"], again["kept"]) == (False, None)


def test_what_the_server_would_drop_is_put_back(alice: Jsobj, client: Any, name: str) -> None:
    """Ceph 16 forgets a filter by size, and the rule would be about all of the bucket."""
    alice("bucket", "lifecycle", "set", name, "--abort-uploads", "3d")
    before = _rules(client, name)
    document = (
        "<LifecycleConfiguration><Rule><ID>x</ID><Filter><ObjectSizeGreaterThan>5</ObjectSizeGreaterThan></Filter>"
        "<Status>Enabled</Status><Expiration><Days>1</Days></Expiration></Rule></LifecycleConfiguration>"
    )
    words = ("bucket", "lifecycle", "set", name, "--rules", "-", "--yes", "--json")
    assert alice(*words, stdin=document, code=6).error["reference"] == "lifecycle-not-kept"
    assert _rules(client, name) == before


def test_mistakes_set_nothing(
    alice: Jsobj, newcomer: Users, cloud: Cloud, gateway: Gateway, client: Any, name: str
) -> None:
    client.put_object(Bucket=name, Key="tmp/x", Body=b"data")
    words = ("bucket", "lifecycle", "set", name)
    for options in ([], ["--expire", "1h"], ["--expire", "0"], ["--expire", "36h"], ["--expire", "x"]):
        assert alice(*words, *options, "--json", code=2).error["reference"] == "usage"
    asked = alice(*words, "--expire", "1d", "--json", code=2).error
    assert asked["reference"] == "confirmation-needed"
    assert "0 (0 B) are so old already" in asked["message"]
    assert alice("bucket", "lifecycle", "clear", f"{name}/tmp", "--all", "--json", code=2).error
    keyless = newcomer("keyless")
    log_in(keyless, cloud, gateway, "alice")
    assert keyless(*words, "--expire", "1d", "--yes", "--json", code=4).error["reference"] == "rules-need-keys"
    assert _rules(client, name) == []


@on_global
def test_the_server_deletes_by_the_rule(alice: Jsobj, client: Any, rgw: Rgw, name: str) -> None:
    """Ceph's own program does what its server does at night, with seconds for days."""
    client.put_bucket_versioning(Bucket=name, VersioningConfiguration={"Status": "Enabled"})
    for key in ("tmp/old", "keep/old", "keep/old"):
        client.put_object(Bucket=name, Key=key, Body=b"data")
    upload = client.create_multipart_upload(Bucket=name, Key="begun")["UploadId"]
    client.upload_part(Bucket=name, Key="begun", UploadId=upload, PartNumber=1, Body=b"x")
    alice("bucket", "lifecycle", "set", f"{name}/tmp/", "--expire", "1d", "--yes")
    alice("bucket", "lifecycle", "set", name, "--abort-uploads", "1d", "--noncurrent", "1d", "--yes")
    end = time.monotonic() + 60
    while (left := _left(client, name)) != (["keep/old"], ["keep/old"], []):
        assert time.monotonic() < end, left
        time.sleep(2)
        rgw.admin(GLOBAL, "lc", "process", "--rgw-lc-debug-interval=1")


def _left(client: Any, bucket: str) -> tuple[list[str], list[str], list[str]]:
    """Keys of objects, of versions, of unfinished uploads."""
    objects = client.list_objects_v2(Bucket=bucket).get("Contents", [])
    versions = client.list_object_versions(Bucket=bucket).get("Versions", [])
    uploads = client.list_multipart_uploads(Bucket=bucket).get("Uploads", [])
    keys = [[each["Key"] for each in listed] for listed in (objects, versions, uploads)]
    return keys[0], keys[1], keys[2]
