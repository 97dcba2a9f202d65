"""Segments that are deleted."""

from __future__ import annotations

import threading
from typing import Any

import pytest

from jsobj.store.swift.requests import SwiftRequests
from jsobj.store.swift.segments import Segment, Segments

SECONDS = 30.0


class Container(SwiftRequests):
    """A silent server, where Ctrl-C comes as soon as two requests are under way."""

    def __init__(self) -> None:
        session: Any = None
        super().__init__(session, "/v1/a", "b")
        self.waiting, self.over, self.answered = threading.Event(), threading.Event(), threading.Event()

    def of(self, container: str) -> SwiftRequests:
        return self

    def remove(self, key: str) -> None:
        if key == "1":
            assert self.waiting.wait(SECONDS)
            raise KeyboardInterrupt
        self.waiting.set()
        self.over.wait(SECONDS)
        self.answered.set()


def test_ctrl_c_does_not_wait_for_a_silent_server() -> None:
    silent = Container()
    try:
        with pytest.raises(KeyboardInterrupt):
            Segments(silent).remove([Segment("b_segments", key, 1, "") for key in ("1", "2")])
        assert not silent.answered.is_set()
    finally:
        silent.over.set()
