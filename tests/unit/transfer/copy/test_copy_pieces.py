"""What the server copies part by part: nothing more is begun once the run is to end, and nothing wrong counts."""

from __future__ import annotations

import threading
from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import Any

import pytest

from jsobj.errors import JsobjError
from jsobj.net.retry import RetryPolicy
from jsobj.store.swift.segments import Segment
from jsobj.store.values import ObjectInfo, Part, StorePlace, Upload
from jsobj.transfer.copy.pieces import copy_pieces, segments_as_pieces, stretches
from jsobj.transfer.part_layout import Layout

PLACE = StorePlace("swift", "b", "http://s", "")
UPLOAD = Upload("copy", "id")
SEGMENTS = [Segment("b_segments", f"data/{number}", 10 + number, f"{number:032x}") for number in range(100)]


@dataclass
class Target:
    """Notes what it is asked for; the copy of part ``last`` is under way when somebody stops the run."""

    last: int = 0
    wrong: int = 0
    place: StorePlace = PLACE
    retry: RetryPolicy = field(default_factory=RetryPolicy)
    asked: list[tuple[Any, ...]] = field(default_factory=list)
    stopped: bool = False

    @property
    def session(self) -> Any:
        return SimpleNamespace(retry=self.retry)

    def stop(self) -> None:
        self.stopped = True

    def copy_part(self, upload: Upload, number: int, bucket: str, info: ObjectInfo, start: int, size: int) -> Part:
        self.asked.append((number, bucket, info.key, start, size))
        if number == self.last:
            self.retry.stop()
        return Part(number, size, "wrong" if number == self.wrong else info.etag)


def copied(target: Any, pieces: Any) -> tuple[Part, ...]:
    return copy_pieces(target, UPLOAD, pieces)


def test_each_segment_is_copied_as_the_object_that_it_is() -> None:
    target = Target()
    parts = copied(target, segments_as_pieces(SEGMENTS))
    assert parts == tuple(Part(number, each.size, each.md5) for number, each in enumerate(SEGMENTS, start=1))
    wanted = [(number, "b_segments", each.key, 0, each.size) for number, each in enumerate(SEGMENTS, start=1)]
    assert sorted(target.asked) == wanted


def test_stretches_are_those_of_the_layout() -> None:
    target = Target()
    copied(target, stretches("b", ObjectInfo("data", 25, "e"), Layout(25, 10)))
    assert sorted(target.asked) == [(1, "b", "data", 0, 10), (2, "b", "data", 10, 10), (3, "b", "data", 20, 5)]


def test_several_are_under_way_at_once() -> None:
    both = threading.Barrier(2)

    class Slow(Target):
        def copy_part(self, *words: Any) -> Part:
            both.wait(60)
            return super().copy_part(*words)

    assert len(copied(Slow(), segments_as_pieces(SEGMENTS[:2]))) == 2


def test_nothing_more_is_begun_once_the_run_is_to_end() -> None:
    target = Target(last=1)
    target.retry.stop()
    with pytest.raises(JsobjError) as caught:
        copied(target, segments_as_pieces(SEGMENTS))
    assert caught.value.reference == "stopped"
    assert target.asked == []


def test_what_is_under_way_then_ends() -> None:
    target = Target(last=3)
    with pytest.raises(JsobjError) as caught:
        copied(target, segments_as_pieces(SEGMENTS))
    assert caught.value.reference == "stopped"
    assert len(target.asked) < len(SEGMENTS)
    assert not target.stopped


def test_a_segment_that_became_another_is_an_error() -> None:
    with pytest.raises(JsobjError) as caught:
        copied(Target(wrong=2), segments_as_pieces(SEGMENTS[:3]))
    assert "part 2" in (caught.value.context or "")
