"""A server that does not answer: sparse lines on stderr, so that silence is not taken for progress."""

from __future__ import annotations

import logging
import os
import time

from jsobj.ui.output import Output

_LOGGER = "jsobj.waiting"
_SPACING = 20.0  # seconds between two lines about one server
_SOON = 5.0  # seconds until the first line on a terminal,
_LATE = 30.0  # and elsewhere, where one line is all


class _Waits(logging.Handler):
    """Shows the records of :mod:`jsobj.net.connection.patience`; with ``--verbose`` all of them."""

    def __init__(self, out: Output) -> None:
        super().__init__()
        self._out = out
        self._process = os.getpid()
        self._said: dict[str, float] = {}

    def emit(self, record: logging.LogRecord) -> None:
        server = str(record.args[0]) if isinstance(record.args, tuple) and record.args else ""
        seconds = float(getattr(record, "seconds", 0.0))
        if self._due(server, seconds) and os.getpid() == self._process:
            self._said[server] = time.monotonic()
            self._out.note(record.getMessage())

    def _due(self, server: str, seconds: float) -> bool:
        if self._out.verbose:
            return seconds >= _SOON - 0.5
        if not self._out.stderr.isatty():
            return seconds >= _LATE - 0.5 and server not in self._said
        last = self._said.get(server)
        return seconds >= _SOON - 0.5 and (last is None or time.monotonic() - last >= _SPACING)


def say_waits(out: Output) -> None:
    """From now on, write to ``out`` when a server does not answer."""
    logger = logging.getLogger(_LOGGER)
    logger.handlers = [_Waits(out)]
    logger.setLevel(logging.INFO)
    logger.propagate = False
