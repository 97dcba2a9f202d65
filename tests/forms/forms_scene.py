"""A bucket of one store, seen over S3 by boto3 and over Swift by python-swiftclient, and by jsobj."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from commands import Jsobj, Result

MIB = 1024**2
PART = 5 * MIB  # the smallest that S3 allows
NAME = "both"  # what the login is called, and its profile
TIME = "1700000000.0"  # of the file, in names that python-swiftclient gives
KEPT = {"X-Object-Meta-Mtime": "12.5", "Content-Type": "text/x-a"}


def md5(data: bytes) -> str:
    return hashlib.md5(data).hexdigest()


def of_parts(pieces: Sequence[bytes]) -> str:
    """The ETag of a multipart object."""
    return f"{md5(b''.join(hashlib.md5(each).digest() for each in pieces))}-{len(pieces)}"


def of_segments(pieces: Sequence[bytes]) -> str:
    """The ETag of an object in segments."""
    return md5("".join(map(md5, pieces)).encode())


def random_pieces(*sizes: int) -> list[bytes]:
    """Random bytes; the same megabyte again and again in large pieces, each with a beginning of its own."""
    block = os.urandom(MIB)
    return [(os.urandom(16) + block * (size // MIB + 1))[:size] for size in sizes]


@dataclass(frozen=True)
class FormsScene:
    """``server``: ``swift`` or ``rgw``; ``bucket`` is empty at first."""

    server: str
    jsobj: Jsobj
    bucket: str
    boto: Any
    swift: Any
    endpoint: str

    @property
    def segments(self) -> str:
        """Where clients of Swift put segments."""
        return f"{self.bucket}_segments"

    def url(self, dialect: str, key: str = "") -> str:
        return f"{dialect}://{self.bucket}/{key}"

    def __call__(self, *argv: str, code: int = 0) -> Result:
        return self.jsobj(*argv, code=code)

    def cp(self, source: str, target: str, key: str, *more: str, to: str | None = None, code: int = 0) -> Any:
        """``cp`` from one dialect to the other, in place or ``to`` another key; its document."""
        there = self.url(target, key if to is None else to)
        return self.jsobj("cp", self.url(source, key), there, *more, "--json", code=code).json

    # -- as other tools make them

    def folder(self, key: str, pieces: Sequence[bytes], slo: str = "slo/") -> str:
        """What the names of segments begin with that python-swiftclient makes."""
        return f"{key}/{slo}{TIME}/{sum(map(len, pieces))}/{len(pieces[0])}/"

    def put_segments(self, container: str, folder: str, pieces: Sequence[bytes]) -> list[dict[str, Any]]:
        self.swift.put_container(container)
        lines = []
        for number, data in enumerate(pieces):
            self.swift.put_object(container, f"{folder}{number:08d}", data)
            path = f"/{container}/{folder}{number:08d}"
            lines.append({"path": path, "etag": md5(data), "size_bytes": len(data)})
        return lines

    def put_slo(self, key: str, pieces: Sequence[bytes], container: str = "", folder: str = "") -> None:
        lines = self.put_segments(container or self.segments, folder or self.folder(key, pieces), pieces)
        query = "multipart-manifest=put"
        self.swift.put_object(self.bucket, key, json.dumps(lines), headers=KEPT, query_string=query)

    def put_dlo(self, key: str, pieces: Sequence[bytes]) -> None:
        folder = self.folder(key, pieces, slo="")
        self.put_segments(self.segments, folder, pieces)
        from urllib.parse import quote

        manifest = {"X-Object-Manifest": f"{self.segments}/{quote(folder)}"}
        self.swift.put_object(self.bucket, key, b"", headers={**manifest, **KEPT})

    def put_parts(self, key: str, pieces: Sequence[bytes]) -> None:
        where = {"Bucket": self.bucket, "Key": key}
        kept = {"ContentType": KEPT["Content-Type"], "Metadata": {"mtime": "12.5"}}
        upload = self.boto.create_multipart_upload(**where, **kept)["UploadId"]
        parts = []
        for number, data in enumerate(pieces, start=1):
            sent = self.boto.upload_part(**where, UploadId=upload, PartNumber=number, Body=data)
            parts.append({"PartNumber": number, "ETag": sent["ETag"]})
        self.boto.complete_multipart_upload(**where, UploadId=upload, MultipartUpload={"Parts": parts})

    # -- as others see them

    def over_s3(self, key: str) -> tuple[bytes, str, dict[str, str]]:
        """Bytes, ETag and what is kept, as boto3 says."""
        got = self.boto.get_object(Bucket=self.bucket, Key=key)
        kept = {"type": got["ContentType"], **got["Metadata"]}
        return got["Body"].read(), got["ETag"].strip('"'), kept

    def over_swift(self, key: str) -> tuple[bytes, str, bool]:
        """Bytes, ETag and whether it is in segments, as python-swiftclient says."""
        headers, data = self.swift.get_object(self.bucket, key)
        return data, headers["etag"].strip('"'), headers.get("x-static-large-object") == "True"

    def names(self, container: str = "") -> list[str]:
        """What is in a container of segments; nothing where there is none."""
        from swiftclient.exceptions import ClientException

        with suppress(ClientException):
            return [each["name"] for each in self.swift.get_container(container or self.segments, full_listing=True)[1]]
        return []

    def unfinished(self) -> list[str]:
        return [u["Key"] for u in self.boto.list_multipart_uploads(Bucket=self.bucket).get("Uploads", ())]

    def drop(self) -> None:
        """Give the server's memory back."""
        from swiftclient.exceptions import ClientException

        for upload in self.boto.list_multipart_uploads(Bucket=self.bucket).get("Uploads", ()):
            self.boto.abort_multipart_upload(Bucket=self.bucket, Key=upload["Key"], UploadId=upload["UploadId"])
        for container in (self.bucket, self.segments, f"{self.bucket}+segments", f"{self.bucket}-else"):
            for name in self.names(container):
                with suppress(ClientException):  # a manifest without its first segment is not there for Ceph
                    self.swift.delete_object(container, name)
