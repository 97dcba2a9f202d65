"""A job, a file, and journals of both, for the tests of the journal."""

from __future__ import annotations

import os
from pathlib import Path

from jsobj.store.values import Part
from jsobj.transfer.journal.journal import JobKey, Journal
from jsobj.transfer.local.scan import LocalFile

KEY = JobKey(
    verb="upload",
    sources=("/data/run42",),
    destination="s3://results/run42/",
    dialect="s3",
    bucket="results",
    endpoint="https://store.example:8001",
    project="p1",
    options=("part_size=16777216",),
    words=("upload", "run42", "s3://results/"),
    cwd="/data",
)
MD5 = "d41d8cd98f00b204e9800998ecf8427e"


def local(size: int = 100 << 20, mtime_ns: int = 1_700_000_000_123_456_789, inode: int = 2**64 - 1) -> LocalFile:
    return LocalFile(path="/data/run42/big.nc", relative="big.nc", size=size, mtime_ns=mtime_ns, inode=inode)


OPENED: list[Journal] = []


def opened(state: Path, key: JobKey = KEY) -> Journal:
    journal = Journal.open(state, key)
    OPENED.append(journal)
    return journal


def close_all() -> None:
    """At the end of a test."""
    while OPENED:
        OPENED.pop().close()


def killed(journal: Journal) -> None:
    """Let go of everything as the end of a process does: nothing is said to the journal."""
    assert journal._connection is not None
    assert journal._lock_file is not None
    journal._connection.close()
    os.close(journal._lock_file._descriptor)
    journal._connection = journal._lock_file = None


def files(state: Path) -> list[str]:
    return sorted(found.name for found in (state / "jobs").iterdir())


def begun(state: Path) -> Path:
    """A journal with an upload and a download under way, as a kill leaves it; its file."""
    journal = opened(state)
    journal.intend_upload("run42/big.nc", local())
    journal.upload_begun("run42/big.nc", local(), "2~id", 16 << 20)
    for number in range(1, 8):
        journal.upload_part("run42/big.nc", Part(number, 16 << 20, MD5))
    journal.download_begun("k", "a/b", etag="e-7", size=99, part_size=16, temp=".b.0123.jsobj-part")
    journal.download_part("k", "a/b", 3, MD5)
    journal.download_prefix("k", "a/b", 4, 5, MD5)
    killed(journal)
    assert journal.path is not None
    return journal.path
