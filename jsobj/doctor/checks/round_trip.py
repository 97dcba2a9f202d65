"""The object round trip with nothing but boto3: every operation that a user's program needs, and the bytes compared."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from jsobj.doctor.case import Case, needed
from jsobj.doctor.causes import hint_for
from jsobj.doctor.check import Finding, failed, passed
from jsobj.doctor.checks.trip import SMALL, StepError, Trip, seen, take
from jsobj.doctor.http import ask
from jsobj.identity.aws_files.profile import read_profile
from jsobj.net.connection.watched import watch_boto
from jsobj.net.xml import error_fields
from jsobj.store.access import S3Access
from jsobj.store.s3.errors import translate_errors
from jsobj.urls import parse_url

_PART = 5 * 1024 * 1024  # bytes; S3's smallest part


def make_client(access: S3Access, *, proxy: str) -> Any:
    """A boto3 S3 client with explicit keys: no other source of credentials is ever consulted.

    ``proxy``: a URL, "" for none; boto3's own rule for proxies is not used.
    """
    import boto3
    from botocore.config import Config

    session = boto3.Session(
        aws_access_key_id=access.key.access,
        aws_secret_access_key=access.key.secret.reveal(),
        region_name=access.region,
    )
    config = Config(
        signature_version="s3v4",
        s3={"addressing_style": access.addressing_style},
        request_checksum_calculation=access.checksums,
        response_checksum_validation=access.checksums,
        retries={"mode": "standard", "max_attempts": 3},
        connect_timeout=5,
        read_timeout=30,
        user_agent_extra="jsobj",
        proxies={access.origin.scheme: proxy} if proxy else {},
    )
    client = session.client("s3", endpoint_url=str(access.origin), config=config, verify=access.verify)
    watch_boto(client, access.origin.netloc)
    return client


class _S3Trip(Trip):
    """A round trip with boto3."""

    dialect, parts_step, url_step = "s3", "multipart", "presigned GET"

    def __init__(self, case: Case) -> None:
        super().__init__(case)
        self._access = needed(case.access)
        self._client = make_client(self._access, proxy=case.proxy(self._access.origin))

    def create(self, bucket: str) -> None:
        with translate_errors(self._access, bucket):
            self._client.create_bucket(Bucket=bucket)  # without a LocationConstraint, which Ceph refuses

    def _s3(self, operation: str, name: str, **words: Any) -> Any:
        """One operation on an object of this trip."""
        return getattr(self._client, operation)(Bucket=self.scratch.name, Key=self.key(name), **words)

    def put(self, name: str, data: bytes) -> str:
        return str(self._s3("put_object", name, Body=data)["ETag"]).strip('"')

    def size(self, name: str) -> int:
        return int(self._s3("head_object", name)["ContentLength"])

    def read(self, name: str, first: int | None = None, last: int | None = None) -> bytes:
        answer = self._s3("get_object", name, **({} if first is None else {"Range": f"bytes={first}-{last}"}))
        if first is not None and answer["ResponseMetadata"]["HTTPStatusCode"] != 206:
            raise StepError("a range was asked for and the whole object came")
        return bytes(answer["Body"].read())

    def copy(self, name: str, target: str) -> None:
        self._s3("copy_object", target, CopySource={"Bucket": self.scratch.name, "Key": self.key(name)})

    def listed(self) -> set[str]:
        answer = self._client.list_objects_v2(Bucket=self.scratch.name, Prefix=self.scratch.prefix)
        return {item["Key"] for item in answer.get("Contents", ())}

    def delete(self, name: str) -> None:
        self._s3("delete_object", name)

    def put_parts(self) -> int:
        upload = self._s3("create_multipart_upload", "large")["UploadId"]
        parts = []
        for number, body in enumerate((self.data * (_PART // SMALL), self.data), start=1):
            answer = self._s3("upload_part", "large", UploadId=upload, PartNumber=number, Body=body)
            parts.append({"PartNumber": number, "ETag": answer["ETag"]})
        self._s3("complete_multipart_upload", "large", UploadId=upload, MultipartUpload={"Parts": parts})
        return _PART

    def try_url(self) -> None:
        words = {"Bucket": self.scratch.name, "Key": self.key("small")}
        url = str(self._client.generate_presigned_url("get_object", Params=words, ExpiresIn=300))
        origin, _ = parse_url(url.partition("?")[0])
        answer = ask(self.case, origin, url.removeprefix(str(origin)), verify=self._access.verify)
        if answer.status != 200:
            code = error_fields(answer.body).get("Code", "")
            raise StepError(f"the presigned address answers {answer.status} {code}")

    def explain(self, error: Exception) -> tuple[dict[str, str], str]:
        facts, code = facts_of(error)
        return facts, hint_for(code)


def round_trip(case: Case) -> Finding:
    """Create, put, head, get, range, multipart, list, copy, presigned GET, delete."""
    return take(_S3Trip, case)


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


def checksums(case: Case) -> Finding:
    """What the server does with the checksums that current SDKs send by default (over https: in a trailer)."""
    from botocore.exceptions import BotoCoreError, ClientError

    scratch, access = case.scratch["s3"], needed(case.access)
    client = make_client(replace(access, checksums="when_supported"), proxy=case.proxy(access.origin))
    name = case.profile_choice().name
    profile = read_profile(case.settings.aws, name) if name else None
    # What the file says, not jsobj's default: s3fs and aws read the file.
    own = profile.checksums if profile else "when_required"
    evidence = {"profile": own or "no setting", "transport": access.origin.scheme}
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
        return failed(sentence, evidence, hint="fix the profile: jsobj doctor aws-checksums --fix")
    note = "" if access.origin.scheme == "https" else "; over http they travel in a header, which hides the trouble"
    return passed(f"the server takes the default checksums{note}", evidence)
