"""``jsobj ls``, ``stat``, ``cat``, ``rm``, ``du``, ``presign``, ``uploads`` on Ceph RGW, judged by boto3."""

from __future__ import annotations

import http.client
import os
import subprocess
from collections.abc import Iterator
from typing import Any
from urllib.parse import urlsplit

import pytest
from boto3.s3.transfer import TransferConfig
from commands import Jsobj
from fixtures_cloud import Cloud
from fixtures_rgw import Gateway
from people import Boto, Users, on_tenants

MIB = 1024**2
TREE = {"a": b"1", "a-b": b"22", "a/b": b"333", "a/c/d": b"4444", "b.txt": b"55555", "x//y": b"6", "../up": b"7"}
DIALECTS = pytest.mark.parametrize("dialect", ["s3", "swift"])


@pytest.fixture(name="client")
def _client(alice: Jsobj, boto: Boto) -> Any:
    return boto(alice)


@pytest.fixture(name="filled")
def _filled(client: Any, name: str) -> Iterator[str]:
    """The name of a bucket with ``TREE`` in it."""
    client.create_bucket(Bucket=name)
    for key, data in TREE.items():
        client.put_object(Bucket=name, Key=key, Body=data)
    yield name
    for upload in client.list_multipart_uploads(Bucket=name).get("Uploads", ()):
        client.abort_multipart_upload(Bucket=name, Key=upload["Key"], UploadId=upload["UploadId"])
    for key in names(client, name):
        client.delete_object(Bucket=name, Key=key)
    client.delete_bucket(Bucket=name)


def names(client: Any, bucket: str) -> list[str]:
    return [item["Key"] for item in client.list_objects_v2(Bucket=bucket).get("Contents", ())]


def output(jsobj: Jsobj, *argv: str) -> bytes:
    done = subprocess.run(
        jsobj.command(*argv), env=jsobj.environment(), cwd=jsobj.folder, capture_output=True, timeout=60, check=False
    )
    assert done.returncode == 0, done.stderr.decode()
    return done.stdout


@DIALECTS
def test_several_places_in_another_order_and_as_a_tree(alice: Jsobj, filled: str, dialect: str) -> None:
    url = f"{dialect}://{filled}"
    done = alice("ls", "--sort", "size", f"{url}/a/", f"{url}/nope", f"{url}/b*", "--total", code=5)
    assert done.lines == [f"{url}/a/b", f"{url}/a/c/", f"{url}/b.txt", "8\t2\ttotal"]
    assert alice("tree", f"{url}/a").lines[1:-2] == ["├── a", "└── a/", "    ├── b", "    └── c/", "        └── d"]
    assert alice("tree", url, "--depth", "1").lines[-1] == "3 objects, 3 folders, 8 B"
    assert output(alice, "cat", f"{url}/a*", f"{url}/b.txt") == b"12255555"
    assert [item["key"] for item in alice("stat", f"{url}/a*", "--json").json["items"]] == ["a", "a-b"]
    assert alice("du", f"{url}/a/", f"{url}/x/").lines[-1] == "8\t3\ttotal"


@DIALECTS
def test_listing(alice: Jsobj, filled: str, dialect: str) -> None:
    url = f"{dialect}://{filled}"
    assert alice("ls", url).lines == ["../", "a", "a-b", "a/", "b.txt", "x/"]
    assert alice("ls", f"{url}/a").lines == ["a"]
    assert alice("ls", f"{url}/a/").lines == ["b", "c/"]
    assert alice("ls", url, "-r").lines == sorted(TREE, key=str.encode)
    assert filled in alice("ls", f"{dialect}://").lines
    assert alice("du", url, "--json").json["bytes"] == sum(map(len, TREE.values()))
    assert alice("ls", f"{url}/nothing/", "--json", code=5).error["reference"] == "object-not-found"
    assert alice("ls", f"{url}-not", "--json", code=5).error["reference"] == "bucket-not-found"


@DIALECTS
def test_an_object_in_parts_is_read_and_verified(alice: Jsobj, client: Any, filled: str, dialect: str) -> None:
    data = os.urandom(18 * MIB + 5)
    path = alice.folder / "data"
    path.write_bytes(data)
    client.upload_file(str(path), filled, "parts", Config=TransferConfig(multipart_chunksize=8 * MIB))
    url = f"{dialect}://{filled}/parts"
    assert output(alice, "cat", url) == data
    assert output(alice, "cat", url, "--range", f"{MIB}-{17 * MIB}") == data[MIB : 17 * MIB + 1]
    document = alice("stat", url, "--json").json
    assert document["size"] == len(data)
    if dialect == "s3":
        assert (document["parts"], document["verifiable_by"]) == (3, "parts")
        done = subprocess.run(
            alice.command("cat", url, "-v"), env=alice.environment(), capture_output=True, timeout=60, check=True
        )
        assert "verified by parts" in done.stderr.decode()


