"""Counts by folder and by age."""

from __future__ import annotations

import pytest

from jsobj.housekeeping.counting import Count, Sums, age_class, folder_of, largest_first, total, youngest_first

DAY = 86400.0


def test_sums() -> None:
    sums = Sums()
    for name, size in (("a", 1), ("b", 5), ("a", 2), ("c", 5)):
        sums.add(name, size)
    assert sums.counts(largest_first) == (("b", Count(1, 5)), ("c", Count(1, 5)), ("a", Count(2, 3)))
    assert total([1, 2, 3]) == Count(3, 6)


@pytest.mark.parametrize(
    ("seconds", "name"),
    [(-5.0, "up to 1 day"), (DAY, "up to 1 day"), (DAY + 1, "up to 1 week"), (366 * DAY, "older")],
)
def test_classes_of_age(seconds: float, name: str) -> None:
    assert age_class(seconds) == name


def test_the_order_of_ages() -> None:
    sums = Sums()
    for seconds in (None, 400 * DAY, 1.0, 20 * DAY):
        sums.add(age_class(seconds), 1)
    names = [name for name, _ in sums.counts(youngest_first)]
    assert names == ["up to 1 day", "up to 30 days", "older", "without a date"]


def test_folders() -> None:
    assert [folder_of(name) for name in ("a/b/c", "a", "/x")] == ["a/", "", "/"]
