"""Swift's memcached, inside the proxy process.

Swift keeps account and container facts, tokens' secrets and signing keys in memcached. A sandbox has no memcached, and
must never talk to one that happens to run on this machine. There is one proxy process, so a dictionary serves it as
well. Values pass through JSON as they do on their way to a memcached, so that callers see the same types.
"""

from __future__ import annotations

import json
import time as clock
from collections.abc import Iterable, Mapping
from typing import Any

MAX_ITEMS = 50_000


class MemoryCache:
    """The part of ``swift.common.memcached.MemcacheRing`` that Swift's middleware uses; ``time``: seconds, 0: ever."""

    def __init__(self) -> None:
        self._items: dict[str, tuple[float, str]] = {}

    def set(self, key: str, value: Any, serialize: bool = True, time: float = 0, **_: Any) -> None:
        """Keep a value."""
        if isinstance(value, bytes):
            value = value.decode("utf-8", "surrogateescape")
        self._put(key, json.dumps(value), time)

    def get(self, key: str, raise_on_error: bool = False) -> Any:
        """The value or None."""
        text = self._take(key)
        return None if text is None else json.loads(text)

    def incr(self, key: str, delta: int = 1, time: float = 0) -> int:
        """Add to a counter that never falls below 0 (as memcached's does); its new value."""
        old = self._take(key)
        value = max(0, (int(json.loads(old)) if old is not None else 0) + int(delta))
        self._put(key, json.dumps(value), time)
        return value

    def decr(self, key: str, delta: int = 1, time: float = 0) -> int:
        """Subtract from a counter; its new value."""
        return self.incr(key, -int(delta), time)

    def delete(self, key: str, server_key: str | None = None) -> None:
        """Forget a value."""
        self._items.pop(key, None)

    def set_multi(
        self, mapping: Mapping[str, Any], server_key: str, serialize: bool = True, time: float = 0, **_: Any
    ) -> None:
        """Keep several values."""
        for key, value in mapping.items():
            self.set(key, value, serialize, time)

    def get_multi(self, keys: Iterable[str], server_key: str) -> list[Any]:
        """Several values, None for each that is missing."""
        return [self.get(key) for key in keys]

    def _put(self, key: str, text: str, seconds: float) -> None:
        if len(self._items) >= MAX_ITEMS:
            self._items.clear()  # a cache may forget; a sandbox need not be clever about what
        self._items[key] = (clock.monotonic() + seconds if seconds else float("inf"), text)

    def _take(self, key: str) -> str | None:
        item = self._items.get(key)
        if item is None:
            return None
        until, text = item
        if clock.monotonic() >= until:
            del self._items[key]
            return None
        return text
