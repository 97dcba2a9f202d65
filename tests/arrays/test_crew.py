"""The threads that work for coroutines: results, errors, cancelling, several loops, closing."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Callable

import pytest

from jsobj.arrays.io_threads import AsyncThreadPool


def of_crews() -> set[threading.Thread]:
    return {each for each in threading.enumerate() if each.name == "jsobj-io"}


def test_results_and_errors_come_back_to_who_asked() -> None:
    async def ask(crew: AsyncThreadPool) -> list[object]:
        return await asyncio.gather(*(crew.run(divmod, 100, n) for n in range(200)), return_exceptions=True)

    crew = AsyncThreadPool(lambda: 8)
    for _ in range(3):  # each with an event loop of its own
        first, *others = asyncio.run(ask(crew))
        assert isinstance(first, ZeroDivisionError)
        assert others == [divmod(100, n) for n in range(1, 200)]
    crew.close()


def test_no_more_at_once_than_its_count_and_no_more_threads_than_calls() -> None:
    running: list[int] = []
    most = [0]
    lock = threading.Lock()

    def work() -> None:
        with lock:
            running.append(1)
            most[0] = max(most[0], len(running))
        time.sleep(0.01)
        with lock:
            running.pop()

    async def ask(count: int) -> None:
        await asyncio.gather(*(crew.run(work) for _ in range(count)))

    crew, before = AsyncThreadPool(lambda: 4), of_crews()
    asyncio.run(ask(1))
    assert len(of_crews() - before) == 1
    asyncio.run(ask(40))
    assert most == [4]
    assert len(of_crews() - before) == 4
    crew.close()
    assert of_crews() <= before


async def test_a_call_that_was_cancelled_before_it_began_is_not_made() -> None:
    crew, go, made = AsyncThreadPool(lambda: 1), threading.Event(), []
    first = asyncio.create_task(crew.run(go.wait, 60))
    second = asyncio.create_task(crew.run(made.append, "second"))
    third = asyncio.create_task(crew.run(made.append, "third"))
    await asyncio.sleep(0)
    second.cancel()
    with pytest.raises(asyncio.CancelledError):
        await second
    first.cancel()  # it is under way: its result is dropped
    go.set()
    await third
    assert made == ["third"]
    crew.close()


def test_a_result_for_a_loop_that_is_gone_disturbs_nobody() -> None:
    crew, go = AsyncThreadPool(lambda: 1), threading.Event()

    async def leave() -> None:
        asyncio.get_running_loop().create_task(crew.run(go.wait, 60))
        await asyncio.sleep(0)

    asyncio.run(leave())
    go.set()
    assert asyncio.run(crew.run(int, "7")) == 7
    crew.close()


def test_a_crew_grows_with_its_count() -> None:
    count, meet = [2], threading.Barrier(6, timeout=60)
    crew, before = AsyncThreadPool(lambda: count[0]), of_crews()

    async def ask(calls: int, call: Callable[[], object]) -> None:
        await asyncio.gather(*(crew.run(call) for _ in range(calls)))

    asyncio.run(ask(9, int))
    assert len(of_crews() - before) == 2
    count[0] = 6
    asyncio.run(ask(6, meet.wait))  # all six at once
    assert len(of_crews() - before) == 6
    crew.close()


def test_the_threads_of_a_crew_that_is_forgotten_end() -> None:
    before = of_crews()
    crew = AsyncThreadPool(lambda: 4)
    asyncio.run(crew.run(int, "7"))
    mine = of_crews() - before
    assert len(mine) == 1
    del crew
    for thread in mine:
        thread.join(30)
        assert not thread.is_alive()
