"""What S3's answers mean: tried again, or said in the user's words with the right exit code."""

from __future__ import annotations

import time
from email.utils import formatdate
from typing import Any

import pytest

from jsobj.errors import ExitCode, JsobjError, UploadNotCompleted
from jsobj.net.body import BytesSource
from jsobj.net.request import Reauthorise, Reply, Request, Retry, Verdict
from jsobj.net.session import _SIGNED
from jsobj.net.sigv4 import KeyPair
from jsobj.secret import Secret
from jsobj.store.access import IN_ENVIRONMENT, S3Access
from jsobj.store.s3.requests import S3Dialect, decoded, headers_for, info_of
from jsobj.store.s3.store import SIGNED_BYTES
from jsobj.store.values import PutOptions
from jsobj.urls import Origin

ORIGIN = Origin("https", "objects.example.org", 443)
PATH = "/my-data/a%20b"


def dialect(access: str = "abc") -> S3Dialect:
    pair = KeyPair(access, Secret("s"))
    return S3Dialect(S3Access(ORIGIN, "us-east-1", pair, "path", "when_required", True, "a test", profile="js2"))


def error(status: int, code: str, *, attempts: int = 1, more: str = "", **headers: str) -> Reply:
    body = f"<?xml version='1.0'?><Error><Code>{code}</Code><Message>said</Message>{more}</Error>".encode()
    return Reply(status, "why", {"x-amz-request-id": "tx1", **headers}, body if code else b"", attempts=attempts)


def judged(reply: Reply, method: str = "GET", spoken: S3Dialect | None = None, **more: Any) -> Verdict:
    request = Request(method, PATH, bucket="my-data", key="a b", **more)
    spoken = spoken or dialect()
    spoken.observe(request, reply)
    return spoken.judge(request, reply)


@pytest.mark.parametrize(
    ("status", "code", "reference", "exit_code"),
    [
        (404, "NoSuchKey", "object-not-found", ExitCode.NOT_FOUND),
        (404, "", "object-not-found", ExitCode.NOT_FOUND),
        (404, "NoSuchBucket", "bucket-not-found", ExitCode.NOT_FOUND),
        (404, "NoSuchUpload", "upload-not-found", ExitCode.NOT_FOUND),
        (403, "AccessDenied", "bucket-forbidden", ExitCode.REFUSED),
        (403, "", "bucket-forbidden", ExitCode.REFUSED),
        (403, "InvalidAccessKeyId", "s3-key-refused", ExitCode.AUTH),
        (403, "SignatureDoesNotMatch", "s3-key-refused", ExitCode.AUTH),
        (403, "RequestTimeTooSkewed", "clock-skew", ExitCode.AUTH),
        (403, "QuotaExceeded", "quota", ExitCode.REFUSED),
        (413, "", "quota", ExitCode.REFUSED),
        (507, "", "quota", ExitCode.REFUSED),
        (405, "MethodNotAllowed", "s3-failed", ExitCode.FAILURE),
        (412, "PreconditionFailed", "object-changed", ExitCode.INTEGRITY),
        (416, "InvalidRange", "range-outside", ExitCode.USAGE),
        (400, "KeyTooLongError", "object-refused", ExitCode.REFUSED),
        (400, "EntityTooSmall", "parts-refused", ExitCode.INTEGRITY),
        (501, "NotImplemented", "s3-not-implemented", ExitCode.REFUSED),
        (400, "SomethingNew", "s3-failed", ExitCode.FAILURE),
    ],
)
def test_P08_lasting_refusals_are_said_at_once(status: int, code: str, reference: str, exit_code: ExitCode) -> None:
    found = judged(error(status, code))
    assert isinstance(found, JsobjError)
    assert (found.reference, found.code) == (reference, exit_code)
    assert f"HTTP {status}" in found.context
    assert "tx1" in found.context


@pytest.mark.parametrize("status", [408, 429, 498, 499, 500, 502, 503, 504])
def test_F17_F19_what_passes_is_tried_again(status: int) -> None:
    assert isinstance(judged(error(status, "")), Retry)


def test_F19_a_timeout_told_with_status_400_is_tried_again() -> None:
    assert isinstance(judged(error(400, "RequestTimeout")), Retry)


def test_F19_a_conflict_is_tried_once_more() -> None:
    assert isinstance(judged(error(409, "OperationAborted")), Retry)
    found = judged(error(409, "OperationAborted", attempts=2))
    assert isinstance(found, JsobjError)
    assert found.code is ExitCode.NETWORK


