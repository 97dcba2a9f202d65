"""A bucket behind the fault proxy, jsobj as processes that are killed, and a witness who asks the server directly."""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import random
import signal
import subprocess
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from commands import Jsobj, Result
from fault_proxy import FaultProxy

MIB = 1024 * 1024
PART = 5 * MIB  # the smallest that S3 takes
SPARSE = ("--part-size", "5M", "--parallel", "4", "--progress", "none")
PARALLEL = 4
LATE = 15  # seconds in which Ctrl-C ends a run at the latest; 5 on a computer with nothing else to do


def sha256(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def sha256_of(path: Path) -> str:
    with path.open("rb") as file:
        return (
            hashlib.file_digest(file, "sha256").hexdigest() if hasattr(hashlib, "file_digest") else sha256(file.read())
        )


def content(size: int, seed: int) -> bytes:
    """Bytes that are the same for the same seed, and differ everywhere."""
    chosen, piece = random.Random(seed), 64 * MIB
    return b"".join(chosen.randbytes(min(piece, size - start)) for start in range(0, size, piece))


@dataclass
class Crash:
    """``server``: ``s3`` (Swift's own), ``rgw`` (S3 on Ceph) or ``swift``. ``boto`` and ``swift`` are witnesses."""

    server: str
    jsobj: Jsobj
    proxy: FaultProxy
    bucket: str
    boto: Any
    swift: Any
    running: list[subprocess.Popen[bytes]] = field(default_factory=list)

    @property
    def over_s3(self) -> bool:
        return self.server != "swift"

    def url(self, key: str = "") -> str:
        return f"{'s3' if self.over_s3 else 'swift'}://{self.bucket}/{key}"

    def path(self, name: str, data: bytes | None = None) -> Path:
        """A file in the folder that the commands run in; ``data`` makes it."""
        path = self.jsobj.folder / name
        self.jsobj.private.add(path)  # no secret, but large: it is not searched for any
        if data is not None:
            path.write_bytes(data)
        return path

    # -- commands

    def upload(self, path: Path, key: str, *more: str, code: int = 0) -> Result:
        return self.jsobj("upload", path, self.url(key), *SPARSE, *more, code=code)

    def download(self, key: str, path: Path, *more: str, code: int = 0) -> Result:
        return self.jsobj("download", self.url(key), path, *SPARSE, *more, code=code)

    def start(self, *argv: str | Path, stdin: int = subprocess.DEVNULL) -> subprocess.Popen[bytes]:
        """A process that this scene ends, if the test does not."""
        made = self.jsobj.start(*argv, *SPARSE, stdin=stdin)
        self.running.append(made)
        return made

    def start_upload(self, path: Path, key: str) -> subprocess.Popen[bytes]:
        return self.start("upload", path, self.url(key))

    def start_download(self, key: str, path: Path) -> subprocess.Popen[bytes]:
        return self.start("download", self.url(key), path)

    def jobs(self) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = self.jsobj("jobs", "list", "--json").json["items"]
        return found

    def journaled(self) -> set[tuple[str, str]]:
        """Key and id of every upload that a journal knows."""
        shown = [self.jsobj("jobs", "show", job["id"], "--json").json for job in self.jobs()]
        return {(each["key"], each["id"]) for one in shown for each in one["under_way"]["uploads"]}

    def said(self) -> str:
        """What the processes of :meth:`start` printed."""
        return (self.jsobj.home / "output").read_text()

    # -- the witnesses

    def put(self, key: str, data: bytes, part: int = 0, folder: str = "by-hand") -> None:
        """Write an object without jsobj; with ``part`` as a multipart upload, or as segments in a ``folder``."""
        if not part:
            self.swift_or_boto(lambda: self.boto.put_object(Bucket=self.bucket, Key=key, Body=data), key, data)
            return
        pieces = [data[start : start + part] for start in range(0, len(data), part)]
        if not self.over_s3:
            self.swift.put_container(f"{self.bucket}_segments")
            lines = []
            for number, piece in enumerate(pieces):
                name = f"{key}/{folder}/{number:08}"
                etag = self.swift.put_object(f"{self.bucket}_segments", name, piece)
                lines.append({"path": f"/{self.bucket}_segments/{name}", "etag": etag, "size_bytes": len(piece)})
            self.swift.put_object(self.bucket, key, json.dumps(lines), query_string="multipart-manifest=put")
            return
        named = {"Bucket": self.bucket, "Key": key}
        upload = self.boto.create_multipart_upload(**named)["UploadId"]
        parts = [
            {
                "PartNumber": number,
                "ETag": self.boto.upload_part(**named, UploadId=upload, PartNumber=number, Body=piece)["ETag"],
            }
            for number, piece in enumerate(pieces, start=1)
        ]
        self.boto.complete_multipart_upload(**named, UploadId=upload, MultipartUpload={"Parts": parts})

    def swift_or_boto(self, boto: Callable[[], Any], key: str, data: bytes) -> None:
        if self.over_s3:
            boto()
        else:
            self.swift.put_object(self.bucket, key, data)

    def fetch(self, key: str) -> bytes:
        if self.over_s3:
            return bytes(self.boto.get_object(Bucket=self.bucket, Key=key)["Body"].read())
        return bytes(self.swift.get_object(self.bucket, key)[1])

    def delete(self, key: str) -> None:
        if self.over_s3:
            self.boto.delete_object(Bucket=self.bucket, Key=key)
        else:
            self.swift.delete_object(self.bucket, key)

    def keys(self) -> list[str]:
        if self.over_s3:
            pages = self.boto.get_paginator("list_objects_v2").paginate(Bucket=self.bucket)
            return [item["Key"] for page in pages for item in page.get("Contents", ())]
        return self._names(self.bucket)

    def unfinished(self) -> set[tuple[str, str]]:
        """Key and id of uploads that no object came of; over Swift: of segments that no manifest names."""
        if self.over_s3:
            found = self.boto.list_multipart_uploads(Bucket=self.bucket).get("Uploads", ())
            return {(each["Key"], each["UploadId"]) for each in found}
        named = {name for key in self.keys() for name in self._segments_of(key)}
        loose = [name for name in self._names(f"{self.bucket}_segments") if name not in named]
        return {(name.split("/jsobj/")[0], name.rpartition("/")[0]) for name in loose}

    def _segments_of(self, key: str) -> list[str]:
        if not self.swift.head_object(self.bucket, key).get("x-static-large-object"):
            return []
        body = self.swift.get_object(self.bucket, key, query_string="multipart-manifest=get")[1]
        return [each["name"].split("/", 2)[2] for each in json.loads(body)]

    def _names(self, container: str) -> list[str]:
        there = {item["name"] for item in self.swift.get_account(full_listing=True)[1]}
        if container not in there:
            return []
        return [item["name"] for item in self.swift.get_container(container, full_listing=True)[1]]

    # -- what must hold

    def check_uploaded(self, key: str, data: bytes) -> None:
        """The object is whole, and nothing is left of its making, on the server or here."""
        assert sha256(self.fetch(key)) == sha256(data)
        assert self.unfinished() == set()
        assert self.jobs() == []

    def check_downloaded(self, path: Path, data: bytes) -> None:
        assert sha256_of(path) == sha256(data)
        assert self.temps() == []
        assert self.jobs() == []

    def check_accounted(self) -> None:
        """Whatever is unfinished on the server stands in a journal."""
        assert self.unfinished() <= self.journaled()

    def temps(self) -> list[Path]:
        return sorted(self.jsobj.folder.rglob(".*.jsobj-part"))

    def clean_up(self) -> None:
        for process in self.running:
            kill(process)
        if self.server == "rgw":  # its store is in memory, and small
            with contextlib.suppress(self.boto.exceptions.NoSuchBucket):
                for key in self.keys():
                    self.delete(key)


def kill(process: subprocess.Popen[bytes]) -> None:
    """``kill -9``, and wait for its end."""
    if process.poll() is None:
        os.kill(process.pid, signal.SIGKILL)
    process.wait(30)


def ended(processes: Iterable[subprocess.Popen[bytes]]) -> bool:
    return all(process.poll() is not None for process in processes)
