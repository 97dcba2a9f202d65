"""``jsobj bucket``: lists in pages, counts that are cut off, regions, and answers that no object store gives."""

from __future__ import annotations

import pytest
import swiftclient
from commands import Jsobj
from fixtures_cloud import Cloud
from listening import answering

from jsobj.store.s3 import bucket_admin
from jsobj.store.swift import containers

ELSEWHERE = {"AWS_REGION": "elsewhere"}


@pytest.fixture(name="swift", scope="module")
def _swift(cloud: Cloud) -> swiftclient.Connection:
    return swiftclient.Connection(preauthurl=cloud.swift_url, preauthtoken=cloud.keystone_token("alice"))


@pytest.mark.parametrize("page", [1, 2, 5, 1000])
def test_all_containers_are_listed_whatever_a_page_holds(
    member: Jsobj, swift: swiftclient.Connection, name: str, page: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = [f"{name}-{number}" for number in range(5)]
    for each in made:
        swift.put_container(each)
    monkeypatch.setattr(containers, "_PAGE", page)
    listed = [item["name"] for item in member("bucket", "list", "--json").json["items"]]
    assert listed == [item["name"] for item in swift.get_account(full_listing=True)[1]]
    assert set(made) <= set(listed)
    for each in made:
        member("bucket", "delete", f"swift://{each}")


def test_a_count_that_ends_early_says_so(
    keyed: Jsobj, swift: swiftclient.Connection, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    swift.put_container(name)
    for number in range(3):
        swift.put_object(name, f"o{number}", b"x" * 10)
    for limit, counted in ((2, (2, 20, True)), (3, (3, 30, False))):
        monkeypatch.setattr(bucket_admin, "_COUNTED", limit)
        shown = keyed("bucket", "show", f"s3://{name}", "--json").json
        assert (shown["objects"], shown["bytes"], shown["at_least"]) == counted
    keyed("bucket", "delete", f"s3://{name}", "--recursive", "--yes")


def test_the_region_of_signatures_is_learnt(keyed: Jsobj, name: str) -> None:
    """A HEAD that is refused says nothing; what comes after it does, and is signed once more."""
    bucket = f"s3://{name}"
    assert keyed("bucket", "create", bucket, "--json", env=ELSEWHERE).json["created"] is True
    assert keyed("bucket", "create", bucket, "--json", env=ELSEWHERE).json["created"] is False
    assert keyed("bucket", "show", bucket, "--json", env=ELSEWHERE).json["objects"] == 0
    assert keyed("bucket", "delete", bucket, "--json", env=ELSEWHERE).json["deleted"] is True


@pytest.mark.parametrize(("verb", "status"), [("create", 200), ("show", 200), ("show", 404), ("delete", 404)])
def test_a_page_of_something_else_is_no_bucket(keyed: Jsobj, name: str, verb: str, status: int) -> None:
    """A network that wants one to log in through the browser first answers everything."""
    with answering(status, {"Content-Type": "text/html"}, b"<html><title>Welcome</title></html>") as (url, _):
        there = {"AWS_ENDPOINT_URL": url, "AWS_ACCESS_KEY_ID": "a", "AWS_SECRET_ACCESS_KEY": "b"}
        error = keyed("bucket", verb, f"s3://{name}", "--json", env=there, code=7).error
    assert error["reference"] == "not-object-store"
