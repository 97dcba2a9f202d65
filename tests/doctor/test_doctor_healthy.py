"""A setup that works: everything passes, nothing is left, and it ends soon also without a network."""

from __future__ import annotations

import json

from commands import Jsobj
from doctor_scene import IDS, Scene, client_of
from doctor_servers import Authority, between
from fixtures_cloud import Cloud
from rigs import lack, need_program

from jsobj.doctor.registry import CHECKS


def statuses(document: dict[str, list[dict[str, str]]]) -> dict[str, str]:
    return {check["id"]: check["status"] for check in document["checks"]}


def test_a_healthy_setup_passes_every_check_and_leaves_nothing(patient: Jsobj, cloud: Cloud) -> None:
    before = client_of(patient, cloud).list_buckets()["Buckets"]
    files = patient.snapshot()
    document = patient("doctor", "--json", "--strict").json
    assert {name: status for name, status in statuses(document).items() if status != "PASS"} == {}
    assert [check["id"] for check in document["checks"]] == IDS
    assert client_of(patient, cloud).list_buckets()["Buckets"] == before
    assert patient.snapshot() == files


def test_the_document_has_the_frozen_keys(patient: Jsobj) -> None:
    document = patient("doctor", "files", "--json").json
    assert document["schema"] == "jsobj.doctor/1"
    assert set(document) == {"schema", "checks", "summary", "about"}
    for check in document["checks"]:
        assert set(check) == {"id", "layer", "title", "status", "evidence", "hint", "fix", "seconds"}
        assert check["evidence"]["found"]
    assert set(document["summary"]) == {"pass", "warn", "fail", "skip", "first_failed", "seconds"}


def test_inside_a_bucket_of_the_user_nothing_is_left_either(patient: Jsobj, cloud: Cloud) -> None:
    s3 = client_of(patient, cloud)
    s3.create_bucket(Bucket="doctor-guest")
    try:
        s3.put_object(Bucket="doctor-guest", Key="mine", Body=b"mine")
        document = patient("doctor", "round-trip", "--bucket", "doctor-guest", "--json").json
        found = statuses(document)
        assert found["round-trip"] == found["swift-round-trip"] == found["fsspec"] == found["clean-up"] == "PASS"
        assert statuses(document)["public-read"] == "SKIP"
        assert [item["Key"] for item in s3.list_objects_v2(Bucket="doctor-guest")["Contents"]] == ["mine"]
    finally:
        s3.delete_object(Bucket="doctor-guest", Key="mine")
        s3.delete_bucket(Bucket="doctor-guest")


def test_over_https_with_an_authority_of_its_own(scene: Scene) -> None:
    """The way on which SDKs send checksums in a trailer (http hides them)."""
    authority = scene.authority()
    tls = {"context": authority.context()}
    keystone = scene.stack.enter_context(between(scene.cloud.auth_url, **tls))
    s3 = scene.stack.enter_context(between(scene.cloud.s3_endpoint, **tls))
    scene.keystone_at(f"{keystone}/v3")
    scene.edit(scene.jsobj.clouds, "    auth:\n", f"    cacert: {authority.path}\n    auth:\n")
    scene.s3_at(f"{s3}\nca_bundle = {authority.path}")
    document = scene.jsobj("doctor", "--json").json
    found = statuses(document)
    assert found["keystone-tls"] == found["s3-tls"] == found["round-trip"] == found["checksums"] == "PASS", document
    told = next(check for check in document["checks"] if check["id"] == "s3-tls")["evidence"]
    assert "Test Authority" in told["issued by"]
    # The catalogue still names the address behind the front: that, and only that, is worth a word.
    assert [name for name, status in found.items() if status in ("WARN", "FAIL")] == ["endpoint"]


def test_without_any_network_it_ends_and_says_so(scene: Scene) -> None:
    """L11: in a network namespace of its own there is not even a loopback; as a process, since that is for good."""
    import subprocess
    import time

    unshare = need_program("unshare")
    if subprocess.run([unshare, "--user", "--net", "true"], check=False, capture_output=True).returncode:
        lack("unshare --user --net does not work here (a kernel without user namespaces)")
    scene.keystone_at("https://keystone.example.org:5000/v3")
    scene.s3_at("https://objects.example.org")
    began = time.monotonic()
    done = subprocess.run(
        ["unshare", "--user", "--map-current-user", "--net", *scene.jsobj.command("doctor", "--json")],
        env=scene.jsobj.environment(),
        cwd=scene.jsobj.folder,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 10, done.stderr
    found = statuses(json.loads(done.stdout))
    assert "no name server answers" in done.stdout
    assert [name for name, status in found.items() if status == "FAIL"] == ["keystone-dns", "s3-dns"]
    assert "Traceback" not in done.stderr
    assert time.monotonic() - began < 30  # a bound, not a measurement: without one a resolver takes a minute


def test_every_need_of_a_check_stands_before_it() -> None:
    seen: set[str] = set()
    for check in CHECKS:
        assert {*check.needs, *check.unless, *check.after} <= seen, check.id
        seen.add(check.id)


def test_only_keys_and_no_login_is_a_setup_too(scene: Scene) -> None:
    held = scene.jsobj.profile("demo")
    scene.forget_login()
    scene.export(
        AWS_ACCESS_KEY_ID=held["aws_access_key_id"],
        AWS_SECRET_ACCESS_KEY=held["aws_secret_access_key"],
        AWS_ENDPOINT_URL=scene.cloud.s3_endpoint,
        AWS_DEFAULT_REGION=scene.cloud.region,
    )
    document = scene.jsobj("doctor", "--json", "--strict").json
    found = statuses(document)
    assert set(found.values()) == {"PASS", "SKIP"}
    assert found["round-trip"] == found["s3fs"] == found["clean-up"] == "PASS"
    for name in ("login", "token", "swift-api", "swift-round-trip", "fsspec", "public-read"):
        assert found[name] == "SKIP", name
    reasons = {check["evidence"]["found"] for check in document["checks"] if check["id"] in ("login", "fsspec")}
    assert reasons == {"no login: the road with S3 keys is tested instead"}


def test_an_application_credential_beside_keys_is_a_setup_too(scene: Scene) -> None:
    """Keystone 30 shows it no EC2 keys: nothing to warn of, since the keys themselves are tried."""
    held = scene.jsobj.profile("demo")
    scene.forget_login()
    scene.jsobj("login", scene.cloud.rc("app-cred-restricted"), "--as", "portal")
    scene.export(
        AWS_ACCESS_KEY_ID=held["aws_access_key_id"],
        AWS_SECRET_ACCESS_KEY=held["aws_secret_access_key"],
        AWS_ENDPOINT_URL=scene.cloud.s3_endpoint,
        AWS_DEFAULT_REGION=scene.cloud.region,
    )
    found = statuses(scene.jsobj("doctor", "--json", "--strict").json)
    assert found["ec2-key"] == found["ec2-unused"] == "SKIP"
    assert found["token"] == found["s3-signature"] == found["s3-project"] == found["public-read"] == "PASS"


def test_authority_makes_what_it_says(tmp_path) -> None:
    assert Authority(tmp_path).path.read_text().startswith("-----BEGIN CERTIFICATE-----")
