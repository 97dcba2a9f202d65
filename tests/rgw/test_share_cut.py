"""``jsobj share`` cut off, and beside others who change the same policy: no grant, or one that the inventory has."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from commands import Jsobj
from fixtures_cloud import Cloud
from fixtures_rgw import Gateway
from meddler import Answer, Meddler, Passing, meddling
from people import Boto, on_global

from jsobj.share.grants.statements import id_of

pytestmark = on_global


@pytest.fixture(name="filled")
def _filled(alice: Jsobj, boto: Boto, name: str) -> Iterator[str]:
    boto(alice).create_bucket(Bucket=name)
    boto(alice).put_object(Bucket=name, Key="a", Body=b"data")
    yield name
    alice("bucket", "delete", f"s3://{name}", "--recursive", "--yes")


@pytest.fixture(name="between")
def _between(gateway: Gateway) -> Iterator[Meddler]:
    with meddling(gateway.endpoint) as meddler:
        yield meddler


def policy(client: Any, bucket: str) -> list[Any]:
    from botocore.exceptions import ClientError

    try:
        found: list[Any] = json.loads(client.get_bucket_policy(Bucket=bucket)["Policy"])["Statement"]
        return found
    except ClientError:
        return []


def on_policy(method: str, number: int, act: Callable[[Passing], Answer | None]) -> Callable[[Passing], Answer | None]:
    """Act on one request about a policy, and pass all others."""

    def spoil(passing: Passing) -> Answer | None:
        if passing.method == method and "policy" in passing.path and passing.number == number:
            return act(passing)
        return passing.ask()

    return spoil


@pytest.mark.parametrize("reached", [False, True], ids=["before", "after"])
def test_a_killed_share_is_none_or_in_the_inventory(
    alice: Jsobj, boto: Boto, cloud: Cloud, filled: str, between: Meddler, reached: bool
) -> None:
    """SIGKILL when the policy is on its way: the server has it, or not."""
    client, project = boto(alice), cloud.status.projects["other"]
    children: list[Any] = []

    def kill(passing: Passing) -> Answer | None:
        if reached:
            passing.ask()
        children[0].kill()
        return None

    between.spoil = on_policy("PUT", 1, kill)
    words = ("share", f"s3://{filled}", "--to", project)
    children.append(alice.start(*words, env={"AWS_ENDPOINT_URL": between.origin}))
    assert children[0].wait(60) == -9
    kept = json.loads((alice.home / ".local/state/jsobj/shares.json").read_text())["given"]
    assert [each["state"] for each in kept] == ["pending"]
    assert {id_of(each) for each in policy(client, filled)} == ({kept[0]["id"]} if reached else set())
    listed = alice("shares", "--json", env={"AWS_ENDPOINT_URL": between.origin}).json["items"]
    assert [each["state"] for each in listed] == ["pending" if reached else "gone"]
    assert alice("shares", "--prune", "--json").json["items"] == []  # it may still be at work
    done = alice("unshare", kept[0]["id"], "--json").json["items"]
    assert done[0]["state"] == ("taken back" if reached else "was gone already")
    assert policy(client, filled) == []


def test_what_could_not_be_set_is_put_back(
    alice: Jsobj, boto: Boto, cloud: Cloud, filled: str, between: Meddler
) -> None:
    """The policy is set, and then the server fails: nothing is left of it, nor in the inventory."""
    project = cloud.status.projects["other"]
    between.spoil = on_policy("GET", 2, lambda passing: (403, {}, b"<Error><Code>AccessDenied</Code></Error>"))
    env = {"AWS_ENDPOINT_URL": between.origin}
    alice("share", f"s3://{filled}", "--to", project, "--json", code=6, env=env)
    assert policy(boto(alice), filled) == []
    assert alice("shares", "--json").json["items"] == []


def test_somebody_else_writes_the_policy_at_the_same_time(
    alice: Jsobj, boto: Boto, cloud: Cloud, filled: str, between: Meddler
) -> None:
    """Their statement, written over ours before we read it back, stays, and ours is set again."""
    client, project = boto(alice), cloud.status.projects["other"]
    office = {
        "Sid": "Office",
        "Effect": "Allow",
        "Principal": "*",
        "Action": "s3:GetObject",
        "Resource": [f"arn:aws:s3:::{filled}/office/*"],
    }

    def overwrite(passing: Passing) -> Answer | None:
        answer = passing.ask()
        client.put_bucket_policy(Bucket=filled, Policy=json.dumps({"Version": "2012-10-17", "Statement": [office]}))
        return answer

    between.spoil = on_policy("PUT", 1, overwrite)
    shutil.rmtree(alice.home / ".config")  # keys alone: the login's catalogue has another endpoint
    env = {"AWS_ENDPOINT_URL": between.origin}
    done = alice("share", f"s3://{filled}", "--to", project, "--profile", "ceph", "--json", env=env).json
    assert policy(client, filled)[0] == office
    assert {id_of(each) for each in policy(client, filled)[1:]} == {done["id"]}
    alice("unshare", done["id"], "--profile", "ceph")
    assert policy(client, filled) == [office]


def test_who_always_loses_says_so(alice: Jsobj, boto: Boto, cloud: Cloud, filled: str, between: Meddler) -> None:
    project = cloud.status.projects["other"]

    def drop(passing: Passing) -> Answer | None:
        return (204, {}, b"") if passing.method == "PUT" and "policy" in passing.path else passing.ask()

    between.spoil = drop
    env = {"AWS_ENDPOINT_URL": between.origin}
    error = alice("share", f"s3://{filled}", "--to", project, "--json", code=6, env=env).error
    assert error["reference"] == "share-contested"
    assert alice("shares", "--json").json["items"] == []
