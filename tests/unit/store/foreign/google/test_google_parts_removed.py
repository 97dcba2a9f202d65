"""Parts that are removed together."""

from __future__ import annotations

import threading
from typing import Any

import pytest

from jsobj.store.foreign.google.parts import Parts
from jsobj.store.foreign.google.requests import GoogleRequests
from jsobj.store.values import Upload

SECONDS = 30.0


class Connections:
    """What can be cut."""

    def __init__(self) -> None:
        self.cut = threading.Event()

    def stop(self) -> None:
        self.cut.set()


class Silent(GoogleRequests):
    """Two parts, the second of which is not deleted before the connections are cut."""

    def __init__(self, end: type[BaseException]) -> None:
        self.connections: Any = Connections()
        super().__init__(self.connections, "bucket")
        self._end = end
        self._waiting, self._failed = threading.Event(), threading.Event()

    def call(self, method: str, path: str, key: str = "", document: Any = None, **more: Any) -> dict[str, Any]:
        names = [f".jsobj-parts/key/1-00000000/0000000{number}" for number in (1, 2)]
        return {"items": [{"name": name, "size": "1", "generation": "1"} for name in names]}

    def remove(self, key: str) -> None:
        if key.endswith("1"):
            assert self._waiting.wait(SECONDS)
            self._failed.set()
            raise self._end
        self._waiting.set()
        assert (self._failed if issubclass(self._end, Exception) else self.connections.cut).wait(SECONDS)


@pytest.mark.parametrize("end", [KeyboardInterrupt, ValueError])
def test_ctrl_c_cuts_what_is_under_way_and_an_error_does_not(end: type[BaseException]) -> None:
    api = Silent(end)
    with pytest.raises(end):
        Parts(api).remove(Upload("key", "1-00000000", 1.0))
    assert api.connections.cut.is_set() is (end is KeyboardInterrupt)
