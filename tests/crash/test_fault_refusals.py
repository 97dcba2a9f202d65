"""Servers that refuse, send elsewhere, or answer in another order, while bytes move (F32 F36 F38 F42 F50)."""

from __future__ import annotations

import json
import urllib.error
import urllib.request
from typing import Any

import pytest
from crash_scene import MIB, Crash, content
from fault_proxy import Answer, FaultProxy, Rule
from fixtures_cloud import Cloud
from fixtures_rgw import GLOBAL, Rgw
from listening import answering

from jsobj.net.retry import RetryPolicy

DATA = content(12 * MIB, 61)  # three parts
ALL = pytest.mark.parametrize("crash", ["s3", "rgw", "swift"], indirect=True)
BOTH = pytest.mark.parametrize("crash", ["s3", "swift"], indirect=True)
S3 = pytest.mark.parametrize("crash", ["s3", "rgw"], indirect=True)
NO_KEY = Answer(403, {}, b"<Error><Code>InvalidAccessKeyId</Code><Message>no such key</Message></Error>")

pytestmark = pytest.mark.usefixtures("short_waits")


def part(crash: Crash, number: int) -> dict[str, Any]:
    """What of a :class:`Rule` fits the PUT of one part."""
    if crash.over_s3:
        return {"method": "PUT", "part": number}
    return {"method": "PUT", "path": rf"_segments/.*/0*{number}$"}


