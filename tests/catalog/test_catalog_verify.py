"""``jsobj catalog verify`` on Swift's S3 and on Ceph RGW: what differs, is missing, is more, may not be read."""

from __future__ import annotations

import json
from typing import Any

import pytest
from commands import Jsobj, Result
from fixtures_places import PROFILE, Place, settle

import jsobj


def _verified(desk: Jsobj, place: Place, *words: str, code: int = 0) -> dict[str, tuple[str, str]]:
    """Names to state and by what."""
    done: Result = desk("catalog", "verify", place.url("lab/"), *words, "--json", code=code)
    items: list[dict[str, Any]] = done.json["items"]
    return {item["item"].removeprefix("lab/"): (item["state"], item["by"]) for item in items}


def test_what_is_compared_by_size_and_etag_is_told_to_be_so(place: Place, loaded: Jsobj) -> None:
    done = loaded("catalog", "verify", place.url("lab/"))
    assert done.out == ""
    assert "1 row(s) name no object" in done.err
    assert "3 same" in done.err
    assert "compared by size and ETag: --deep reads" in done.err
    assert _verified(loaded, place) == {f"{name}.txt": ("same", "size and ETag") for name in "abc"}
    deep = loaded("catalog", "verify", place.url("lab/"), "--deep", "-v")
    assert [line.split("\t")[::2] for line in deep.lines] == [["same", "sha256"]] * 3
    assert "size and ETag" not in deep.err


def test_changed_missing_and_more_objects_are_found(place: Place, loaded: Jsobj) -> None:
    place.put("lab/a.txt", b"FILE a.txt\n")  # as long as before
    place.put("lab/b.txt", b"longer than before\n")
    place.witness.delete_object(Bucket=place.bucket, Key="lab/c.txt")
    place.put("lab/more/index.html", b"<html>somebody's own</html>")
    page = b'<html><meta name="generator" content="jsobj 1"></html>'
    place.put("lab/index.html", page)
    place.put("lab/old/_catalog/v1/schema.json", b"{}")
    found = _verified(loaded, place, code=8)
    assert found == {
        "a.txt": ("differs", "ETag"),
        "b.txt": ("differs", "size: 19, in the row 11"),
        "c.txt": ("missing", "no such object"),
        "more/index.html": ("extra", "no such row"),
    }
    assert _verified(loaded, place, "--deep", code=8)["a.txt"] == ("differs", "sha256")
    assert _verified(loaded, place, "run = 'y'", code=5) == {"c.txt": ("missing", "no such object")}
    assert "--extra takes no condition" in loaded("catalog", "verify", place.url("lab/"), "1=1", "--extra", code=2).err
    loaded("catalog", "verify", place.url("lab/"), "no such column", code=2)
    for name in "ab":
        place.put(f"lab/{name}.txt", f"file {name}.txt\n".encode())
    place.put("lab/c.txt", b"file c.txt\n")
    assert "1 more in the bucket" in loaded("catalog", "verify", place.url("lab/")).err
    loaded("catalog", "verify", place.url("lab/"), "--extra", code=8)


def test_where_names_may_not_be_listed_each_object_is_asked_for(
    place: Place, loaded: Jsobj, monkeypatch: pytest.MonkeyPatch
) -> None:
    base = f"{place.endpoint}/{place.bucket}"
    everybody = {"Sid": "read", "Effect": "Allow", "Principal": "*", "Action": "s3:GetObject"}
    if place.server == "rgw":  # a policy that lets everybody read, but not list, and keeps one object back
        arn = f"arn:aws:s3:::{place.bucket}/lab"
        statements = [
            {**everybody, "Resource": f"{arn}/*"},
            {**everybody, "Sid": "not", "Effect": "Deny", "Resource": f"{arn}/b.txt"},
        ]
        policy = json.dumps({"Version": "2012-10-17", "Statement": statements})
        place.witness.put_bucket_policy(Bucket=place.bucket, Policy=policy)
        found = loaded("catalog", "verify", f"{base}/lab/", "-v", code=6)
        assert [line.split("\t")[0] for line in found.lines] == ["same", "forbidden", "same"]
        assert "objects without a row were not looked for" in found.err
        loaded("catalog", "verify", f"{base}/lab/", "--extra", code=4)
        place.witness.delete_bucket_policy(Bucket=place.bucket)
    settle(monkeypatch, place.environ)
    result = jsobj.connect(PROFILE).catalog(place.url("lab/")).verify("_object IS NOT NULL", deep=True)
    assert result.same
    assert dict(result.counts) == {"same": 3}
