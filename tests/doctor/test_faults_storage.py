"""The object store: signatures, operations, quotas and what is left lying about."""

from __future__ import annotations

import re

import pytest
from doctor_scene import Scene, Table, judge
from doctor_servers import Answered, Asked

table = Table()


@table.row("s3-signature", "FAIL", "for region RegionOne, not us-east-1")
def wrong_region(scene: Scene) -> None:
    scene.edit(scene.jsobj.config, f"region = {scene.cloud.region}", "region = us-east-1")


@table.row("s3-signature", "FAIL", "SignatureDoesNotMatch")
def key_that_never_was(scene: Scene) -> None:
    scene.use_key("a" * 32, "b" * 32)


@table.row("s3-signature", "FAIL", "changes the Host header")
def proxy_that_drops_the_port_from_host(scene: Scene) -> None:
    def before(asked: Asked) -> None:
        asked.headers = {k: "127.0.0.1" if k.lower() == "host" else v for k, v in asked.headers.items()}

    scene.s3_through(lambda asked, answered: None, before=before)


@table.row("s3-signature", "FAIL", "answers 503")
def store_busy_with_signed_requests(scene: Scene) -> None:
    def change(asked: Asked, answered: Answered) -> None:
        if asked.signed:
            answered.s3_error(503, "SlowDown")

    scene.s3_through(change)


@table.row("s3-signature", "FAIL", "jsobj whoami")
def signed_requests_denied(scene: Scene) -> None:
    def change(asked: Asked, answered: Answered) -> None:
        if asked.signed:
            answered.s3_error(403, "AccessDenied")

    scene.s3_through(change)


@table.row("swift-api", "FAIL", "refuses a token")
def store_refuses_the_token(scene: Scene) -> None:
    scene.swift_through(lambda asked, answered: answered.becomes(401))


@table.row("swift-api", "FAIL", "sends us elsewhere")
def f36_swift_redirects(scene: Scene) -> None:
    scene.swift_through(lambda asked, answered: answered.becomes(301, Location="https://example.org/"))


def _quota(**headers: str) -> object:
    def change(asked: Asked, answered: Answered) -> None:
        answered.headers |= {name.replace("_", "-"): value for name, value in headers.items()}

    return change


@table.row("quota", "FAIL", "used up", write=True)
def quota_used_up(scene: Scene) -> None:
    scene.swift_through(_quota(X_Account_Meta_Quota_Bytes="1000", X_Account_Bytes_Used="1000"))  # type: ignore[arg-type]


@table.row("quota", "WARN", "95%")
def quota_nearly_used_up(scene: Scene) -> None:
    scene.swift_through(_quota(X_Account_Meta_Quota_Bytes="1000", X_Account_Bytes_Used="950"))  # type: ignore[arg-type]


def _refuse(status: int, code: str, method: str, path: str):  # type: ignore[no-untyped-def]
    """Refuse signed requests of that kind. Those without a match go through."""

    def change(asked: Asked, answered: Answered) -> None:
        if asked.signed and asked.method == method and re.fullmatch(path, asked.path):
            answered.s3_error(status, code)

    return change


def _swallow(asked: Asked) -> None:
    """What is refused must not happen: turn the making of a bucket into a look at it."""
    if asked.method == "PUT" and re.fullmatch(r"/jsobj-doctor-[0-9a-f]+", asked.path):
        asked.method = "HEAD"


BUCKET, OBJECT = r"/jsobj-doctor-[0-9a-f]+/?", r"/jsobj-doctor-[0-9a-f]+/[a-z0-9]+(\?.*)?"


@table.row("round-trip", "FAIL", "belongs to another project, or your role", write=True)
def making_buckets_denied(scene: Scene) -> None:
    scene.s3_through(_refuse(403, "AccessDenied", "HEAD", BUCKET), before=_swallow)


@table.row("round-trip", "FAIL", "names are shared", write=True)
def bucket_name_taken(scene: Scene) -> None:
    scene.s3_through(_refuse(409, "BucketAlreadyExists", "HEAD", BUCKET), before=_swallow)


@table.row("round-trip", "FAIL", "the step 'put' failed: QuotaExceeded", write=True)
def no_room_for_an_object(scene: Scene) -> None:
    scene.s3_through(_refuse(403, "QuotaExceeded", "PUT", OBJECT))


@table.row("round-trip", "FAIL", "the step 'copy' failed", write=True)
def copying_not_implemented(scene: Scene) -> None:
    scene.s3_through(_refuse(501, "NotImplemented", "PUT", r"/jsobj-doctor-[0-9a-f]+/copy"))


@table.row("round-trip", "FAIL", "not the 65536 bytes sent", write=True)
def bytes_changed_on_the_way(scene: Scene) -> None:
    def change(asked: Asked, answered: Answered) -> None:
        if asked.method == "GET" and re.fullmatch(OBJECT, asked.path) and answered.status == 200:
            answered.body = bytes([answered.body[0] ^ 1]) + answered.body[1:]

    scene.s3_through(change)


