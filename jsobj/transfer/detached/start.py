"""Starts the process of a detached run: in a session of its own, without terminal, input and parent."""

from __future__ import annotations

import json
import os
import pwd
import shutil
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import jsobj
from jsobj.errors import ExitCode, JsobjError
from jsobj.transfer.detached.record import DetachedRun, log_path

_TAKEN = b"+"  # what the process writes once the record says that it works
_SECONDS = 60.0
_LINGERING = Path("/var/lib/systemd/linger")  # a file for each user whose services outlive the logout


def start(state_dir: Path, run: DetachedRun, module: str, *, notify: str = "") -> None:
    """Start ``module`` for a run that was recorded, and wait until it has taken the record over.

    It inherits the environment, which is written nowhere; ``notify``, which may be a secret, goes through a pipe. Where
    the user's services outlive the logout it is one of them.

    Raises :class:`JsobjError` (local) where it does not start.
    """
    path = log_path(state_dir, run.id)
    # From here, so that what is imported is this jsobj, and nothing of the folder in which the user happens to be.
    program = [sys.executable, "-m", module, run.id]
    scope = _scope(run)
    given = json.dumps({"notify": notify}).encode()
    try:
        log = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)
    except OSError as error:
        raise _not_started(run, f"{path}: {error.strerror}") from error
    try:
        os.fchmod(log, 0o600)
        if not ((scope and _runs([*scope, *program], given, log)) or _runs(program, given, log)):
            raise _not_started(run, _last_line(path))
    except (OSError, subprocess.SubprocessError) as error:
        raise _not_started(run, str(error)) from error
    finally:
        os.close(log)


def taken_over(log: Path) -> None:
    """Called by the process once it has the record: tell who started it; from now on, say everything into the log."""
    descriptor = os.open(log, os.O_WRONLY | os.O_APPEND | os.O_CLOEXEC | os.O_NOFOLLOW)
    null = os.open(os.devnull, os.O_RDWR | os.O_CLOEXEC)
    os.write(1, _TAKEN)
    os.dup2(null, 0)
    os.dup2(descriptor, 1)
    os.dup2(descriptor, 2)
    os.close(descriptor)
    os.close(null)


def without_parent() -> str:
    """Called by the process first: go on as a child of init; what :func:`start` was given for ``notify``."""
    given = json.loads(sys.stdin.buffer.read())
    if os.fork():
        os._exit(0)
    return str(given["notify"])


def _runs(command: Sequence[str], given: bytes, log: int) -> bool:
    done = subprocess.run(  # noqa: S603 - our own program, no shell
        command,
        input=given,
        stdout=subprocess.PIPE,
        stderr=log,
        cwd=Path(jsobj.__file__).parents[1],
        start_new_session=True,
        timeout=_SECONDS,
        check=False,
    )
    return done.stdout == _TAKEN


def _scope(run: DetachedRun) -> list[str]:
    """The words before a command that make it one of the user's services, environment and all; none where it is not so.

    Without lingering the user's services end with the last login, and a plain process may stay.
    """
    program = shutil.which("systemd-run")
    try:
        lingers = program is not None and (_LINGERING / pwd.getpwuid(os.getuid()).pw_name).exists()
    except (KeyError, OSError):  # a container's user without a name
        lingers = False
    if program is None or not lingers:
        return []
    return [program, "--user", "--scope", "--quiet", "--collect", f"--unit=jsobj-{run.id}-{os.getpid()}", "--"]


def _last_line(path: Path) -> str:
    lines = path.read_text(encoding="utf-8", errors="replace").strip().splitlines()
    return lines[-1][:500] if lines else ""


def _not_started(run: DetachedRun, reason: str) -> JsobjError:
    return JsobjError(
        "job-not-started",
        f"job {run.id} could not be started in the background",
        code=ExitCode.LOCAL,
        context=reason,
        hint="run the command without --detach",
    )
