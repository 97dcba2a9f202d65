#!/usr/bin/env python3
"""Test an S3 endpoint with nothing but boto3 (pip install boto3), and say which operation fails.

    python s3-test.py --profile NAME                                  a profile of ~/.aws with endpoint_url
    python s3-test.py --profile NAME --endpoint URL --bucket NAME     another endpoint, an existing bucket

Without --bucket a bucket is made and removed. Keys come from the profile or from AWS_* variables; none is in this file.
The exit code is 0 when everything works, 1 when not.
"""

import argparse
import datetime as dt
import hashlib
import os
import platform
import sys
import urllib.request
import uuid
from collections.abc import Callable
from typing import Any

import boto3
import botocore
from botocore.config import Config

PROFILE = ""  # filled in by jsobj doctor --emit-script
ENDPOINT = ""
REGION = ""
BUCKET = ""
PART = 5 * 1024 * 1024


def say(word: str, name: str, text: str = "") -> None:
    sys.stdout.write(f"{word:<5} {name:<14} {text}\n")
    sys.stdout.flush()


def options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--profile", default=PROFILE)
    parser.add_argument("--endpoint", default=ENDPOINT)
    parser.add_argument("--region", default=REGION)
    parser.add_argument("--bucket", default=BUCKET)
    return parser.parse_args()


def connect(wanted: argparse.Namespace) -> Any:
    session = boto3.Session(profile_name=wanted.profile or None, region_name=wanted.region or None)
    style, retries = {"addressing_style": "path"}, {"total_max_attempts": 2}
    words: dict[str, Any] = {"signature_version": "s3v4", "s3": style, "retries": retries}
    checksums = dict.fromkeys(("request_checksum_calculation", "response_checksum_validation"), "when_required")
    try:
        config = Config(**checksums, **words)
    except TypeError:  # boto3 older than 1.36 knows no such checksums
        config = Config(**words)
    return session.client("s3", endpoint_url=wanted.endpoint or None, config=config)


class Test:
    def __init__(self, client: Any, bucket: str) -> None:
        self.client, self.own = client, not bucket
        self.bucket = bucket or f"s3-test-{uuid.uuid4().hex[:12]}"
        self.prefix = f"s3-test-{uuid.uuid4().hex[:8]}/"
        self.data = os.urandom(65536)
        self.failed: list[str] = []

    def call(self, operation: str, name: str, **words: Any) -> Any:
        return getattr(self.client, operation)(Bucket=self.bucket, Key=self.prefix + name, **words)

    def step(self, name: str, function: Callable[[], Any]) -> bool:
        try:
            text = function() or ""
            say("PASS", name, text)
        except Exception as error:
            self.failed.append(name)
            metadata = getattr(error, "response", {}).get("ResponseMetadata", {})
            headers = metadata.get("HTTPHeaders", {})
            request = metadata.get("RequestId") or headers.get("x-trans-id", "")
            say("FAIL", name, f"{type(error).__name__}: {error} {'request id ' + request if request else ''}".strip())
        return name not in self.failed

    def same(self, got: Any, wanted: Any) -> None:
        if got != wanted:
            raise ValueError(f"{len(got)} bytes came back that are not the {len(wanted)} bytes sent")

    def list_buckets(self) -> str:
        answer = self.client.list_buckets()
        headers = answer["ResponseMetadata"]["HTTPHeaders"]
        return f"{len(answer['Buckets'])} bucket(s), server time {headers.get('date', 'not known')}"

    def create(self) -> str:
        if self.own:
            self.client.create_bucket(Bucket=self.bucket)
        return str(self.bucket)

    def put(self) -> None:
        tag = self.call("put_object", "small", Body=self.data)["ETag"].strip('"')
        self.same(tag, hashlib.md5(self.data, usedforsecurity=False).hexdigest())

    def head(self) -> None:
        self.same(str(self.call("head_object", "small")["ContentLength"]), str(len(self.data)))

    def get(self) -> None:
        self.same(self.call("get_object", "small")["Body"].read(), self.data)

    def range(self) -> None:
        self.same(self.call("get_object", "small", Range="bytes=1000-1999")["Body"].read(), self.data[1000:2000])

    def multipart(self) -> None:
        upload = self.call("create_multipart_upload", "large")["UploadId"]
        parts = []
        try:
            for number, body in ((1, self.data * (PART // len(self.data))), (2, self.data)):
                answer = self.call("upload_part", "large", UploadId=upload, PartNumber=number, Body=body)
                parts.append({"PartNumber": number, "ETag": answer["ETag"]})
            self.call("complete_multipart_upload", "large", UploadId=upload, MultipartUpload={"Parts": parts})
        except BaseException:  # Ctrl-C too: whatever it was is raised again; only the parts must not stay behind
            self.call("abort_multipart_upload", "large", UploadId=upload)
            raise

    def list(self) -> None:
        answer = self.client.list_objects_v2(Bucket=self.bucket, Prefix=self.prefix)
        keys = sorted(item["Key"] for item in answer.get("Contents", []))
        self.same(str(keys), str([self.prefix + "large", self.prefix + "small"]))

    def presigned(self) -> None:
        words = {"Bucket": self.bucket, "Key": self.prefix + "small"}
        url = self.client.generate_presigned_url("get_object", Params=words, ExpiresIn=300)
        with urllib.request.urlopen(url, timeout=30) as answer:  # nosec B310 - boto3 has just signed it
            self.same(answer.read(), self.data)

    def copy(self) -> None:
        self.call("copy_object", "copy", CopySource={"Bucket": self.bucket, "Key": self.prefix + "small"})
        self.same(self.call("get_object", "copy")["Body"].read(), self.data)

    def delete(self) -> None:
        for item in self.client.list_objects_v2(Bucket=self.bucket, Prefix=self.prefix).get("Contents", []):
            self.client.delete_object(Bucket=self.bucket, Key=item["Key"])
        if self.own:
            self.client.delete_bucket(Bucket=self.bucket)


def main() -> int:
    wanted = options()
    now = dt.datetime.now(dt.timezone.utc).strftime("%Y-%m-%d %H:%M:%S UTC")
    versions = f"boto3 {boto3.__version__}, botocore {botocore.__version__}, Python {platform.python_version()}"
    say("INFO", "versions", versions)
    say("INFO", "this computer", now)
    client = connect(wanted)
    say("INFO", "endpoint", f"{client.meta.endpoint_url}, region {client.meta.region_name}")
    test = Test(client, wanted.bucket)
    if test.step("list buckets", test.list_buckets) and test.step("create bucket", test.create):
        try:
            for name in ("put", "head", "get", "range", "multipart", "list", "presigned", "copy"):
                test.step(name, getattr(test, name))
        finally:
            test.step("delete", test.delete)
    say("FAIL" if test.failed else "PASS", "in all", ", ".join(test.failed))
    return 1 if test.failed else 0


if __name__ == "__main__":
    sys.exit(main())
