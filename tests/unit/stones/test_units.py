"""Sizes and times."""

from __future__ import annotations

import datetime as dt

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from jsobj.errors import JsobjError
from jsobj.units import (
    days_left,
    human_bytes,
    human_time,
    iso_time,
    length_of,
    moment_ago,
    parse_moment,
    parse_size,
    percent,
)

UTC = dt.timezone.utc
NOW = dt.datetime(2026, 11, 21, 12, 0, tzinfo=UTC)
PROFILE = settings(max_examples=200, derandomize=True, deadline=None, database=None)


@pytest.mark.parametrize(
    ("count", "text"),
    [
        (0, "0 B"),
        (1023, "1023 B"),
        (1024, "1 KiB"),
        (1536, "1.5 KiB"),
        (12 << 20, "12 MiB"),
        (1 << 30, "1 GiB"),
        (5 << 40, "5 TiB"),
        (1 << 50, "1 PiB"),
        (999 << 30, "999 GiB"),
    ],
)
def test_human_bytes(count: int, text: str) -> None:
    assert human_bytes(count) == text


@PROFILE
@given(st.integers(0, 1 << 60))
def test_human_bytes_is_within_a_percent(count: int) -> None:
    number, unit = human_bytes(count).split()
    power = ("B", "KiB", "MiB", "GiB", "TiB", "PiB").index(unit)
    assert float(number) * 1024**power == pytest.approx(count, rel=0.01, abs=0.5)
    assert float(number) <= 1024


@pytest.mark.parametrize(
    ("ahead", "text"),
    [
        (-1, "expired"),
        (0, "expired"),
        (1, "1 second"),
        (60, "1 minute"),
        (7000, "1 hour"),
        (7200, "2 hours"),
        (86400, "1 day"),
        (2 * 86400 - 2 * 3600, "1 day"),
        (30 * 86400 - 3600, "30 days"),
        (30 * 86400 - 2 * 3600, "29 days"),
    ],
)
def test_days_left(ahead: int, text: str) -> None:
    assert days_left(NOW + dt.timedelta(seconds=ahead), NOW) == text


@pytest.mark.parametrize(
    ("seconds", "text"), [(0, "0 seconds"), (3599, "59 minutes"), (30 * 86400 - 1, "29 days"), (30 * 86400, "30 days")]
)
def test_lengths_are_rounded_down(seconds: int, text: str) -> None:
    assert length_of(seconds) == text


@pytest.mark.parametrize(
    ("text", "moment"),
    [
        ("30d", NOW - dt.timedelta(days=30)),
        (" 2 W ", NOW - dt.timedelta(weeks=2)),
        ("2026-10-31", dt.datetime(2026, 10, 31, tzinfo=UTC)),
    ],
)
def test_a_moment_that_is_over(text: str, moment: dt.datetime) -> None:
    assert moment_ago(text, NOW) == moment


@pytest.mark.parametrize("text", ["", "yesterday", "2027-01-31", "5000y", "999999y"])
def test_what_is_no_moment_that_is_over(text: str) -> None:
    with pytest.raises(JsobjError) as caught:
        moment_ago(text, NOW)
    assert caught.value.reference == "bad-time"


@pytest.mark.parametrize(
    ("text", "moment"),
    [
        ("30d", NOW + dt.timedelta(days=30)),
        ("12h", NOW + dt.timedelta(hours=12)),
        (" 2 W ", NOW + dt.timedelta(weeks=2)),
        ("2027-01-31", dt.datetime(2027, 1, 31, 23, 59, 59, tzinfo=UTC)),
        ("2027-01-31T12:00:00Z", dt.datetime(2027, 1, 31, 12, tzinfo=UTC)),
        ("2027-01-31T12:00:00", dt.datetime(2027, 1, 31, 12, tzinfo=UTC)),
        ("2027-01-31T12:00:00+02:00", dt.datetime(2027, 1, 31, 10, tzinfo=UTC)),
    ],
)
def test_parse_moment(text: str, moment: dt.datetime) -> None:
    assert parse_moment(text, NOW) == moment


@pytest.mark.parametrize("text", ["", "soon", "30", "-1d", "1.5d", "0d", "2026-11-20", "999999y", "2027-13-01", "d"])
def test_parse_moment_refuses(text: str) -> None:
    with pytest.raises(JsobjError) as caught:
        parse_moment(text, NOW)
    assert caught.value.reference in {"bad-time", "time-in-past"}


@PROFILE
@given(st.text(max_size=30))
def test_parse_moment_never_crashes(text: str) -> None:
    refusal = None
    try:
        moment = parse_moment(text, NOW)
    except JsobjError as error:
        refusal = error
    assert moment > NOW if refusal is None else refusal.reference in {"bad-time", "time-in-past"}


def test_keystone_time() -> None:
    assert iso_time("2026-11-21T14:03:00.000000Z") == dt.datetime(2026, 11, 21, 14, 3, tzinfo=UTC)
    assert iso_time("2026-11-21T14:03:00") == dt.datetime(2026, 11, 21, 14, 3, tzinfo=UTC)
    for nothing in (None, "", "never"):
        assert iso_time(nothing) is None


def test_human_time_is_utc() -> None:
    east = dt.timezone(dt.timedelta(hours=3))
    assert human_time(dt.datetime(2026, 11, 21, 14, 3, tzinfo=east)) == "2026-11-21 11:03 UTC"


@pytest.mark.parametrize(
    ("text", "count"),
    [
        ("1", 1),
        ("65536", 65536),
        ("16MiB", 16 << 20),
        ("16M", 16 << 20),
        ("16mb", 16 << 20),
        ("16Mi", 16 << 20),
        (" 16 m ", 16 << 20),
        ("1.5G", 3 << 29),
        ("0.5k", 512),
        ("10B", 10),
        ("1T", 1 << 40),
        ("1PiB", 1 << 50),
        ("1125899906842624", 1 << 50),
    ],
)
def test_parse_size(text: str, count: int) -> None:
    assert parse_size(text) == count


@pytest.mark.parametrize(
    "text",
    ["", "0", "0M", "-1", "-16M", "+1", "NaN", "inf", "1e9", "abc", "M", "16X", "16i", "16Mi B", "1,5G", "5G+1", "1P1",
     "1125899906842625", "2P", "0.0001", "1" * 400, "\u0661\u0666M", "16M\0"],
)  # fmt: skip
def test_b132_sizes_that_are_none_are_refused_with_the_range(text: str) -> None:
    with pytest.raises(JsobjError, match=r"--part-size is a size from 1 B to 1 PiB") as caught:
        parse_size(text, "--part-size")
    assert (caught.value.reference, caught.value.code) == ("bad-size", 2)
    assert len(caught.value.message) < 200


def test_b132_the_range_is_exact() -> None:
    for text in ("5M", "5G", "5242880", "5368709120"):
        parse_size(text, smallest=5 << 20, largest=5 << 30)
    for text in ("5242879", "5368709121", "4.999999M", "5.000001G"):
        with pytest.raises(JsobjError, match="from 5 MiB to 5 GiB"):
            parse_size(text, smallest=5 << 20, largest=5 << 30)


def test_percent() -> None:
    parts = [percent(part, 1000) for part in (0, 1, 586, 1500)]
    assert [*parts, percent(1, 10**9), percent(0, 0)] == ["0.0%", "0.1%", "58.6%", "150.0%", "less than 0.1%", "100.0%"]