@pytest.fixture
def asked_to_wait(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """The waits that were wished, in seconds; none of them is sat through."""
    waits: list[float] = []
    real = RetryPolicy.wait_before_retry

    def soon(self: RetryPolicy, *words: Any, after: float | None = None, **named: Any) -> str | None:
        if after is not None:
            waits.append(after)
        return real(self, *words, after=None if after is None else 0.0, **named)

    monkeypatch.setattr(RetryPolicy, "wait_before_retry", soon)
    return waits


@S3
def test_F32_a_key_that_is_refused_for_a_while_goes_on(crash: Crash, asked_to_wait: list[float]) -> None:
    """As Ceph does while Keystone throttles it: the key has worked, so it is asked again, slower each time."""
    rule = crash.proxy.add(Rule("answer", times=2, answer=NO_KEY, **part(crash, 2)))
    crash.upload(crash.path("data", DATA), "data", "--parallel", "1")
    assert rule.struck == 2
    assert asked_to_wait == [2.0, 4.0]
    crash.check_uploaded("data", DATA)


@S3
def test_F31_F32_a_key_that_stays_refused_keeps_what_was_sent(crash: Crash, asked_to_wait: list[float]) -> None:
    rule = crash.proxy.add(Rule("answer", times=0, answer=NO_KEY, **part(crash, 2)))
    path = crash.path("data", DATA)
    error = crash.upload(path, "data", "--parallel", "1", "--json", code=4).error
    assert "may be Keystone throttling" in error["message"]
    assert error["hint"]
    assert rule.struck == 4
    assert asked_to_wait == [2.0, 4.0, 8.0]
    assert crash.proxy.of("DELETE") == []  # no storm of aborts
    assert crash.unfinished() == crash.journaled() != set()
    crash.proxy.clear()
    crash.upload(path, "data")
    assert crash.proxy.of("PUT", query="partNumber=1&") == []
    crash.check_uploaded("data", DATA)


@pytest.mark.parametrize("crash", ["swift"], indirect=True)
def test_F32_one_object_server_that_refuses_the_token(crash: Crash) -> None:
    """Once: a new token, and on. Each time: an end with a cause, and the segments are kept."""
    path = crash.path("data", DATA)
    crash.proxy.add(Rule("answer", answer=Answer(401), **part(crash, 2)))
    crash.upload(path, "data")
    crash.check_uploaded("data", DATA)
    crash.proxy.clear()
    rule = crash.proxy.add(Rule("answer", times=0, answer=Answer(401), **part(crash, 2)))
    error = crash.upload(path, "more", "--parallel", "1", "--json", code=4).error
    assert error["hint"]
    assert 1 < rule.struck <= 4
    crash.check_accounted()
    crash.proxy.clear()
    crash.upload(path, "more")
    assert crash.fetch("more") == DATA


@BOTH
def test_F36_P29_no_redirect_is_followed(crash: Crash) -> None:
    """Neither to another host, nor to http, a file, or itself: asked once, and nobody else hears of it."""
    crash.put("data", b"there")
    path = crash.path("small", b"small")
    with answering(200, {"etag": '"x"'}, b"") as (other, seen):
        places = {301: other, 302: "http://127.0.0.1:9", 307: "file:///etc", 308: crash.proxy.url}
        for status, place in places.items():
            crash.proxy.clear()
            crash.proxy.add(Rule("answer", times=0, path="/(data|small)$", answer=_moved(status, place)))
            for words in (("upload", path, crash.url("small")), ("download", crash.url("data"), "back")):
                error = crash.jsobj(*words, "--progress", "none", "--json", code=7).error
                assert error["hint"], status
            assert _most_asked(crash.proxy) == 1
        assert seen == []
    assert not crash.path("back").exists()
    assert crash.keys() == ["data"]


def _moved(status: int, place: str) -> Answer:
    return Answer(status, {"location": f"{place}/data"})


def _most_asked(proxy: FaultProxy) -> int:
    """How often the same was asked at most."""
    asked = [(one.method, one.path, one.query) for one in proxy.journal if one.path.endswith(("/data", "/small"))]
    return max(map(asked.count, asked))


@S3
def test_F36_P29_the_redirects_of_s3_are_not_followed_by_commands_on_buckets(crash: Crash) -> None:
    """Another region (301 PermanentRedirect, 307 TemporaryRedirect): botocore has ways of its own to follow them."""
    with answering(200, {}, b"") as (other, seen):
        host = other.removeprefix("http://")
        for status, code in ((301, "PermanentRedirect"), (307, "TemporaryRedirect")):
            body = f"<Error><Code>{code}</Code><Endpoint>{host}</Endpoint><Message>there</Message></Error>"
            headers = {"location": f"{other}/{crash.bucket}", "x-amz-bucket-region": "elsewhere-1"}
            crash.proxy.clear()
            crash.proxy.add(Rule("answer", times=0, answer=Answer(status, headers, body.encode())))
            for words in (("bucket", "show", crash.bucket), ("bucket", "list"), ("ls", crash.url())):
                error = crash.jsobj(*words, "--profile", "demo", "--json", code=7).error
                assert error["hint"], words
            assert len(crash.proxy.journal) <= 3 * 5
        assert seen == []


@ALL
def test_F38_parts_that_are_answered_out_of_order_become_the_same_object(crash: Crash) -> None:
    """The first part is answered when all the others have been; down, the first stretch comes last."""

    def answered(proxy: FaultProxy, **wanted: str) -> bool:
        return sum(one.status in {200, 201, 206} for one in proxy.of(**wanted)) >= 2

    path = crash.path("data", DATA)
    first = crash.proxy.add(Rule("hold", "answer", **part(crash, 1)))
    process = crash.start_upload(path, "data")
    first.wait()
    up = {"method": "PUT", **({"query": "partNumber"} if crash.over_s3 else {"path": "_segments/"})}
    crash.proxy.until(lambda proxy: answered(proxy, **up))
    first.release()
    assert process.wait(100) == 0, crash.said()
    crash.check_uploaded("data", DATA)
    path.unlink()
    crash.proxy.clear()
    first = crash.proxy.add(Rule("hold", "answer", method="GET", path="/data$", query="^$"))
    process = crash.start_download("data", path)
    first.wait()
    crash.proxy.until(lambda proxy: answered(proxy, method="GET", path="/data$"))
    first.release()
    assert process.wait(100) == 0, crash.said()
    crash.check_downloaded(path, DATA)


@pytest.mark.parametrize("crash", ["rgw"], indirect=True)
def test_F42_what_is_read_only_is_refused_and_the_others_go_on(crash: Crash) -> None:
    """A policy of the bucket, kept by a real gateway: nobody writes below ``locked/``."""
    below = f"arn:aws:s3:::{crash.bucket}/locked/*"
    rule = {"Effect": "Deny", "Principal": "*", "Action": "s3:PutObject", "Resource": below}
    crash.boto.put_bucket_policy(Bucket=crash.bucket, Policy=json.dumps({"Version": "2012-10-17", "Statement": [rule]}))
    tree = crash.path("tree")
    for name in ("locked/a", "open/b", "open/c"):
        (tree / name).parent.mkdir(parents=True, exist_ok=True)
        (tree / name).write_bytes(b"data")
    words = ("upload", f"{tree}/", crash.url(), "--progress", "none", "--json")
    found = crash.jsobj(*words, code=3).json
    assert [(each["exit_code"], each["item"].rpartition("tree/")[2]) for each in found["failures"]] == [(6, "locked/a")]
    assert sorted(crash.keys()) == ["open/b", "open/c"]
    asked = [one.path for one in crash.proxy.of("PUT")]
    assert asked.count(f"/{crash.bucket}/locked/a") == 1


def test_F50_S3_that_is_taken_for_swift_is_called_so(crash: Crash, cloud: Cloud, rgw: Rgw) -> None:
    """The catalogue names a gateway's S3 as its Swift: XML comes where Swift's answer is expected."""
    with cloud.published("not-swift", f"{rgw.gateway(GLOBAL).endpoint}/v1/AUTH_%(project_id)s"):
        text = crash.jsobj.clouds.read_text()
        crash.jsobj.clouds.write_text(text.replace(f"region_name: {cloud.region}", "region_name: not-swift"))
        words = ("upload", crash.path("small", b"small"), f"swift://{crash.bucket}/small", "--progress", "none")
        error = crash.jsobj(*words, "--json", code=7).error
    assert error["reference"] == "not-object-store"
    assert error["hint"]


def test_F50_swift_that_is_taken_for_S3_is_called_so(crash: Crash, cloud: Cloud) -> None:
    """A Swift without the S3 API: what the real one says to a path that is none of its own."""
    with pytest.raises(urllib.error.HTTPError) as caught:
        urllib.request.urlopen(f"{cloud.s3_endpoint}/{crash.bucket}/small")
    with caught.value as said:
        headers = {name.lower(): value for name, value in said.headers.items() if name.lower() != "content-length"}
        answer = Answer(said.code, headers, said.read())
    crash.proxy.add(Rule("answer", times=0, answer=answer))
    path = crash.path("small", b"small")
    for words in (("upload", path, crash.url("small")), ("download", crash.url("small"), "back")):
        error = crash.jsobj(*words, "--progress", "none", "--json", code=7).error
        assert error["reference"] == "not-object-store"
        assert error["hint"]
    assert not crash.path("back").exists()
