"""Small files share a task, large parts and what keeps the order of parts do not."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass
from typing import Any, cast

from jsobj.errors import ExitCode, JsobjError
from jsobj.transfer.engine.unit_queue import UnitSource
from jsobj.transfer.engine.work import UnitOutcome
from jsobj.transfer.spread.packs import BYTES, PackedWork, PackSize, packed

ERROR = JsobjError("stopped", "stopped", code=ExitCode.INTERRUPTED)


@dataclass(frozen=True)
class Item:
    size: int


@dataclass(frozen=True)
class Whole:
    item: Item
    number: int = 0


@dataclass(frozen=True)
class Part:
    number: int = 0


@dataclass(frozen=True)
class Begin:
    number: int = 0


class Units:
    """The units of a list, then nothing."""

    WHOLE, PART = Whole, Part

    def __init__(self, units: list[Any]) -> None:
        self.left = deque(units)
        self.ended: list[tuple[Any, UnitOutcome]] = []

    def take(self) -> Any:
        return self.left.popleft() if self.left else None

    take_now = take

    def done(self, unit: Any, outcome: UnitOutcome) -> None:
        self.ended.append((unit, outcome))

    def stop(self) -> None:
        self.left.clear()


def packs_of(units: list[Any]) -> tuple[PackedWork, Units]:
    work = Units(units)
    return PackedWork(cast(Any, work)), work


def small(count: int, size: int = 10) -> list[Any]:
    return [Whole(Item(size), number) for number in range(count)]


def test_units_keep_their_order_and_only_small_ones_share_a_pack() -> None:
    units = [*small(3), Begin(1), *small(2), Part(1), Part(2)]
    packs, _ = packs_of(units)
    taken = []
    while (pack := packs.take()) is not None:
        taken.append(pack)
    assert taken == [tuple(units[:3]), (Begin(1),), tuple(units[4:6]), (Part(1),), (Part(2),)]
    assert [packs.is_moving(pack) for pack in taken] == [True, False, True, True, True]


def test_a_pack_has_few_bytes_and_grows_with_the_run() -> None:
    packs, _ = packs_of(small(9, BYTES // 2))
    assert len(packs.take() or ()) == 2
    size = PackSize()
    assert size.next() == 16
    size.took(30_000)
    assert 100 < size.next() < 200
    size.took(10**8)
    assert size.next() == 512


def test_each_unit_has_its_own_outcome_or_all_have_one_error() -> None:
    packs, work = packs_of(small(3))
    pack = packs.take()
    assert pack is not None
    outcomes = [UnitOutcome("a"), UnitOutcome(error=ERROR), UnitOutcome("c")]
    packs.done(pack, UnitOutcome(outcomes))
    assert [outcome for _, outcome in work.ended] == outcomes
    packs.done(pack, UnitOutcome(error=ERROR))
    assert [outcome.error for _, outcome in work.ended[3:]] == [ERROR] * 3


def test_after_a_stop_what_came_counts_and_what_was_stopped_is_no_failure() -> None:
    packs, work = packs_of(small(2))
    pack = packs.take()
    assert pack is not None
    packs.stop()
    packs.done(pack, UnitOutcome([UnitOutcome("came"), UnitOutcome(error=ERROR)]))
    assert [outcome.value for _, outcome in work.ended] == ["came"]
    assert packs.take() is None


def test_items_in_packs() -> None:
    assert [len(pack) for pack in packed(range(40), lambda item: 1)] == [16, 16, 8]
    assert [len(pack) for pack in packed(range(3), lambda item: BYTES)] == [1, 1, 1]
    assert list(packed([], lambda item: 1)) == []


def test_what_would_have_to_be_waited_for_is_not_taken_now() -> None:
    source = UnitSource(iter([1, 2]), lambda: 1)
    assert source.take_now() == 1
    assert source.take_now() == 2
    assert source.take_now() is None  # both may bring followers
    source.add(iter([3, 4]), large=True)
    assert source.take_now() == 3
    assert source.take_now() is None  # one large one at a time
    source.settled(large=True)
    assert source.take_now() == 4
