"""The process of a detached run: ``python -m jsobj.cli.detached ID``; see :mod:`jsobj.transfer.detached.start`."""

from __future__ import annotations

import contextlib
import os
import signal
import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING

from jsobj.errors import ExitCode, JsobjError

if TYPE_CHECKING:
    from jsobj.identity.settings import Settings
    from jsobj.transfer.detached.keeper import Keeper


def main(job_id: str) -> None:
    """Take the run over, wait for its turn, do it, and tell that it has ended."""
    from jsobj.transfer.detached.start import taken_over, without_parent

    notify = without_parent()
    # The shell may have started the command with SIGINT ignored, as it does with "&"; it is how a job is cancelled.
    signal.signal(signal.SIGINT, signal.default_int_handler)

    from jsobj.identity.settings import Settings
    from jsobj.transfer.detached.keeper import Keeper
    from jsobj.transfer.detached.record import log_path

    settings = Settings.read()
    try:
        keeper = Keeper.claim(settings.state_dir, job_id)
    except JsobjError as error:
        sys.exit(error.message)  # into the log, whose last line the starter shows
    taken_over(log_path(settings.state_dir, job_id))
    sys.exit(carry_out(settings, keeper, notify, queued=True))


def carry_out(
    settings: Settings, keeper: Keeper, notify: str, *, more: Sequence[str] = (), queued: bool = False
) -> int:
    """Do a run that this process has claimed; its exit code. ``notify``: whom to tell, else whom the record names.

    ``queued``: wait for its turn first. ``more``: words that are no part of its command.
    """
    from jsobj.cli.main import run
    from jsobj.cli.views.jobs import SCHEMA, job_document, sentence_of
    from jsobj.transfer.detached.find import find
    from jsobj.transfer.detached.notify import is_url
    from jsobj.transfer.detached.notify import notify as tell
    from jsobj.transfer.detached.record import read, runs_folder
    from jsobj.transfer.detached.turns import at_once, turn

    turns = runs_folder(settings.state_dir) / "turns"
    code = int(ExitCode.FAILURE)
    with keeper.beating():
        try:
            found = read(settings.state_dir, keeper.id)
            with turn(turns, at_once(settings)) if queued else contextlib.nullcontext():
                keeper.begins()
                enter(found.cwd, found.id)
                code = run(found.words, more=more, keeper=keeper)
        except KeyboardInterrupt:  # while it waits
            code = int(ExitCode.INTERRUPTED)
        except JsobjError as error:
            _say(error)
            code = int(error.code)
    try:
        ended = keeper.ended(code)
    except JsobjError as error:  # the disk is full: who looks finds a job that was interrupted
        _say(error)
        return code
    if not notify and not is_url(ended.notify):
        notify = ended.notify
    if notify and ended.state != "interrupted":
        try:
            document = job_document(settings, find(settings.state_dir, ended.id))
            tell(notify, {"schema": SCHEMA, **document}, sentence_of(ended), ended.cwd)
        except JsobjError as error:
            _say(error)
    return code


def enter(folder: str, job_id: str) -> None:
    """Go to the folder in which a job was begun. Raises :class:`JsobjError` (local)."""
    try:
        os.chdir(folder or ".")
    except OSError as error:
        raise JsobjError(
            "folder-gone",
            f"the folder {folder} in which the job was begun cannot be entered",
            code=ExitCode.LOCAL,
            context=error.strerror or "",
            hint=f"give the job up: jsobj jobs cancel {job_id}",
        ) from error


def _say(error: JsobjError) -> None:
    sys.stderr.write(f"{error}\n")
    sys.stderr.flush()


if __name__ == "__main__":
    main(sys.argv[1])
