"""``jsobj bucket clean`` on Swift, whose manifests may be in any container of the project.

So it looks into all of them: here those of otto's project, which has little but what these tests make.
"""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Iterator
from configparser import ConfigParser
from pathlib import Path
from typing import Any

import pytest
from commands import Jsobj
from fixtures_cloud import Cloud
from fixtures_places import s3_config

PART = 5 << 20  # bytes


@pytest.fixture(name="member_home", scope="module")
def _member_home(cloud: Cloud, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """That of otto, of project other."""
    runner = Jsobj(tmp_path_factory.mktemp("member") / "home", ())
    words = ("--password-stdin", "--as", "demo")
    runner("login", cloud.rc("openrc-other"), *words, stdin=cloud.rc("password-other"))
    return runner.home


@pytest.fixture(name="keyed_home", scope="module")
def _keyed_home(cloud: Cloud, member_home: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    home = tmp_path_factory.mktemp("keyed") / "home"
    shutil.copytree(member_home, home)
    Jsobj(home, ())("ec2-creds")
    yield home
    cloud.delete_ec2_key("otto", key_in(home)[0])


def key_in(home: Path) -> tuple[str, str]:
    """Access and secret."""
    credentials = ConfigParser()
    credentials.read(home / ".aws/credentials")
    return credentials["demo"]["aws_access_key_id"], credentials["demo"]["aws_secret_access_key"]


@pytest.fixture(name="swift")
def _swift(cloud: Cloud, name: str) -> Iterator[Any]:
    """A connection of otto's, past jsobj; what is called after the test's bucket is deleted at the end."""
    import swiftclient

    account = cloud.swift_url.replace(cloud.status.projects["demo"], cloud.status.projects["other"])
    connection = swiftclient.Connection(preauthurl=account, preauthtoken=cloud.keystone_token("otto"))
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


def test_uploads_of_swifts_s3_api(keyed: Jsobj, swift: Any, keyed_home: Path, cloud: Cloud, name: str) -> None:
    import boto3

    client = boto3.Session(*key_in(keyed_home), region_name=cloud.region).client(
        "s3", endpoint_url=cloud.s3_endpoint, config=s3_config()
    )
    bucket = f"{name}-s3"
    client.create_bucket(Bucket=bucket)
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
    assert client.get_object(Bucket=bucket, Key="done")["Body"].read() == b"p" * PART
    assert len(swift.get_container(f"{bucket}+segments")[1]) == 1
    client.delete_object(Bucket=bucket, Key="done")
    client.close()


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


def test_the_segments_of_an_old_version_stay(member: Jsobj, swift: Any, name: str) -> None:
    member("bucket", "versioning", name, "on")
    large, bodies = member.folder / "large", []
    for _ in range(2):
        bodies.append(os.urandom(PART + 1))
        large.write_bytes(bodies[-1])
        member("upload", str(large), f"swift://{name}/", "--part-size", "5M")
    member("rm", f"swift://{name}/large")
    ids = [item["id"] for item in member("ls", "--versions", name, "--json").json["items"] if item["size"]]
    old = [swift.get_object(name, "large", query_string=f"version-id={ident}")[1] for ident in ids]
    assert old == [bodies[1], bodies[0]]
    member("undelete", f"swift://{name}/large")
    assert swift.get_object(name, "large")[1] == bodies[1]
    clean = member("bucket", "clean", name, "--older-than", "0s", "--yes", "--json").json
    assert (clean["items"], clean["not_looked_at"]) == ([], [])
