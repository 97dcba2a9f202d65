"""Bytes that change on their way down, where only the digest of the whole object is known (F06, 0_2)."""

from __future__ import annotations

import itertools

import pytest
from crash_scene import MIB, PART, Crash, content
from fault_proxy import Rule

pytestmark = pytest.mark.usefixtures("short_waits")

DATA = content(12 * MIB, 21)  # three parts
GETS = {"method": "GET", "path": "/data$", "query": "^$"}
S3 = pytest.mark.parametrize("crash", ["s3", "rgw"], indirect=True)


def stretches(crash: Crash) -> int:
    return len(crash.proxy.of(**GETS))


@S3
def test_F06_0_2_parts_that_came_twice_alike_are_not_fetched_a_third_time(crash: Crash) -> None:
    """A bit in the first pass and another in the second: two parts are in doubt, or one."""
    crash.put("data", DATA, PART)
    crash.proxy.add(Rule("flip", "receiving", at=77, **GETS), Rule("flip", "receiving", at=1077, skip=3, **GETS))
    crash.download("data", crash.path("data"))
    crash.check_downloaded(crash.path("data"), DATA)
    assert [rule.struck for rule in crash.proxy.rules] == [1, 1]
    assert 7 <= stretches(crash) <= 8


@S3
@pytest.mark.parametrize("size", ["5M", "64M"], ids=["parts", "whole"])
def test_F06_0_2_a_flipped_bit_is_found_though_the_size_of_the_parts_is_only_guessed(crash: Crash, size: str) -> None:
    crash.put("data", DATA, PART)
    crash.proxy.add(Rule("flip", "receiving", at=77, **GETS))
    crash.jsobj("download", crash.url("data"), crash.path("data"), "--part-size", size, "--progress", "none")
    crash.check_downloaded(crash.path("data"), DATA)
    assert crash.proxy.rules[0].struck == 1


@S3
@pytest.mark.parametrize("size", ["5M", "64M"], ids=["parts", "whole"])
def test_uneven_parts_of_another_client_are_told_as_not_verified(crash: Crash, size: str) -> None:
    """Sizes that fit the number of parts and are not theirs: the bytes come twice alike, and are taken."""
    cuts = [0, 6 * MIB, 11 * MIB, len(DATA)]
    named = {"Bucket": crash.bucket, "Key": "data"}
    upload = crash.boto.create_multipart_upload(**named)["UploadId"]
    named["UploadId"] = upload
    pieces = [DATA[start:end] for start, end in itertools.pairwise(cuts)]
    etags = [crash.boto.upload_part(**named, PartNumber=n, Body=piece)["ETag"] for n, piece in enumerate(pieces, 1)]
    parts = [{"PartNumber": number, "ETag": etag} for number, etag in enumerate(etags, 1)]
    crash.boto.complete_multipart_upload(**named, MultipartUpload={"Parts": parts})
    words = ("--part-size", size, "--progress", "none", "--json")
    got = crash.jsobj("download", crash.url("data"), crash.path("data"), *words).json
    crash.check_downloaded(crash.path("data"), DATA)
    assert (got["verified"], got["unverified"]) in {(0, 1), (1, 0)}


@S3
@pytest.mark.parametrize("size", ["5M", "64M"], ids=["parts", "whole"])
def test_F06_wrong_bytes_of_another_client_are_damage_where_its_parts_are_certain(crash: Crash, size: str) -> None:
    data = content(31 * MIB, 22)
    crash.put("data", data, 5 * MIB)
    crash.proxy.add(Rule("flip", "receiving", at=77, times=0, **GETS))
    words = ("--part-size", size, "--progress", "none", "--json")
    got = crash.jsobj("download", crash.url("data"), crash.path("data"), *words, code=8)
    assert "--accept-unverified" in got.json["failures"][0]["hint"]
    assert not crash.path("data").exists()
    assert crash.temps() == []
    kept = crash.jsobj("download", crash.url("data"), crash.path("data"), *words, "--accept-unverified").json
    assert (kept["done"], kept["verified"], kept["unverified"]) == (1, 0, 1)
    assert len(crash.path("data").read_bytes()) == len(data)


@S3
@pytest.mark.parametrize("words", [("cat",), ("download", "-")], ids=["cat", "download"])
def test_wrong_bytes_on_standard_output_end_with_8_where_the_parts_are_certain(
    crash: Crash, words: tuple[str, ...]
) -> None:
    data = content(31 * MIB // 2, 22).hex().encode()
    crash.put("data", data, 5 * MIB)
    command, *rest = words
    crash.proxy.add(Rule("flip", "receiving", at=77, times=0, **GETS))
    got = crash.jsobj(command, crash.url("data"), *rest, code=8)
    assert "those that are stored" in got.err
    assert "jsobj download --accept-unverified" in got.err
    if command == "download":
        crash.jsobj(command, crash.url("data"), *rest, "--accept-unverified")


@S3
def test_F06_what_always_comes_the_same_and_wrong_is_told_after_two_passes(crash: Crash) -> None:
    crash.upload(crash.path("data", DATA), "data")  # which notes the size of its parts
    crash.proxy.clear()
    crash.path("data", b"the old file")
    crash.proxy.add(Rule("flip", "receiving", at=77, times=0, **GETS))
    error = crash.download("data", crash.path("data"), code=8).err
    assert "--accept-unverified" not in error  # which does nothing where the digest is known for certain
    assert stretches(crash) == 6
    assert crash.path("data").read_bytes() == b"the old file"
    assert crash.temps() == []
