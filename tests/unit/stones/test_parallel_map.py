"""Work in threads, of which an early end leaves as little as can be."""

from __future__ import annotations

import threading
from collections.abc import Iterator

import pytest

from jsobj.parallel_map import if_interrupted, parallel_map

SECONDS = 30.0


class Wrong(Exception):
    pass


def test_results_come_in_the_order_of_the_items() -> None:
    later = threading.Event()

    def look(item: int) -> int:
        if item == 0:
            assert later.wait(SECONDS)
        if item == 1:
            later.set()
        return item

    assert list(parallel_map(look, range(100), 2)) == list(range(100))


@pytest.mark.parametrize("end", [KeyboardInterrupt, GeneratorExit])
def test_ctrl_c_ends_what_is_under_way_and_begins_nothing_more(end: type[BaseException]) -> None:
    begun: list[int] = []
    two, stopped = threading.Barrier(3), threading.Event()

    def wait_for_the_server(item: int) -> None:
        begun.append(item)
        two.wait(SECONDS)
        assert stopped.wait(SECONDS)

    def items() -> Iterator[int]:
        yield from range(4)
        two.wait(SECONDS)
        raise end

    with pytest.raises(end):
        list(parallel_map(wait_for_the_server, items(), 2, stop=if_interrupted(stopped.set)))
    assert sorted(begun) == [0, 1]


def test_whoever_wants_no_more_results_ends_the_work() -> None:
    stopped = threading.Event()
    results = parallel_map(
        lambda item: item == 0 or stopped.wait(SECONDS), range(2), 2, stop=if_interrupted(stopped.set)
    )
    assert next(results)
    results.close()
    assert stopped.is_set()


def test_an_error_lets_others_go_on_where_it_is_no_end() -> None:
    stops: list[str] = []

    def fail(item: int) -> None:
        raise Wrong

    for stop in (if_interrupted(lambda: stops.append("gentle")), lambda: stops.append("any")):
        with pytest.raises(Wrong):
            list(parallel_map(fail, [1], 2, stop=stop))
    assert stops == ["any"]
