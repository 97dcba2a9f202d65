"""``jsobj jobs resume``: go on with a job, here, in the background, or after the next start of the machine."""

from __future__ import annotations

import re
import shlex
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import click

from jsobj.cli.parsing.command import command
from jsobj.cli.parsing.detach import detach_options, start_again, start_new
from jsobj.cli.parsing.shell_complete import complete_jobs
from jsobj.cli.parsing.world import World
from jsobj.errors import BadUsage, ExitCode, JsobjError
from jsobj.ui.documents import Record
from jsobj.ui.text import safe

if TYPE_CHECKING:
    from jsobj.identity.settings import Settings
    from jsobj.transfer.detached.find import AnyJob
    from jsobj.transfer.detached.record import DetachedRun


@command("resume")
@click.argument("job", shell_complete=complete_jobs)
@click.option("--on-boot", is_flag=True, help="Print a systemd unit that goes on with it when the machine starts.")
@detach_options
@click.pass_context
def resume(ctx: click.Context, world: World, job: str, on_boot: bool, detach: bool, notify: str) -> None:
    """Go on with a job: run its command again, where it was run.

    JOB is an id from 'jsobj jobs list', or the beginning of one. With --detach it goes on in the background. A job that
    was in the background keeps its id either way.

    \b
    Examples:
      jsobj jobs resume 600b67
      jsobj jobs resume 600b67 --detach
      jsobj jobs resume 600b67 --on-boot
    """
    from jsobj.cli.detached import carry_out, enter
    from jsobj.cli.main import run
    from jsobj.transfer.detached.find import find
    from jsobj.transfer.detached.keeper import Keeper
    from jsobj.transfer.journal.jobs import command_line

    found = find(world.settings.state_dir, job)
    words, folder = _begun(found)
    if on_boot:
        _show_unit(world, found)
        return
    if found.state == "done":
        world.out.note(f"job {found.id} is done, and leaves nothing to go on with")
        return
    if found.run is not None:
        _require_resumable(found.run)
    elif notify and not detach:
        raise BadUsage("--notify goes with --detach")
    world.out.note(command_line(words, folder, world.settings.cwd))
    notify = _whom(world, found, notify)
    enter(folder, found.id)
    if detach:
        if found.run is not None:
            start_again(world, found.run, notify)
        else:
            start_new(world, found.journals[0].key.verb, words, folder, notify)
        return
    given = [word for word, is_set in (("--json", world.out.as_json), ("--quiet", world.out.quiet)) if is_set]
    if found.run is not None:
        keeper = Keeper.claim(world.settings.state_dir, found.id)
        ctx.exit(carry_out(world.settings, keeper, notify, more=given))
    ctx.exit(run(words, more=given))


def _begun(job: AnyJob) -> tuple[tuple[str, ...], str]:
    """What was typed, and where."""
    if job.run is not None:
        return job.run.words, job.run.cwd
    key = job.journals[0].key
    if key.words[:1] in {(), ("jobs",)}:
        raise JsobjError("job-without-command", f"job {job.id} was not begun by a command", code=ExitCode.USAGE)
    return key.words, key.cwd


def _require_resumable(run: DetachedRun) -> None:
    from jsobj.transfer.detached.record import require_not_active

    require_not_active(run)
    if run.state == "cancelled":
        raise JsobjError(
            "job-cancelled",
            f"job {run.id} was cancelled",
            code=ExitCode.REFUSED,
            hint=f"to begin again, run its command: {shlex.join(('jsobj', *run.words))}",
        )


def _whom(world: World, job: AnyJob, notify: str) -> str:
    """Who is told at the end: whom the options name, else the command that was named before."""
    from jsobj.transfer.detached.notify import is_url, require_usable

    if notify:
        require_usable(notify)
    elif job.run is not None and is_url(job.run.notify):
        world.out.warn(f"nobody will be told: {job.run.notify} is kept nowhere; give --notify URL again")
    return notify


def _show_unit(world: World, job: AnyJob) -> None:
    """A service of the user that goes on with the job at each start of the machine, until it is done."""
    from jsobj.cli.views.times import human

    words, folder = _begun(job)
    name = f"jsobj-{job.id}.service"
    program = " ".join(map(_unit_word, (sys.executable, "-m", "jsobj", "jobs", "resume", job.id)))
    commands = [
        f"mkdir -p ~/.config/systemd/user && jsobj jobs resume {job.id} --on-boot > ~/.config/systemd/user/{name}",
        f"systemctl --user enable {name} && loginctl enable-linger",
    ]
    unit = "\n".join(
        (
            *(f"# {command}" for command in commands),
            f"# Begun {human(job.updated)} in {_one_line(folder)}:",
            f"# {_one_line(shlex.join(('jsobj', *words)))}",
            "[Unit]",
            f"Description=jsobj job {job.id}",
            "",
            "[Service]",
            "Type=exec",
            "WorkingDirectory=/",
            *(f"Environment={_unit_word(f'{name}={path}')}" for name, path in _folders(world.settings)),
            f"ExecStart={program}",
            *_into_log(world, job),
            "# 7: no network yet.",
            "RestartForceExitStatus=7",
            "RestartSec=60",
            "",
            "[Install]",
            "WantedBy=default.target",
        )
    )
    world.out.show(
        Record("jsobj.job-unit/1", {"id": job.id, "name": name, "unit": f"{unit}\n", "commands": commands}, unit)
    )


def _folders(settings: Settings) -> Iterator[tuple[str, Path]]:
    """What says where jsobj's files are, as far as that is not the usual place."""
    for name, found, usual in (
        ("XDG_STATE_HOME", settings.state_dir.parent, ".local/state"),
        ("XDG_CONFIG_HOME", settings.openstack_dir.parent, ".config"),
    ):
        if found != settings.home / usual:
            yield name, found


def _into_log(world: World, job: AnyJob) -> Iterator[str]:
    from jsobj.transfer.detached.record import log_path

    if job.run is not None:
        path = str(log_path(world.settings.state_dir, job.run.id)).replace("%", "%%")
        yield from (f"Standard{stream}=append:{path}" for stream in ("Output", "Error"))


def _unit_word(word: str) -> str:
    """A word as systemd reads it back."""
    escaped = word.replace("\\", "\\\\").replace('"', '\\"').replace("%", "%%").replace("$", "$$")
    return escaped if re.fullmatch(r"[\w./=-]+", escaped) else f'"{escaped}"'


def _one_line(text: str) -> str:
    return safe(text.replace("\n", " "))
