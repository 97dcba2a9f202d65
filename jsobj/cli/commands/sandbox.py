"""``jsobj sandbox``: the embedded cloud."""

from __future__ import annotations

import os
import shlex
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from jsobj.cli.parsing.command import Entry, Group, command
from jsobj.cli.parsing.shell_complete import complete_files
from jsobj.cli.parsing.world import World
from jsobj.errors import ExitCode, JsobjError
from jsobj.ui.documents import Record

if TYPE_CHECKING:
    from jsobj.sandbox.status import SandboxStatus

group = Group(
    "sandbox",
    {
        "start": Entry("sandbox:start", "Start the embedded cloud; ready when a signed request works."),
        "stop": Entry("sandbox:stop", "Stop the embedded cloud; its data stays."),
        "status": Entry("sandbox:status", "Show addresses, users and files of the embedded cloud."),
        "shell": Entry("sandbox:shell", "Open a shell whose HOME is the sandbox's."),
        "reset": Entry("sandbox:reset", "Stop the embedded cloud and delete its folder."),
    },
    help="Run a real Keystone and Swift on this machine.\n\nThey listen on 127.0.0.1 only and keep everything in one "
    "folder. Needs the extra: pip install 'jsobj[sandbox]'.",
)


_folder_option = click.option(
    "--dir", "folder", metavar="DIR", default="", help="Folder to keep it in.", shell_complete=complete_files
)


def sandbox_folder(world: World, folder: str) -> Path:
    """``--dir``, or the one of this user. Absolute, since the servers run elsewhere."""
    return Path(folder).absolute() if folder else world.settings.state_dir / "sandbox"


@command("start")
@_folder_option
@click.option("--location", metavar="NAME", default="RegionOne", help="Region of catalogue and S3 signatures.")
@click.option("--token-seconds", type=click.IntRange(5, 86400), default=3600, help="Lifetime of tokens.")
def start(world: World, folder: str, location: str, token_seconds: int) -> None:
    """Start the embedded cloud; ready when a signed request works.

    The first start takes about ten seconds, later ones a few. Log in with one of the files that it names.

    \b
    Examples:
      jsobj sandbox start
      jsobj sandbox start --dir ~/cloud
    """
    from jsobj.sandbox.lifecycle import start as launch
    from jsobj.sandbox.options import SandboxOptions

    options = SandboxOptions(token_seconds=token_seconds, location=location)
    state = launch(sandbox_folder(world, folder), options, say=world.out.note)
    _show(world, state)
    at = f" --dir {shlex.quote(folder)}" if folder else ""
    world.out.note(f"Next: jsobj sandbox shell{at}   (or log in at home with one of these files)")


@command("stop")
@_folder_option
def stop(world: World, folder: str) -> None:
    """Stop the embedded cloud; its data stays."""
    from jsobj.sandbox.lifecycle import stop as halt

    where = sandbox_folder(world, folder)
    was_running = halt(where)
    state = "stopped" if was_running else "was not running"
    data = {"folder": str(where), "was_running": was_running, "running": False}
    world.out.show(Record("jsobj.sandbox-stopped/1", data, [("Sandbox", str(where)), ("State", state)]))


@command("status")
@_folder_option
def status(world: World, folder: str) -> None:
    """Show addresses, users and files of the embedded cloud."""
    from jsobj.sandbox.lifecycle import status as look

    _show(world, look(sandbox_folder(world, folder)))


@command("shell")
@_folder_option
def shell(world: World, folder: str) -> None:
    """Open a shell whose HOME is the sandbox's.

    In it, jsobj, openstack, swift, aws and Python see the sandbox's files and none of yours. Leave it with exit.
    """
    from jsobj.sandbox.lifecycle import status as look
    from jsobj.sandbox.shell import shell_environment, write_prompts

    where = sandbox_folder(world, folder)
    state = look(where)
    if not state.running:
        raise JsobjError(
            "sandbox-not-running",
            f"the sandbox in {where} is not running",
            code=ExitCode.NOT_FOUND,
            hint=f"start it first: jsobj sandbox start{f' --dir {shlex.quote(folder)}' if folder else ''}",
        )
    environ = shell_environment(where, os.environ)  # noqa: TID251 - a child process gets what is ours, less what is not
    program = environ.get("SHELL") or "/bin/sh"
    world.out.note(f"HOME is {environ['HOME']}; RC files are in {where}. Leave with exit.")
    near = {role: os.path.relpath(path, environ["HOME"]) for role, path in state.files.items()}
    world.out.note(f"Next: jsobj login {near['app-cred-restricted']}   (gets no S3 keys)")
    world.out.note(f"or:   jsobj login {near['openrc-password']} --password-stdin < {near['password']}")
    write_prompts(Path(environ["HOME"]))
    code = subprocess.call([program], env=environ, cwd=environ["HOME"])  # noqa: S603 - the user's own shell
    raise click.exceptions.Exit(code if code >= 0 else 128 - code)


@command("reset")
@_folder_option
@click.option("--yes", is_flag=True, help="Do not ask.")
def reset(world: World, folder: str, yes: bool) -> None:
    """Stop the embedded cloud and delete its folder."""
    from jsobj.sandbox.lifecycle import reset as wipe

    where = sandbox_folder(world, folder)
    if not yes and where.exists():
        world.confirm(f"Delete the sandbox in {where} with everything in it?", option="--yes")
    wipe(where)
    data = {"folder": str(where), "deleted": True}
    world.out.show(Record("jsobj.sandbox-reset/1", data, [("Sandbox", str(where)), ("State", "deleted")]))


def _show(world: World, state: SandboxStatus) -> None:
    document: dict[str, Any] = state.to_json()
    schema = str(document.pop("schema"))
    lines = [("Sandbox", str(state.folder)), ("State", "running" if state.running else "not running")]
    if state.reason:
        lines.append(("Stopped because", state.reason))
    if state.running:
        lines += [
            ("Keystone", state.auth_url),
            ("Swift URL", state.swift_url),
            ("S3 endpoint", state.s3_endpoint),
            ("Region", state.region),
            ("Users", ", ".join(f"{user.name} ({user.role} of {user.project})" for user in state.users)),
        ]
    lines += [(f"  {role}", str(path)) for role, path in state.files.items()]
    world.out.show(Record(schema, document, lines))
