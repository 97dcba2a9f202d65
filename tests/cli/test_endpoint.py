"""``jsobj endpoint``: from what people paste to the origin that S3 tools want, and what answers there."""

from __future__ import annotations

import time

import pytest
from commands import Jsobj
from fixtures_cloud import Cloud
from listening import answering


@pytest.mark.parametrize(
    ("typed", "origin"),
    [
        # The shapes of real clouds' catalogues and tutorials.
        ("https://js2.jetstream-cloud.org:8001", "https://js2.jetstream-cloud.org:8001"),
        ("https://js2.jetstream-cloud.org:8001/", "https://js2.jetstream-cloud.org:8001"),
        ("https://js2.jetstream-cloud.org:8001/swift/v1", "https://js2.jetstream-cloud.org:8001"),
        ("https://js2.jetstream-cloud.org:8001/swift/v1/", "https://js2.jetstream-cloud.org:8001"),
        ("https://js2.jetstream-cloud.org:8001/swift/v1/b/k", "https://js2.jetstream-cloud.org:8001"),
        ("https://chi.tacc.chameleoncloud.org:7480/swift/v1/AUTH_0a1b/c/k", "https://chi.tacc.chameleoncloud.org:7480"),
        ("https://a3s.fi/swift/v1/AUTH_0a1b/b/k", "https://a3s.fi"),
        ("https://object-store.rc.nectar.org.au/v1/AUTH_0a1b/c/k", "https://object-store.rc.nectar.org.au"),
        ("https://s3.pub1.infomaniak.cloud/object/v1/AUTH_0a1b/c/k", "https://s3.pub1.infomaniak.cloud"),
        ("HTTPS://Host.Example.ORG:443//", "https://host.example.org"),
        ("https://[2001:db8::1]:8080/v1/AUTH_x", "https://[2001:db8::1]:8080"),
    ],
)
def test_shapes_of_urls(jsobj: Jsobj, typed: str, origin: str) -> None:
    done = jsobj("endpoint", typed, "--no-probe", "--json").json
    assert (done["schema"], done["endpoint_url"], done["probed"]) == ("jsobj.endpoint/1", origin, False)
    assert bool(done["notices"]) == ((typed != origin and typed.lower().rstrip("/") != origin) or typed.endswith("/"))


@pytest.mark.parametrize(
    ("row", "typed", "reference"),
    [
        ("B056", "js2.jetstream-cloud.org:8001", "endpoint-scheme"),
        ("B056", "htp://host", "endpoint-scheme"),
        ("B056", "ftp://host", "endpoint-scheme"),
        ("B056", "file:///etc/passwd", "endpoint-scheme"),
        ("B056", "javascript:alert(1)", "endpoint-scheme"),
        ("B056", "", "endpoint-scheme"),
        ("B056", "https://", "endpoint-host"),
        ("B058", "https://host/?x=1", "endpoint-query"),
        ("B058", "https://host/#x", "endpoint-query"),
        ("B058", "https://host/some/path", "endpoint-path"),
        ("B058", "https://host/v1/bucket", "endpoint-path"),
        ("B059", "https://host:0", "endpoint-port"),
        ("B059", "https://host:65536", "endpoint-malformed"),
        ("B059", "https://host:abc", "endpoint-malformed"),
        ("B059", "https://host:", "endpoint-port"),
        ("B059", "https://[::1", "endpoint-malformed"),
        ("B063", "http://s3.example.org", "endpoint-not-https"),
        ("B066", "https://host/" + "a" * 10_000, "endpoint-too-long"),
        ("-", "https://me:canary-pass@host", "endpoint-user-info"),
        ("-", "https://ho st", "endpoint-bad-character"),
        ("-", "https://host\x1b[31m", "endpoint-bad-character"),
        ("-", "https://-host-", "endpoint-host"),
    ],
)
def test_b056_to_b066_urls_that_are_none(jsobj: Jsobj, row: str, typed: str, reference: str) -> None:
    done = jsobj("endpoint", "--json", "--", typed, code=2)
    assert done.error["reference"] == reference, row
    assert "canary-pass" not in done.err


