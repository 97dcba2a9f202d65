"""dask's profiler rests while a run lasts, where it can hang its worker for good.

Before Python 3.12, ``sys._current_frames()`` waits for itself if garbage is collected in it while another thread is
just being started (python/cpython#106883, dask/distributed#8616). A worker calls it every 10 ms for its page of
profiles, and a run starts threads with nearly every pack.
"""

from __future__ import annotations

import sys
from typing import Any

_HANGS = sys.version_info < (3, 12)


def rest(worker: Any) -> None:
    """Take no samples of what the worker does; from any thread."""
    _turn(worker, "stop")


def resume(worker: Any) -> None:
    """Take samples again."""
    _turn(worker, "start")


def _turn(worker: Any, to: str) -> None:
    profiler = worker.periodic_callbacks.get("profile")  # None where its user has switched it off

    def turn() -> None:
        if profiler.is_running() is not (to == "start"):  # started twice, it would run twice
            getattr(profiler, to)()

    if _HANGS and profiler is not None:
        worker.loop.add_callback(turn)
