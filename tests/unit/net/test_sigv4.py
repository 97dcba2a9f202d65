"""Our signature equals botocore's, over paths, queries, headers, bodies, regions and secrets of many kinds."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from datetime import datetime, timezone
from unittest import mock
from urllib.parse import parse_qs, quote

import pytest
from botocore import auth
from botocore.auth import S3SigV4Auth, S3SigV4QueryAuth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials
from hypothesis import given, settings
from hypothesis import strategies as st

from jsobj.errors import ExitCode, JsobjError
from jsobj.net.sigv4 import UNSIGNED_PAYLOAD, Signer, canonical_query, signed_headers
from jsobj.secret import Secret
from jsobj.store.s3.presign import presigned
from jsobj.urls import Origin

SECRETS = st.text(st.characters(codec="ascii", min_codepoint=33, max_codepoint=126), min_size=1, max_size=40)
PATHS = st.text(st.sampled_from("abcXYZ019-_.~/"), max_size=30).map(lambda text: "/" + text)
KEYS = st.text(st.characters(codec="utf-8", exclude_characters="\0"), max_size=30)
QUERIES = st.lists(st.tuples(st.sampled_from(["prefix", "uploadId", "list-type", "A", "partNumber"]), KEYS), max_size=4)
VALUES = st.text(st.characters(codec="ascii", min_codepoint=32, max_codepoint=126), max_size=20)
HEADERS = st.dictionaries(st.sampled_from(["content-type", "range", "x-amz-meta-a", "x-amz-copy-source"]), VALUES)
REGIONS = st.sampled_from(["us-east-1", "RegionOne", "dc3-a"])
MOMENT = datetime(2026, 11, 21, 1, 2, 3, tzinfo=timezone.utc)


@contextlib.contextmanager
def _botocores_clock() -> Iterator[None]:
    """botocore at MOMENT; it asks for the time in one way or another, by its release."""
    moment = MOMENT.replace(tzinfo=None)
    if hasattr(auth, "get_current_datetime"):
        with mock.patch.object(auth, "get_current_datetime", return_value=moment):
            yield
        return
    with mock.patch.object(auth, "datetime") as module:
        module.datetime.utcnow.return_value = moment
        yield


def botocores(netloc: str, path: str, access: str, secret: str, region: str) -> dict[str, str]:
    request = AWSRequest("GET", f"http://{netloc}{path}", headers={"Host": netloc})
    request.context["payload_signing_enabled"] = True
    S3SigV4Auth(Credentials(access, secret), "s3", region).add_auth(request)
    return {name.lower(): str(value) for name, value in request.headers.items()}


@settings(max_examples=200, derandomize=True, deadline=None)
@given(path=PATHS, secret=SECRETS, region=REGIONS, port=st.sampled_from([80, 8001]))
def test_the_signature_is_botocores(path: str, secret: str, region: str, port: int) -> None:
    netloc = "objects.example.org" if port == 80 else f"objects.example.org:{port}"
    theirs = botocores(netloc, path, "abc", secret, region)
    moment = datetime.strptime(theirs["x-amz-date"], "%Y%m%dT%H%M%SZ").replace(tzinfo=timezone.utc)
    ours = signed_headers("GET", netloc, path, access="abc", secret=Secret(secret), region=region, now=moment)
    assert {name.lower(): value for name, value in ours.items()} == theirs


@settings(max_examples=200, derandomize=True, deadline=None)
@given(key=KEYS, query=QUERIES, headers=HEADERS, secret=SECRETS, region=REGIONS, signed=st.booleans())
def test_requests_of_transfers_are_signed_as_botocore_signs_them(
    key: str, query: list[tuple[str, str]], headers: dict[str, str], secret: str, region: str, signed: bool
) -> None:
    host, path = "127.0.0.1:8080", f"/bucket/{quote(key, safe='/-_.~')}"
    payload = "ab" * 32 if signed else UNSIGNED_PAYLOAD
    sent = "&".join(f"{quote(k, safe='-_.~')}={quote(v, safe='-_.~')}" for k, v in query)
    request = AWSRequest("PUT", f"http://{host}{path}" + (f"?{sent}" if sent else ""), headers={**headers})
    signer = S3SigV4Auth(Credentials("abc", secret), "s3", region)
    with (
        mock.patch.object(signer, "payload", return_value=payload),
        _botocores_clock(),
    ):
        signer.add_auth(request)
    ours = Signer("abc", Secret(secret), region).headers(
        "PUT", host, path, query, headers, payload, now=MOMENT.timestamp()
    )
    assert ours["authorization"] == request.headers["Authorization"]
    assert ours["x-amz-date"] == request.headers["X-Amz-Date"]
    assert all(ours[name] == value for name, value in headers.items())


def test_a_new_day_has_a_new_key() -> None:
    signer = Signer("abc", Secret("s"), "us-east-1")

    def authorization(signer: Signer, day: int) -> str:
        return signer.headers("GET", "h", "/", (), {}, "x", now=MOMENT.timestamp() + day * 86400)["authorization"]

    fresh = [authorization(Signer("abc", Secret("s"), "us-east-1"), day) for day in (0, 1, 0)]
    assert [authorization(signer, day) for day in (0, 1, 0)] == fresh
    assert fresh[0] == fresh[2] != fresh[1]


@settings(max_examples=100, derandomize=True, deadline=None)
@given(key=KEYS, secret=SECRETS, region=REGIONS, seconds=st.integers(1, 604800), method=st.sampled_from(["GET", "PUT"]))
def test_a_presigned_url_is_botocores(key: str, secret: str, region: str, seconds: int, method: str) -> None:
    origin, path = Origin("https", "objects.example.org", 8443), f"/bucket/{quote(key, safe='/-_.~')}"
    request = AWSRequest(method, f"{origin}{path}")
    signer = S3SigV4QueryAuth(Credentials("abc", secret), "s3", region, expires=seconds)
    with _botocores_clock():
        signer.add_auth(request)
    ours = presigned(
        Signer("abc", Secret(secret), region), origin, path, method=method, seconds=seconds, now=MOMENT.timestamp()
    )
    theirs = str(request.url)
    assert ours.partition("?")[0] == theirs.partition("?")[0]
    assert parse_qs(ours.partition("?")[2]) == parse_qs(theirs.partition("?")[2])


@pytest.mark.parametrize(
    ("access", "method", "seconds", "code"),
    [
        ("abc", "GET", 0, ExitCode.USAGE),
        ("abc", "GET", 604801, ExitCode.USAGE),
        ("abc", "POST", 60, ExitCode.USAGE),
        ("", "GET", 60, ExitCode.AUTH),
    ],
)
def test_a_url_that_no_server_would_take_is_not_made(access: str, method: str, seconds: int, code: ExitCode) -> None:
    origin = Origin("https", "objects.example.org", 443)
    with pytest.raises(JsobjError) as caught:
        presigned(Signer(access, Secret("s"), "r"), origin, "/b/k", method=method, seconds=seconds)
    assert caught.value.code is code


def test_a_query_is_signed_in_its_own_order() -> None:
    assert canonical_query([("uploadId", "a b"), ("X", ""), ("partNumber", "1")]) == "X=&partNumber=1&uploadId=a%20b"


def test_a_signer_does_not_show_its_secret() -> None:
    signer = Signer("abc", Secret("very-secret"), "us-east-1")
    made = signer.headers("GET", "h", "/", (), {}, "x")
    assert "very-secret" not in repr(signer) + repr(made)
