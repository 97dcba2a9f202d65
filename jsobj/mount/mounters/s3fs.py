"""s3fs-fuse: over S3 alone; what is written is sent when the file is closed, so that a failure reaches the program."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path

from jsobj.mount.mounters import programs
from jsobj.mount.mounters.protocol import Ground, Program, Start, Waiting
from jsobj.mount.record import Mount, Places
from jsobj.secret import Secret

_FEW_PARTS = 1000
_PART_MIB, _LARGE_PART_MIB = 16, 128  # the latter where few parts are allowed: 125 GiB in one file
_NEEDS_COMPAT = (1, 91)


class S3fs:
    """See the module."""

    name: str = "s3fs"
    title: str = "s3fs-fuse"
    package: str = "s3fs"
    dialects: frozenset[str] = frozenset({"s3"})
    good: tuple[int, ...] = (1, 90)
    faults: str = "it may keep what was read after the object has changed, and lose what was written at the same time"

    def find(self) -> Program | None:
        """In PATH."""
        return programs.find("s3fs", "--version")

    def writes(self, program: Program) -> bool:
        """Not before 1.90."""
        return program.version >= self.good

    def start(self, program: Program, ground: Ground, mount: Mount, where: Places, folder: Path) -> Start:
        """``s3fs -f``."""
        login = ground.s3
        assert login is not None
        few = ground.server is not None and ground.server.part_limit <= _FEW_PARTS
        options = [
            f"url={login.endpoint}",
            f"endpoint={login.region}",
            f"multipart_size={_LARGE_PART_MIB if few else _PART_MIB}",
            f"tmpdir={where.cache}",
            f"uid={os.getuid()}",
            f"gid={os.getgid()}",
            "umask=022",
            "stat_cache_expire=60",
            "enable_content_md5",
            "connect_timeout=10",
            "readwrite_timeout=60",
            "retries=2",
            "dbglevel=err",
        ]
        options += ["use_path_request_style"] if login.path_style else []
        options += [] if mount.write else ["ro"]
        options += ["compat_dir"] if program.version >= _NEEDS_COMPAT else []
        options += [] if login.access else ["public_bucket=1"]
        bucket = f"{mount.bucket}:/{mount.prefix}" if mount.prefix else mount.bucket
        words = [program.path, bucket, str(folder), "-f"]
        words += [word for option in options for word in ("-o", option)]
        environment: dict[str, str | Secret] = {}
        if login.access:
            environment = {"AWSACCESSKEYID": login.access, "AWSSECRETACCESSKEY": login.secret}
        if login.ca_bundle:
            environment["CURL_CA_BUNDLE"] = login.ca_bundle
        return Start(tuple(words), environment)

    def prepare(self, mount: Mount, where: Places) -> None:
        """Nothing is left of an earlier one."""

    def waiting(self, mount: Mount, where: Places) -> tuple[Waiting, ...]:
        """Nothing: who closes a file waits until it is sent."""
        return ()

    def size(self, mount: Mount, where: Places, name: str) -> int | None:
        """It has no cache that it tells of."""
        return None

    def hurry(self, where: Places, *, failed: bool) -> None:
        """Nothing to do."""

    def failure(self, where: Places) -> str:
        """The last request that failed for good. A program was told, which may not have looked at what closing says."""
        line = programs.last_said(where.log, "returning E", "giving up")
        return line.rpartition("): ")[2].partition(" Body Text")[0][:300]

    def moved(self, where: Places) -> Mapping[str, int]:
        """It does not tell."""
        return {}
