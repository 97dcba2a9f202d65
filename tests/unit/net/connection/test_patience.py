"""The floor: a connection that hardly moves is given up, with a clock of the test's; and who decides it."""

from __future__ import annotations

import socket
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import pytest

from jsobj.net.connection import patience
from jsobj.net.connection.patience import FLOOR_RATE, FLOOR_SECONDS, Line, Patience
from jsobj.net.connection.response_head import WireError
from jsobj.net.retry import RetryPolicy

ROOM = memoryview(bytearray(1 << 20))


class Clock:
    """Time that passes only where the test lets it."""

    def __init__(self) -> None:
        self.now = 1000.0

    def monotonic(self) -> float:
        return self.now

    def gives(self, count: int, seconds: float) -> Callable[[memoryview], int]:
        """A ``recv_into`` that takes so long."""

        def receive(room: memoryview) -> int:
            self.now += seconds
            return count

        return receive


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    made = Clock()
    monkeypatch.setattr(patience, "time", SimpleNamespace(monotonic=made.monotonic))
    return made


def watched(line: Line | None = None, answers: Any = True) -> tuple[Patience, list[bool]]:
    """One that reads a body, and with what its ``give_up`` was called."""
    asked: list[bool] = []
    made = Patience("store.example", line or Line())
    made.body = True

    def give_up(others: bool) -> bool:
        asked.append(others)
        return bool(answers)

    made.give_up = give_up
    return made, asked


def crawl(one: Patience, clock: Clock) -> None:
    """A byte a second, as long as it lasts."""
    while True:
        one.receive(clock.gives(1, 1.0), ROOM)


def test_a_byte_a_second_is_given_up_after_a_minute(clock: Clock) -> None:
    one, asked = watched()
    began = clock.now
    with pytest.raises(WireError) as caught:
        crawl(one, clock)
    assert (caught.value.kind, clock.now - began) == ("slow", FLOOR_SECONDS)
    assert caught.value.reason == "less than 1 KiB/s for 60 s"
    assert asked == [False]


def test_so_is_a_line_that_was_fast_before(clock: Clock) -> None:
    one, _ = watched()
    for _ in range(1000):
        one.receive(clock.gives(100_000, 0.01), ROOM)
    one.receive(clock.gives(int(FLOOR_RATE * FLOOR_SECONDS) // 2, 0.01), ROOM)
    began = clock.now
    with pytest.raises(WireError):
        crawl(one, clock)
    assert clock.now - began <= FLOOR_SECONDS


def test_what_moves_a_little_more_than_the_floor_goes_on_for_ever(clock: Clock) -> None:
    one, asked = watched()
    for _ in range(10_000):
        one.receive(clock.gives(FLOOR_RATE + 50, 1.0), ROOM)
    assert asked == []


def test_time_in_which_the_caller_holds_it_back_does_not_count(clock: Clock) -> None:
    one, asked = watched()
    for _ in range(1000):
        one.receive(clock.gives(100, 0.001), ROOM)
        clock.now += 3600  # a limit of the user's own
    assert asked == []


def test_waiting_for_an_answer_is_no_body(clock: Clock) -> None:
    one, asked = watched()
    one.body = False
    for _ in range(1000):
        one.receive(clock.gives(1, 10.0), ROOM)
    assert asked == []


def test_who_goes_on_is_asked_again_a_minute_later(clock: Clock) -> None:
    one, asked = watched(answers=False)
    for _ in range(180):
        one.receive(clock.gives(1, 1.0), ROOM)
    assert asked == [False] * 3


def test_it_is_told_whether_another_connection_is_well(clock: Clock) -> None:
    line = Line()
    slow, asked = watched(line, answers=False)
    good, _ = watched(line)
    for second in range(240):
        slow.receive(clock.gives(1, 1.0), ROOM)
        if 60 <= second < 120:
            good.receive(clock.gives(100_000, 0.0), ROOM)
    assert asked == [False, True, False, False]


def test_a_slow_line_whose_windows_end_at_the_same_time_is_no_good_line(clock: Clock) -> None:
    """Two that are below the floor do not take one another for well."""
    line = Line()
    pair = [watched(line, answers=False) for _ in range(2)]
    for _ in range(600):
        for one, _ in pair:
            one.receive(clock.gives(FLOOR_RATE // 2, 0.5), ROOM)
            clock.now += 0.0
            one._waited += 0.5  # the other one's turn is its wait too
    assert {others for _, asked in pair for others in asked} == {False}


def test_a_new_connection_begins_anew(clock: Clock) -> None:
    one, asked = watched()
    for _ in range(10):
        for _ in range(int(FLOOR_SECONDS) - 1):
            one.receive(clock.gives(1, 1.0), ROOM)
        one.fresh(None)
    assert asked == []


def test_bytes_that_leave_the_systems_buffer_are_movement(clock: Clock, monkeypatch: pytest.MonkeyPatch) -> None:
    """There is no room for more for longer than the idle time, and the line moves at twice the floor."""
    queued = iter(range(1_000_000, 0, -2 * FLOOR_RATE * 5))
    monkeypatch.setattr(patience, "unsent", lambda connection: next(queued))
    one, asked = watched()
    one.step, one.idle, tries = 5.0, 30.0, 0

    def send(data: memoryview) -> int:
        nonlocal tries
        tries += 1
        clock.now += 5.0
        if tries < 50:
            raise TimeoutError
        return len(data)

    assert one.send(send, ROOM) == len(ROOM)
    assert asked == []


def test_a_buffer_that_hardly_empties_is_given_up_while_the_answer_is_waited_for(
    clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    queued = iter(range(1_000_000, 0, -5))
    monkeypatch.setattr(patience, "unsent", lambda connection: next(queued))
    one, asked = watched()
    one.step, one.idle, one.body = 5.0, 30.0, False

    def nothing(room: memoryview) -> int:
        clock.now += 5.0
        raise TimeoutError

    with pytest.raises(WireError) as caught:
        one.receive(nothing, ROOM)
    assert (caught.value.kind, asked) == ("slow", [False])
    assert clock.now == 1000 + FLOOR_SECONDS + 5


def test_what_the_system_says_is_unsent() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        ours = socket.create_connection(listener.getsockname(), timeout=10)
        theirs, _ = listener.accept()
    with ours, theirs:
        assert patience.unsent(ours) == 0
        theirs.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        ours.setblocking(False)
        ours.send(bytes(8 << 20))  # as much as there is room for
        assert patience.unsent(ours) > 0
    assert patience.unsent(ours) == 0  # closed


# -- fewer at once where the line is slow for all


def running(policy: RetryPolicy, count: int) -> list[Any]:
    turns = [policy.turn() for _ in range(count)]
    for turn in turns:
        turn.__enter__()
    return turns


def test_half_of_the_requests_give_way() -> None:
    policy = RetryPolicy()
    turns = running(policy, 8)
    gone = 0
    for turn in turns:
        if policy.gives_way(60):
            turn.__exit__(None, None, None)
            gone += 1
    assert gone == 4
    assert not any(policy.gives_way(60) for _ in range(4))  # not again within a minute
    assert policy.gives_way(0)


def test_the_only_request_tries_another_connection() -> None:
    policy = RetryPolicy()
    running(policy, 1)
    assert policy.gives_way(60)
