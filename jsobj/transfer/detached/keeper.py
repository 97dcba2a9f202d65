"""Keeps the record of a run while a process works on it."""

from __future__ import annotations

import contextlib
import os
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from jsobj.errors import ExitCode, JsobjError
from jsobj.processes import Process
from jsobj.transfer.detached.record import BEAT_SECONDS, DetachedRun, change, require_not_active, this_host
from jsobj.transfer.events import Event, Listener, Started

if TYPE_CHECKING:
    from jsobj.transfer.events import Tally
    from jsobj.transfer.journal.journal import Journal

_FIRST = 1.0  # seconds until the first beat
_COUNTS = ("done", "skipped", "failed", "found_items", "found_bytes", "bytes", "retries")


class Keeper:
    """Says in the record of a run that this process does it: that it lives, how far it is, and how it ended."""

    def __init__(self, state_dir: Path, run_id: str) -> None:
        self.id = run_id
        self._state_dir = state_dir
        self._tally: Tally | None = None
        self._over = threading.Event()

    @classmethod
    def claim(cls, state_dir: Path, run_id: str) -> Keeper:
        """Take a run over, which then waits for its turn.

        Raises :class:`JsobjError`: local (another process works on it), not found.
        """
        process = Process.of(os.getpid())
        if process is None:
            raise JsobjError("job-not-started", "this system does not show processes in /proc", code=ExitCode.LOCAL)

        def taken(run: DetachedRun) -> DetachedRun:
            require_not_active(run)
            return replace(
                run, state="queued", code=None, ended=None, process=process, host=this_host(), beat=time.time()
            )

        change(state_dir, run_id, taken)
        return cls(state_dir, run_id)

    @contextlib.contextmanager
    def beating(self) -> Iterator[None]:
        """Beat in the body, from a thread."""
        beat = threading.Thread(target=self._beat, name="beat", daemon=True)
        beat.start()
        try:
            yield
        finally:
            self._over.set()
            beat.join()

    def begins(self) -> None:
        """It has its turn."""
        self._note(lambda run: replace(run, state=_unless_cancelling(run, "running"), begun=time.time()))

    def listening(self, listener: Listener, tally: Tally, journals: Sequence[Journal]) -> Listener:
        """The same listener, of a transfer: its journals, and its numbers, come into the record."""
        self._tally = tally

        def listen(event: Event) -> None:
            if isinstance(event, Started):
                self._note(lambda run: _started(run, event, journals))
            listener(event)

        return listen

    def ended(self, code: int) -> DetachedRun:
        """It came to its end, with the exit code. Raises :class:`JsobjError` where that cannot be written."""
        self._over.set()
        return self._change(lambda run: replace(run, state=_end(run, code), code=code, ended=time.time()))

    def _beat(self) -> None:
        wait = _FIRST
        while not self._over.wait(wait):
            self._note(lambda run: run)
            wait = BEAT_SECONDS

    def _note(self, edit: Callable[[DetachedRun], DetachedRun]) -> None:
        """Change the record. A full disk does not end the work."""
        with contextlib.suppress(JsobjError):
            self._change(edit)

    def _change(self, edit: Callable[[DetachedRun], DetachedRun]) -> DetachedRun:
        def with_numbers(run: DetachedRun) -> DetachedRun:
            tally = self._tally
            counts = run.counts if tally is None else {name: getattr(tally, name) for name in _COUNTS}
            return replace(edit(run), beat=time.time(), counts=counts)

        return change(self._state_dir, self.id, with_numbers)


def _started(run: DetachedRun, event: Started, journals: Sequence[Journal]) -> DetachedRun:
    run = replace(run, journals=tuple(dict.fromkeys((*run.journals, *(journal.id for journal in journals)))))
    if run.sources:  # one command may be several runs, one for each source: it is known by the first
        return run
    if not journals:
        return replace(run, verb=event.verb, sources=(event.source,), destination=event.destination)
    key = journals[0].key
    return replace(run, verb=key.verb, sources=key.sources, destination=key.destination)


def _unless_cancelling(run: DetachedRun, state: str) -> str:
    return run.state if run.state == "cancelling" else state


def _end(run: DetachedRun, code: int) -> str:
    if code in {ExitCode.INTERRUPTED, ExitCode.TERMINATED}:
        return "cancelled" if run.state == "cancelling" else "interrupted"
    return "failed" if code else "done"
