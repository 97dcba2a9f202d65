"""The token of a running transfer, by a clock that the tests set."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timezone
from types import SimpleNamespace
from typing import Any

import pytest

from jsobj.identity.keystone import token as tokens
from jsobj.identity.keystone.token import Issued
from jsobj.secret import Secret
from jsobj.store.swift.token_keeper import TokenKeeper


class Clock:
    """Wall and monotonic clock, moved by hand."""

    now = 1_800_000_000.0
    offset = 0.0  # of Keystone's clock

    def time(self) -> float:
        return self.now

    def monotonic(self) -> float:
        return self.now - 1_700_000_000.0


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    made = Clock()
    monkeypatch.setattr("jsobj.store.swift.token_keeper.time", made)
    return made


@pytest.fixture
def issued(clock: Clock, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The tokens that Keystone gave out; each lives an hour."""
    given: list[str] = []

    def issue(*words: object) -> Issued:
        given.append(f"token-{len(given) + 1}")
        end = datetime.fromtimestamp(clock.now + clock.offset + 3600, timezone.utc).isoformat().replace("+00:00", "Z")
        return Issued(Secret(given[-1]), {"expires_at": end}, None)

    monkeypatch.setattr(tokens, "issue", issue)
    return given


def keeper(clock: Clock, lifetime: float | None) -> TokenKeeper:
    ends = None if lifetime is None else datetime.fromtimestamp(clock.now + clock.offset + lifetime, timezone.utc)
    login = SimpleNamespace(token_expires=ends, clock_offset=clock.offset)
    keystone: Any = SimpleNamespace(login=login, token=Secret("first"), chosen={}, source=SimpleNamespace(tls=True))
    return TokenKeeper(keystone)


@pytest.mark.parametrize("offset", [0.0, 86_400.0, -86_400.0])
def test_it_is_renewed_before_it_ends_whatever_the_clock_says(clock: Clock, issued: list[str], offset: float) -> None:
    clock.offset = offset
    kept = keeper(clock, 3600)
    clock.now += 3569
    assert (kept.current(), issued) == (Secret("first"), [])
    clock.now += 2
    assert kept.current() == Secret("token-1")
    clock.now += 3569
    assert kept.current() == Secret("token-1")


def test_a_short_token_is_used_for_half_its_time(clock: Clock, issued: list[str]) -> None:
    kept = keeper(clock, 20)
    clock.now += 9
    assert kept.current() == Secret("first")
    clock.now += 2
    assert kept.current() == Secret("token-1")


def test_one_without_an_end_is_kept(clock: Clock, issued: list[str]) -> None:
    kept = keeper(clock, None)
    clock.now += 10**8
    assert (kept.current(), issued) == (Secret("first"), [])


def test_one_renewal_for_all_F30(clock: Clock, issued: list[str]) -> None:
    kept = keeper(clock, 3600)
    clock.now += 3600
    with ThreadPoolExecutor(8) as pool:
        assert set(pool.map(lambda _: kept.current(), range(32))) == {Secret("token-1")}
    assert issued == ["token-1"]


def test_a_fresh_token_that_nobody_took_is_not_renewed_again(clock: Clock, issued: list[str]) -> None:
    kept = keeper(clock, 3600)
    kept.renew()
    assert issued == []
    kept.accepted = True
    kept.renew()
    kept.renew()
    assert (kept.current(), issued) == (Secret("token-1"), ["token-1"])
    clock.now += 11
    kept.renew()
    assert issued == ["token-1", "token-2"]


def test_it_does_not_show(clock: Clock) -> None:
    assert "first" not in repr(vars(keeper(clock, None)))
