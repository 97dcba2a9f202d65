"""The ledger: what is written comes back, what is damaged is never written over."""

from __future__ import annotations

import json
import threading
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from jsobj.errors import ExitCode, JsobjError
from jsobj.identity import ledger
from jsobj.identity.ledger import CloudRecord, ExportRecord, KeyRecord, Ledger, Pending
from jsobj.identity.settings import Settings

PROFILE = settings(max_examples=100, derandomize=True, deadline=None, database=None)
TEXT = st.text(st.characters(codec="utf-8"), max_size=10)
LEDGERS = st.builds(
    Ledger,
    default_cloud=TEXT,
    clouds=st.lists(st.builds(CloudRecord, *[TEXT] * 7), max_size=3).map(tuple),
    keys=st.lists(st.builds(KeyRecord, *[TEXT] * 8), max_size=3).map(tuple),
    pending=st.lists(st.builds(Pending, TEXT, TEXT, TEXT, st.lists(TEXT).map(tuple), TEXT), max_size=2).map(tuple),
    exports=st.lists(st.builds(ExportRecord, TEXT, TEXT), max_size=2).map(tuple),
)

FILE = ledger.ledger_at(Path("x"))


def test_a_file_that_is_gone_is_forgotten_and_a_ledger_without_files_is_read(world: Settings, tmp_path: Path) -> None:
    there = ExportRecord("dotenv", str(tmp_path / "a"))
    (tmp_path / "a").write_text("")
    gone, new = ExportRecord("dotenv", str(tmp_path / "b")), ExportRecord("rclone", str(tmp_path / "c"))
    assert Ledger(exports=(gone, there)).with_export(new).with_export(new).exports == (there, new)
    older = FILE.text(Ledger()).replace(b',\n  "exports": []', b"")
    assert b"exports" not in older
    assert FILE.understood(older) == Ledger()


@pytest.fixture(name="world")
def _world(tmp_path: Path) -> Settings:
    return Settings.read({"HOME": str(tmp_path)})


@PROFILE
@given(LEDGERS)
def test_round_trip(book: Ledger) -> None:
    assert FILE.understood(FILE.text(book)) == book


def test_absent_is_empty(world: Settings) -> None:
    assert ledger.read(world) == Ledger()
    assert not ledger.ledger_path(world).exists()


def test_update_is_private_and_returns_the_new(world: Settings) -> None:
    new = ledger.update(world, lambda book: book.with_cloud(CloudRecord("js2")))
    assert new == ledger.read(world)
    assert ledger.ledger_path(world).stat().st_mode & 0o777 == 0o600


def test_parallel_updates_lose_nothing(world: Settings) -> None:
    def add(number: int) -> None:
        ledger.update(world, lambda book: book.with_cloud(CloudRecord(f"c{number}")))

    threads = [threading.Thread(target=add, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert {cloud.name for cloud in ledger.read(world).clouds} == {f"c{number}" for number in range(8)}


GOOD = FILE.text(Ledger(keys=(KeyRecord("a", "u", "i", "p"),)))


@pytest.mark.parametrize(
    "damage",
    [
        {"schema": "jsobj.ledger/2"},
        {"schema": None},
        {"clouds": 5},
        {"clouds": [5]},
        {"clouds": [{"name": 5}]},
        {"clouds": [{}]},
        {"clouds": [{"name": "a", "colour": "red"}]},
        {"keys": [{"access": "a"}]},
        {"pending": [{"before": 5}]},
        {"pending": None},
        {"default_cloud": {}},
    ],
)
def test_b121_damage_is_refused_and_not_written_over(world: Settings, damage: dict[str, object]) -> None:
    path = ledger.ledger_path(world)
    path.parent.mkdir(parents=True)
    data = json.dumps({**json.loads(GOOD), **damage}).encode()
    path.write_bytes(data)
    for attempt in (lambda: ledger.read(world), lambda: ledger.update(world, lambda book: book)):
        with pytest.raises(JsobjError) as caught:
            attempt()
        assert caught.value.code is ExitCode.LOCAL
        assert str(path) in caught.value.hint
    assert path.read_bytes() == data


def test_b119_truncated_at_every_byte(world: Settings) -> None:
    path = ledger.ledger_path(world)
    for end in range(len(GOOD) - 1):
        with pytest.raises(JsobjError) as caught:
            ledger.ledger_at(path).understood(GOOD[:end])
        assert caught.value.reference == "ledger-damaged"


def test_values() -> None:
    book = Ledger().with_cloud(CloudRecord("a")).with_cloud(CloudRecord("b"))
    assert book.with_cloud(CloudRecord("a", profile="p")).cloud("a").profile == "p"
    assert book.cloud("nowhere") == CloudRecord("nowhere")
    key = KeyRecord("k", "u", "i", "p")
    assert book.with_key(key).with_key(key).keys == (key,)
    assert book.with_key(key).without_key("k").key("k") is None
