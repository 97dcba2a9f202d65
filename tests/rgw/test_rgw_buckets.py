"""``jsobj bucket`` on Ceph RGW, over S3 and over the Swift API, judged by boto3 and swiftclient."""

from __future__ import annotations

import json
import os
from typing import Any

import pytest
from botocore.exceptions import ClientError
from commands import Jsobj
from people import Boto, Swift, Users, on_global, on_tenants

DIALECTS = ["s3", "swift"]
PART = 5 << 20  # bytes; the least that S3 allows


def buckets(client: Any) -> set[str]:
    return {bucket["Name"] for bucket in client.list_buckets()["Buckets"]}


@pytest.mark.parametrize("dialect", DIALECTS)
def test_one_that_is_mine_already_is_no_error(alice: Jsobj, name: str, dialect: str) -> None:
    assert alice("bucket", "create", f"{dialect}://{name}", "--json").json["created"] is True
    again = alice("bucket", "create", f"{dialect}://{name}")
    assert "was there already" in again.out


@on_global
@pytest.mark.usefixtures("gateway")
@pytest.mark.parametrize("dialect", DIALECTS)
def test_name_of_another_project_is_taken(keyed: Users, name: str, dialect: str) -> None:
    keyed("otto")("bucket", "create", name)
    alice = keyed("alice")
    error = alice("bucket", "create", f"{dialect}://{name}", "--json", code=6).error
    assert error["reference"] == "bucket-name-taken"
    assert "another project" in error["message"]
    assert "--unique" in error["hint"]
    for verb in ("show", "delete"):
        error = alice("bucket", verb, f"{dialect}://{name}", "--json", code=6).error
        assert error["reference"] == "bucket-forbidden"
        assert "belongs to another project" in error["message"]
    assert name in keyed("otto")("bucket", "list").out


@on_tenants
@pytest.mark.usefixtures("gateway")
@pytest.mark.parametrize("dialect", DIALECTS)
def test_with_tenants_two_projects_have_the_same_name(keyed: Users, boto: Boto, name: str, dialect: str) -> None:
    otto, alice = keyed("otto"), keyed("alice")
    for user in (otto, alice):
        assert user("bucket", "create", f"{dialect}://{name}", "--json").json["created"] is True
    boto(otto).put_object(Bucket=name, Key="otto's", Body=b"1")
    assert boto(alice).list_objects_v2(Bucket=name)["KeyCount"] == 0
    alice("bucket", "delete", f"{dialect}://{name}")
    assert name in buckets(boto(otto))


def test_b070_b074_names_that_only_swift_allows(alice: Jsobj, boto: Boto, name: str) -> None:
    """S3 lists them all, and can use those of letters, digits, '.', '-' and '_'."""
    usable = {f"Raw_Data-{name}", f"UPPER-{name}", f"has_underscore-{name}"}
    odd = {*usable, f"with space-{name}", f"größe-{name}"}
    for container in odd:
        done = alice("bucket", "create", f"swift://{container}")
        assert "S3 tools will not be able to" in done.err
    assert odd <= buckets(boto(alice))
    for dialect in ("s3://", "swift://"):
        assert odd <= {item["name"] for item in alice("bucket", "list", dialect, "--json").json["items"]}
    for container in usable:
        boto(alice).put_object(Bucket=container, Key="key", Body=b"words")
        assert alice("bucket", "show", f"s3://{container}", "--json").json["objects"] == 1
    for container in odd:
        assert alice("bucket", "show", f"swift://{container}", "--json").json["objects"] == int(container in usable)
        alice("bucket", "delete", f"swift://{container}", "--recursive", "--yes")
    assert not odd & buckets(boto(alice))


def test_name_that_the_server_refuses(alice: Jsobj, name: str) -> None:
    """Swift allows a dot at the beginning, RGW's Swift API does not."""
    error = alice("bucket", "create", f"swift://.{name}", "--json", code=2).error
    assert error["reference"] == "bucket-name-rules"


@pytest.mark.parametrize("dialect", DIALECTS)
def test_show_counts(alice: Jsobj, boto: Boto, name: str, dialect: str) -> None:
    """From the gateway's headers, so that many objects cost no listing."""
    alice("bucket", "create", f"s3://{name}")
    client = boto(alice)
    for number in range(3):
        client.put_object(Bucket=name, Key=str(number), Body=b"x" * 1000)
    shown = alice("bucket", "show", f"{dialect}://{name}", "--json").json
    assert (shown["objects"], shown["bytes"], shown["at_least"]) == (3, 3000, False)
    # The Swift API of RGW does not tell either.
    assert shown["versioning"] == ("off" if dialect == "s3" else None)
    assert bool(shown["created"]) is (dialect == "s3")


