"""No room at the server: the operator's quota on a real gateway (F42). And distance is no reason to fail (L10)."""

from __future__ import annotations

import pytest
from crash_scene import MIB, Crash, content
from fixtures_rgw import GLOBAL, Rgw

DATA = content(12 * MIB, 91)
BOTH = pytest.mark.parametrize("crash", ["s3", "swift"], indirect=True)


@pytest.mark.parametrize("crash", ["rgw"], indirect=True)
def test_F42_a_quota_that_is_used_up_is_named_and_the_others_go_on(crash: Crash, rgw: Rgw) -> None:
    """Quotas are Ceph's own, set by its operator; what fits is there, what does not is refused."""
    quota = ("--quota-scope", "bucket", "--bucket", crash.bucket)
    rgw.admin(GLOBAL, "quota", "set", *quota, "--max-size", "1M")
    rgw.admin(GLOBAL, "quota", "enable", *quota)
    tree = crash.path("tree")
    tree.mkdir()
    (tree / "large").write_bytes(DATA)
    (tree / "small").write_bytes(b"fits")
    words = ("upload", f"{tree}/", crash.url(), "--part-size", "16M", "--progress", "none", "--json")
    found = crash.jsobj(*words, code=3).json
    assert [(each["exit_code"], each["item"].rpartition("/")[2]) for each in found["failures"]] == [(6, "large")]
    assert "quota" in f"{found['failures'][0]}".lower()
    assert crash.keys() == ["small"]
    assert crash.unfinished() == set()


@BOTH
def test_L10_a_server_far_away_is_only_slower(crash: Crash) -> None:
    crash.proxy.latency = 0.3
    crash.upload(crash.path("data", DATA), "data", "--parallel", "8")
    crash.check_uploaded("data", DATA)
    crash.path("data").unlink()
    crash.download("data", crash.path("data"))
    crash.check_downloaded(crash.path("data"), DATA)
    assert all(one.fault == "" for one in crash.proxy.journal)
