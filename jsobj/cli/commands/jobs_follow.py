"""``jsobj jobs wait`` and ``jsobj jobs logs``: jobs in the background, from a terminal or a script."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import click

from jsobj.cli.parsing.command import command
from jsobj.cli.parsing.shell_complete import complete_jobs
from jsobj.cli.parsing.world import World
from jsobj.cli.views import jobs as views
from jsobj.errors import BadUsage, ExitCode, JsobjError
from jsobj.ui.documents import Listing, Stream
from jsobj.ui.text import safe

if TYPE_CHECKING:
    from jsobj.transfer.detached.record import DetachedRun

_POLL = 0.3
_FIRST, _EVERY = 2.0, 10.0  # seconds between two lines of progress
_TIMEOUT_CODE = 75
_TIMEOUT_CODES = frozenset({0, 1, *range(50, 100)})


def _timeout_code(ctx: click.Context, parameter: click.Parameter, value: int) -> int:
    if value not in _TIMEOUT_CODES:
        raise BadUsage("--timeout-exit-code is 0, 1, or from 50 to 99", hint="others are those of jobs that failed")
    return value


@command("wait")
@click.argument("job", nargs=-1, required=True, shell_complete=complete_jobs)
@click.option("--timeout", type=click.FloatRange(min=0), metavar="SECONDS", help="Wait no longer than this.")
@click.option(
    "--timeout-exit-code",
    type=int,
    metavar="CODE",
    default=_TIMEOUT_CODE,
    callback=_timeout_code,
    help=f"Exit code then: 0, 1, or 50 to 99; default: {_TIMEOUT_CODE}.",
)
def wait(world: World, job: tuple[str, ...], timeout: float | None, timeout_exit_code: int) -> None:
    """Wait until jobs in the background end; leave with their exit code.

    That is the code which the command would have had in the foreground; of several, the first in the order given that
    is not 0. A job that was cancelled has 130, one that was killed 3: it waits for jsobj jobs resume. After the timeout
    the jobs go on. How far they are is said on standard error every ten seconds, how they ended on standard output.

    \b
    Examples:
      jsobj jobs wait 600b67
      jsobj jobs wait 600b67 91fd02 --timeout 3600 || echo "code $?"
    """
    from jsobj.transfer.detached.find import AnyJob, find_run
    from jsobj.transfer.detached.record import read

    state_dir = world.settings.state_dir
    ids = list(dict.fromkeys(find_run(state_dir, each).id for each in job))
    end = None if timeout is None else time.monotonic() + timeout
    say = time.monotonic() + _FIRST
    while True:
        runs = [read(state_dir, each) for each in ids]
        active = [run for run in runs if run.active]
        now = time.monotonic()
        if now >= say:
            say = now + _EVERY
            for run in active:
                progress = views.progress_of(run)
                world.out.note(f"{run.id} {run.state}{f': {progress}' if progress else ''}")
        if not active or (end is not None and now >= end):
            break
        time.sleep(_POLL if end is None else min(_POLL, end - now))
    columns: dict[str, str | Callable[[DetachedRun], str]] = {
        "Job": "id",
        "State": "state",
        "Exit code": "exit_code",
        "Command": "command",
    }
    world.out.show(
        Listing(
            "jsobj.job-wait/1",
            runs,
            columns,
            lambda run: views.job_data(world.settings, AnyJob(run)),
            narrow=["Command"],
        )
    )
    if active:
        many = "1 job has" if len(active) == 1 else f"{len(active)} jobs have"
        world.out.warn(f"{many} not ended within {timeout:g} seconds, and will go on")
    codes = [run.exit_code for run in runs if not run.active and run.exit_code]
    code = codes[0] if codes and not active else timeout_exit_code if active else 0
    click.get_current_context().exit(code)


@command("logs")
@click.argument("job", shell_complete=complete_jobs)
@click.option("-f", "--follow", is_flag=True, help="Go on with what it says, until it ends.")
def logs(world: World, job: str, follow: bool) -> None:
    """Show what a job in the background has said.

    Warnings, failures, progress, the result: what a terminal would have shown.
    JOB is an id from 'jsobj jobs list', or the beginning of one.

    \b
    Examples:
      jsobj jobs logs -f 600b67
    """
    from jsobj.transfer.detached.find import find_run
    from jsobj.transfer.detached.record import log_path, read

    state_dir = world.settings.state_dir
    run = find_run(state_dir, job)

    def going_on() -> bool:
        world.out.flush_stream()
        return follow and read(state_dir, run.id).active

    lines = _lines(log_path(state_dir, run.id), going_on)
    world.out.stream(Stream("jsobj.job-log/1", lines, lambda line: {"line": line}, safe))


def _lines(path: Path, going_on: Callable[[], bool]) -> Iterator[str]:
    """The lines that are there, and those that come for as long as the job is ``going_on``."""
    try:
        log = path.open(encoding="utf-8", errors="surrogateescape", newline="\n")
    except OSError as error:
        raise JsobjError(
            "job-log-unreadable",
            f"{path} cannot be read",
            code=ExitCode.LOCAL,
            context=error.strerror or "",
            hint="jsobj jobs show JOB tells how it ended",
        ) from error
    with log:
        rest, last = "", False
        while True:
            rest += log.read()
            *lines, rest = rest.split("\n")
            yield from lines
            if last:  # the job had ended before this was read
                break
            last = not going_on()
            if not last:
                time.sleep(_POLL)
        if rest:
            yield rest
