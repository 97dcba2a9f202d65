"""Rows and a listing merged, and what is said of one object."""

from __future__ import annotations

import pytest

from jsobj.actions.catalog.verify import Said, compared, merged, verdict
from jsobj.arrays.zarr_check import FORBIDDEN
from jsobj.errors import ExitCode
from jsobj.store.values import Listed
from jsobj.transfer.verify import DIFFERS, EXTRA, MISSING, SAME, UNVERIFIED

MD5, OTHER = "a" * 32, "b" * 32


def _merged(rows: list[str], there: list[str]) -> list[tuple[str, str]]:
    said = (Said(name, 1, MD5, "") for name in rows)
    listing = iter([Listed(f"p/{name}") for name in there])
    return [(a.name if a else "", b.key[2:] if b else "") for a, b in merged(said, listing, "p/")]


def test_both_come_in_the_order_of_bytes_and_none_is_lost() -> None:
    assert _merged([], ["a", "b"]) == [("", "a"), ("", "b")]
    assert _merged(["a", "b"], []) == [("a", ""), ("b", "")]
    assert _merged(["B", "a", "\u00fc"], ["A", "a", "\ufffd"]) == [
        ("", "A"), ("B", ""), ("a", "a"), ("\u00fc", ""), ("", "\ufffd"),
    ]  # fmt: skip
    assert _merged(["a", "a", "c"], ["a", "b", "c"]) == [("a", "a"), ("a", "a"), ("", "b"), ("c", "c")]


@pytest.mark.parametrize(
    ("said", "there", "state", "by"),
    [
        ((5, MD5), (5, MD5), SAME, "size and ETag"),
        ((None, MD5), (5, MD5), SAME, "ETag"),
        ((5, MD5), (6, MD5), DIFFERS, "size: 6, in the row 5"),
        ((5, MD5), (5, OTHER), DIFFERS, "ETag"),
        ((5, ""), (5, MD5), UNVERIFIED, "the row has no ETag"),
        ((5, f"{MD5}-2"), (5, MD5), UNVERIFIED, "its ETag is of another kind: --deep reads it"),
        ((5, f"{MD5}-2"), (5, f"{OTHER}-2"), DIFFERS, "ETag"),
    ],
)
def test_a_verdict_says_by_what(said: tuple[int | None, str], there: tuple[int, str], state: str, by: str) -> None:
    assert compared(Said("a", *said, ""), *there) == (state, by)


def test_the_worst_state_has_the_exit_code() -> None:
    assert verdict([SAME, EXTRA]) is ExitCode.OK
    assert verdict([SAME, UNVERIFIED]) is ExitCode.PARTIAL
    assert verdict([UNVERIFIED, MISSING]) is ExitCode.NOT_FOUND
    assert verdict([MISSING, FORBIDDEN]) is ExitCode.REFUSED
    assert verdict([FORBIDDEN, DIFFERS]) is ExitCode.INTEGRITY
