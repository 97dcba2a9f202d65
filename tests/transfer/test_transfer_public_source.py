"""cp and sync from a bucket that is read without a login, into one's own."""

from __future__ import annotations

import json
import os
from collections.abc import Callable

import pytest
from transfer_scene import IN_PARTS, PART, RGW_S3, SWIFT_S3, TransferScene

SMALL, LARGE = os.urandom(1000), os.urandom(PART + 5)


@pytest.fixture(name="public")
def _public(make_scene: Callable[[str], TransferScene]) -> TransferScene:
    """A bucket that everybody may read, but for ``not-yet``, which its owner may."""
    scene = make_scene(RGW_S3)
    scene.put("raw/small", SMALL, ACL="public-read")
    scene.put_in_parts("raw/large", LARGE, PART)
    scene.witness.put_object_acl(Bucket=scene.bucket, Key="raw/large", ACL="public-read")
    scene.witness.put_bucket_acl(Bucket=scene.bucket, ACL="public-read")
    scene.put("not-yet", b"secret")
    return scene


def test_public_data_into_a_bucket_of_ones_own(
    public: TransferScene, make_scene: Callable[[str], TransferScene], endpoint_of: Callable[[str], tuple[str, str]]
) -> None:
    here = make_scene(SWIFT_S3)
    unsigned = ("--no-sign-request", "--endpoint", endpoint_of(RGW_S3)[0])
    copied = here.summary("cp", f"s3://{public.bucket}/raw/", here.url("a/"), *unsigned, *IN_PARTS)
    assert (copied["done"], copied["verified"]) == (2, 2)
    synced = here.summary("sync", f"s3://{public.bucket}/raw/", here.url("b/"), *unsigned, *IN_PARTS)
    assert synced["done"] == 2
    assert here.summary("sync", f"s3://{public.bucket}/raw/", here.url("b/"), *unsigned)["done"] == 0
    error = here("cp", f"s3://{public.bucket}/not-yet", here.url("c"), *unsigned, "--json", code=4).error
    assert error["message"].startswith("source: ")
    for folder in "ab":
        assert (here.get(f"{folder}/small"), here.get(f"{folder}/large")) == (SMALL, LARGE)
    assert len(here.keys()) == 4


def test_a_plan_knows_that_its_source_is_read_without_a_login(
    public: TransferScene, make_scene: Callable[[str], TransferScene], endpoint_of: Callable[[str], tuple[str, str]]
) -> None:
    here, plan = make_scene(SWIFT_S3), "plan.ndjson"
    unsigned = ("--no-sign-request", "--endpoint", endpoint_of(RGW_S3)[0])
    here("sync", f"s3://{public.bucket}/raw/", here.url(), *unsigned, "--plan", plan)
    head = json.loads((here.folder / plan).read_text().splitlines()[0])
    assert head["unsigned"] is True
    assert here.summary("apply", plan, *IN_PARTS)["done"] == 2
    assert (here.get("small"), here.get("large")) == (SMALL, LARGE)


def test_what_is_local_is_read_by_nobody_else(make_scene: Callable[[str], TransferScene]) -> None:
    here = make_scene(SWIFT_S3)
    here.write({"a": b"a"})
    assert "local source" in here("sync", "tree/", here.url(), "--no-sign-request", code=2).err
    assert "local source" in here("cp", f"file://{here.folder}/tree/a", here.url(), "--no-sign-request", code=2).err
    assert here.keys() == []