@pytest.mark.parametrize("dialect", DIALECTS)
def test_delete_with_something_in_it_is_refused(alice: Jsobj, boto: Boto, name: str, dialect: str) -> None:
    alice("bucket", "create", name)
    boto(alice).put_object(Bucket=name, Key="precious", Body=b"words")
    error = alice("bucket", "delete", f"{dialect}://{name}", "--json", code=6).error
    assert error["reference"] == "bucket-not-empty"
    assert "--recursive" in error["hint"]
    assert boto(alice).get_object(Bucket=name, Key="precious")["Body"].read() == b"words"


def leave_unfinished(client: Any, bucket: str) -> None:
    upload = client.create_multipart_upload(Bucket=bucket, Key="unfinished")["UploadId"]
    client.upload_part(Bucket=bucket, Key="unfinished", UploadId=upload, PartNumber=1, Body=os.urandom(PART))


@pytest.mark.parametrize("dialect", DIALECTS)
def test_recursive_with_unfinished_uploads(alice: Jsobj, boto: Boto, name: str, dialect: str) -> None:
    alice("bucket", "create", name)
    client = boto(alice)
    client.put_object(Bucket=name, Key="whole", Body=b"words")
    leave_unfinished(client, name)
    done = alice("bucket", "delete", f"{dialect}://{name}", "--recursive", "--yes", "--json").json
    assert (done["deleted"], done["deleted_objects"]) == (True, 1)
    assert name not in buckets(client)


def test_recursive_over_s3_with_versions(alice: Jsobj, boto: Boto, name: str) -> None:
    alice("bucket", "create", name)
    client = boto(alice)
    client.put_bucket_versioning(Bucket=name, VersioningConfiguration={"Status": "Enabled"})
    for body in (b"1", b"2", b"3"):
        client.put_object(Bucket=name, Key="often", Body=body)
    client.delete_object(Bucket=name, Key="often")
    assert alice("bucket", "show", f"s3://{name}", "--json").json["versioning"] == "Enabled"
    assert alice("bucket", "delete", name, "--json", code=6).error["reference"] == "bucket-not-empty"
    done = alice("bucket", "delete", name, "--recursive", "--yes", "--json").json
    assert done["deleted_objects"] == 4
    assert name not in buckets(client)


def test_versions_that_swift_does_not_show_are_named(alice: Jsobj, boto: Boto, name: str) -> None:
    """RGW's Swift API has no view of S3's versions: the way out is the other dialect, and it is said."""
    alice("bucket", "create", name)
    client = boto(alice)
    client.put_bucket_versioning(Bucket=name, VersioningConfiguration={"Status": "Enabled"})
    client.put_object(Bucket=name, Key="kept", Body=b"1")
    client.put_object(Bucket=name, Key="kept", Body=b"2")
    error = alice("bucket", "delete", f"swift://{name}", "--recursive", "--yes", "--json", code=6).error
    assert error["reference"] == "bucket-not-empty"
    assert f"s3://{name}" in error["hint"]
    alice("bucket", "delete", f"s3://{name}", "--recursive", "--yes")
    assert name not in buckets(client)


def test_recursive_over_swift_takes_the_segments_along(alice: Jsobj, swift: Swift, name: str) -> None:
    """An SLO as swiftclient makes it: manifest here, segments in the container beside it."""
    connection, segments = swift("alice"), f"{name}_segments"
    for container in (name, segments):
        connection.put_container(container)
    manifest = []
    for number in range(2):
        body = os.urandom(1 << 20)
        etag = connection.put_object(segments, f"big/{number}", body)
        manifest.append({"path": f"/{segments}/big/{number}", "etag": etag, "size_bytes": len(body)})
    connection.put_object(name, "big", json.dumps(manifest), query_string="multipart-manifest=put")
    connection.put_object(name, "small", b"words")
    done = alice("bucket", "delete", f"swift://{name}", "--recursive", "--yes", "--json").json
    assert done["deleted_objects"] == 2
    assert not {name, segments} & {item["name"] for item in connection.get_account(full_listing=True)[1]}


def test_segments_that_no_object_names_stay(alice: Jsobj, swift: Swift, name: str) -> None:
    """They may be somebody's: the doctor names their container."""
    connection, segments = swift("alice"), f"{name}_segments"
    for container in (name, segments):
        connection.put_container(container)
    connection.put_object(segments, "big/1", b"another's")
    alice("bucket", "delete", f"swift://{name}", "--recursive", "--yes")
    assert [item["name"] for item in connection.get_container(segments)[1]] == ["big/1"]
    alice("bucket", "delete", f"swift://{segments}", "--recursive", "--yes")


def test_not_found(alice: Jsobj, boto: Boto, name: str) -> None:
    for dialect in DIALECTS:
        for verb in ("show", "delete"):
            error = alice("bucket", verb, f"{dialect}://{name}", "--json", code=5).error
            assert error["reference"] == "bucket-not-found"
    with pytest.raises(ClientError):
        boto(alice).head_bucket(Bucket=name)