@pytest.mark.parametrize(
    ("method", "status", "code", "reference"),
    [
        ("PUT", 409, "BucketAlreadyExists", "bucket-name-taken"),
        ("PUT", 409, "BucketAlreadyOwnedByYou", "bucket-is-there"),
        ("PUT", 400, "InvalidBucketName", "bucket-name-rules"),
        ("PUT", 400, "TooManyBuckets", "too-many-buckets"),
        ("PUT", 405, "MethodNotAllowed", "s3-not-allowed"),
        ("HEAD", 405, "", "s3-not-allowed"),
        ("HEAD", 404, "", "bucket-not-found"),
        ("HEAD", 403, "", "bucket-forbidden"),
        ("DELETE", 409, "BucketNotEmpty", "bucket-not-empty"),
        ("DELETE", 404, "NoSuchBucket", "bucket-not-found"),
    ],
)
def test_what_is_settled_of_a_bucket_is_said_at_once(method: str, status: int, code: str, reference: str) -> None:
    request, spoken = Request(method, "/my-data", bucket="my-data"), dialect()
    found = spoken.judge(request, error(status, code))
    assert isinstance(found, JsobjError)
    assert found.reference == reference


def test_F22_the_server_says_how_long_to_wait() -> None:
    found = judged(error(503, "SlowDown", **{"retry-after": "7"}))
    assert isinstance(found, Retry)
    assert (found.slow, found.after) == (True, 7.0)


@pytest.mark.parametrize("code", ["XAmzContentSHA256Mismatch", "BadDigest"])
def test_F07_bytes_that_changed_on_the_way_are_sent_again_and_then_given_up(code: str) -> None:
    assert isinstance(judged(error(400, code, attempts=2), "PUT"), Retry)
    found = judged(error(400, code, attempts=3), "PUT")
    assert isinstance(found, JsobjError)
    assert (found.reference, found.code) == ("digest-differs", ExitCode.INTEGRITY)


@pytest.mark.parametrize("code", ["InvalidAccessKeyId", "SignatureDoesNotMatch"])
def test_F32_a_key_that_worked_is_suspected_not_condemned(code: str) -> None:
    spoken = dialect()
    assert judged(Reply(200, "OK", {"etag": '"x"'}), spoken=spoken) is None
    found = [judged(error(403, code, attempts=n), spoken=spoken) for n in (1, 2, 3, 4)]
    waits = [again.after for again in found[:3] if isinstance(again, Retry)]
    assert len(waits) == 3
    assert all(again is not None for again in waits)
    assert waits == sorted(waits)
    last = found[3]
    assert isinstance(last, JsobjError)
    assert last.code is ExitCode.AUTH
    assert "Keystone throttling" in last.message


def test_an_unsigned_answer_proves_nothing_of_the_key() -> None:
    spoken = dialect()
    request, reply = Request("GET", "/info", item="/info"), Reply(200, "OK", {}, b"{}")
    spoken.observe(request, reply)
    assert spoken.judge(request, reply) is None
    assert isinstance(judged(error(403, "InvalidAccessKeyId"), spoken=spoken), JsobjError)


@pytest.mark.parametrize(("offset", "side"), [(1200, "behind"), (-1200, "ahead of"), (86400, "behind")])
@pytest.mark.parametrize("code", ["RequestTimeTooSkewed", "SignatureDoesNotMatch", "AccessDenied"])
def test_F34_the_skew_is_said_in_seconds(offset: int, side: str, code: str) -> None:
    found = judged(error(403, code, date=formatdate(time.time() + offset, usegmt=True)))
    assert isinstance(found, JsobjError)
    assert (found.reference, found.code) == ("clock-skew", ExitCode.AUTH)
    words = found.message.split()
    assert side in found.message
    assert abs(int(words[words.index("seconds") - 1]) - abs(offset)) <= 2


def test_a_region_that_the_server_names_is_signed_for() -> None:
    spoken = dialect()
    reply = error(400, "AuthorizationHeaderMalformed", more="<Region>RegionOne</Region>")
    verdict = judged(reply, spoken=spoken)
    assert isinstance(verdict, Reauthorise)
    assert verdict.error.reference == "s3-region"
    assert "/us-east-1/" in spoken.authorise(Request("GET", PATH), "x")["authorization"]
    spoken.renew()
    assert "/RegionOne/" in spoken.authorise(Request("GET", PATH), "x")["authorization"]
    assert isinstance(judged(error(400, "AuthorizationHeaderMalformed")), JsobjError)


