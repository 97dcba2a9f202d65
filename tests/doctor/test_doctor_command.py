"""``jsobj doctor`` as a command: choosing, mending, reporting, the script for a help desk, and ``jsobj explain``."""

from __future__ import annotations

import json
import os
import re
import runpy
import signal
import subprocess
import sys
import threading
import time
from typing import Any

import pytest
from commands import Jsobj
from doctor_scene import IDS, Scene, client_of
from fixtures_cloud import Cloud
from meddler import Answer, Passing, meddling

from jsobj.doctor.causes import CAUSES
from jsobj.doctor.causes import explain as look_up
from jsobj.doctor.registry import CHECKS


def test_list_names_every_check_and_runs_none(patient: Jsobj) -> None:
    patient.credentials.write_text("junk\n")
    assert [item["id"] for item in patient("doctor", "--list", "--json").json["items"]] == IDS
    assert patient("doctor", "--list").lines[0].split("\t")[:2] == ["ledger", "files"]


def test_one_check_runs_with_what_it_needs(patient: Jsobj) -> None:
    ids = [check["id"] for check in patient("doctor", "aws-endpoint", "--json").json["checks"]]
    assert ids == ["aws-files", "aws-values", "aws-endpoint"]


def test_a_layer_can_be_named(patient: Jsobj) -> None:
    layers = {check["layer"] for check in patient("doctor", "environment", "--json").json["checks"]}
    assert layers == {"files", "environment"}


def test_a_check_that_does_not_exist_is_told_with_a_near_one(patient: Jsobj) -> None:
    assert "did you mean 'clock'" in patient("doctor", "clok", "--json", code=2).error["hint"]
    # The beginning of a name says more than letters in common: 's3-sig' has more of them with 's3-tls'.
    assert "did you mean 's3-signature'?" in patient("doctor", "s3-sig", "--json", code=2).error["hint"]


def test_strict_makes_a_warning_count(scene: Scene) -> None:
    scene.jsobj.credentials.chmod(0o644)
    assert scene.jsobj("doctor", "aws-modes", "-q").out.count("WARN") == 1
    scene.jsobj("doctor", "aws-modes", "--strict", code=10)


def test_people_see_the_cause_the_evidence_and_the_next_step(scene: Scene) -> None:
    scene.edit(scene.jsobj.config, f"region = {scene.cloud.region}", "region = us-east-1")
    seen = scene.jsobj("doctor", code=10)
    words = " ".join(seen.out.split())
    assert "FAIL s3-signature" in words
    assert words.count("signed for region RegionOne, not us-east-1") == 2  # as it occurs, and at the end
    assert "code: AuthorizationHeaderMalformed" in words
    assert "request id: tx" in words
    assert words.endswith("Next: mend it: jsobj doctor --fix")
    assert words.count("the cause:") == 1


def test_a_hint_means_the_same_profile_when_it_is_pasted(scene: Scene) -> None:
    scene.edit(scene.jsobj.config, f"region = {scene.cloud.region}", "region = us-east-1")
    checks = scene.jsobj("doctor", "--profile", "demo", "--cloud", "demo", "--json", code=10).json["checks"]
    hints = {check["id"]: check["hint"] for check in checks}
    assert hints["s3-signature"] == "mend it: jsobj doctor --cloud demo --profile demo --fix"


def test_quiet_shows_only_what_is_wrong(scene: Scene) -> None:
    assert scene.jsobj("doctor", "files", "-q").out == ""
    scene.jsobj.credentials.chmod(0o644)
    assert scene.jsobj("doctor", "files", "-q").lines[0].startswith("WARN  aws-modes")


