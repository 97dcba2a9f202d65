"""What a server takes for the MD5s of an object's stretches."""

from __future__ import annotations

import threading
from types import SimpleNamespace
from typing import Any

import pytest

from jsobj.errors import BytesDiffer
from jsobj.store.values import ObjectInfo, Part, Upload
from jsobj.transfer.copy.forms import _Reading

SECONDS = 30.0


class Silent:
    """A store of which the second part ends by an exception once the third is waited for.

    That one is answered after the connections were cut; after an error, or without one, by itself.
    """

    def __init__(self, end: type[BaseException] | None = None) -> None:
        self.place = SimpleNamespace(bucket="bucket")
        self.told: list[str] = []
        self._end = end
        self._waiting, self._over = threading.Event(), threading.Event()

    def begin(self, key: str, options: object = None) -> Upload:
        return Upload(key, "id", 1.0)

    def copy_part(self, upload: Upload, number: int, *source: Any) -> Part:
        if number == 2 and self._end is not None:
            assert self._waiting.wait(SECONDS)
            if issubclass(self._end, Exception):
                self._over.set()
            raise self._end
        if number == 3 and self._end is not None:
            self._waiting.set()
            assert self._over.wait(SECONDS)
        return Part(number, 1, "etag")

    def stop(self) -> None:
        self.told.append("stop")
        self._over.set()

    def give_up(self, upload: Upload) -> None:
        self.told.append("give up")


@pytest.mark.parametrize(("end", "told"), [(KeyboardInterrupt, ["stop", "give up"]), (ValueError, ["give up"])])
def test_ctrl_c_cuts_what_the_server_is_asked_for_and_an_error_does_not(
    end: type[BaseException], told: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("jsobj.transfer.copy.forms._PROOF", 1)
    store: Any = Silent(end)
    with pytest.raises(end):
        _Reading(store, ObjectInfo("key", 3, "etag"))._by_server(["etag", "etag", "etag"])
    assert store.told == told


def test_other_bytes_cut_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    """Others use the store."""
    monkeypatch.setattr("jsobj.transfer.copy.forms._PROOF", 1)
    store: Any = Silent()
    with pytest.raises(BytesDiffer):
        _Reading(store, ObjectInfo("key", 3, "etag"))._by_server(["another", "etag", "etag"])
    assert store.told == ["give up"]