def test_b061_punycode_is_shown(jsobj: Jsobj) -> None:
    done = jsobj("endpoint", "https://g\u043e\u043egle.example", "--no-probe", "--json").json  # two Cyrillic letters
    assert done["endpoint_url"].startswith("https://xn--")
    assert "xn--" in done["notices"][0]


def test_b063_allow_http(jsobj: Jsobj) -> None:
    done = jsobj("endpoint", "http://s3.example.org", "--allow-http", "--no-probe", "--json").json
    assert done["endpoint_url"] == "http://s3.example.org"


@pytest.mark.parametrize("tail", ["", "/", "/swift/v1", "/v1/AUTH_abc"])
def test_without_a_key(jsobj: Jsobj, cloud: Cloud, tail: str) -> None:
    done = jsobj("endpoint", cloud.s3_endpoint + tail, "--json").json
    assert (done["endpoint_url"], done["server"]) == (cloud.s3_endpoint, "swift")
    assert done["version"].startswith("2.")
    assert (done["signed_request"], done["region"], done["addressing_style"]) == (False, None, "path")
    assert done["part_limit"] == 1000


def test_with_a_profile_for_it_the_region_is_known(keyed: Jsobj, cloud: Cloud) -> None:
    done = keyed("endpoint", cloud.s3_endpoint, "--json").json
    assert (done["signed_request"], done["region"]) == (True, cloud.region)
    assert "works" in keyed("endpoint").out


def test_without_url_from_the_catalogue(member: Jsobj, cloud: Cloud) -> None:
    done = member("endpoint", "--json").json
    assert done["endpoint_url"] == cloud.s3_endpoint


def test_without_url_and_login(jsobj: Jsobj) -> None:
    assert jsobj("endpoint", "--json", code=4).error["reference"] == "not-logged-in"


def test_f27_p31_unreachable(jsobj: Jsobj) -> None:
    started = time.monotonic()
    error = jsobj("endpoint", "http://127.0.0.1:9", "--json", code=7).error
    assert time.monotonic() - started < 15
    assert error["reference"] == "endpoint-unreachable"
    assert "refused" in error["context"].lower()


@pytest.mark.parametrize(
    ("status", "body"),
    [(200, b"<html>Welcome</html>"), (200, b"[]"), (200, b"{}"), (404, b""), (302, b""), (200, b"\xff\x00" * 50_000)],
)
def test_f50_not_an_object_store(jsobj: Jsobj, status: int, body: bytes) -> None:
    with answering(status, {"Content-Type": "text/html", "Location": "http://127.0.0.1:9/"}, body) as (url, _):
        assert jsobj("endpoint", url, "--json", code=7).error["reference"] == "not-object-store"


def test_f50_keystone_as_endpoint(jsobj: Jsobj, cloud: Cloud) -> None:
    error = jsobj("endpoint", cloud.auth_url.removesuffix("/v3"), "--json", code=7).error
    assert error["reference"] == "not-object-store"


def test_f50_tls_spoken_to_a_plain_port(jsobj: Jsobj, cloud: Cloud) -> None:
    error = jsobj("endpoint", cloud.s3_endpoint.replace("http:", "https:"), "--json", code=7).error
    assert error["reference"] in {"tls-failed", "endpoint-unreachable"}


def test_f24_hostile_numbers_in_info(jsobj: Jsobj) -> None:
    body = b'{"swift": {"version": "9"}, "s3api": {"max_upload_part_num": "many"}}'
    with answering(200, {"Content-Type": "application/json"}, body) as (url, _):
        assert jsobj("endpoint", url, "--json").json["part_limit"] == 1000
    deep = b"[" * 60_000
    with answering(200, {"Content-Type": "application/json"}, deep) as (url, _):
        jsobj("endpoint", url, code=7)