def test_fix_mends_one_fault_after_the_other_and_keeps_the_old_files(scene: Scene) -> None:
    """Section name, endpoint, region, checksum settings and mode: each hides the next, and all can be taken back."""
    s3 = scene.cloud.s3_endpoint
    old = f"# mine\n[demo]\nendpoint_url = {s3}/swift/v1\nregion = nowhere\n"
    scene.jsobj.config.write_text(old)
    scene.jsobj.credentials.chmod(0o644)
    result = scene.jsobj("doctor", "--fix", "--yes", "--json", "--no-round-trip")
    document = result.json
    assert [check for check in document["checks"] if check["status"] in ("WARN", "FAIL")] == []
    assert len(document["fixed"]) == 5
    text = scene.jsobj.config.read_text()
    assert text.startswith("# mine\n[profile demo]\n")
    assert f"endpoint_url = {s3}\n" in text
    assert "region = RegionOne\n" in text
    assert scene.jsobj.credentials.stat().st_mode & 0o777 == 0o600
    backups = [path.read_text() for path in scene.jsobj.config.parent.glob("config.jsobj-backup*")]
    assert old in backups
    assert f"+endpoint_url = {s3}" in result.err


def test_fix_asks_first_and_a_no_changes_nothing(scene: Scene) -> None:
    scene.edit(scene.jsobj.config, f"region = {scene.cloud.region}", "region = us-east-1")
    before = scene.jsobj.snapshot()
    assert "--yes" in scene.jsobj("doctor", "--fix", "--no-input", "--json", code=2).error["hint"]
    assert scene.jsobj.snapshot() == before


def test_s21_the_report_holds_what_is_needed_and_no_secret(scene: Scene) -> None:
    held = scene.jsobj.profile("demo")
    secret = held["aws_secret_access_key"]
    scene.edit(scene.jsobj.credentials, secret, f"{secret} # comment")
    path = scene.jsobj.folder / "report.html"
    scene.jsobj("doctor", "--report", path, code=10)
    page = path.read_text()
    assert path.stat().st_mode & 0o777 == 0o600
    assert page.lower().startswith("<!doctype html>")
    assert "a comment has become part of" in page
    assert "req-" in page
    assert secret not in page
    assert scene.cloud.password("alice") not in page


def test_a_report_that_cannot_be_written_is_told_before_the_checks(patient: Jsobj) -> None:
    error = patient("doctor", "--report", "nowhere/report.html", "--json", code=9).error
    assert error["reference"] == "report-unwritable"


def test_ctrl_c_leaves_no_bucket(patient: Jsobj, cloud: Cloud) -> None:
    s3 = client_of(patient, cloud)
    process = patient.start("doctor", "round-trip")
    deadline = time.monotonic() + 60
    while process.poll() is None and time.monotonic() < deadline:
        if _doctors_buckets(s3):
            process.send_signal(signal.SIGINT)
            break
        time.sleep(0.02)
    assert process.wait(60) in (130, 0, 10)  # 0 and 10: it was done before the signal came
    assert _doctors_buckets(s3) == set()


def test_ctrl_c_before_the_answer_leaves_no_bucket(patient: Jsobj, cloud: Cloud) -> None:
    s3 = client_of(patient, cloud)
    made, stopped = threading.Event(), threading.Event()

    def hold(passing: Passing) -> Answer:
        answer = passing.ask()
        if passing.method == "PUT" and passing.path.startswith("/jsobj-doctor-") and not made.is_set():
            made.set()
            stopped.wait(60)
        return answer

    with meddling(cloud.s3_endpoint) as meddler:
        meddler.spoil = hold
        patient.config.write_text(patient.config.read_text().replace(cloud.s3_endpoint, meddler.origin))
        process = patient.start("doctor", "round-trip")
        try:
            assert made.wait(60)
            assert _doctors_buckets(s3)  # that of S3, and that of Swift where it was as quick
            process.send_signal(signal.SIGINT)
            assert process.wait(60) == 130
        finally:
            stopped.set()
    assert _doctors_buckets(s3) == set()


