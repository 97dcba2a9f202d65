"""``jsobj mount``: a bucket as a folder, for as long as it is wanted or for one command."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from jsobj.cli.parsing.command import command
from jsobj.cli.parsing.shell_complete import complete_places_and_target
from jsobj.cli.parsing.stores import request_of, store_options
from jsobj.cli.parsing.world import World
from jsobj.errors import BadUsage, ExitCode, JsobjError
from jsobj.ui.documents import Record
from jsobj.units import parse_size

if TYPE_CHECKING:
    from jsobj.mount.begin import Begun
    from jsobj.mount.ground import Wish
    from jsobj.mount.record import Mount

_BACKENDS = ("rclone", "s3fs")
_SMALLEST_CACHE = 64 << 20
_RUN_HELP = "Mount it for the command behind -- alone, and unmount when that ends."


@command("mount")
@click.argument("words", nargs=-1, metavar="BUCKET[/PREFIX] DIR", shell_complete=complete_places_and_target)
@click.option("--write", is_flag=True, help="Writable; without it the mount is read-only.")
@click.option("--backend", type=click.Choice(_BACKENDS), help="The program that mounts.")
@click.option("--cache", metavar="SIZE", default="10G", help="The most that rclone keeps on disk; default 10G.")
@click.option("--foreground", is_flag=True, help="Stay until it is unmounted; Ctrl-C unmounts.")
@click.option("--unit", is_flag=True, help="Print a systemd unit that mounts it; mount nothing.")
@click.option("--run", "running", is_flag=True, help=_RUN_HELP)
@click.option("--at", "at", metavar="DIR", default="", help="With --run: the folder, instead of one of its own.")
@click.option("--timeout", metavar="S", type=float, default=60.0, help="With --run: as of jsobj umount; default 60.")
@click.option("--inside", is_flag=True, hidden=True, help="With --run: this is in the namespace already.")
@store_options
def mount(world: World, words: tuple[str, ...], **options: Any) -> None:
    """Mount a bucket as a folder, or for one command.

    For programs that want a path. What is written is in the bucket when jsobj umount has said so, not before: with
    rclone a program's write ends in a cache on this computer. jsobj help mounts says what a mount is not, and what is
    quicker.

    DIR must be empty or not there yet. Programs: rclone (pip install 'jsobj[mount]', no root needed), over S3 or, with
    a login and no keys, over Swift; or s3fs-fuse, which reports a failed write to the program that writes.

    With --run nobody else sees the mount, where the kernel allows that, and nothing of it stays behind, whatever ends
    the command. $JSOBJ_MOUNT is its path. The exit code is the command's; 7 where something it wrote could not be sent.

    \b
    Examples:
      jsobj mount s3://results ~/results
      jsobj mount s3://results/run42 ~/run42 --write
      jsobj umount ~/run42
      jsobj mount --run s3://results --write -- sh -c 'model > $JSOBJ_MOUNT/out'
    """
    wish = _wish(words, options)
    if options["running"]:
        _run(world, wish, words, options)
        return
    if len(words) != 2:
        raise BadUsage("name a bucket and a folder", hint="jsobj mount s3://BUCKET DIR")
    if options["at"]:
        raise BadUsage("--at goes with --run", hint=f"jsobj mount {words[0]} {options['at']}")
    if options["unit"]:
        _show_unit(world, words, options)
        return
    from jsobj.mount.begin import mount as mounted

    request = request_of(world, unsigned=options["unsigned"], endpoint=options["endpoint"])
    begun = mounted(world.settings, wish, Path(words[1]).expanduser(), request, warn=world.out.warn)
    _show(world, begun)
    if options["foreground"]:
        _stay(world, begun.mount)


def _wish(words: tuple[str, ...], options: dict[str, Any]) -> Wish:
    from jsobj.mount.ground import Wish
    from jsobj.store.location import parse_location

    if not words:
        raise BadUsage("name a bucket and a folder", hint="jsobj mount s3://BUCKET DIR")
    if options["write"] and options["unsigned"]:
        raise BadUsage("without a login nothing can be written: --write and --no-sign-request exclude each other")
    size = parse_size(options["cache"])
    if size < _SMALLEST_CACHE:
        raise BadUsage(f"a cache of {options['cache']} is too small", hint="at least 64M")
    return Wish(
        parse_location(words[0], public=True, signed=True), options["write"], options["backend"] or "", f"{size}B"
    )


def _show(world: World, begun: Begun) -> None:
    made = begun.mount
    data = mount_data(made)
    access = "read and write" if made.write else "read only"
    lines = [("Bucket", made.url), ("Folder", made.folder), ("Access", access), ("By", made.backend)]
    world.out.show(Record("jsobj.mount/1", data, lines))
    if begun.slow:
        world.out.note("It is mounted; its first listing takes long.")
    if made.write:
        world.out.note(f"What is written is safe when this has said so: jsobj umount {made.folder}")


def mount_data(mount: Mount) -> dict[str, object]:
    """The keys of JSON documents about mounts of ours."""
    return {
        "id": mount.id,
        "url": mount.url,
        "folder": mount.folder,
        "backend": mount.backend,
        "write": mount.write,
        "pid": mount.process.pid if mount.process else None,
    }


def _stay(world: World, mount: Mount) -> None:
    """Until the mounter ends; after a signal, unmount first."""
    from jsobj.mount import process, record
    from jsobj.mount.end import umount

    try:
        while not process.ended(world.settings, mount, 3600.0):
            pass
    except BaseException as error:
        umount(world.settings, mount, say=world.out.note)
        if isinstance(error, KeyboardInterrupt):
            return
        raise
    if record.read(world.settings, mount.id) is not None and not _is_going(world, mount):
        raise JsobjError(
            "mounter-ended",
            f"the mounter of {mount.folder} has ended by itself",
            code=ExitCode.FAILURE,
            hint="mount it again, and send what was left: jsobj mounts --repair",
        )


def _is_going(world: World, mount: Mount) -> bool:
    """Whether a jsobj umount is about to remove the record."""
    import time

    from jsobj.mount import record

    deadline = time.monotonic() + 10.0
    while time.monotonic() < deadline:
        if record.read(world.settings, mount.id) is None:
            return True
        time.sleep(0.1)
    return False


def _run(world: World, wish: Wish, words: tuple[str, ...], options: dict[str, Any]) -> None:
    from jsobj.mount.namespace import private

    if len(words) < 2:
        raise BadUsage("a command is missing", hint="jsobj mount --run s3://BUCKET -- COMMAND")
    if options["foreground"] or options["unit"]:
        raise BadUsage("--run goes with neither --foreground nor --unit")
    alone = options["inside"]
    if not alone:
        found = private()
        if not found.why_not:
            _exit(_in_namespace(world, found.words, words, options))
        world.out.warn(
            f"no namespace of its own here ({found.why_not}): others see the mount while the command runs, and it may"
            " stay behind if jsobj is killed (jsobj mounts --repair)"
        )
    from jsobj.mount.run import run

    request = request_of(world, unsigned=options["unsigned"], endpoint=options["endpoint"])
    _exit(
        run(
            world.settings,
            wish,
            Path(options["at"]).expanduser() if options["at"] else None,
            request,
            words[1:],
            os.environ,  # noqa: TID251 - handed to the user's command as it is
            alone=alone,
            timeout=options["timeout"],
            warn=world.out.warn,
            say=world.out.note,
        )
    )


def _in_namespace(world: World, namespace: tuple[str, ...], words: tuple[str, ...], options: dict[str, Any]) -> int:
    """This command once more, in there."""
    from jsobj.mount.supervise import supervise

    out = world.out
    flags = {"--write": options["write"], "--no-sign-request": options["unsigned"], "--no-input": world.no_input}
    flags |= {"--quiet": out.quiet, "--verbose": out.verbose, "--json": out.as_json}
    values = {"--backend": options["backend"], "--cache": options["cache"], "--at": options["at"]}
    values |= {"--endpoint": options["endpoint"], "--timeout": str(options["timeout"])}
    values |= {"--cloud": world.cloud, "--profile": world.profile}
    again = [sys.executable, "-m", "jsobj", "mount", "--run", "--inside"]
    again += [flag for flag, given in flags.items() if given]
    again += [word for name, value in values.items() if value for word in (name, value)]
    environment = os.environ  # noqa: TID251 - handed on as it is
    return supervise((*namespace, *again, "--", *words), environment, dies_with_us=True, to_child_of=True)


def _exit(code: int) -> None:
    click.get_current_context().exit(code)


def _show_unit(world: World, words: tuple[str, ...], options: dict[str, Any]) -> None:
    from jsobj.mount.folder import real
    from jsobj.mount.unit import unit, unit_name

    where = real(Path(words[1]).expanduser())
    given = [words[0], str(where), "--cache", options["cache"]]
    given += ["--write"] if options["write"] else []
    for name in ("backend", "endpoint"):
        given += [f"--{name}", options[name]] if options[name] else []
    given += ["--no-sign-request"] if options["unsigned"] else []
    given += ["--cloud", world.cloud] if world.cloud else []
    given += ["--profile", world.profile] if world.profile else []
    text = unit((sys.executable, "-m", "jsobj"), given, words[0], where)
    world.out.show(Record("jsobj.mount-unit/1", {"name": unit_name(where), "unit": text}, text))