@pytest.mark.parametrize("status", [301, 302, 307, 308])
def test_F36_redirects_are_not_followed(status: int) -> None:
    found = judged(Reply(status, "", {"location": "https://evil.example/x?secret=1"}))
    assert isinstance(found, JsobjError)
    assert (found.reference, found.code) == ("store-redirects", ExitCode.NETWORK)
    assert "https://evil.example" in found.context
    assert "secret" not in found.context


@pytest.mark.parametrize("status", [204, 403, 404])
def test_F50_what_is_no_object_store_is_called_so(status: int) -> None:
    found = judged(Reply(status, "OK", {}, b"<html>Please log in</html>"), expect=frozenset({200}))
    assert isinstance(found, JsobjError)
    assert (found.reference, found.code) == ("not-object-store", ExitCode.NETWORK)


@pytest.mark.parametrize("status", [401, 403])
def test_what_is_not_public_says_so_to_those_without_a_key(status: int) -> None:
    found = judged(error(status, "AccessDenied"), spoken=dialect(""))
    assert isinstance(found, JsobjError)
    assert (found.reference, found.code) == ("not-public", ExitCode.AUTH)
    assert "jsobj ec2-creds" in found.hint
    named = S3Access(ORIGIN, "us-east-1", KeyPair("", Secret("")), "path", "when_required", True, "x")
    elsewhere = judged(error(status, "AccessDenied"), spoken=S3Dialect(named))
    assert isinstance(elsewhere, JsobjError)
    assert "ec2-creds" not in elsewhere.hint


@pytest.mark.parametrize("tenant", ["", "0a21"])
def test_a_bucket_not_found_without_a_key_may_need_its_project(tenant: str) -> None:
    keyless = S3Access(ORIGIN, "us-east-1", KeyPair("", Secret("")), "path", "when_required", True, "x", tenant=tenant)
    found = judged(error(404, "NoSuchBucket"), spoken=S3Dialect(keyless))
    assert isinstance(found, JsobjError)
    assert (found.reference, found.code) == ("bucket-not-found", ExitCode.NOT_FOUND)
    assert f"s3://{tenant or 'PROJECT'}:BUCKET" in str(found.hint)
    assert "bucket list" not in str(found.hint)


def test_P11_another_version_is_noticed_before_its_bytes_are_taken() -> None:
    ask = {"headers": {"if-match": "a" * 32}}
    assert judged(Reply(206, "", {"etag": f'"{"a" * 32}"'}), **ask) is None
    for headers in ({"etag": f'"{"b" * 32}"'}, {}):
        found = judged(Reply(206, "", headers), **ask)
        assert isinstance(found, JsobjError)
        assert (found.reference, found.code) == ("object-changed", ExitCode.INTEGRITY)
    assert "if-match" not in dialect().authorise(Request("GET", PATH, **ask), "x")


COMPLETE: dict[str, Any] = {"query": (("uploadId", "u"),), "source": BytesSource(b"x")}


def test_F10_an_error_in_a_good_answer_is_an_error() -> None:
    body = b"<?xml version='1.0'?>\n" + b" " * 90 + b"\n<Error><Code>InternalError</Code></Error>"
    assert isinstance(judged(Reply(200, "OK", {}, body), "POST", **COMPLETE), Retry)
    last = judged(Reply(200, "OK", {}, body, attempts=3), "POST", **COMPLETE)
    assert isinstance(last, JsobjError)
    assert (last.reference, last.code) == ("upload-not-completed", ExitCode.NETWORK)
    copied = judged(Reply(200, "OK", {}, body), "PUT", headers={"x-amz-copy-source": "/b/k"})
    assert isinstance(copied, Retry)
    lasting = judged(Reply(200, "OK", {}, body.replace(b"InternalError", b"InvalidPart")), "POST", **COMPLETE)
    assert isinstance(lasting, JsobjError)
    assert lasting.reference == "parts-refused"


def test_P09_data_that_look_like_an_error_are_data() -> None:
    assert judged(Reply(200, "OK", {"etag": '"x"'}, b"<Error><Code>InternalError</Code></Error>")) is None


def test_F08_a_completion_that_fails_is_looked_into_soon() -> None:
    found = [judged(error(500, "InternalError", attempts=n), "POST", **COMPLETE) for n in (1, 2, 3)]
    assert [type(one) for one in found] == [Retry, Retry, UploadNotCompleted]


def test_what_is_missing_of_a_copy_is_its_source() -> None:
    found = judged(error(404, "NoSuchKey"), "PUT", copy_from=("other", "deep/kéy"))
    assert isinstance(found, JsobjError)
    assert "s3://other/deep/kéy" in found.message


