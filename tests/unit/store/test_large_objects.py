"""Listings that show the manifests of large objects."""

from __future__ import annotations

import threading

import pytest

from jsobj.store.etag import EMPTY_MD5
from jsobj.store.large_objects import with_sizes
from jsobj.store.values import Listed, ObjectInfo

SECONDS = 30.0


def test_large_objects_are_looked_up_and_no_others() -> None:
    items = [Listed("small", 3, "abc"), Listed("large", 9, EMPTY_MD5), Listed("empty", 0, EMPTY_MD5)]
    asked: list[str] = []

    def head(key: str) -> ObjectInfo:
        asked.append(key)
        return ObjectInfo(key, 1000, "etag")

    assert [(item.key, item.size) for item in with_sizes(items, head)] == [("small", 3), ("large", 1000), ("empty", 0)]
    assert asked == ["large"]


def test_ctrl_c_does_not_wait_for_a_silent_server() -> None:
    waiting, over, answered = threading.Event(), threading.Event(), threading.Event()

    def head(key: str) -> ObjectInfo:
        if key == "a":
            assert waiting.wait(SECONDS)
            raise KeyboardInterrupt
        waiting.set()
        over.wait(SECONDS)
        answered.set()
        return ObjectInfo(key, 1, "")

    try:
        with pytest.raises(KeyboardInterrupt):
            with_sizes([Listed("a", 9, EMPTY_MD5), Listed("b", 9, EMPTY_MD5)], head)
        assert not answered.is_set()
    finally:
        over.set()