def test_ctrl_c_while_it_writes_into_the_users_bucket_leaves_nothing_there(patient: Jsobj, cloud: Cloud) -> None:
    """The object comes to be after the signal: the request that is under way is waited for."""
    s3 = client_of(patient, cloud)
    sent, interrupted, made = threading.Event(), threading.Event(), threading.Event()
    s3.create_bucket(Bucket="users-own")

    def late(passing: Passing) -> Answer:
        if passing.method != "PUT" or "/small" not in passing.path:
            return passing.ask()
        sent.set()
        interrupted.wait(60)
        time.sleep(0.7)
        try:
            return passing.ask()
        finally:
            made.set()

    with meddling(cloud.s3_endpoint) as meddler:
        meddler.spoil = late
        patient.config.write_text(patient.config.read_text().replace(cloud.s3_endpoint, meddler.origin))
        process = patient.start("doctor", "round-trip", "--bucket", "users-own")
        assert sent.wait(60)
        process.send_signal(signal.SIGINT)
        interrupted.set()
        assert process.wait(60) == 130
        assert made.wait(60)
    assert "Contents" not in s3.list_objects_v2(Bucket="users-own")
    s3.delete_bucket(Bucket="users-own")


def _doctors_buckets(s3: Any) -> set[str]:
    """All but what another test of this session made on purpose."""
    names = {bucket["Name"] for bucket in s3.list_buckets()["Buckets"]}
    return {name for name in names if name.startswith("jsobj-doctor-")} - {"jsobj-doctor-0123456789ab"}


ONLY_BOTO3 = """
import runpy, sys
KNOWN = {"boto3", "botocore", "s3transfer", "jmespath", "urllib3", "dateutil", "six"} | set(sys.stdlib_module_names)
class Only:
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] not in KNOWN:
            raise ModuleNotFoundError(name)
sys.meta_path.insert(0, Only())
sys.argv = sys.argv[1:]
runpy.run_path(sys.argv[0], run_name="__main__")
"""


def run_script(patient: Jsobj, text: str, *words: str) -> subprocess.CompletedProcess[str]:
    """In a process in which nothing can be imported but the standard library and boto3 with what it is made of."""
    script = patient.folder / "s3-test.py"
    script.write_text(text)
    environment = {name: value for name, value in patient.environment().items() if name != "PYTHONPATH"}
    return subprocess.run(
        [sys.executable, "-I", "-c", ONLY_BOTO3, str(script), *words],
        env=environment,
        cwd=patient.folder,
        capture_output=True,
        text=True,
        timeout=90,
        check=False,
    )


def test_the_script_works_with_only_boto3_and_holds_no_secret(patient: Jsobj, cloud: Cloud) -> None:
    text = patient("doctor", "--emit-script").out
    assert "jsobj" not in re.sub(r"#.*", "", text)
    assert 'PROFILE = "demo"' in text.replace("'", '"')
    before = client_of(patient, cloud).list_buckets()["Buckets"]
    done = run_script(patient, text)
    assert done.returncode == 0, done.stdout + done.stderr
    assert [line.split()[0] for line in done.stdout.splitlines() if "INFO" not in line] == ["PASS"] * 12
    assert client_of(patient, cloud).list_buckets()["Buckets"] == before


def test_ctrl_c_in_the_script_leaves_no_parts(patient: Jsobj, cloud: Cloud) -> None:
    """Where it is given a bucket, that is somebody's, and unfinished uploads stay there unseen."""
    script = patient.home / "script.py"
    script.write_text(patient("doctor", "--emit-script").out)
    client = client_of(patient, cloud)
    trial = runpy.run_path(str(script))["Test"](client, "")
    trial.create()

    def interrupt(**_: object) -> None:
        raise KeyboardInterrupt

    client.meta.events.register("before-send.s3.UploadPart", interrupt)
    with pytest.raises(KeyboardInterrupt):
        trial.multipart()
    assert not client.list_multipart_uploads(Bucket=trial.bucket).get("Uploads")
    trial.delete()


def test_the_script_says_what_fails(scene: Scene) -> None:
    text = scene.jsobj("doctor", "--emit-script").out
    done = run_script(scene.jsobj, text, "--region", "us-east-1")
    assert done.returncode == 1
    assert re.search(r"FAIL +list buckets +ClientError: .*AuthorizationHeaderMalformed", done.stdout)