@table.row("round-trip", "FAIL", "the step 'range' failed", write=True)
def ranges_ignored(scene: Scene) -> None:
    def before(asked: Asked) -> None:
        asked.headers = {name: value for name, value in asked.headers.items() if name.lower() != "range"}

    scene.s3_through(lambda asked, answered: None, before=before)


@table.row("checksums", "FAIL", "NotImplemented", write=True)
def default_checksums_refused(scene: Scene) -> None:
    def change(asked: Asked, answered: Answered) -> None:
        if any(name.lower().startswith("x-amz-checksum-crc") for name in asked.headers):
            answered.s3_error(501, "NotImplemented")

    scene.s3_through(change)
    path = scene.jsobj.config
    path.write_text("".join(line for line in path.read_text().splitlines(True) if "checksum" not in line))


@table.row("public-read", "FAIL", "never published", write=True)
def private_objects_readable_by_everybody(scene: Scene) -> None:
    def change(asked: Asked, answered: Answered) -> None:
        token = any(name.lower() == "x-auth-token" for name in asked.headers)
        if asked.method == "GET" and asked.path.endswith("/public") and not token:
            answered.becomes(200, b"public")

    scene.swift_through(change)


@table.row("public-read", "WARN", "may not publish", write=True)
def publishing_forbidden(scene: Scene) -> None:
    def change(asked: Asked, answered: Answered) -> None:
        if asked.method == "POST":
            answered.becomes(403)

    scene.swift_through(change)


@table.row("clean-up", "FAIL", "is not empty", write=True)
def bucket_cannot_be_removed(scene: Scene) -> None:
    made: set[str] = set()

    def before(asked: Asked) -> None:
        if asked.method == "DELETE" and re.fullmatch(BUCKET, asked.path):
            if not made:
                scene.stack.callback(scene.s3().delete_bucket, Bucket=asked.path.strip("/"))
            made.add(asked.path)
            asked.method = "HEAD"

    def change(asked: Asked, answered: Answered) -> None:
        if asked.path in made and asked.method == "HEAD":
            answered.s3_error(409, "BucketNotEmpty")

    scene.s3_through(change, before=before)


@table.row("uploads", "WARN", "older than a day")
def unfinished_upload(scene: Scene) -> None:
    s3 = scene.s3()
    s3.create_bucket(Bucket="doctor-uploads")
    upload = s3.create_multipart_upload(Bucket="doctor-uploads", Key="half")["UploadId"]
    words = {"Bucket": "doctor-uploads", "Key": "half", "UploadId": upload}
    scene.stack.callback(s3.delete_bucket, Bucket="doctor-uploads")
    scene.stack.callback(s3.abort_multipart_upload, **words)

    def change(asked: Asked, answered: Answered) -> None:
        answered.body = re.sub(rb"<Initiated>\d{4}", b"<Initiated>2020", answered.body)

    scene.s3_through(change)


@table.row("segments", "WARN", "doctor-orphan_segments")
def orphaned_segments(scene: Scene) -> None:
    _container(scene, "doctor-orphan_segments")


@table.row("doctors", "WARN", "jsobj-doctor-0123456789ab")
def bucket_of_a_killed_doctor(scene: Scene) -> None:
    s3 = scene.s3()
    s3.create_bucket(Bucket="jsobj-doctor-0123456789ab")
    scene.stack.callback(s3.delete_bucket, Bucket="jsobj-doctor-0123456789ab")


def _container(scene: Scene, name: str) -> None:
    import urllib.request

    def ask(method: str) -> None:
        headers = {"X-Auth-Token": scene.cloud.keystone_token("alice")}
        request = urllib.request.Request(f"{scene.cloud.swift_url}/{name}", method=method, headers=headers)
        urllib.request.urlopen(request, timeout=30).close()

    ask("PUT")
    scene.stack.callback(ask, "DELETE")


@pytest.mark.parametrize("fault", table.rows, ids=table.names)
def test_fault(fault, scene: Scene) -> None:
    judge(fault, scene)
    left = [b["Name"] for b in scene.s3().list_buckets()["Buckets"] if b["Name"].startswith("jsobj-doctor-")]
    allowed = {"clean-up": 1, "doctors": 1}.get(fault.expected, 0)
    assert len(left) <= allowed, left


def test_a_bucket_that_is_not_there_is_told_by_both_round_trips(scene: Scene) -> None:
    checks = scene.jsobj("doctor", "--json", "--bucket", "never-made", code=10).json["checks"]
    failed = {check["id"]: check["evidence"]["found"] for check in checks if check["status"] == "FAIL"}
    assert failed == {
        "round-trip": "there is no bucket 'never-made'",
        "swift-round-trip": "there is no container 'never-made'",
    }
