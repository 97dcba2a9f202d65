"""Many objects deleted by one request, on real Swift and real Ceph RGW: exactly those, and failures by their reason."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence

import pytest
from fixtures_cloud import Cloud
from meddler import Answer, Meddler, Passing, meddling, refusal
from s3_scene import S3Scene
from test_s3_objects import NAMES

from jsobj.net.body import BytesSource
from jsobj.net.sigv4 import KeyPair
from jsobj.secret import Secret
from jsobj.store.objects import Store
from jsobj.store.s3.bucket_admin import S3Account
from jsobj.transfer.delete import ToDelete, delete_all
from jsobj.transfer.events import Done, Event, Failed, Tally

# What names become where they are trimmed, decoded once more, or cut where they should not be.
NEIGHBOURS = (
    "trailing", " trailing", "a", "b", "a  b", "a&b", "a&amp;b", "amp", "line", "break", "\u00a0a", "lead", "F", "100",
    "a%2520b", "<Key>", "]]>", "x", "y#z&", "a\u2028b", "c", "null", "plain.txt ", "plain", "k" * 1023,
)  # fmt: skip
KEYS = tuple(f"many/{number:03d}" for number in range(40))


@pytest.fixture(autouse=True)
def _no_waiting(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("jsobj.net.retry._BASE", 0.0)


@pytest.fixture
def meddler(fresh_bucket: S3Scene) -> Iterator[Meddler]:
    with meddling(fresh_bucket.endpoint) as made:
        yield made


def names(scene: S3Scene) -> list[str]:
    return [item.key for item in scene.store.list()]


def fill(scene: S3Scene, keys: Sequence[str]) -> None:
    for key in keys:
        scene.store.put(key, BytesSource(b"x"))


def rid(store: Store, keys: Sequence[str]) -> list[Event]:
    """How each ended."""
    seen: list[Event] = []
    delete_all([ToDelete(store, key, 1) for key in keys], tally=Tally(), emit=seen.append, stop=lambda: None)
    return seen


def failed(events: Sequence[Event]) -> dict[str, str]:
    return {e.item: e.error.reference for e in events if isinstance(e, Failed)}


def test_P23_exactly_the_names_that_were_meant(fresh_bucket: S3Scene) -> None:
    every = sorted({*NAMES, *NEIGHBOURS})
    fill(fresh_bucket, every)
    for chosen in (every[::2], every[1::2]):
        before = set(names(fresh_bucket))
        gone = fresh_bucket.store.delete_many([*chosen, "nothing of this name"])
        assert before - set(names(fresh_bucket)) == set(gone) - {"nothing of this name"} <= set(chosen)
        assert set(chosen) - set(gone) == {n for n in chosen if not n.isprintable() or n != n.strip()}
    left = names(fresh_bucket)
    assert left
    events = rid(fresh_bucket.store, left)
    assert [e.item for e in events if isinstance(e, Done)] == [fresh_bucket.store.place.url(key) for key in left]
    assert names(fresh_bucket) == []


def test_a_few_requests_for_many_objects(fresh_bucket: S3Scene, meddler: Meddler) -> None:
    fill(fresh_bucket, KEYS)
    store = fresh_bucket.another(endpoint=meddler.origin)
    assert [e.item for e in rid(store, KEYS)] == [store.place.url(key) for key in KEYS]
    assert names(fresh_bucket) == []
    assert {method for method, _ in meddler.seen} == {"POST"}
    assert len(meddler.seen) <= len(KEYS) / 8 + 1


def without_confirmation(passing: Passing) -> Answer:
    """It was done, and the answer leaves one out."""
    status, headers, body = passing.ask()
    first, _, rest = body.partition(b"<Deleted>")
    return status, {"content-type": headers["content-type"]}, first + rest.partition(b"</Deleted>")[2]


def with_an_error(passing: Passing) -> Answer:
    """Nothing was done for one of them."""
    head, _, rest = passing.body.partition(b"<Key>")
    key = rest.partition(b"</Key>")[0].decode()
    entry = f"<Error><Key>{key}</Key><Code>InternalError</Code></Error>"
    assert head
    return 200, {"content-type": "application/xml"}, f"<DeleteResult>{entry}</DeleteResult>".encode()


SPOILT = {
    "left-out": without_confirmation,
    "an-error-for-one": with_an_error,
    "not-known": lambda passing: refusal(501, "NotImplemented"),
    "forbidden": lambda passing: refusal(403, "AccessDenied"),
    "an-error-in-200": lambda passing: refusal(200, "InternalError"),
    "no-xml": lambda passing: (200, {}, b"fine"),
    "others-confirmed": lambda passing: (200, {}, b"<DeleteResult><Deleted><Key>z</Key></Deleted></DeleteResult>"),
    "cut": lambda passing: None,
}


@pytest.mark.parametrize("how", SPOILT)
def test_what_is_not_confirmed_is_deleted_by_itself(fresh_bucket: S3Scene, meddler: Meddler, how: str) -> None:
    fill(fresh_bucket, KEYS)
    store = fresh_bucket.another(endpoint=meddler.origin)
    meddler.spoil = lambda passing: passing.ask() if passing.method != "POST" else SPOILT[how](passing)
    events = rid(store, KEYS)
    assert [type(event) for event in events] == [Done] * len(KEYS)
    assert names(fresh_bucket) == []
    assert any(method == "DELETE" for method, _ in meddler.seen)


@pytest.mark.parametrize("how", ["", *SPOILT])
def test_a_bucket_is_emptied_in_the_same_way(fresh_bucket: S3Scene, meddler: Meddler, how: str) -> None:
    fill(fresh_bucket, KEYS)
    access = fresh_bucket.another(endpoint=meddler.origin).requests.access
    counts: list[int] = []
    if how:
        meddler.spoil = lambda passing: passing.ask() if passing.method != "POST" else SPOILT[how](passing)
    assert S3Account(access, proxy="").empty(fresh_bucket.bucket, counts.append) == len(KEYS)
    assert counts == [len(KEYS)]
    assert names(fresh_bucket) == []
    assert any(method == "DELETE" for method, _ in meddler.seen) is bool(how)


def test_a_server_that_refuses_is_not_asked_again(fresh_bucket: S3Scene, meddler: Meddler) -> None:
    keys = [f"more/{number:04d}" for number in range(500)]
    store = fresh_bucket.another(endpoint=meddler.origin)
    meddler.spoil = lambda passing: passing.ask() if passing.method != "POST" else refusal(405, "MethodNotAllowed")
    assert len(rid(store, keys)) == 500  # they are not there, which is what deleting is for
    assert sum(method == "POST" for method, _ in meddler.seen) <= 16  # those under way when the first was refused
    assert sum(method == "DELETE" for method, _ in meddler.seen) == 500


def test_F06_each_failure_is_named_with_the_servers_reason(fresh_bucket: S3Scene, meddler: Meddler) -> None:
    fill(fresh_bucket, KEYS)
    store = fresh_bucket.another(endpoint=meddler.origin)
    kept = KEYS[5:8]

    def spoil(passing: Passing) -> Answer:
        if passing.method == "DELETE" and passing.path.endswith(kept):
            return refusal(403, "AccessDenied")
        if passing.method == "POST" and any(key.encode() in passing.body for key in kept):
            return 200, {}, b"<DeleteResult/>"
        return passing.ask()

    meddler.spoil = spoil
    events = rid(store, KEYS)
    assert failed(events) == {store.place.url(key): "bucket-forbidden" for key in kept}
    assert names(fresh_bucket) == list(kept)


@pytest.mark.parametrize("stores", ["rgw"], indirect=True)  # Swift has no bucket policies
@pytest.mark.parametrize("effect", ["Deny", "Allow"])
def test_a_policy_counts_for_each_object(fresh_bucket: S3Scene, cloud: Cloud, effect: str) -> None:
    """What a policy keeps stays, whoever asks; who may delete by a policy alone does."""
    keys = [*KEYS, *(f"kept/{number}" for number in range(10))]
    fill(fresh_bucket, keys)
    statement = {"Effect": effect, "Principal": "*", "Action": ["s3:DeleteObject"]}
    resource = "kept" if effect == "Deny" else "many"
    policy = {"Version": "2012-10-17", "Statement": [statement | {"Resource": f"arn:aws:s3:::*/{resource}/*"}]}
    fresh_bucket.witness.put_bucket_policy(Bucket=fresh_bucket.bucket, Policy=json.dumps(policy))
    access, secret = cloud.mint_ec2_key("otto") if effect == "Allow" else ("", "")
    store = fresh_bucket.another(key=KeyPair(access, Secret(secret))) if access else fresh_bucket.store
    try:
        events = rid(store, keys)
    finally:
        fresh_bucket.witness.delete_bucket_policy(Bucket=fresh_bucket.bucket)
    assert set(failed(events)) == {store.place.url(key) for key in keys if key.startswith("kept")}
    assert names(fresh_bucket) == sorted(key for key in keys if key.startswith("kept"))
