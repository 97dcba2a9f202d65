"""Every policy that the check knows, set on a real gateway: whether it is taken, and who can read then."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest
from botocore.exceptions import ClientError
from commands import Jsobj
from fixtures_cloud import Cloud
from fixtures_rgw import Gateway
from people import Boto, Users, on_global
from policy_cases import CASES, LOCKS, Names, document
from strangers import status

from jsobj.errors import JsobjError
from jsobj.identity.settings import Settings
from jsobj.share.owner import owner_of
from jsobj.share.policy_flow import set_policy
from jsobj.store.location import Location
from jsobj.store.open import StoreRequest


@pytest.fixture(name="names")
def _names(alice: Jsobj, boto: Boto, cloud: Cloud, name: str) -> Iterator[Names]:
    client = boto(alice)
    client.create_bucket(Bucket=name)
    client.put_object(Bucket=name, Key="x", Body=b"data")
    projects = cloud.status.projects
    yield Names(name, projects["demo"], projects["other"], cloud.user_id("otto"))
    alice("bucket", "delete", f"s3://{name}", "--recursive", "--yes")


def _refused(error: ClientError, *statuses: int) -> bool:
    """False where the server refused with one of these statuses."""
    if error.response["ResponseMetadata"]["HTTPStatusCode"] not in statuses:
        raise error
    return False


def _taken(client: Any, bucket: str, policy: str) -> bool:
    try:
        client.put_bucket_policy(Bucket=bucket, Policy=policy)
    except ClientError as error:
        return _refused(error, 400, 416)
    return True


def _can(request: Any, **words: str) -> bool:
    try:
        request(**words)
    except ClientError as error:
        return _refused(error, 403)
    return True


def test_the_server_does_what_the_check_says(
    alice: Jsobj, keyed: Users, boto: Boto, gateway: Gateway, names: Names
) -> None:
    from botocore.handlers import validate_bucket_name

    owner, other = boto(alice), boto(keyed("otto"))
    other.meta.events.unregister("before-parameter-build.s3", validate_bucket_name)
    long_name = f"{names.owner}:{names.bucket}" if gateway.tenants else names.bucket
    wrong = []
    for case in CASES:
        taken = _taken(owner, names.bucket, case.make(names))
        anonymous = taken and status(f"{gateway.endpoint}/{long_name}/x") == 200
        project = taken and _can(other.get_object, Bucket=long_name, Key="x")
        seen, said = (taken, anonymous, project), (case.accepted, case.anonymous, case.project)
        if seen != said:
            wrong.append((case.name, seen, said))
        if taken:
            owner.delete_bucket_policy(Bucket=names.bucket)
    assert wrong == []


@on_global
def test_who_is_locked_out_cannot_delete_the_policy(alice: Jsobj, boto: Boto, names: Names) -> None:
    """Buckets whose owner is locked out stay behind: nobody but the operator could delete them."""
    client, wrong = boto(alice), []
    for number, (what, make, locked) in enumerate(LOCKS):
        each = Names(f"{names.bucket}-{number}", names.owner, names.other, names.user)
        client.create_bucket(Bucket=each.bucket)
        assert _taken(client, each.bucket, document(make(each)))
        both = [
            _can(client.put_bucket_policy, Bucket=each.bucket, Policy=document(make(each))),
            _can(client.delete_bucket_policy, Bucket=each.bucket),
        ]
        if any(both) == locked:
            wrong.append((what, both))
        if any(both):
            client.delete_bucket_policy(Bucket=each.bucket)
            client.delete_bucket(Bucket=each.bucket)
    assert wrong == []


def test_a_policy_is_set_read_and_put_back(alice: Jsobj, boto: Boto, gateway: Gateway, names: Names) -> None:
    client, bucket = boto(alice), names.bucket
    first = document(names.to(f"arn:aws:iam::{names.other}:root"))
    assert alice("bucket", "policy", "get", bucket, "--json", code=5).error["reference"] == "policy-not-there"
    file = alice.folder / "policy.json"
    file.write_text(first)
    done = alice("bucket", "policy", "set", bucket, file, "--json").json
    assert (done["before"], done["compared"], done["findings"]) == (None, True, [])
    assert client.get_bucket_policy(Bucket=bucket)["Policy"] == first
    printed = alice("bucket", "policy", "get", bucket).out
    assert json.loads(printed) == json.loads(first)
    assert len(printed.splitlines()) > 5
    changed = alice("bucket", "policy", "set", bucket, "-", stdin=document(names.allow()))
    assert "everybody may do this without a login" in " ".join(changed.err.split())
    (kept,) = (alice.home / ".local/state/jsobj/replaced").iterdir()
    assert f"jsobj bucket policy set {bucket} {kept}" in " ".join(changed.err.split())
    alice("bucket", "policy", "set", bucket, kept)
    assert json.loads(client.get_bucket_policy(Bucket=bucket)["Policy"]) == json.loads(first)
    alice("bucket", "public", bucket)
    assert alice("bucket", "policy", "check", bucket).out.count("warning") == 2
    gone = alice("bucket", "policy", "delete", bucket, "--json")
    assert gone.json["policy"] is None
    assert "everybody may read" in " ".join(gone.err.split())
    assert alice("bucket", "policy", "delete", bucket, "--json").json["before"] is None
    with pytest.raises(ClientError):
        client.get_bucket_policy(Bucket=bucket)


def test_what_fails_the_check_is_not_set(alice: Jsobj, boto: Boto, names: Names) -> None:
    bucket, words = names.bucket, ("bucket", "policy")
    wrong = {
        "void": document(names.allow(Resource=names.arn)),
        "refused": document(names.allow(Action="s3:Nothing")),
        "risk": document(names.allow(Effect="Deny", Action="s3:*", Resource=names.arn)),
    }
    for level, policy in wrong.items():
        listed = alice(*words, "check", bucket, "-", "--json", stdin=policy, code=6).json["items"]
        assert level in {each["level"] for each in listed}
        error = alice(*words, "set", bucket, "-", "--json", stdin=policy, code=6).error
        assert error["reference"] == "policy-fails-check"
        assert "line 1, column" in error["context"]
        assert ("--force" in error["hint"]) == (level != "refused")
    assert alice(*words, "set", bucket, "-", "--force", "--json", stdin=wrong["refused"], code=6).error
    with pytest.raises(ClientError):
        boto(alice).get_bucket_policy(Bucket=bucket)
    alice(*words, "set", bucket, "-", "--force", stdin=wrong["void"])
    assert alice(*words, "check", bucket, code=6).lines[0].split("\t")[2] == "void"
    good = document(names.to(names.other))
    assert alice(*words, "check", bucket, "-", stdin=good).out == ""
    assert alice(*words, "check", bucket, "missing", "--json", code=5).error["reference"] == "file-unreadable"


@on_global
def test_a_change_by_somebody_else_is_noticed(alice: Jsobj, boto: Boto, names: Names) -> None:
    client = boto(alice)
    theirs = document(names.allow())
    client.put_bucket_policy(Bucket=names.bucket, Policy=document(names.to(names.other)))

    def meanwhile(old: str) -> None:
        client.put_bucket_policy(Bucket=names.bucket, Policy=theirs)

    settings = Settings.read(alice.environment())
    with (
        owner_of(settings, Location("s3", names.bucket), StoreRequest()) as owner,
        pytest.raises(JsobjError) as caught,
    ):
        set_policy(owner, document(names.to(names.owner)), meanwhile, force=False)
    assert caught.value.reference == "policy-changed"
    assert client.get_bucket_policy(Bucket=names.bucket)["Policy"] == theirs


@on_global
def test_a_forced_lock_out_is_set_and_said(alice: Jsobj, boto: Boto, name: str) -> None:
    """The bucket stays behind."""
    client, names = boto(alice), Names(name)
    client.create_bucket(Bucket=name)
    policy = document(names.allow(Effect="Deny", Action="s3:*", Resource=[names.arn, f"{names.arn}/*"]))
    done = alice("bucket", "policy", "set", name, "-", "--force", stdin=policy)
    assert "could not be compared" in done.err
    assert alice("bucket", "policy", "delete", name, "--json", code=6).error["exit_code"] == 6


@on_global
def test_segments_that_no_policy_reaches_are_named(alice: Jsobj, boto: Boto, names: Names) -> None:
    alice("bucket", "create", f"swift://{names.bucket}_segments")
    listed = alice("bucket", "policy", "check", names.bucket, "-", "--json", stdin=document(names.allow())).json
    assert f"{names.bucket}_segments" in str([each for each in listed["items"] if each["rule"] == "segments"])
    alice("bucket", "delete", f"swift://{names.bucket}_segments")
