"""Ctrl-C while several threads look at objects, or delete them, on a silent server: it ends, and asks no more."""

from __future__ import annotations

import signal
import time
from collections.abc import Callable

import pytest
from crash_scene import LATE, Crash
from fault_proxy import Rule
from fault_rules import Answer
from stillness import still

Words = tuple[str, ...]
_NAMES = ("a", "b", "c")


def _versions(crash: Crash) -> None:
    crash.boto.put_bucket_versioning(Bucket=crash.bucket, VersioningConfiguration={"Status": "Enabled"})
    for name in _NAMES:
        crash.put(name, b"1")


def delete_versions(crash: Crash) -> tuple[Words, Rule, int]:
    _versions(crash)
    return ("bucket", "delete", crash.url(), "--recursive", "--yes"), Rule("stall", method="DELETE", times=0), 1


def delete_one_by_one(crash: Crash) -> tuple[Words, Rule, int]:
    for name in _NAMES:
        crash.put(name, b"1")
    crash.proxy.add(Rule("answer", method="POST", query="^delete", times=0, answer=Answer(501)))
    return ("bucket", "delete", crash.url(), "--recursive", "--yes"), Rule("stall", method="DELETE", times=0), 1


def delete_over_swift(crash: Crash) -> tuple[Words, Rule, int]:
    for name in _NAMES:
        crash.put(name, b"1")
    return ("bucket", "delete", crash.url(), "--recursive", "--yes"), Rule("stall", method="DELETE", times=0), 3


def undelete(crash: Crash) -> tuple[Words, Rule, int]:
    _versions(crash)
    for name in _NAMES:
        crash.delete(name)
    return ("undelete", "-r", crash.url()), Rule("stall", method="DELETE", times=0), 3


def sync_by_time(crash: Crash) -> tuple[Words, Rule, int]:
    folder = crash.jsobj.folder / "many"
    folder.mkdir()
    for name in _NAMES:
        crash.put(f"many/{name}", b"1")
        (folder / name).write_bytes(b"1")
    words = ("sync", "--dry-run", "--check", "mtime", str(folder), crash.url("many/"))
    return words, Rule("stall", method="HEAD", path="many/", times=0), 3


def verify_segments(crash: Crash) -> tuple[Words, Rule, int]:
    for name in _NAMES:
        crash.put(name, b"123", 1)
    return ("verify", "--segments", crash.url()), Rule("stall", query="multipart-manifest=get", times=0), 3


def clean(crash: Crash) -> tuple[Words, Rule, int]:
    _, rule, count = verify_segments(crash)
    return ("bucket", "clean", crash.url().rstrip("/"), "--dry-run"), rule, count


def _buckets(crash: Crash) -> list[str]:
    return [each["Name"] for each in crash.boto.list_buckets()["Buckets"]]


def usage(crash: Crash) -> tuple[Words, Rule, int]:
    crash.jsobj.clouds.unlink()  # with keys alone each bucket is asked
    return ("bucket", "usage"), Rule("stall", method="HEAD", times=0), min(8, len(_buckets(crash)))


def doctor(crash: Crash) -> tuple[Words, Rule, int]:
    looked_at = [name for name in _buckets(crash) if not name.endswith("segments")]
    return ("doctor", "uploads"), Rule("stall", method="GET", query="^uploads", times=0), min(8, len(looked_at))


@pytest.mark.parametrize(
    ("crash", "begin"),
    [
        ("s3", delete_versions),
        ("s3", delete_one_by_one),
        ("swift", delete_over_swift),
        ("s3", undelete),
        ("swift", sync_by_time),
        ("swift", verify_segments),
        ("swift", clean),
        ("s3", usage),
        ("s3", doctor),
    ],
    indirect=["crash"],
)
def test_C13_ctrl_c_waits_for_no_thread(crash: Crash, begin: Callable[[Crash], tuple[Words, Rule, int]]) -> None:
    words, rule, count = begin(crash)
    crash.proxy.add(rule)
    process = crash.jsobj.start(*words)
    crash.running.append(process)
    crash.proxy.until(lambda _: rule.struck >= count, also=lambda: process.poll() is not None)
    asked = still(crash.proxy)
    began = time.monotonic()
    process.send_signal(signal.SIGINT)
    process.wait(30)
    assert (process.returncode, crash.said().count("Traceback")) == (130, 0), crash.said()
    assert time.monotonic() - began < LATE
    later = [f"{each.method} {each.path}?{each.query}" for each in crash.proxy.journal[asked:]]
    assert later == []
