"""Bucket names: the grammar, the rules; and the server's word about a taken one."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

import pytest
from botocore.exceptions import ClientError, EndpointConnectionError
from hypothesis import given, settings
from hypothesis import strategies as st

from jsobj.errors import ExitCode, JsobjError
from jsobj.net.sigv4 import KeyPair
from jsobj.secret import Secret
from jsobj.store.access import S3Access
from jsobj.store.bucket_name import BucketName, check_new_s3, check_new_swift, parse_bucket, unique
from jsobj.store.s3.errors import translate_errors
from jsobj.urls import normalise_endpoint

T = TypeVar("T")
PROFILE = settings(max_examples=300, derandomize=True, deadline=None, database=None)
ACCESS = S3Access(
    normalise_endpoint("https://s3.example").origin,
    region="us-east-1",
    key=KeyPair("access", Secret("secret")),
    addressing_style="path",
    checksums="when_required",
    verify=True,
    where="profile 'my js2'",
    profile="my js2",
)


def outcome(call: Callable[[str], T], text: str) -> T | JsobjError:
    """What came back, or the refusal."""
    try:
        return call(text)
    except JsobjError as error:
        return error


@pytest.mark.parametrize(
    ("text", "parsed"),
    [
        ("name", BucketName("", "name")),
        ("s3://name", BucketName("s3", "name")),
        ("s3://name/", BucketName("s3", "name")),
        ("swift://Any Name_ü", BucketName("swift", "Any Name_ü")),
        ("swift://with:colon", BucketName("swift", "with:colon")),
    ],
)
def test_b079_grammar(text: str, parsed: BucketName) -> None:
    assert parse_bucket(text) == parsed


@PROFILE
@given(st.text(max_size=80))
def test_any_text_is_a_name_or_a_usage_error(text: str) -> None:
    for candidate in (text, f"s3://{text}", f"swift://{text}"):
        found = outcome(parse_bucket, candidate)
        if isinstance(found, JsobjError):
            assert found.code is ExitCode.USAGE
        else:
            assert found.name
            assert "/" not in found.name
            assert found.name.isprintable()
            assert found.name not in {".", ".."}


@PROFILE
@given(st.from_regex(r"[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]", fullmatch=True) | st.text(min_size=1, max_size=70))
def test_s3_names_that_pass_are_good_for_swift_too(name: str) -> None:
    found = outcome(check_new_s3, name)
    if isinstance(found, JsobjError):
        assert found.code is ExitCode.USAGE
    else:
        assert 3 <= len(name) <= 63
        assert name == name.lower()
        assert check_new_swift(name) == ()


def test_b069_limits() -> None:
    check_new_s3("a" * 3)
    check_new_s3("a" * 63)
    assert check_new_swift("a" * 256)
    for too_long in ("a" * 257, "ä" * 129):
        with pytest.raises(JsobjError, match="256 bytes"):
            check_new_swift(too_long)


def test_unique_is_short_enough_to_stay_a_name() -> None:
    assert len({unique("x") for _ in range(50)}) == 50
    check_new_s3(unique("a" * 54))


def answer(code: str, status: int, message: str = "") -> ClientError:
    """What botocore makes of an answer of Ceph RGW (recorded from its S3 error bodies)."""
    headers = {"x-amz-request-id": "tx0000012ab-0065-zone"}
    metadata = {"HTTPStatusCode": status, "HTTPHeaders": headers, "RequestId": "tx0000012ab-0065-zone"}
    return ClientError({"Error": {"Code": code, "Message": message}, "ResponseMetadata": metadata}, "CreateBucket")


@pytest.mark.parametrize(
    ("code", "status", "reference", "exit_code"),
    [
        ("BucketAlreadyExists", 409, "bucket-name-taken", ExitCode.REFUSED),
        ("TooManyBuckets", 400, "too-many-buckets", ExitCode.REFUSED),
        ("InvalidBucketName", 400, "bucket-name-rules", ExitCode.USAGE),
        ("AccessDenied", 403, "bucket-forbidden", ExitCode.REFUSED),
        ("QuotaExceeded", 403, "quota", ExitCode.REFUSED),
        ("InvalidAccessKeyId", 403, "s3-key-refused", ExitCode.AUTH),
        ("RequestTimeTooSkewed", 403, "clock-skew", ExitCode.AUTH),
        ("NoSuchBucket", 404, "bucket-not-found", ExitCode.NOT_FOUND),
        ("MethodNotAllowed", 405, "s3-not-allowed", ExitCode.REFUSED),
        ("SlowDown", 503, "s3-busy", ExitCode.NETWORK),
        ("Whatever", 400, "s3-failed", ExitCode.FAILURE),
    ],
)
def test_s3_answers_in_the_users_words(code: str, status: int, reference: str, exit_code: ExitCode) -> None:
    with pytest.raises(JsobjError) as caught, translate_errors(ACCESS, "my-data"):
        raise answer(code, status)
    assert (caught.value.reference, caught.value.code) == (reference, exit_code)
    assert "tx0000012ab" in caught.value.context, "S24: the request id, for the help desk"


def test_taken_name_says_whose_and_what_to_do() -> None:
    with pytest.raises(JsobjError) as caught, translate_errors(ACCESS, "my-data"):
        raise answer("BucketAlreadyExists", 409)
    assert "'my-data' is taken by another project" in caught.value.message
    assert "--unique" in caught.value.hint


def test_unreachable_shows_no_signature() -> None:
    with pytest.raises(JsobjError) as caught, translate_errors(ACCESS, "b"):
        raise EndpointConnectionError(endpoint_url="https://s3.example/b?X-Amz-Signature=canary")
    assert caught.value.code is ExitCode.NETWORK
    assert "canary" not in caught.value.context


def test_hints_mean_the_same_login_and_are_quoted() -> None:
    with pytest.raises(JsobjError) as caught, translate_errors(ACCESS, "x; rm"):
        raise answer("BucketNotEmpty", 409)
    assert "jsobj bucket delete 's3://x; rm' --recursive --profile 'my js2'" in caught.value.hint


@pytest.mark.parametrize(
    ("code", "status", "reference", "exit_code"),
    [("AccessDenied", 403, "s3-key-refused", ExitCode.AUTH), ("404", 404, "not-object-store", ExitCode.NETWORK)],
)
def test_without_a_bucket_no_bucket_is_blamed(code: str, status: int, reference: str, exit_code: ExitCode) -> None:
    with pytest.raises(JsobjError) as caught, translate_errors(ACCESS):
        raise answer(code, status)
    assert (caught.value.reference, caught.value.code) == (reference, exit_code)
    assert "bucket" not in caught.value.message
