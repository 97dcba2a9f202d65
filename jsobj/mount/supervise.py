"""A command run as a shell runs it: it gets the signals, and its exit code comes through.

What a terminal sends (Ctrl-C) reaches every process there by itself, so only what another process sends is passed on.
"""

from __future__ import annotations

import os
import signal
import subprocess
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path

from jsobj.errors import ExitCode, JsobjError
from jsobj.processes import die_with

_PASSED = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGQUIT, signal.SIGUSR1, signal.SIGUSR2)
_FROM_KERNEL = 0x80  # si_code SI_KERNEL: a terminal
_NOT_FOUND, _NOT_RUN = 127, 126  # as shells have it


def supervise(
    words: Sequence[str], environment: Mapping[str, str], *, dies_with_us: bool = False, to_child_of: bool = False
) -> int:
    """Run a command, and wait for it; its exit code, 128 and the number of a signal that ended it.

    ``dies_with_us``: SIGKILL for this process ends it too. ``to_child_of``: signals are for its child, since it passes
    none on itself. Raises :class:`JsobjError` where it cannot be run.
    """
    watched = {*_PASSED, signal.SIGCHLD}
    before = signal.pthread_sigmask(signal.SIG_BLOCK, watched)
    try:
        child = _started(words, environment, _prepared(before, dies_with_us))
        while child.poll() is None:
            about = signal.sigtimedwait(watched, 1.0)
            if about is None or about.si_signo == signal.SIGCHLD or about.si_code == _FROM_KERNEL:
                continue
            _pass_on(child.pid, about.si_signo, to_child_of)
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)
    return child.returncode if child.returncode >= 0 else 128 - child.returncode


def _prepared(mask: set[int | signal.Signals], dies_with_us: bool) -> Callable[[], None]:
    parent = os.getpid()

    def prepare() -> None:
        if dies_with_us:
            die_with(parent, "jsobj")
        signal.pthread_sigmask(signal.SIG_SETMASK, mask)

    return prepare


def _started(
    words: Sequence[str], environment: Mapping[str, str], prepare: Callable[[], None]
) -> subprocess.Popen[bytes]:
    try:
        return subprocess.Popen(words, env=dict(environment), preexec_fn=prepare)  # noqa: S603 - the user's own command
    except OSError as error:
        raise JsobjError(
            "command-not-run",
            f"{words[0]}: {(error.strerror or str(error)).lower()}",
            code=ExitCode.USAGE,
            hint="write the command and its words behind --",
        ) from error


def _pass_on(pid: int, number: int, to_child_of: bool) -> None:
    targets = _children(pid) if to_child_of else (pid,)
    for target in targets:
        with suppress(ProcessLookupError):
            os.kill(target, number)


def _children(pid: int) -> tuple[int, ...]:
    try:
        return tuple(map(int, Path(f"/proc/{pid}/task/{pid}/children").read_text().split()))
    except (OSError, ValueError):
        return ()
