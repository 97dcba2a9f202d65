"""The object round trip with nothing but boto3: every operation that a user's program needs, and the bytes compared."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from typing import Any

from jsobj.doctor.case import Case
from jsobj.doctor.causes import hint_for
from jsobj.doctor.check import Finding, failed, passed, skipped
from jsobj.doctor.checks.keystone import reads_only
from jsobj.doctor.checks.scratch_bucket import open_scratch
from jsobj.doctor.checks.scratch_s3 import S3Buckets
from jsobj.doctor.http import ask
from jsobj.doctor.trip import SMALL, Step, StepError, Trip, random_bytes, same, seen, walk
from jsobj.identity.aws_files.profile import read_profile
from jsobj.urls import parse_url

_PART = 5 * 1024 * 1024  # bytes; S3's smallest part


class _Trip(Trip[S3Buckets]):
    """A round trip with boto3."""

    def s3(self, operation: str, name: str, **words: Any) -> Mapping[str, Any]:
        """One operation on an object of ours."""
        client = self.scratch.buckets.client
        answer = getattr(client, operation)(Bucket=self.scratch.name, Key=self.key(name), **words)
        assert isinstance(answer, Mapping)
        return answer

    def listed(self) -> set[str]:
        """The keys of all objects of ours."""
        answer = self.scratch.buckets.client.list_objects_v2(Bucket=self.scratch.name, Prefix=self.scratch.prefix)
        return {item["Key"] for item in answer.get("Contents", ())}


def round_trip(case: Case) -> Finding:
    """Create, put, head, get, range, multipart, list, presigned GET, copy, delete."""
    assert case.access is not None, "needs 's3-signature'"
    if reads_only(case):
        return skipped("this login may only read")
    case.s3_scratch = open_scratch(case, S3Buckets(case.access, proxy=case.proxy(case.access.origin)))
    return walk(_Trip(case, case.s3_scratch, random_bytes()), _STEPS, _explained)


def _explained(error: Exception) -> tuple[dict[str, str], str]:
    facts, code = facts_of(error)
    return facts, hint_for(code)


def facts_of(error: Exception) -> tuple[dict[str, str], str]:
    """Evidence of a boto3 error, and the S3 code in it ("" without one)."""
    response = getattr(error, "response", None)
    if not isinstance(response, Mapping):
        return {"seen": seen(error)}, type(error).__name__
    metadata = response.get("ResponseMetadata", {})
    code = str(response.get("Error", {}).get("Code", ""))
    headers = metadata.get("HTTPHeaders", {})
    facts = {
        "seen": str(error)[:300],
        "code": code,
        "HTTP status": str(metadata.get("HTTPStatusCode", "")),
        "request id": str(metadata.get("RequestId") or headers.get("x-trans-id", "")),
    }
    return {label: text for label, text in facts.items() if text}, code


def _put(trip: _Trip) -> None:
    tag = str(trip.s3("put_object", "small", Body=trip.data)["ETag"]).strip('"')
    if tag != hashlib.md5(trip.data, usedforsecurity=False).hexdigest():
        raise StepError("the ETag is not the MD5 of what was sent")


def _head(trip: _Trip) -> None:
    length = int(trip.s3("head_object", "small")["ContentLength"])
    if length != len(trip.data):
        raise StepError(f"the object has {length} bytes instead of {len(trip.data)}")


def _get(trip: _Trip) -> None:
    same(trip.s3("get_object", "small")["Body"].read(), trip.data)


def _range(trip: _Trip) -> None:
    answer = trip.s3("get_object", "small", Range="bytes=1000-1999")
    if answer["ResponseMetadata"]["HTTPStatusCode"] != 206:
        raise StepError("a range was asked for and the whole object came")
    same(answer["Body"].read(), trip.data[1000:2000])


def _multipart(trip: _Trip) -> None:
    upload = trip.s3("create_multipart_upload", "large")["UploadId"]
    parts = []
    bodies = (trip.data * (_PART // SMALL), trip.data)
    for number, body in enumerate(bodies, start=1):
        answer = trip.s3("upload_part", "large", UploadId=upload, PartNumber=number, Body=body)
        parts.append({"PartNumber": number, "ETag": answer["ETag"]})
    trip.s3("complete_multipart_upload", "large", UploadId=upload, MultipartUpload={"Parts": parts})
    same(
        trip.s3("get_object", "large", Range=f"bytes={_PART - 8}-{_PART + 7}")["Body"].read(),
        trip.data[-8:] + trip.data[:8],
    )


def _list(trip: _Trip) -> None:
    keys = trip.listed()
    if keys != {trip.key("small"), trip.key("large")}:
        raise StepError(f"{len(keys)} objects are listed instead of the 2 that are there")


def _presigned(trip: _Trip) -> None:
    words = {"Bucket": trip.scratch.name, "Key": trip.key("small")}
    url = str(trip.scratch.buckets.client.generate_presigned_url("get_object", Params=words, ExpiresIn=300))
    origin, _ = parse_url(url.partition("?")[0])
    assert trip.case.access is not None
    answer = ask(trip.case, origin, url.removeprefix(str(origin)), verify=trip.case.access.verify).answer
    if answer.status != 200:
        raise StepError(f"the presigned address answers {answer.status} {answer.s3_code}")


def _copy(trip: _Trip) -> None:
    trip.s3("copy_object", "copy", CopySource={"Bucket": trip.scratch.name, "Key": trip.key("small")})
    same(trip.s3("get_object", "copy")["Body"].read(), trip.data)


def _delete(trip: _Trip) -> None:
    for name in ("small", "large", "copy"):
        trip.s3("delete_object", name)
    if left := trip.listed():
        raise StepError(f"{len(left)} objects are still listed after they were deleted")


_STEPS: tuple[tuple[str, Step[_Trip]], ...] = (
    ("put", _put),
    ("head", _head),
    ("get", _get),
    ("range", _range),
    ("multipart", _multipart),
    ("list", _list),
    ("presigned GET", _presigned),
    ("copy", _copy),
    ("delete", _delete),
)


def checksums(case: Case) -> Finding:
    """What the server does with the checksums that current SDKs send by default (over https: in a trailer)."""
    from dataclasses import replace

    from botocore.exceptions import BotoCoreError, ClientError

    from jsobj.store.s3.bucket_admin import make_client

    scratch = case.s3_scratch
    assert scratch is not None, "needs 'round-trip'"
    assert case.access is not None, "needs 'profile'"
    client = make_client(replace(case.access, checksums="when_supported"), proxy=case.proxy(case.access.origin))
    name = case.profile_choice().name
    profile = read_profile(case.settings.aws, name) if name else None
    # What the file says, not what jsobj makes of it: s3fs and aws read the file.
    own = profile.checksums if profile else "when_required"
    evidence = {"profile": own or "no setting", "transport": case.access.origin.scheme}
    try:
        with scratch.working():
            client.put_object(Bucket=scratch.name, Key=scratch.key("checksum"), Body=b"checksum")
            client.delete_object(Bucket=scratch.name, Key=scratch.key("checksum"))
    except (ClientError, BotoCoreError) as error:
        facts, code = facts_of(error)
        evidence |= facts
        if own == "when_required":
            found = f"the server refuses the default checksums ({code}), and the profile does without them"
            return passed(found, evidence)
        sentence = f"the server refuses the checksums that the profile makes other tools send ({code})"
        return failed(sentence, evidence, hint="mend the profile: jsobj doctor aws-checksums --fix")
    note = (
        "" if case.access.origin.scheme == "https" else "; over http they travel in a header, which hides the trouble"
    )
    return passed(f"the server takes the default checksums{note}", evidence)
