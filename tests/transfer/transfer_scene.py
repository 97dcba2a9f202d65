"""A bucket to send to and to fetch from, on one of eight grounds, and a witness who looks at it without jsobj.

The grounds: Swift's S3 and Ceph RGW's S3 with an EC2 key, Swift's own API with nothing but a restricted application
credential, and RGW's imitation of Swift's API with a login; each over http, and over https with an authority that the
login or the profile names (Keystone too is then reached over https). The witness is boto3 over S3, always http, with a
key of its own: on both servers the two dialects show the same objects.
"""

from __future__ import annotations

import hashlib
import os
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from commands import Jsobj, Result

from jsobj.transfer.local.stamps import now_ns, step, ticks

SWIFT_S3, SWIFT_API, RGW_S3, RGW_SWIFT = GROUNDS = ("swift-s3", "swift-api", "rgw-s3", "rgw-swift")
HTTPS = "-https"
EVERYWHERE = (*GROUNDS, *(ground + HTTPS for ground in GROUNDS))
MIB = 1024**2
PART = 5 * MIB  # the smallest that S3 allows
IN_PARTS = ("--part-size", "5M")


def plain(ground: str) -> str:
    """The same server and dialect over http."""
    return ground.removesuffix(HTTPS)


def speaks_s3(ground: str) -> bool:
    return plain(ground) in {SWIFT_S3, RGW_S3}


def sha(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


@dataclass(frozen=True)
class TransferScene:
    """``folder`` is where the commands run; ``bucket`` is empty at first."""

    jsobj: Jsobj
    ground: str
    bucket: str
    witness: Any
    endpoint: str

    @property
    def dialect(self) -> str:
        return "s3" if speaks_s3(self.ground) else "swift"

    @property
    def folder(self) -> Path:
        return self.jsobj.folder

    def url(self, key: str = "") -> str:
        return f"{self.dialect}://{self.bucket}/{key}"

    def __call__(self, verb: str, *argv: str | Path, code: int = 0, **words: Any) -> Result:
        return self.jsobj(verb, *argv, code=code, **words)

    def summary(self, verb: str, *argv: str | Path, code: int = 0, **words: Any) -> Any:
        """The command's one document on standard output."""
        found = self.jsobj(verb, *argv, "--json", code=code, **words).json
        assert found["schema"] == "jsobj.transfer/1"
        return found

    # -- what the witness does

    def put(self, key: str, data: bytes, **words: Any) -> str:
        """Write an object; its ETag."""
        return str(self.witness.put_object(Bucket=self.bucket, Key=key, Body=data, **words)["ETag"]).strip('"')

    def put_in_parts(self, key: str, data: bytes, part: int) -> None:
        """Write an object in parts of ``part`` bytes."""
        where = {"Bucket": self.bucket, "Key": key}
        upload = self.witness.create_multipart_upload(**where)["UploadId"]
        parts = []
        for number, start in enumerate(range(0, len(data), part), start=1):
            sent = self.witness.upload_part(
                **where, UploadId=upload, PartNumber=number, Body=data[start : start + part]
            )
            parts.append({"PartNumber": number, "ETag": sent["ETag"]})
        self.witness.complete_multipart_upload(**where, UploadId=upload, MultipartUpload={"Parts": parts})

    def get(self, key: str) -> bytes:
        return bytes(self.witness.get_object(Bucket=self.bucket, Key=key)["Body"].read())

    def head(self, key: str) -> Any:
        return self.witness.head_object(Bucket=self.bucket, Key=key)

    def keys(self) -> list[str]:
        pages = self.witness.get_paginator("list_objects_v2").paginate(Bucket=self.bucket)
        return [item["Key"] for page in pages for item in page.get("Contents", ())]

    def state(self) -> dict[str, tuple[str, str]]:
        """Key to ETag and time: what no command may change that only looks."""
        pages = self.witness.get_paginator("list_objects_v2").paginate(Bucket=self.bucket)
        return {i["Key"]: (i["ETag"], str(i["LastModified"])) for page in pages for i in page.get("Contents", ())}

    def digests(self) -> dict[str, str]:
        """Key to SHA-256 of everything in the bucket."""
        return {key: sha(self.get(key)) for key in self.keys()}

    def unfinished(self) -> list[str]:
        """Keys of multipart uploads that are neither complete nor aborted."""
        return [u["Key"] for u in self.witness.list_multipart_uploads(Bucket=self.bucket).get("Uploads", ())]

    def drop_bulk(self) -> None:
        """Give the server's memory back; small objects go with the server."""
        pages = self.witness.get_paginator("list_objects_v2").paginate(Bucket=self.bucket)
        for item in (item for page in pages for item in page.get("Contents", ())):
            if item["Size"] > MIB:
                self.witness.delete_object(Bucket=self.bucket, Key=item["Key"])

    # -- what is on disk

    def write(self, files: Mapping[str, bytes], below: str = "tree") -> Path:
        """Files below a folder of the work folder; the folder."""
        base = self.folder / below
        base.mkdir(exist_ok=True)
        for name, data in files.items():
            path = base / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(data)
        return base


def aged(path: Path) -> Path:
    """A file, or those of a folder, so old that what was seen of it once is believed; its time is of 2023."""
    every = (path, *path.rglob("*"))
    for each in every:
        os.utime(each, (1_700_000_000, 1_700_000_000))
    changed = max(each.stat().st_ctime_ns for each in every)  # which nobody can put back
    while now_ns() - changed <= step(changed, ticking=ticks(str(path.parent))):
        time.sleep(0.01)
    return path


def on_disk(base: Path) -> dict[str, str]:
    """Relative path to SHA-256 of every file below a folder; links and others are told as such."""
    found: dict[str, str] = {}
    for folder, _, names in os.walk(base):
        for name in names:
            path = Path(folder) / name
            plain = path.is_file() and not path.is_symlink()
            found[str(path.relative_to(base))] = sha(path.read_bytes()) if plain else f"special {path.lstat().st_mode}"
    return found


def shas(files: Mapping[str, bytes]) -> dict[str, str]:
    return {name: sha(data) for name, data in files.items()}


def write_profile(
    jsobj: Jsobj, endpoint: str, region: str, pair: tuple[str, str], authority: Path | None = None
) -> None:
    """The files that ``jsobj ec2-creds`` writes."""
    jsobj.credentials.parent.mkdir(parents=True)
    jsobj.credentials.write_text(f"[demo]\naws_access_key_id = {pair[0]}\naws_secret_access_key = {pair[1]}\n")
    jsobj.credentials.chmod(0o600)
    jsobj.config.write_text(
        f"[profile demo]\nregion = {region}\nendpoint_url = {endpoint}\ns3 =\n  addressing_style = path\n"
        "request_checksum_calculation = when_required\nresponse_checksum_validation = when_required\n"
        + (f"ca_bundle = {authority}\n" if authority else "")
    )


def add_profile(scene: TransferScene, name: str, endpoint: str, region: str, pair: tuple[str, str]) -> None:
    """A further profile beside those that are in the scene's HOME."""
    here = scene.jsobj
    here.credentials.parent.mkdir(parents=True, exist_ok=True)
    with here.credentials.open("a") as file:
        file.write(f"[{name}]\naws_access_key_id = {pair[0]}\naws_secret_access_key = {pair[1]}\n")
    here.credentials.chmod(0o600)
    with here.config.open("a") as file:
        file.write(
            f"[profile {name}]\nregion = {region}\nendpoint_url = {endpoint}\ns3 =\n  addressing_style = path\n"
            "request_checksum_calculation = when_required\nresponse_checksum_validation = when_required\n"
        )
