"""Progress for programs: every event as one JSON document (``jsobj.event/1``) per line.

``event`` is ``started``, ``item-started``, ``retried``, ``skipped``, ``left-out``, ``done``, ``failed``, ``noted``,
``progress`` (once a second) or ``summary``, which is the last one. Sizes are bytes, times seconds.
"""

from __future__ import annotations

import json
import re
import threading
from dataclasses import asdict
from typing import TextIO

from jsobj.transfer.events import Event, Failed, ItemStarted, Summary
from jsobj.ui.progress_look import Display, Look
from jsobj.ui.progress_summary import failure_data, summary_record

SCHEMA = "jsobj.event/1"
_HUMP = re.compile(r"(?<=[a-z])(?=[A-Z])")


class JsonLines(Display):
    """Writes events, and the state once a second."""

    first = 1.0
    every = 1.0

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream
        self._lock = threading.Lock()  # "progress" is written by another thread
        self._silent = False

    def draw(self, look: Look, active: tuple[ItemStarted, ...], trouble: str) -> None:
        """The event ``progress``."""
        self._write(
            "progress",
            {
                "items": look.items,
                "items_found": look.found_items,
                "bytes": look.size,
                "bytes_found": look.found_size,
                "planned": look.planned,
                "bytes_per_second": round(look.rate),
                "seconds_left": round(look.left, 1) if look.left is not None else None,
                "failed": look.failed,
                "retries": look.retries,
            },
        )

    def handle(self, event: Event) -> None:
        """One event."""
        name = _HUMP.sub("-", type(event).__name__).lower()
        if isinstance(event, Failed):
            self._write(name, failure_data(event))
        elif isinstance(event, Summary):
            data = dict(summary_record(event).data)
            del data["failures"]  # each had an event of its own
            self._write(name, data)
        else:
            self._write(name, asdict(event))

    def _write(self, name: str, data: dict[str, object]) -> None:
        if self._silent:
            return
        text = json.dumps({"schema": SCHEMA, "event": name, **data}, ensure_ascii=True)
        with self._lock:
            try:
                self._stream.write(text + "\n")
                self._stream.flush()
            except (OSError, ValueError):  # the reader has closed the pipe: the transfer goes on
                self._silent = True
