"""The textbook's chapter on each store: one CSV, the same questions, the same answers; twice, and killed half-way."""

from __future__ import annotations

from collections import Counter

import pytest
from book_scene import Side, expected, opened, without_url
from samples import Samples


@pytest.fixture(autouse=True)
def _empty(side: Side) -> None:
    side.clear()


def check_whole(side: Side, samples: Samples) -> None:
    """Every row once, every file."""
    assert Counter(side.keys()) == Counter(list(samples.rows))
    assert side.files() == set(samples.files)


def test_same_csv_same_questions_same_answers(side: Side, samples: Samples) -> None:
    done = side.load(samples)
    assert (done.code, done.named) == (3, samples.refused), done.said
    check_whole(side, samples)
    for experiment in ("bond", "run-1"):
        found = side.ask("experiment", experiment)
        assert without_url(found) == expected(samples, experiment)
    assert {row["item_id"]: opened(row) for row in found} == {
        row["item_id"]: samples.files[row["file"]] for row in expected(samples, "run-1")
    }
    (found_item,) = side.ask("item", "bond", "007")
    assert without_url([found_item]) == [samples.rows["bond", "007"]]
    assert opened(found_item) == samples.files[found_item["file"]]
    assert side.ask("item", "bond", "07") == []


def test_killed_half_way_and_loaded_twice(side: Side, samples: Samples) -> None:
    killed = side.kill_in(samples, 10)
    assert killed.files  # how many of those under way had arrived is the servers' affair
    assert set(killed.keys) <= set(samples.rows)
    again = side.load(samples)
    assert again.code == 3, again.said
    check_whole(side, samples)
    twice = side.load(samples)
    assert twice.code == 3, twice.said
    check_whole(side, samples)
    if side.catalogue:
        assert killed.keys == []  # nobody sees half of a table
        assert again.sent <= len(samples.files) - len(killed.files)
        assert twice.sent == 0