def test_a_refusal_by_size_below_the_limit_is_the_quota() -> None:
    found = judged(error(400, "EntityTooLarge"), "PUT", source=BytesSource(b"x"))
    assert isinstance(found, JsobjError)
    assert found.reference == "quota"


def test_S11_the_servers_words_are_printable() -> None:
    found = judged(error(400, "Odd", more="").__class__(400, "", {}, b"<Error><Code>Odd&#13;\n\tx</Code></Error>"))
    assert isinstance(found, JsobjError)
    assert found.context.isprintable()


def test_hints_name_the_profile_and_quote_the_key() -> None:
    found = judged(error(404, "NoSuchKey"))
    assert isinstance(found, JsobjError)
    assert found.message == "there is no object s3://my-data/a b"
    assert found.hint.endswith("jsobj ls s3://my-data/ --profile js2")


def test_without_a_key_nothing_is_signed() -> None:
    spoken = dialect("")
    assert not spoken.signs_payload
    assert spoken.authorise(Request("GET", PATH, headers={"range": "bytes=0-1"}), "x") == {"range": "bytes=0-1"}


def test_a_bucket_may_be_called_info() -> None:
    assert "authorization" in dialect().authorise(Request("GET", "/info", item="s3://info/"), "x")
    assert not dialect().authorise(Request("GET", "/info", item="/info"), "x")


def test_bodies_that_the_session_does_not_sign_have_a_digest_of_their_own() -> None:
    assert SIGNED_BYTES == _SIGNED


@pytest.mark.parametrize("text", ["plain", "käse", "中文", "a" * 2000 + "é"])
def test_metadata_survive_headers(text: str) -> None:
    sent = headers_for(PutOptions("text/plain", "gzip", {"Name": text}))
    assert sent["x-amz-meta-name"].isascii()
    assert decoded(sent["x-amz-meta-name"]) == text
    assert (sent["content-type"], sent["content-encoding"]) == ("text/plain", "gzip")


def test_metadata_of_others_are_read() -> None:
    assert decoded("käse") == "käse"
    assert decoded("k\udce4se") == "käse"  # Latin-1 on the wire
    assert decoded("=?utf-8?q?k=C3=A4se?=") == "käse"
    assert decoded("=?no-such-charset?q?x?=") == "=?no-such-charset?q?x?="


def test_B098_sizes_that_are_none_are_refused() -> None:
    access = dialect().access
    for size in ("-1", "", "1e3", "²"):
        with pytest.raises(JsobjError) as caught:
            info_of(access, "k", Reply(200, "OK", {"etag": '"x"'} | ({"content-length": size} if size else {})))
        assert caught.value.code is ExitCode.NETWORK


@pytest.mark.parametrize("name", ["x-object-meta-static-large-object", "x-object-manifest"])
def test_the_etag_of_segments_is_not_taken_for_an_md5(name: str) -> None:
    headers = {"etag": f'"{"a" * 32}"', "content-length": "5", name: "True"}
    info = info_of(dialect().access, "k", Reply(200, "OK", headers))
    assert info.large
    assert info.etag == "a" * 32 + "-N"
    assert info.parts is None


def test_the_end_of_an_object_is_that_of_swift_alone_and_not_of_public_data() -> None:
    """Rules of a bucket are not the object's own."""

    def served(rule: str, access: str = "abc") -> Any:
        ends = f'expiry-date="Thu, 01 Jan 2026 00:00:00 GMT", rule-id="{rule}"'
        headers = {"etag": '"x"', "content-length": "5", "x-amz-expiration": ends}
        return info_of(dialect(access).access, "k", Reply(200, "OK", headers)).served

    assert served("swift-object-expiration") == {"x-delete-at": "1767225600"}
    assert served("swift-object-expiration", access="") == served("rule 1") == {}


@pytest.mark.parametrize("code", ["InvalidAccessKeyId", "SignatureDoesNotMatch"])
def test_a_refused_key_of_the_environment_is_unset_first(code: str) -> None:
    pair = KeyPair("abc", Secret("s"))
    spoken = S3Dialect(S3Access(ORIGIN, "us-east-1", pair, "path", "when_required", True, IN_ENVIRONMENT))
    found = judged(error(403, code), spoken=spoken)
    assert isinstance(found, JsobjError)
    assert found.hint.startswith("unset AWS_ACCESS_KEY_ID AWS_SECRET_ACCESS_KEY; then ")
    assert "jsobj ec2-creds" in found.hint