@DIALECTS
def test_deleting(alice: Jsobj, client: Any, filled: str, dialect: str) -> None:
    url = f"{dialect}://{filled}"
    alice("rm", f"{url}/../up", f"{url}/x//y")
    assert alice("rm", "-r", f"{url}/a", "--yes", "--json").json["done"] == 3
    assert names(client, filled) == ["a-b", "b.txt"]
    assert alice("rm", f"{url}/a", "--json", code=5).error["reference"] == "object-not-found"


def test_public_data_over_s3_without_any_login(
    gateway: Gateway, newcomer: Users, client: Any, filled: str, cloud: Cloud
) -> None:
    client.put_object_acl(Bucket=filled, Key="b.txt", ACL="public-read")
    stranger = newcomer("nobody")
    tenant = f"{cloud.status.projects['demo']}:" if gateway.tenants else ""
    place = f"s3://{tenant}{filled}"
    unsigned = ("--no-sign-request", "--endpoint", gateway.endpoint)
    assert stranger("cat", f"{place}/b.txt", *unsigned).out == "55555"
    assert stranger("cat", f"{place}/a", *unsigned, "--json", code=4).error["reference"] == "not-public"
    assert stranger("ls", place, *unsigned, "--json", code=4).error["reference"] == "not-public"
    client.put_bucket_acl(Bucket=filled, ACL="public-read")
    assert stranger("ls", place, "--no-sign-request", env={"AWS_ENDPOINT_URL": gateway.endpoint}).lines[1] == "a"
    assert stranger("ls", place, "--no-sign-request", "--json", code=2).error["reference"] == "endpoint-missing"


@on_tenants
def test_b073_the_bucket_of_another_project(
    gateway: Gateway, keyed: Users, client: Any, filled: str, cloud: Cloud
) -> None:
    otto = keyed("otto")
    place = f"s3://{cloud.status.projects['demo']}:{filled}"
    assert otto("ls", f"s3://{filled}", "--json", code=5).error["reference"] == "bucket-not-found"
    assert otto("ls", place, "--json", code=6).error["reference"] == "bucket-forbidden"
    client.put_bucket_acl(Bucket=filled, ACL="public-read")
    assert otto("ls", place, "-r").lines == sorted(TREE, key=str.encode)
    assert otto("ls", place.removeprefix("s3://")).lines[1] == "a"


@on_tenants
@pytest.mark.parametrize("dialect", ["s3", "swift"])
def test_a_move_from_the_long_name_of_ones_own_bucket_deletes_nothing(
    alice: Jsobj, client: Any, filled: str, cloud: Cloud, dialect: str
) -> None:
    place = f"s3://{cloud.status.projects['demo']}:{filled}"
    before = names(client, filled)
    alice("mv", f"{place}/b.txt", f"{dialect}://{filled}/b.txt", "--json", code=2)
    assert names(client, filled) == before


@DIALECTS
def test_a_presigned_url_works_for_anybody(alice: Jsobj, filled: str, dialect: str) -> None:
    extra = ("--make-key",) if dialect == "swift" else ()
    url = urlsplit(alice("presign", f"{dialect}://{filled}/a/b", *extra).out.strip())
    connection = http.client.HTTPConnection(url.netloc, timeout=60)
    connection.request("GET", f"{url.path}?{url.query}")
    answer = connection.getresponse()
    assert (answer.status, answer.read()) == (200, b"333")
    connection.close()


def test_unfinished_uploads(alice: Jsobj, client: Any, filled: str) -> None:
    begun = client.create_multipart_upload(Bucket=filled, Key="big one")["UploadId"]
    client.upload_part(Bucket=filled, Key="big one", UploadId=begun, PartNumber=1, Body=bytes(5 * MIB))
    url = f"s3://{filled}"
    found = alice("uploads", "list", url, "--json").json["items"]
    assert [(item["key"], item["id"]) for item in found] == [("big one", begun)]
    assert alice("uploads", "abort", url, "--older-than", "1d", "--yes", "--json").json["items"] == []
    alice("uploads", "abort", url, "--yes")
    assert "Uploads" not in client.list_multipart_uploads(Bucket=filled)
