"""Stops a detached run as Ctrl-C would, and waits until it has wound down."""

from __future__ import annotations

import signal
import time
from dataclasses import replace
from pathlib import Path

from jsobj.errors import ExitCode, JsobjError
from jsobj.transfer.detached.record import DetachedRun, change, this_host

_PATIENCE = 30.0  # seconds after Ctrl-C, which lets parts end that can
_IMPATIENCE = 10.0  # and after a second one, which lets none


def stop(state_dir: Path, run: DetachedRun) -> DetachedRun:
    """Stop a run that waits or works, and mark one that was interrupted: neither is gone on with.

    Raises :class:`JsobjError`: local (it is on another machine, or does not end).
    """
    if run.active:
        _require_here(run)
        run = change(state_dir, run.id, lambda found: replace(found, state="cancelling") if found.active else found)
        _end(run)
    return change(state_dir, run.id, _cancelled)


def _end(run: DetachedRun) -> None:
    process = run.process
    if process is None:
        return
    for patience in (_PATIENCE, _IMPATIENCE):
        if not process.signal(signal.SIGINT) or process.wait(patience):
            return
    raise JsobjError(
        "job-does-not-stop",
        f"job {run.id} (pid {process.pid}) does not end",
        code=ExitCode.LOCAL,
        hint=f"it may be waiting for a disk; end it, and give it up then: kill -9 {process.pid}",
    )


def _require_here(run: DetachedRun) -> None:
    if run.host != this_host():
        raise JsobjError(
            "job-on-other-machine",
            f"job {run.id} runs on {run.host}",
            code=ExitCode.LOCAL,
            hint=f"there: jsobj jobs cancel {run.id}",
        )


def _cancelled(run: DetachedRun) -> DetachedRun:
    """It may have come to its end meanwhile."""
    if run.state in {"done", "failed", "cancelled"}:
        return run
    return replace(run, state="cancelled", code=int(ExitCode.INTERRUPTED), ended=run.ended or time.time())
