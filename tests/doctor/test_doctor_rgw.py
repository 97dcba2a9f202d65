"""The doctor before a real Ceph RGW: healthy it passes, and Ceph's own faults are named as such."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from commands import Jsobj, Keys
from doctor_scene import IDS
from doctor_servers import Answered, Asked, between
from fixtures_cloud import Cloud
from fixtures_rgw import REGIONS, Gateway, Rgw


@pytest.fixture(scope="module", params=REGIONS)
def gateway(request: pytest.FixtureRequest, rgw: Rgw) -> Iterator[Gateway]:
    """A gateway, in Keystone's catalogue as a second region of the cloud."""
    with rgw.published(request.param) as published:
        yield published


@pytest.fixture
def alice(gateway: Gateway, cloud: Cloud, tmp_path: Path) -> Iterator[Jsobj]:
    """jsobj after ``login`` and ``ec2-creds`` at the gateway, whose account is swept of what other tests left."""
    cloud.sweep("alice", gateway.swift_url(cloud.status.projects["demo"]))
    runner = Jsobj(tmp_path / "home", {cloud.password("alice")})
    keys = Keys(cloud, "alice")
    rc = tmp_path / "openrc.sh"
    rc.write_text(cloud.rc("openrc-password").read_text().replace(cloud.region, gateway.region))
    runner("login", rc, "--password-stdin", "--as", "ceph", stdin=cloud.rc("password"))
    runner("ec2-creds")
    yield runner
    for access in keys.new:
        keys.delete(access)
    runner.check_no_secret_leaked()


def told(document: dict[str, list[dict[str, object]]]) -> dict[str, object]:
    return {check["id"]: check for check in document["checks"] if check["status"] != "PASS"}  # type: ignore[misc]


def test_a_healthy_gateway_passes_every_check(alice: Jsobj) -> None:
    before = alice("bucket", "list", "--json").out
    document = alice("doctor", "--json", "--strict").json
    assert told(document) == {}
    assert [check["id"] for check in document["checks"]] == IDS
    server = next(check for check in document["checks"] if check["id"] == "s3-server")
    assert "Ceph RGW" in server["evidence"]["found"]
    assert alice("bucket", "list", "--json").out == before


def test_an_unknown_key_is_called_so(alice: Jsobj) -> None:
    held = alice.profile("ceph")
    alice.credentials.write_text(alice.credentials.read_text().replace(held["aws_access_key_id"], "a" * 32))
    document = alice("doctor", "--json", code=10).json
    assert document["summary"]["first_failed"] == "s3-signature"
    assert document["summary"]["fail"] == 1
    assert "InvalidAccessKeyId" in json.dumps(told(document)["s3-signature"])


def test_swift_path_in_the_endpoint_is_mended(alice: Jsobj, gateway: Gateway) -> None:
    text = alice.config.read_text()
    alice.config.write_text(text.replace(gateway.endpoint, f"{gateway.endpoint}/swift/v1"))
    assert alice("doctor", "--json", code=10).json["summary"]["first_failed"] == "aws-endpoint"
    assert alice("doctor", "--fix", "--yes", "--no-round-trip", "--json").json["summary"]["fail"] == 0
    assert alice.config.read_text() == text


def test_trailing_checksums_that_old_ceph_refuses(alice: Jsobj, gateway: Gateway) -> None:
    """Ceph 16 over http takes the header form; the trailer's answer is that of releases that know none."""

    def change(asked: Asked, answered: Answered) -> None:
        if any(name.lower().startswith("x-amz-checksum-crc") for name in asked.headers):
            answered.s3_error(400, "XAmzContentSHA256Mismatch")

    with between(gateway.endpoint, change) as origin:
        text = alice.config.read_text().replace(gateway.endpoint, origin)
        alice.config.write_text("".join(line for line in text.splitlines(True) if "checksum" not in line))
        document = alice("doctor", "--json", code=10).json
    assert document["summary"]["first_failed"] == "checksums"
    assert document["summary"]["fail"] == 1
