"""The object round trip with nothing but boto3: every operation that a user's program needs, and the bytes compared."""

from __future__ import annotations

import hashlib
import os
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from jsobj.doctor.case import Case
from jsobj.doctor.causes import hint_for
from jsobj.doctor.keystone import reads_only
from jsobj.doctor.values import Finding, failed, passed, skipped
from jsobj.doctor.wire import ask
from jsobj.doctor.workplace import Workplace, open_workplace
from jsobj.errors import JsobjError
from jsobj.identity.awsfiles import read_profile
from jsobj.urls import parse_url

_SMALL = 64 * 1024  # bytes
_PART = 5 * 1024 * 1024  # bytes; S3's smallest part


class _StepError(Exception):
    """A step's answer is not what it must be."""


@dataclass(frozen=True, slots=True)
class _Trip:
    """What the steps share."""

    case: Case
    place: Workplace
    data: bytes

    def s3(self, operation: str, name: str, **words: Any) -> Mapping[str, Any]:
        """One boto3 operation on an object of ours."""
        answer = getattr(self.place.client, operation)(Bucket=self.place.bucket, Key=self.place.key(name), **words)
        assert isinstance(answer, Mapping)
        return answer


def round_trip(case: Case) -> Finding:
    """Create, put, head, get, range, multipart, list, presigned GET, copy, delete."""
    if reads_only(case):
        return skipped("this login may only read")
    place = open_workplace(case)
    trip = _Trip(case, place, os.urandom(_SMALL))
    evidence = {"bucket": place.bucket, "made for this": "yes" if place.own else "no (--bucket)"}
    for name, step in _STEPS:
        began = time.monotonic()
        try:
            with place.working():
                step(trip)
        except Exception as error:  # noqa: BLE001 - boto3 raises its own, urllib3's and http.client's: all are findings
            return _failed_at(name, error, evidence)
        evidence[name] = f"{(time.monotonic() - began) * 1000:.0f} ms"
    return passed(f"{len(_STEPS)} operations, the same bytes back every time", evidence)


def _failed_at(name: str, error: Exception, evidence: dict[str, str]) -> Finding:
    facts, code = facts_of(error)
    sentence = f"the step '{name}' failed: {facts.get('code') or facts['seen']}"
    return failed(sentence, {**evidence, **facts}, hint=hint_for(code))


def facts_of(error: Exception) -> tuple[dict[str, str], str]:
    """Evidence of a boto3 error, and the S3 code in it ("" without one)."""
    response = getattr(error, "response", None)
    if not isinstance(response, Mapping):
        words = error.message if isinstance(error, JsobjError) else str(error).split("?", 1)[0]
        return {"seen": f"{type(error).__name__}: {words[:300]}"}, type(error).__name__
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


def _same(got: bytes, wanted: bytes) -> None:
    if got != wanted:
        raise _StepError(f"{len(got)} bytes came back that are not the {len(wanted)} bytes sent")


def _put(trip: _Trip) -> None:
    tag = str(trip.s3("put_object", "small", Body=trip.data)["ETag"]).strip('"')
    if tag != hashlib.md5(trip.data, usedforsecurity=False).hexdigest():
        raise _StepError("the ETag is not the MD5 of what was sent")


def _head(trip: _Trip) -> None:
    length = int(trip.s3("head_object", "small")["ContentLength"])
    if length != len(trip.data):
        raise _StepError(f"the object has {length} bytes instead of {len(trip.data)}")


def _get(trip: _Trip) -> None:
    _same(trip.s3("get_object", "small")["Body"].read(), trip.data)


def _range(trip: _Trip) -> None:
    answer = trip.s3("get_object", "small", Range="bytes=1000-1999")
    if answer["ResponseMetadata"]["HTTPStatusCode"] != 206:
        raise _StepError("a range was asked for and the whole object came")
    _same(answer["Body"].read(), trip.data[1000:2000])


def _multipart(trip: _Trip) -> None:
    upload = trip.s3("create_multipart_upload", "large")["UploadId"]
    parts = []
    bodies = (trip.data * (_PART // _SMALL), trip.data)
    for number, body in enumerate(bodies, start=1):
        answer = trip.s3("upload_part", "large", UploadId=upload, PartNumber=number, Body=body)
        parts.append({"PartNumber": number, "ETag": answer["ETag"]})
    trip.s3("complete_multipart_upload", "large", UploadId=upload, MultipartUpload={"Parts": parts})
    _same(
        trip.s3("get_object", "large", Range=f"bytes={_PART - 8}-{_PART + 7}")["Body"].read(),
        trip.data[-8:] + trip.data[:8],
    )


def _list(trip: _Trip) -> None:
    answer = trip.place.client.list_objects_v2(Bucket=trip.place.bucket, Prefix=trip.place.prefix)
    keys = {item["Key"] for item in answer.get("Contents", ())}
    if keys != {trip.place.key("small"), trip.place.key("large")}:
        raise _StepError(f"{len(keys)} objects are listed instead of the 2 that are there")


def _presigned(trip: _Trip) -> None:
    words = {"Bucket": trip.place.bucket, "Key": trip.place.key("small")}
    url = str(trip.place.client.generate_presigned_url("get_object", Params=words, ExpiresIn=300))
    origin, _ = parse_url(url.partition("?")[0])
    assert trip.case.access is not None
    answer = ask(trip.case, origin, url.removeprefix(str(origin)), verify=trip.case.access.verify).answer
    if answer.status != 200:
        raise _StepError(f"the presigned address answers {answer.status} {answer.s3_code}")


def _copy(trip: _Trip) -> None:
    trip.s3("copy_object", "copy", CopySource={"Bucket": trip.place.bucket, "Key": trip.place.key("small")})
    _same(trip.s3("get_object", "copy")["Body"].read(), trip.data)


def _delete(trip: _Trip) -> None:
    for name in ("small", "large", "copy"):
        trip.s3("delete_object", name)
    answer = trip.place.client.list_objects_v2(Bucket=trip.place.bucket, Prefix=trip.place.prefix)
    if answer.get("KeyCount", 0):
        raise _StepError(f"{answer['KeyCount']} objects are still listed after they were deleted")


_STEPS: tuple[tuple[str, Callable[[_Trip], None]], ...] = (
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

    from jsobj.store.s3_account import make_client

    assert case.access is not None, "needs 'round-trip'"
    place: Workplace = case.workplace
    client = make_client(replace(case.access, checksums="when_supported"))
    name = case.profile_choice().name
    profile = read_profile(case.settings.aws, name) if name else None
    # What the file says, not what jsobj makes of it: s3fs and aws read the file.
    own = profile.checksums if profile else "when_required"
    evidence = {"profile": own or "no setting", "transport": case.access.origin.scheme}
    try:
        with place.working():
            client.put_object(Bucket=place.bucket, Key=place.key("checksum"), Body=b"checksum")
            client.delete_object(Bucket=place.bucket, Key=place.key("checksum"))
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
