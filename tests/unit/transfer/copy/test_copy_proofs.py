"""What proves a copy: which parts are chosen, and when their digests are those of the source."""

from __future__ import annotations

import hashlib
import random
import threading
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jsobj.errors import BytesDiffer, JsobjError
from jsobj.store.etag import composite
from jsobj.store.values import PART_SIZE, Limits, ObjectInfo, PartDigest
from jsobj.transfer.copy.proofs import LARGEST, InOrder, Proving, proof, proving
from jsobj.transfer.part_layout import Layout

MIB = 1024**2
S3 = Limits()


@dataclass
class Source:
    """What :func:`proving` asks of a store."""

    known: Sequence[PartDigest] | None = None
    reported: int = 0
    place: Any = field(default=None)

    def digests(self, info: ObjectInfo) -> Sequence[PartDigest] | None:
        return self.known

    def part_size(self, info: ObjectInfo, number: int) -> int:
        return self.reported


def md5(data: bytes) -> str:
    return hashlib.md5(data).hexdigest()


def segments(*sizes: int) -> list[PartDigest]:
    starts = [sum(sizes[:number]) for number in range(len(sizes))]
    return [PartDigest(start, size, md5(b"%d" % start)) for start, size in zip(starts, sizes, strict=True)]


def how(source: Source, info: ObjectInfo, *, any_order: bool = False, limits: Limits = S3) -> Proving:
    return proving(source, info, limits, 16 * MIB, any_order=any_order)  # type: ignore[arg-type]  # all that it asks


def test_equal_segments_are_the_parts_of_the_copy() -> None:
    found = how(Source(segments(8 * MIB, 8 * MIB, 3)), ObjectInfo("k", 16 * MIB + 3, "e", large=True))
    assert (found.by, found.layout.part_size, len(found.known), found.in_order) == ("manifest", 8 * MIB, 3, ())


@pytest.mark.parametrize(
    "sizes",
    [(8 * MIB, 7 * MIB, 9 * MIB), (64 * MIB, 64 * MIB, 5), (MIB, MIB, MIB)],
    ids=["uneven", "too large to be held", "too small for S3"],
)
def test_other_segments_are_hashed_in_their_order(sizes: tuple[int, ...]) -> None:
    found = how(Source(segments(*sizes)), ObjectInfo("k", sum(sizes), "e", large=True))
    assert (found.by, found.layout.part_size, found.known) == ("manifest", 16 * MIB, ())
    assert [part.size for part in found.in_order] == list(sizes)


def test_parts_of_a_recorded_size_are_those_of_the_copy() -> None:
    info = ObjectInfo("k", 20 * MIB, f"{'0' * 32}-3", metadata={PART_SIZE: str(8 * MIB)})
    found = how(Source(), info)
    assert (found.by, found.layout.part_size, found.doubtful) == ("parts", 8 * MIB, False)


def test_parts_of_a_guessed_size_may_be_others() -> None:
    info = ObjectInfo("k", 20 * MIB, f"{'0' * 32}-3")
    found = how(Source(), info)
    assert (found.by, found.doubtful) == ("parts", True)
    assert proof(found, info, {n: (md5(b"x"), "") for n in (1, 2, 3)}, ()) == ""


def test_large_parts_are_hashed_in_order_and_sent_in_smaller_ones() -> None:
    info = ObjectInfo("k", 200 * MIB, f"{'0' * 32}-2", metadata={PART_SIZE: str(100 * MIB)})
    found = how(Source(), info)
    assert (found.by, [part.size for part in found.in_order]) == ("parts", [100 * MIB, 100 * MIB])
    assert found.layout.part_size <= LARGEST


def test_a_checksum_that_needs_no_order_comes_first_where_there_is_none() -> None:
    info = ObjectInfo("k", 40 * MIB, "gen-1", md5="0" * 32, crc32c="00000000")
    source = Source([PartDigest(0, 40 * MIB, "0" * 32)])
    assert (how(source, info).by, how(source, info, any_order=True).by) == ("md5", "crc32c")
    assert how(Source(), ObjectInfo("k", 40 * MIB, '"0x8D"')).by == "sent"


def test_a_target_with_few_parts_gets_larger_ones() -> None:
    info = ObjectInfo("k", 100 * MIB, f"{'0' * 32}-20", metadata={PART_SIZE: str(5 * MIB)})
    found = how(Source(), info, limits=Limits(parts=10))
    assert found.layout.count <= 10
    assert found.in_order


def test_the_md5s_of_parts_make_the_etag() -> None:
    parts = [b"a" * 5, b"b" * 5, b"c"]
    info = ObjectInfo("k", 11, composite(map(md5, parts)))
    found = Proving(Layout(11, 5), "parts")
    arrived = {number: (md5(part), "") for number, part in enumerate(parts, 1)}
    assert proof(found, info, arrived, ()) == "parts"
    assert proof(found, info, {**arrived, 2: (md5(b"other"), "")}, ()) == ""


def test_crcs_of_parts_make_that_of_the_whole() -> None:
    google = pytest.importorskip("google_crc32c")
    data = random.Random(1).randbytes(1000)
    found = Proving(Layout(1000, 300), "crc32c")
    crcs = {p.number: ("", f"{google.value(data[p.start : p.start + p.size]):08x}") for p in found.layout}
    info = ObjectInfo("k", 1000, "gen-1", crc32c=f"{google.value(data):08x}")
    assert proof(found, info, crcs, ()) == "crc32c"
    assert proof(found, info, {**crcs, 1: ("", "00000001")}, ()) == ""


@given(st.lists(st.integers(1, 50), min_size=1, max_size=8), st.integers(10, 60), st.randoms(use_true_random=False))
def test_parts_from_many_threads_are_hashed_in_their_order(sizes: list[int], part: int, chance: random.Random) -> None:
    data = chance.randbytes(sum(sizes))
    starts = [sum(sizes[:number]) for number in range(len(sizes))]
    order = InOrder(tuple(PartDigest(at, size, "") for at, size in zip(starts, sizes, strict=True)))
    layout = list(Layout(len(data), part))
    chance.shuffle(layout)
    threads = [
        threading.Thread(target=order.take, args=(p.number, memoryview(data)[p.start : p.start + p.size]), daemon=True)
        for p in layout
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert order.digests() == [md5(data[at : at + size]) for at, size in zip(starts, sizes, strict=True)]


@pytest.mark.parametrize("told", [[BytesDiffer("k: differs")], [], [BytesDiffer("k: differs"), None]])
def test_nobody_waits_for_a_part_that_will_not_come(told: list[JsobjError | None]) -> None:
    """Who waits ends with the first error, which may be one after which the copy is begun anew; else with the stop."""
    order = InOrder((PartDigest(0, 10, ""),))
    errors: list[JsobjError] = []

    def second() -> None:
        try:
            order.take(2, memoryview(b"12345"))
        except JsobjError as error:
            errors.append(error)

    thread = threading.Thread(target=second, daemon=True)
    thread.start()
    for error in told or [None]:
        order.fail(error)
    thread.join(10)
    assert not thread.is_alive()
    assert [error.reference for error in errors] == ["bytes-differ" if told else "stopped"]