def test_every_cause_names_a_check_that_exists() -> None:
    assert [cause.code for cause in CAUSES if cause.check not in IDS] == []
    assert len({cause.code for cause in CAUSES}) == len(CAUSES)
    assert all(cause.hint and (cause.cause or (cause.ceph and cause.swift)) for cause in CAUSES)


def test_explain_finds_every_cause_by_its_code() -> None:
    assert [cause.code for cause in CAUSES if look_up(cause.code)[0].code != cause.code] == []


SAID = "An error occurred ({}) when calling the ListBuckets operation: {}"
NOT_ALLOWED = "is not allowed for managing additional application credentials.. (HTTP 403)"
MESSAGES = (
    (SAID.format("SignatureDoesNotMatch", "..."), "SignatureDoesNotMatch"),
    (SAID.format("405", "Method Not Allowed"), "405"),
    ("botocore.exceptions.NoCredentialsError: Unable to locate credentials", "NoCredentialsError"),
    (f"Using method 'application_credential' {NOT_ALLOWED}", "Using method 'application_credential'"),
    ("Application credentials cannot request a scope. (HTTP 401)", "Application credentials cannot request a scope"),
    ("ssl.SSLCertVerificationError: certificate verify failed: self-signed certificate", "SSLError"),
    ('Could not connect to the endpoint URL: "https://x/"', "EndpointConnectionError"),
    ('Invalid bucket name "a:b": Bucket name must match the regex', "InvalidBucketName"),
    ("The region 'us-east-1' is wrong; expecting 'RegionOne'", "AuthorizationHeaderMalformed"),
    ("umount: target is busy", "Transport endpoint is not connected"),
    ("there are no S3 keys to use [no-s3-keys]", "no-s3-keys"),
    ("ec2-needs-full-login", "ec2-needs-full-login"),
    ("an unexpected error (403)", "403"),
    ("HTTP 404", "404"),
    ("503 Service Unavailable", "503"),
    ("Unauthorized", "Unauthorized"),
    ("[SSL: CERTIFICATE_VERIFY_FAILED] unable to get local issuer certificate (_ssl.c:1007)", "SSLError"),
    ("self-signed", "SSLError"),
    ("[Errno 104] Connection reset by peer", "Connection reset"),
    ("HTTPSConnectionPool(host='x', port=443): Read timed out. (read timeout=60)", "Timeout"),
    ("gaierror: Name or service not known", "Name or service not known"),
    ("Error: there is no bucket 'x' [bucket-not-found]", "bucket-not-found"),
)


@pytest.mark.parametrize(("message", "code"), MESSAGES)
def test_explain_reads_messages(message: str, code: str, patient: Jsobj) -> None:
    assert patient("explain", *message.split(" "), "--json").json["code"].startswith(code)


def test_explain_unknown_gives_near_ones(patient: Jsobj) -> None:
    error = patient("explain", "SignatureDosntMatch", "--json", code=5).error
    assert error["reference"] == "error-unknown"
    assert "SignatureDoesNotMatch" in error["hint"]


def test_explain_without_words_lists_all(patient: Jsobj) -> None:
    assert len(patient("explain", "--json").json["items"]) == len(CAUSES)
    assert "On Swift:" in patient("explain", "AccessDenied").out


def test_a_broken_ledger_does_not_stop_the_script(scene: Scene) -> None:
    (scene.jsobj.home / ".local/state/jsobj/ledger.json").write_text("{")
    assert "import boto3" in scene.jsobj("doctor", "--emit-script").out


def test_json_stays_one_document_whatever_is_broken(scene: Scene) -> None:
    for path in (scene.jsobj.clouds, scene.jsobj.secure, scene.jsobj.credentials, scene.jsobj.config):
        path.write_bytes(os.urandom(200))
    scene.jsobj.private |= {scene.jsobj.clouds, scene.jsobj.config}
    result = scene.jsobj("doctor", "--json", code=10)
    assert json.loads(result.out)["summary"]["first_failed"] == "clouds-files"
    assert {check["id"] for check in result.json["checks"]} == {check.id for check in CHECKS}
