"""A large object is whole whenever its remaking ends early: killed, or because a segment is gone or another one."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Callable

from fault_proxy import fault_proxy
from fault_rules import Rule
from forms_scene import PART, FormsScene, of_parts, random_pieces

KEY = "dir/a b%20"


def kill_at(forms: FormsScene, rule: Rule, source: str, target: str) -> None:
    """Start the copy in place, with S3 by way of a proxy, and kill it when the rule has struck."""
    words = ("cp", forms.url(source, KEY), forms.url(target, KEY), "--part-size", "5M")
    with fault_proxy(forms.endpoint, [rule]) as proxy:
        process = forms.jsobj.start(*words, env={"AWS_ENDPOINT_URL_S3": proxy.url})
        try:
            assert proxy.until(lambda _: rule.reached.is_set(), lambda: process.poll() is not None)
            assert rule.reached.is_set(), (forms.jsobj.home / "output").read_text()
        finally:
            process.kill()
            process.wait()


def test_killed_on_the_way_to_parts(forms: FormsScene) -> None:
    """Before there are any, and before it is known that there are; what has the same bytes below its name stays."""
    pieces = random_pieces(PART, PART, 9)
    data = b"".join(pieces)
    for key in (KEY, f"{KEY}/x"):
        forms.put_slo(key, pieces)
    for when in ("request", "answer"):
        kill_at(forms, Rule("stall", when, method="POST", query="^uploadId"), "swift", "s3")
        assert forms.over_swift(KEY)[0] == forms.over_s3(KEY)[0] == data
    forms.cp("swift", "s3", KEY)
    assert forms.over_s3(KEY)[:2] == (data, of_parts(pieces))
    assert [name for name in forms.names() if not name.startswith(f"{KEY}/x/")] == []
    assert forms.over_swift(f"{KEY}/x")[0] == data
    left = [each["key"] for each in forms("uploads", "list", forms.url("s3"), "--json").json["items"]]
    assert left == sorted(forms.unfinished())
    assert set(left) <= {KEY}


def test_killed_on_the_way_to_segments(forms: FormsScene) -> None:
    pieces = random_pieces(PART, PART, PART, 9)
    data = b"".join(pieces)
    forms.put_parts(KEY, pieces)
    skip = 1 if forms.server == "swift" else 4  # Swift copies by itself; of Ceph the first parts have come by then
    kill_at(forms, Rule("stall", "answer", path="dir/", skip=skip), "s3", "swift")
    assert forms.over_swift(KEY)[0] == forms.over_s3(KEY)[0] == data
    forms.cp("s3", "swift", KEY, "--part-size", "5M")
    assert forms.over_swift(KEY)[::2] == (data, True)
    forms("uploads", "abort", forms.url("swift"), "--yes")
    assert len(forms.names()) == len(pieces)
    assert forms.names(f"{forms.bucket}+segments") == []


def meanwhile(forms: FormsScene, change: Callable[[str], None]) -> dict[str, str]:
    """A copy in place, while ``change`` is done with the last segment; the failure."""
    name = forms.names()[-1]
    rule = Rule("late", method="PUT", part=2, also=lambda: change(name))
    with fault_proxy(forms.endpoint, [rule]) as proxy:
        words = ("cp", forms.url("swift", KEY), forms.url("s3", KEY), "--json")
        done = subprocess.run(
            forms.jsobj.command(*words),
            env=forms.jsobj.environment({"AWS_ENDPOINT_URL_S3": proxy.url}),
            capture_output=True,
            text=True,
            timeout=90,
            check=False,
        )
    assert done.returncode in {5, 8}, done.stderr
    (failure,) = json.loads(done.stdout)["failures"]
    return dict(failure)


def test_a_segment_that_is_deleted_or_replaced_meanwhile_is_an_error(forms: FormsScene) -> None:
    pieces = random_pieces(*[PART] * 12, 9)
    forms.put_slo(KEY, pieces)
    etag, names = forms.boto.head_object(Bucket=forms.bucket, Key=KEY)["ETag"], forms.names()
    meanwhile(forms, lambda name: forms.swift.delete_object(forms.segments, name))
    assert forms.names() == names[:-1]
    forms.swift.put_object(forms.segments, names[-1], pieces[-1])
    meanwhile(forms, lambda name: forms.swift.put_object(forms.segments, name, b"123456789"))
    assert forms.names() == names
    assert forms.boto.head_object(Bucket=forms.bucket, Key=KEY)["ETag"] == etag  # still the old manifest
    assert forms.unfinished() == []


def test_of_two_groups_of_the_same_bytes_the_one_in_use_stays(forms: FormsScene) -> None:
    """Ceph does not tell which one that is, and neither goes there."""
    pieces = random_pieces(PART, 9)
    for number in (1, 2, 3):
        forms.put_slo(KEY, pieces, folder=f"{KEY}/slo/{number}.0/{PART + 9}/{PART}/")
    forms.put_slo(KEY, pieces, folder=f"{KEY}/slo/2.0/{PART + 9}/{PART}/")
    assert forms.cp("s3", "swift", KEY)["skipped"] == 1
    assert forms.over_swift(KEY)[0] == b"".join(pieces)
    assert len(forms.names()) == (2 if forms.server == "swift" else 6)
