"""``jsobj bucket clean`` on Ceph RGW: what goes, and above all what stays."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from typing import Any

import pytest
from commands import Jsobj
from people import Boto, Swift, Users

PART = 5 << 20  # bytes


@pytest.fixture(name="otto")
def _otto(keyed: Users) -> Jsobj:
    """otto, alone in his project: what others leave in theirs does not matter."""
    return keyed("otto")


@pytest.fixture(name="client")
def _client(otto: Jsobj, boto: Boto, name: str) -> Iterator[Any]:
    client = boto(otto)
    client.create_bucket(Bucket=name)
    yield client
    there = {bucket["Name"] for bucket in client.list_buckets()["Buckets"]}
    for bucket in there & {name, f"{name}_segments"}:
        otto("bucket", "delete", f"s3://{bucket}", "--recursive", "--yes")


def clean(user: Jsobj, name: str, *words: str) -> Any:
    return user("bucket", "clean", name, "--older-than", "0s", "--json", *words).json


def kinds(done: Any) -> list[tuple[str, str]]:
    return sorted((item["kind"], item["key"]) for item in done["items"])


def test_uploads_and_folder_marks(otto: Jsobj, client: Any, name: str) -> None:
    upload = client.create_multipart_upload(Bucket=name, Key="half done")["UploadId"]
    client.upload_part(Bucket=name, Key="half done", UploadId=upload, PartNumber=1, Body=b"x" * PART)
    for key, body in (("f/", b""), ("f/x", b"1"), ("empty/", b"")):
        client.put_object(Bucket=name, Key=key, Body=body)
    young = otto("bucket", "clean", name, "--json").json
    assert young["items"] == []
    assert {kept["count"] for kept in young["kept"]} == {1}
    wanted = [("folder", "f/"), ("upload", "half done")]
    plan = clean(otto, name, "--dry-run")
    assert kinds(plan) == wanted
    assert [item["bytes"] for item in plan["items"] if item["kind"] == "upload"] == [PART]
    refused = otto("bucket", "clean", name, "--older-than", "0s", "--no-input", "--json", code=2)
    assert "half done" in refused.err
    assert len(client.list_multipart_uploads(Bucket=name)["Uploads"]) == 1
    done = clean(otto, name, "--yes")
    assert (kinds(done), done["removed"], done["removed_bytes"]) == (wanted, 2, PART)
    assert "Uploads" not in client.list_multipart_uploads(Bucket=name)
    assert [item["Key"] for item in client.list_objects_v2(Bucket=name)["Contents"]] == ["empty/", "f/x"]
    assert clean(otto, name, "--yes")["items"] == []


def test_an_upload_that_jsobj_will_continue_stays(otto: Jsobj, client: Any, name: str) -> None:
    """The journal of a run that was killed names the upload."""
    from jsobj.transfer.journal import database
    from jsobj.transfer.journal.records import JobKey

    upload = client.create_multipart_upload(Bucket=name, Key="big")["UploadId"]
    other = client.create_multipart_upload(Bucket=name, Key="big")["UploadId"]
    key = JobKey("upload", ("/data/big",), f"s3://{name}/big", "s3", name, "http://ceph", words=("upload",))
    path = otto.home / ".local/state/jsobj/jobs" / f"{key.id}.db"
    database.make_folder(path.parent)

    def begin(connection: Any) -> None:
        connection.execute("INSERT INTO job VALUES (1, ?, 1, 1, 1, 'interrupted')", (key.to_json(),))
        row = (b"big", b"/data/big", 1, 1, b"1", upload.encode(), 1)
        connection.execute("INSERT INTO uploads VALUES (?, ?, ?, ?, ?, ?, ?)", row)

    database.create(path, begin).close()
    done = clean(otto, name, "--yes")
    assert [item["id"] for item in done["items"]] == [other]
    assert "jsobj jobs list" in done["kept"][0]["why"]
    assert [each["UploadId"] for each in client.list_multipart_uploads(Bucket=name)["Uploads"]] == [upload]
    path.write_bytes(b"not a journal")
    assert "cannot be read" in clean(otto, name, "--yes")["not_looked_at"][0]
    assert len(client.list_multipart_uploads(Bucket=name)["Uploads"]) == 1


def manifest(container: str, segments: dict[str, bytes]) -> bytes:
    entries = [
        {"path": f"/{container}/{key}", "etag": hashlib.md5(data).hexdigest(), "size_bytes": len(data)}
        for key, data in segments.items()
    ]
    return json.dumps(entries).encode()


def test_only_segments_that_no_manifest_names_go(otto: Jsobj, client: Any, swift: Swift, name: str) -> None:
    connection, segments = swift("otto"), f"{name}_segments"
    connection.put_container(segments)
    used = {f"big/slo/1.5/4/2/{n:08d}": data for n, data in enumerate((b"ab", b"cd"))}
    for key, data in {**used, "dyn/1/0": b"ef", "gone/slo/1.5/4/2/00000000": b"gh"}.items():
        connection.put_object(segments, key, data)
    connection.put_object(name, "big", manifest(segments, used), query_string="multipart-manifest=put")
    connection.put_object(name, "dyn", b"", headers={"X-Object-Manifest": f"{segments}/dyn/1/"})
    large = otto.folder / "ours"
    large.write_bytes(b"o" * (PART + 1))
    otto("upload", str(large), f"swift://{name}/", "--part-size", "5M")
    done = clean(otto, name, "--yes")
    assert done["not_looked_at"] == []
    assert [item["url"] for item in done["items"]] == [f"swift://{segments}/gone/slo/1.5/4/2/"]
    assert (done["removed"], done["removed_bytes"]) == (1, 2)
    assert connection.get_object(name, "big")[1] == b"abcd"
    assert connection.get_object(name, "dyn")[1] == b"ef"
    assert connection.get_object(name, "ours")[1] == large.read_bytes()
    assert clean(otto, name, "--yes")["items"] == []


def test_of_two_groups_that_prove_alike_neither_goes(otto: Jsobj, client: Any, swift: Swift, name: str) -> None:
    """An upload that was killed before its manifest, and the same file sent again: Ceph does not tell which is used."""
    connection, segments = swift("otto"), f"{name}_segments"
    connection.put_container(segments)
    twins = [
        {f"big/jsobj/{begun}-0000000{begun}/2/{n:08d}": data for n, data in enumerate((b"ab", b"cd"), 1)}
        for begun in (1, 2)
    ]
    for key, data in {**twins[0], **twins[1]}.items():
        connection.put_object(segments, key, data)
    connection.put_object(name, "big", manifest(segments, twins[1]), query_string="multipart-manifest=put")
    done = clean(otto, name, "--yes")
    assert (done["items"], done["not_looked_at"]) == ([], [])
    assert connection.get_object(name, "big")[1] == b"abcd"
    connection.delete_object(name, "big")
    assert len(clean(otto, name, "--yes")["items"]) == 2


def test_where_a_manifest_cannot_be_known_no_segment_goes(otto: Jsobj, client: Any, swift: Swift, name: str) -> None:
    """Ceph gives no manifest out, and of one whose maker sent no digests it has no ETag either."""
    connection, segments = swift("otto"), f"{name}_segments"
    connection.put_container(segments)
    connection.put_object(segments, "a/1", b"ab")
    connection.put_object(segments, "b/1", b"cd")
    body = json.dumps([{"path": f"/{segments}/a/1", "size_bytes": 2}]).encode()
    connection.put_object(name, "big", body, query_string="multipart-manifest=put")
    done = clean(otto, name, "--yes")
    assert done["items"] == []
    assert f"{name}/big" in done["not_looked_at"][0]
    assert "as far as it was looked at" in otto("bucket", "clean", name).out
    assert connection.get_object(name, "big")[1] == b"ab"


def test_old_versions_and_delete_markers(otto: Jsobj, client: Any, name: str) -> None:
    client.put_bucket_versioning(Bucket=name, VersioningConfiguration={"Status": "Enabled"})
    for key in ("kept", "kept", "deleted", "bare"):
        client.put_object(Bucket=name, Key=key, Body=b"data")
    client.delete_object(Bucket=name, Key="deleted")
    client.delete_object(Bucket=name, Key="bare")
    only = next(v for v in client.list_object_versions(Bucket=name)["Versions"] if v["Key"] == "bare")
    client.delete_object(Bucket=name, Key="bare", VersionId=only["VersionId"])
    done = clean(otto, name, "--yes")
    assert kinds(done) == [("marker", "bare")]
    plan = clean(otto, name, "--dry-run", "--versions-older-than", "0s")
    assert kinds(plan) == [("version", "deleted"), ("version", "kept")]
    assert clean(otto, name, "--yes", "--versions-older-than", "0s", "--only", "version")["removed"] == 2
    assert client.get_object(Bucket=name, Key="kept")["Body"].read() == b"data"
    assert [v["Key"] for v in client.list_object_versions(Bucket=name)["Versions"]] == ["kept"]


def test_the_container_of_segments_is_not_a_bucket_to_clean(otto: Jsobj, client: Any, name: str) -> None:
    error = otto("bucket", "clean", f"{name}_segments", "--json", code=2).error
    assert f"jsobj bucket clean {name}" in error["hint"]
