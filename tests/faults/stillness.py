"""Waiting until nothing passes a fault proxy any more."""

from __future__ import annotations

import time

from fault_proxy import FaultProxy

_SECONDS = 1.0


def still(*proxies: FaultProxy) -> int:
    """Wait until nothing has passed for a second; the count of requests until then.

    Where the one that a test waits for has come, others of other threads may be on their way still.
    """
    before, since = -1, time.monotonic()
    while time.monotonic() < since + _SECONDS:
        passed = sum(len(proxy.journal) + proxy.sent + proxy.received for proxy in proxies)
        if passed != before:
            before, since = passed, time.monotonic()
        time.sleep(0.05)
    return sum(len(proxy.journal) for proxy in proxies)
