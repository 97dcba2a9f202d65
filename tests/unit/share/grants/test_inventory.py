"""The inventory of shares: what is written comes back, what is damaged is never written over."""

from __future__ import annotations

import dataclasses
import json
import threading
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from jsobj.errors import ExitCode, JsobjError
from jsobj.identity.settings import Settings
from jsobj.share.grants import inventory
from jsobj.share.grants.inventory import Grant, Inventory, Received

PROFILE = settings(max_examples=100, derandomize=True, deadline=None, database=None)
TEXT = st.text(st.characters(codec="utf-8"), max_size=10)
INVENTORIES = st.builds(
    Inventory,
    given=st.lists(st.builds(Grant, *[TEXT] * 14, st.dictionaries(TEXT, TEXT, max_size=3)), max_size=3).map(tuple),
    received=st.lists(st.builds(Received, *[TEXT] * 9), max_size=3).map(tuple),
)
ONE = Grant("abc234", "b", "p/", "s3://b/p/", "https://host", "project x", "read", "2026-01-01T00:00:00Z", "policy")


@pytest.fixture(name="world")
def _world(tmp_path: Path) -> Settings:
    return Settings.read({"HOME": str(tmp_path)})


@PROFILE
@given(INVENTORIES)
def test_round_trip(book: Inventory) -> None:
    file = inventory.inventory_at(Path("x"))
    assert file.understood(file.text(book)) == book


def test_a_grant_is_put_in_replaced_in_its_place_and_taken_out(world: Settings) -> None:
    assert inventory.read(world) == Inventory()
    other = dataclasses.replace(ONE, id="xyz234")
    for each in (ONE, other):
        inventory.update(world, lambda book, each=each: book.with_grant(each))  # type: ignore[misc]
    done = dataclasses.replace(ONE, state="given", details={"sid": "x"})
    assert inventory.update(world, lambda book: book.with_grant(done)).given == (done, other)
    assert inventory.read(world).grant("abc234") == done
    assert inventory.update(world, lambda book: book.without_grant("abc234")).given == (other,)
    assert inventory.inventory_path(world).stat().st_mode & 0o777 == 0o600


def test_what_was_received_is_kept_once(world: Settings) -> None:
    first = Received("a", "s3://b/", "https://host", "alice", "read", "2026-01-01T00:00:00Z")
    again = dataclasses.replace(first, ends="2027-01-01T00:00:00Z")
    inventory.update(world, lambda book: book.with_received(first))
    assert inventory.update(world, lambda book: book.with_received(again)).received == (again,)


@pytest.mark.parametrize(
    ("text", "reference"),
    [
        ("{", "shares-damaged"),
        ('{"schema": "jsobj.shares-file/9"}', "shares-version"),
        (json.dumps({"schema": inventory.SCHEMA, "given": [{"id": 1}], "received": []}), "shares-damaged"),
        (json.dumps({"schema": inventory.SCHEMA, "given": [{"new": "x"}], "received": []}), "shares-damaged"),
    ],
)
def test_what_is_damaged_is_refused_and_kept(world: Settings, text: str, reference: str) -> None:
    path = inventory.inventory_path(world)
    path.parent.mkdir(parents=True)
    path.write_text(text)
    for touch in (lambda: inventory.read(world), lambda: inventory.update(world, lambda book: book.with_grant(ONE))):
        with pytest.raises(JsobjError) as caught:
            touch()
        assert (caught.value.reference, caught.value.code) == (reference, ExitCode.LOCAL)
    assert path.read_text() == text


def test_two_writers_lose_nothing(world: Settings) -> None:
    def add(number: int) -> None:
        inventory.update(world, lambda book: book.with_grant(dataclasses.replace(ONE, id=str(number))))

    threads = [threading.Thread(target=add, args=(number,)) for number in range(8)]
    for each in threads:
        each.start()
    for each in threads:
        each.join()
    assert {each.id for each in inventory.read(world).given} == {str(number) for number in range(8)}


def test_ids_can_be_typed() -> None:
    assert all(set(inventory.new_id()) <= set(inventory._LETTERS) for _ in range(20))
    assert len({inventory.new_id() for _ in range(50)}) == 50
