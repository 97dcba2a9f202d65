"""The key of a living mount is deleted at the server: who writes is not told, umount is, and a new key sends it."""

from __future__ import annotations

import os
from typing import Any

import pytest
from botocore.exceptions import ClientError
from fixtures_cloud import Cloud
from fixtures_places import s3_config
from mount_scene import Scene, error_of, until

from jsobj.mount import table

pytestmark = pytest.mark.usefixtures("only_repairs")


def refused(pair: tuple[str, str], scene: Scene) -> bool:
    """The server keeps what it knows of a key for seconds."""
    import boto3

    client = boto3.Session(*pair, region_name=scene.place.region).client(
        "s3", endpoint_url=scene.place.endpoint, config=s3_config()
    )
    try:
        client.head_bucket(Bucket=scene.place.bucket)
    except ClientError:
        return True
    finally:
        client.close()
    return False


def test_what_was_written_with_a_deleted_key_is_sent_with_a_new_one(cloud: Cloud, scene_on: Any) -> None:
    scene: Scene = scene_on("swift")
    pair, credentials = cloud.mint_ec2_key("alice"), scene.jsobj.credentials
    good = credentials.read_text()
    credentials.write_text(good.replace(scene.place.key[0], pair[0]).replace(scene.place.key[1], pair[1]))
    folder = scene.mount("--write")
    cloud.delete_ec2_key("alice", pair[0])
    until(lambda: refused(pair, scene))
    (folder / "kept").write_bytes(b"kept")
    lost = scene.umount("--timeout", "10", folder, code=7)
    assert "kept" in error_of(lost)["context"]
    assert "StatusCode: 403" in error_of(lost)["context"]
    assert table.at(folder, table.read()) is not None
    (there,) = scene.mounts()
    assert (there["state"], [each["key"] for each in there["waiting"]]) == ("failing", ["kept"])
    scene.jsobj.process("mounts", "--repair", code=4)  # there is no new one yet
    assert os.listdir(folder) == ["kept"]
    credentials.write_text(good)
    (repaired,) = scene.jsobj.process("mounts", "--repair", "--json").json["items"]
    assert (repaired["done"], repaired["sent"]) == ("mounted again", ["kept"])
    assert scene.place.body("kept") == b"kept"
    scene.umount()
    scene.nothing_left()
