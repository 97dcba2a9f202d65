"""Listings that are read to their end whatever the server's statistics say."""

from __future__ import annotations

import json
from typing import Any

import pytest

from jsobj.net.request import Reply
from jsobj.store.swift.listing import listing

NAMES = [f"n{n:04}" for n in range(2500)]


class Answers:
    """Pages of 1000 names, and a count that is not that of the names."""

    bucket = "b"

    def __init__(self, held: int) -> None:
        self.asked = 0
        self._held = held

    head = None

    def send(self, method: str, *, query: tuple[tuple[str, str], ...], **_: Any) -> Reply:
        self.asked += 1
        after = dict(query).get("marker", "")
        page = [name for name in NAMES if name > after][:1000]
        entries = [
            {"name": name, "bytes": 1, "hash": "0" * 32, "last_modified": "2026-01-01T00:00:00"} for name in page
        ]
        return Reply(200, "OK", {"x-container-object-count": str(self._held)}, json.dumps(entries).encode())


@pytest.mark.parametrize("held", [0, 60, 900, 1000, 2499, 2500, 9000])
def test_a_count_that_is_out_of_date_ends_no_listing_that_goes_on(held: int) -> None:
    api: Any = Answers(held)
    assert [item.key for item in listing(api)] == NAMES
    assert api.asked <= 4
