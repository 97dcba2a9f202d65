"""``jsobj bucket clean`` on Swift, whose manifests may be in any container of the project."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from commands import Jsobj
from fixtures_cloud import Cloud

PART = 5 << 20  # bytes


@pytest.fixture(name="swift")
def _swift(cloud: Cloud, name: str) -> Iterator[Any]:
    """A connection of alice's, past jsobj; what is called after the test's bucket is deleted at the end."""
    import swiftclient

    connection = swiftclient.Connection(preauthurl=cloud.swift_url, preauthtoken=cloud.keystone_token("alice"))
    connection.put_container(name)
    connection.put_container(f"{name}_segments")
    yield connection
    for container in connection.get_account(full_listing=True)[1]:
        if container["name"].startswith(name):
            for item in connection.get_container(container["name"], query_string="versions")[1]:
                version = f"version-id={item['version_id']}" if item.get("version_id", "null") != "null" else None
                connection.delete_object(container["name"], item["name"], query_string=version)
            for item in connection.get_container(container["name"])[1]:  # of a name with "%", Swift leaves the link
                connection.delete_object(container["name"], item["name"])
            for item in connection.get_container(container["name"], query_string="versions")[1]:
                version = f"version-id={item['version_id']}"
                connection.delete_object(container["name"], item["name"], query_string=version)
            connection.delete_container(container["name"])
    connection.close()


def put_large(swift: Any, container: str, key: str, *segments: str) -> None:
    """Segments of one byte each, by their paths, and the manifest that names them."""
    for path in segments:
        swift.put_object(*path.split("/", 1), contents=b"x")
    body = json.dumps([{"path": f"/{path}", "size_bytes": 1} for path in segments])
    swift.put_object(container, key, body, query_string="multipart-manifest=put")


def clean(user: Jsobj, name: str, *words: str) -> Any:
    return user("bucket", "clean", name, "--older-than", "0s", "--json", *words).json


def places(done: Any) -> list[str]:
    return sorted(item["url"].partition("://")[2] for item in done["items"])


@pytest.mark.parametrize("who", ["member", "keyed"])
def test_no_segment_goes_that_a_manifest_names(request: Any, who: str, swift: Any, cloud: Cloud, name: str) -> None:
    user: Jsobj = request.getfixturevalue(who)
    segments, other = f"{name}_segments", f"{name}-other"
    swift.put_container(other, headers={"X-Versions-Enabled": "true"})
    put_large(swift, name, "slo", f"{segments}/slo/slo/1.5/2/1/00000000", f"{segments}/slo/slo/1.5/2/1/00000001")
    put_large(swift, other, "elsewhere", f"{segments}/far/00000000")
    put_large(swift, other, "replaced", f"{segments}/old/00000000")
    swift.put_object(other, "replaced", b"a new version")  # the old one is kept
    put_large(swift, name, "hidden", f"{name}/.file-segments/hidden/0")
    gone = {f"gone/1.5/2/1/{n:08d}" for n in (1, 2)}
    full = "full/1.5/2/00000001"
    data = ("README", "patient1/mask.nii", "2026/12/00000001", "far/more/1")  # no names of segments
    for key in ("dlo/1", full, "linked/1", *gone, *data):
        swift.put_object(segments, key, b"x")
    swift.put_object(other, "d%20lo", b"", headers={"X-Object-Manifest": f"{segments}/dlo/"})
    swift.put_object(name, "full", b"not empty", headers={"X-Object-Manifest": f"{segments}/full/1.5/"})
    swift.put_object(other, "link", b"", headers={"X-Symlink-Target": f"{segments}/linked/1"})
    swift.put_object(name, ".file-segments/gone/0", b"xy")
    kept = {item["name"] for item in swift.get_container(segments)[1]} - gone
    done = clean(user, f"swift://{name}" if who == "member" else name, "--yes")
    assert done["not_looked_at"] == []
    assert places(done) == [f"{name}/.file-segments/gone/", f"{segments}/gone/1.5/2/1/"]
    assert (done["removed"], done["removed_objects"], done["removed_bytes"]) == (2, 3, 4)
    assert "may be data" in str(done["kept"])
    left = {item["name"] for item in swift.get_container(segments)[1]}
    # A manifest that is not empty shows itself only to who asks for it: its segments are found out before they go.
    assert left == kept
    assert swift.get_object(name, "slo")[1] == b"xx"
    assert swift.get_object(name, "hidden")[1] == b"x"
    assert swift.get_object(other, "elsewhere")[1] == b"x"


def test_uploads_of_swifts_s3_api(keyed: Jsobj, swift: Any, place_on: Any) -> None:
    place = place_on("swift")
    client, bucket = place.witness, place.bucket
    for key in ("done", "half"):
        upload = client.create_multipart_upload(Bucket=bucket, Key=key)["UploadId"]
        part = client.upload_part(Bucket=bucket, Key=key, UploadId=upload, PartNumber=1, Body=b"p" * PART)
        if key == "done":
            parts = {"Parts": [{"PartNumber": 1, "ETag": part["ETag"]}]}
            client.complete_multipart_upload(Bucket=bucket, Key=key, UploadId=upload, MultipartUpload=parts)
    young = keyed("bucket", "clean", bucket, "--json").json
    assert (young["items"], len(young["kept"])) == ([], 1)
    done = clean(keyed, bucket, "--yes")
    assert [(item["kind"], item["bytes"], item["objects"]) for item in done["items"]] == [("upload", PART, 2)]
    assert "Uploads" not in client.list_multipart_uploads(Bucket=bucket)
    assert place.body("done") == b"p" * PART
    assert len(swift.get_container(f"{bucket}+segments")[1]) == 1
    client.delete_object(Bucket=bucket, Key="done")


def test_a_manifest_that_comes_after_the_question(keyed: Jsobj, swift: Any, name: str, cloud: Cloud) -> None:
    """What was an orphan when it was shown is looked at again before it is deleted, as is what was sent since."""
    from jsobj.actions.stores import BucketStores
    from jsobj.housekeeping.cleaning.leftovers import KINDS, Limits
    from jsobj.housekeeping.cleaning.search import remove, search
    from jsobj.housekeeping.sides import sides_of
    from jsobj.identity.settings import Settings
    from jsobj.store.location import parse_location
    from jsobj.store.open import StoreRequest

    segments = f"{name}_segments"
    late, grown, gone = (f"{word}/1.5/9" for word in ("late", "grown", "gone"))
    for key in (late, grown, gone):
        key = f"{key}/00000001"
        swift.put_object(segments, key, b"x")
    swift.put_object(name, "f/", b"")
    swift.put_object(name, "f/x", b"1")
    settings = Settings.read(keyed.environment())
    with BucketStores(settings, StoreRequest()) as opened:
        sides = sides_of(parse_location(name), opened.of, lambda: opened.request.keystone(settings))
        found = search(sides, Limits(4e9), Path(keyed.home), KINDS)
        assert len(found.leftovers) == 4
        put_large(swift, name, "elsewhere/late", f"{segments}/{late}/00000001")
        swift.put_object(segments, f"{grown}/00000002", b"x")
        swift.delete_object(name, "f/x")
        states = {removal.leftover.key: removal.state for removal in remove(found.leftovers)}
    assert states == {late: "left", grown: "left", gone: "removed", "f/": "left"}
    assert {item["name"] for item in swift.get_container(segments)[1]} == {
        f"{late}/00000001",
        f"{grown}/00000001",
        f"{grown}/00000002",
    }


def test_without_a_login_segments_are_not_looked_at(keyed: Jsobj, swift: Any, name: str) -> None:
    import shutil

    swift.put_object(f"{name}_segments", "gone/1", b"x")
    shutil.rmtree(keyed.home / ".config")
    done = keyed("bucket", "clean", name, "--older-than", "0s", "--yes", "--json", "--profile", "demo").json
    assert done["items"] == []
    assert "segments" in done["not_looked_at"][0]


def test_another_projects_bucket_is_refused(member: Jsobj, cloud: Cloud) -> None:
    """Its manifests are not in this login's account, where all of its segments would look like nobody's."""
    done = member("bucket", "clean", f"swift://{cloud.status.projects['demo']}:results", "--yes", "--json", code=2)
    assert "its own project's login" in done.error["message"]


def test_an_old_version_keeps_its_segments_where_versions_are_suspended(member: Jsobj, swift: Any, name: str) -> None:
    swift.post_container(name, {"X-Versions-Enabled": "true"})
    segments = f"{name}_segments"
    for word in ("upload", "rm"):
        put_large(swift, name, word, f"{segments}/{word}/slo/1.5/2/1/00000000")
    swift.post_container(name, {"X-Versions-Enabled": "false"})
    new = member.folder / "new"
    new.write_bytes(b"new")
    member("upload", str(new), f"swift://{name}/upload")
    member("rm", f"swift://{name}/rm")
    for word in ("upload", "rm"):
        old = next(v for v in swift.get_container(name, query_string="versions")[1] if v["name"] == word and v["bytes"])
        versions = [v for v in swift.get_container(name, query_string="versions")[1] if v["name"] == word]
        read = [swift.get_object(name, word, query_string=f"version-id={v['version_id']}")[1] for v in versions]
        assert b"x" in read, old
