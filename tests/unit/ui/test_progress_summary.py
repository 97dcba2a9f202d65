"""The numbers of a transfer under way, and its end, in words."""

from __future__ import annotations

import pytest

from jsobj.errors import ExitCode, JsobjError
from jsobj.transfer.events import Failed, Summary, Tally
from jsobj.ui.progress_look import Look, Pace, human_seconds, sentence
from jsobj.ui.progress_summary import summary_record, summary_sentence

MIB = 1024**2
ERROR = JsobjError("object-forbidden", "you may not\x1b[2J", code=ExitCode.REFUSED, context="seen", hint="ask")


def summary(**changes: object) -> Summary:
    words = {
        "verb": "upload",
        "done": 12,
        "skipped": 0,
        "failed": 0,
        "size": 3565 * MIB,
        "verified": 12,
        "unverified": 0,
        "retries": 0,
        "seconds": 41.0,
    }
    return Summary(**{**words, **changes})  # type: ignore[arg-type]


# Numbers.


def test_rate_and_rest_over_the_last_seconds() -> None:
    tally = Tally()
    tally.found(1000 * MIB, items=10)
    tally.planned = True
    pace = Pace(tally)
    for second in range(1, 31):
        tally.moved((20 if second <= 15 else 10) * MIB)
        look = pace.look(tally.began + second)
    assert look.size == 450 * MIB
    assert look.rate == pytest.approx(10 * MIB)  # the fast beginning is forgotten
    assert look.left == pytest.approx(55)


def test_nothing_is_promised_before_the_plan_is_complete() -> None:
    tally = Tally()
    tally.found(100 * MIB, items=10)
    tally.moved(10 * MIB)
    look = Pace(tally).look(tally.began + 1)
    assert look.left is None
    assert sentence(look) == "0/10+, 10 MiB of 100 MiB+, 10 MiB/s"


def test_a_retry_takes_bytes_back_and_the_rate_is_never_negative() -> None:
    tally = Tally()
    pace = Pace(tally)
    tally.moved(10 * MIB)
    pace.look(tally.began + 1)
    tally.moved(-10 * MIB)
    assert pace.look(tally.began + 12).rate == 0


def test_the_whole_sentence() -> None:
    look = Look(12, 2000, 1288 * MIB, 3565 * MIB, True, 85.0 * MIB, 26.4, 2, 3)
    assert sentence(look) == "12/2000, 1.26 GiB of 3.48 GiB (36%), 85 MiB/s, 26 s left, 2 failed, 3 retries"


def test_deletions_have_no_bytes() -> None:
    assert sentence(Look(5, 9, 0, 0, True, 0.0, None, 0, 0)) == "5/9"


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (0.04, "0.0 s"),
        (9.94, "9.9 s"),
        (9.96, "10 s"),
        (59.4, "59 s"),
        (60, "1 min"),
        (192, "3 min 12 s"),
        (3599.6, "1 h"),
        (7500, "2 h 5 min"),
        (273600, "3 d 4 h"),
    ],
)
def test_times(seconds: float, text: str) -> None:
    assert human_seconds(seconds) == text


# The end.


@pytest.mark.parametrize(
    ("changes", "text"),
    [
        ({}, "12 files, 3.48 GiB uploaded in 41 s (87 MiB/s); all verified"),
        (
            {"done": 1, "verified": 1, "retries": 1},
            "1 file, 3.48 GiB uploaded in 41 s (87 MiB/s); all verified; 1 retry",
        ),
        (
            {"failed": 2, "skipped": 7, "same": 5, "links": 1, "left_out": 3},
            (
                "12 files, 3.48 GiB uploaded in 41 s (87 MiB/s); 12 verified; "
                "5 the same already; 2 there already, not compared; 1 symbolic link left out; 3 left out; 2 failed"
            ),
        ),
        (
            {"verb": "download", "verified": 9, "unverified": 3},
            "12 files, 3.48 GiB downloaded in 41 s (87 MiB/s); 9 verified, 3 by size only",
        ),
        (
            {"verified": 0, "unverified": 12},
            "12 files, 3.48 GiB uploaded in 41 s (87 MiB/s); NOT verified: 12 by size only",
        ),
        ({"done": 0, "verified": 0, "size": 0, "skipped": 7, "same": 7}, "Nothing to do: 7 files the same already"),
        (
            {"done": 0, "verified": 0, "size": 0, "skipped": 7, "same": 7, "links": 2},
            "0 files, 0 B uploaded in 41 s; 7 the same already; 2 symbolic links left out",
        ),
        (
            {"done": 0, "verified": 0, "size": 0, "skipped": 7},
            "0 files, 0 B uploaded in 41 s; 7 there already, not compared",
        ),
        (
            {"verb": "delete", "size": 0, "verified": 0, "seconds": 0.5},
            "12 objects deleted in 0.5 s",
        ),
        ({"interrupted": True}, "Stopped: 12 files, 3.48 GiB uploaded in 41 s (87 MiB/s); all verified"),
    ],
)
def test_the_summary_in_words(changes: dict[str, object], text: str) -> None:
    assert summary_sentence(summary(**changes)) == text


def test_verified_is_said_only_where_a_digest_was_compared() -> None:
    assert "all verified" not in summary_sentence(summary(verified=0, unverified=12))
    assert "all verified" not in summary_sentence(summary(verified=11, unverified=1))
    assert "verified" not in summary_sentence(summary(verified=0, unverified=0))


def test_the_summary_as_a_document() -> None:
    data = summary_record(summary(seconds=0.0), [Failed("x", ERROR)]).data
    assert data["bytes_per_second"] is None
    assert data["job"] is None
    assert data["failures"] == [
        {
            "item": "x",
            "reference": "object-forbidden",
            "message": "you may not\x1b[2J",
            "context": "seen",
            "hint": "ask",
            "exit_code": 6,
        }
    ]
