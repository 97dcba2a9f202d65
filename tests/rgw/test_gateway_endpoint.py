"""What ``jsobj endpoint`` finds out about a gateway, and keys that a gateway refuses."""

from __future__ import annotations

import configparser
from collections.abc import Callable

import pytest
from commands import Jsobj
from fixtures_cloud import Cloud
from fixtures_rgw import Gateway
from people import CLOUD, Users, log_in

SWIFT_PATHS = ("/swift/v1", "/swift/v1/", "/swift/v1/AUTH_0123", "/swift/v1/AUTH_0123/bucket/key")


@pytest.mark.parametrize("path", ["", "/", *SWIFT_PATHS])
def test_any_url_leads_to_the_origin(newcomer: Users, gateway: Gateway, path: str) -> None:
    """Without a login and without a key."""
    found = newcomer("alice")("endpoint", gateway.endpoint + path, "--json").json
    assert (found["endpoint_url"], found["server"], found["region"]) == (gateway.endpoint, "ceph-rgw", "us-east-1")
    assert (found["signed_request"], found["part_limit"]) == (False, 10_000)
    assert any("Swift" in notice for notice in found["notices"]) is (path in SWIFT_PATHS)


def test_signed_with_the_profile_that_fits(alice: Jsobj, cloud: Cloud, gateway: Gateway) -> None:
    found = alice("endpoint", f"{gateway.endpoint}/swift/v1", "--json").json
    project = cloud.status.projects["demo"]
    assert found["signed_request"] is True
    assert found["owner"] == (f"{project}${project}" if gateway.tenants else project)
    assert found["request_id"].startswith("tx")


def test_from_the_catalogue(newcomer: Users, cloud: Cloud, gateway: Gateway) -> None:
    alice = newcomer("alice")
    log_in(alice, cloud, gateway, "alice")
    assert alice("endpoint", "--json").json["endpoint_url"] == gateway.endpoint


def test_swift_url_is_no_endpoint_for_a_profile(alice: Jsobj, gateway: Gateway) -> None:
    error = alice("ec2-creds", "--endpoint", f"{gateway.endpoint}/swift/v1", "--json", code=2).error
    assert error["reference"] == "endpoint-is-swift"
    assert gateway.endpoint in error["hint"]


def test_profile_with_a_swift_url_is_refused_with_the_origin(alice: Jsobj, gateway: Gateway) -> None:
    """Written by hand; S3 tools answer 405 Method Not Allowed, or create oddities."""
    text = alice.config.read_text()
    alice.config.write_text(text.replace(gateway.endpoint, f"{gateway.endpoint}/swift/v1"))
    error = alice("bucket", "list", "--json", code=2).error
    assert error["reference"] == "endpoint-is-swift"
    assert gateway.endpoint in error["hint"]


def replaced(jsobj: Jsobj, option: str, change: Callable[[str], str]) -> None:
    """Another value in the profile."""
    parser = configparser.RawConfigParser()
    parser.read(jsobj.credentials)
    parser[CLOUD][option] = change(parser[CLOUD][option])
    with jsobj.credentials.open("w") as file:
        parser.write(file)


@pytest.mark.parametrize(
    ("option", "code"),
    [("aws_access_key_id", "InvalidAccessKeyId"), ("aws_secret_access_key", "SignatureDoesNotMatch")],
)
def test_wrong_key(alice: Jsobj, gateway: Gateway, option: str, code: str) -> None:
    """Unlike Swift's s3api, RGW tells an unknown key from a wrong secret."""
    replaced(alice, option, lambda value: value[::-1])
    for words in (("bucket", "list"), ("bucket", "create", "s3://any-bucket"), ("endpoint", gateway.endpoint)):
        error = alice(*words, "--json", code=4).error
        assert error["reference"] == "s3-key-refused"
        assert code in error["context"]
        assert "jsobj ec2-creds" in error["hint"]
