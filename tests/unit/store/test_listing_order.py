"""A listing in another order, whatever is in it, and not in memory."""

from __future__ import annotations

import random
import tracemalloc
from collections.abc import Iterator
from dataclasses import replace

import pytest

from jsobj.errors import JsobjError
from jsobj.store.listing_order import in_order
from jsobj.store.values import Listed

ITEMS = [
    Listed("a", 3, "e", 5.5),
    Listed("b/", prefix=True),
    Listed("c", 1, "", 7.25),
    Listed("d", 3),
    Listed("lone\udc80", 2, "f", 6),
    Listed("ü", 2, "g", 6),
    Listed("\U0001f4e6", 2, "h", 6),
]


@pytest.mark.parametrize(
    ("by", "order"),
    [("name", [0, 1, 2, 3, 4, 5, 6]), ("size", [0, 3, 4, 5, 6, 2, 1]), ("time", [2, 4, 5, 6, 0, 3, 1])],
)
def test_the_orders(by: str, order: list[int]) -> None:
    wanted = [ITEMS[number] for number in order]
    assert list(in_order(iter(wanted if by == "name" else ITEMS), by)) == wanted
    assert list(in_order(iter(ITEMS), by, reverse=True)) == wanted[::-1]


def test_by_key_where_they_come_in_another_order() -> None:
    items = [replace(item, md5=str(number)) for number, item in enumerate(ITEMS)]
    assert list(in_order(iter(items[::-1]), "key")) == items


def test_what_fails_in_the_listing_is_told_as_it_is() -> None:
    def listing() -> Iterator[Listed]:
        yield ITEMS[0]
        raise KeyError("page 2")

    with pytest.raises(KeyError):
        list(in_order(listing(), "size"))


def test_a_full_disk_is_an_error_of_this_computer(monkeypatch: pytest.MonkeyPatch) -> None:
    import sqlite3

    class Full(sqlite3.Connection):
        def executemany(self, *_: object) -> sqlite3.Cursor:
            raise sqlite3.OperationalError("database or disk is full")

    monkeypatch.setattr("jsobj.store.listing_order.sqlite3.connect", lambda name: Full(name))
    with pytest.raises(JsobjError, match="cannot be sorted: database or disk is full"):
        list(in_order(iter(ITEMS), "time"))


def test_items_are_not_held() -> None:
    many = 50_000
    order = random.Random(1)
    items = (Listed(f"folder/{number:08}/{'x' * 100}", order.randrange(many), "e" * 32, 1.0) for number in range(many))
    tracemalloc.start()
    last, count = many, 0
    for count, item in enumerate(in_order(items, "size"), start=1):  # noqa: B007 - used below
        assert item.size <= last
        last = item.size
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert count == many
    assert peak < 2 * 1024**2
