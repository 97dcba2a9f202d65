"""Composite ETags and the part sizes that fit them; dates as servers write them."""

from __future__ import annotations

import hashlib
from datetime import datetime, timezone
from email.utils import format_datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from jsobj.net.dates import http_epoch, iso_epoch
from jsobj.store.etag import candidates, composite, only_usual

MIB = 1024 * 1024


def test_a_composite_etag_is_the_md5_of_the_binary_md5s() -> None:
    parts = [b"a" * 7, b"b"]
    digests = [hashlib.md5(part) for part in parts]
    wanted = hashlib.md5(b"".join(digest.digest() for digest in digests)).hexdigest()
    assert composite(digest.hexdigest() for digest in digests) == f"{wanted}-2"


@settings(max_examples=300, derandomize=True, deadline=None)
@given(size=st.integers(0, 40 * 1024 * MIB), parts=st.integers(-1, 12_000), recorded=st.integers(0, 64 * MIB))
def test_only_part_sizes_that_give_that_many_parts_are_tried(size: int, parts: int, recorded: int) -> None:
    found = candidates(size, parts, recorded)
    assert all(max(1, -(-size // one)) == parts for one in found)
    assert len(set(found)) == len(found)


@pytest.mark.parametrize(
    ("size", "parts", "known"),
    [
        (31 * MIB, 7, True),  # 5 MiB, and neither 4 nor 6 give seven parts
        (12 * MIB, 3, False),  # 4 or 5 MiB
        (20 * MIB, 2, False),
        (16 * MIB * 100, 100, True),
        (12 * MIB * 100, 100, False),  # 12 MiB is nobody's usual size
        (5 * MIB, 1, False),
        (0, 0, False),
    ],
)
def test_a_usual_size_is_known_where_the_number_of_parts_leaves_no_other(size: int, parts: int, known: bool) -> None:
    assert only_usual(size, parts) is known


@pytest.mark.parametrize("part", [5 * MIB, 8 * MIB, 15 * MIB, 16 * MIB, 50 * MIB, 10**8, 1024 * MIB, 7_340_032])
@pytest.mark.parametrize("count", [1, 2, 9, 1000])
def test_the_usual_part_sizes_are_found(part: int, count: int) -> None:
    if part != 7_340_032:  # 7 MiB is nobody's choice, but the smallest whole MiB that gives few enough parts
        assert part in candidates(part * (count - 1) + 1, count)
    assert part in candidates(part * count, count)


def test_what_is_told_comes_first() -> None:
    size = 100 * MIB
    assert candidates(size, 10, recorded=11 * MIB)[0] == 11 * MIB
    assert candidates(size, 10, recorded=11 * MIB, first=10 * MIB + 500_000)[:2] == (11 * MIB, 10 * MIB + 500_000)
    assert candidates(size, 10, recorded=99 * MIB)[0] != 99 * MIB  # that would be two parts


@settings(max_examples=300, derandomize=True, deadline=None)
@given(seconds=st.integers(0, 13_569_465_600), micro=st.integers(0, 999_999))
def test_dates_are_read_as_the_standard_library_reads_them(seconds: int, micro: int) -> None:
    known = moment = datetime.fromtimestamp(seconds, timezone.utc).replace(microsecond=micro)
    assert http_epoch(format_datetime(known, usegmt=True)) == known.replace(microsecond=0).timestamp()
    assert iso_epoch(f"{moment:%Y-%m-%dT%H:%M:%S.%f}Z") == pytest.approx(known.timestamp(), abs=1e-5)
    assert iso_epoch(f"{moment:%Y-%m-%dT%H:%M:%S}Z") == known.replace(microsecond=0).timestamp()


@pytest.mark.parametrize(
    "text", ["", "yesterday", "2026-13-01T00:00:00Z", "2026-11-21", "Sat, 99 Nov 2026 10:00:00 GMT"]
)
def test_what_is_no_date_is_none(text: str) -> None:
    assert iso_epoch(text) is None
    assert http_epoch(text) is None
