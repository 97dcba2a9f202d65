"""Deleting many: each object that is gone is counted, also where the run ends early."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Any

import pytest

from jsobj.errors import ExitCode, JsobjError
from jsobj.store.values import StorePlace
from jsobj.transfer.delete import ToDelete, delete_all
from jsobj.transfer.events import Done, Tally

KEYS = [f"k{n:05}" for n in range(1000)]


class Emptying:
    """What a store does of itself: it deletes, until one object meets a cause that affects all."""

    place = StorePlace("s3", "b", "http://x", "", "")

    def __init__(self, last: str, error: BaseException) -> None:
        self.gone: list[str] = []
        self._last, self._error = last, error

    def delete_many(self, keys: Sequence[str]) -> Collection[str]:
        kept = [key for key in keys if key != self._last]
        self.gone.extend(kept)
        return kept

    def delete(self, key: str) -> None:
        raise self._error


@pytest.mark.parametrize(
    "error", [JsobjError("login-refused", "the login was refused", code=ExitCode.AUTH), KeyboardInterrupt()]
)
def test_what_was_deleted_before_the_run_ended_is_told(error: BaseException) -> None:
    store: Any = Emptying(KEYS[333], error)
    events: list[Any] = []
    tally = Tally()
    with pytest.raises(type(error)):
        delete_all((ToDelete(store, key) for key in KEYS), tally=tally, emit=events.append, stop=lambda: None)
    told = [event.item.rpartition("/")[2] for event in events if isinstance(event, Done)]
    assert sorted(told) == sorted(store.gone)
    assert KEYS[333] not in told
    assert tally.done == len(told) >= 333 - 100
