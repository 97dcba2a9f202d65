"""``jsobj umount`` and ``jsobj mounts``: the end of a mount, and what there is of them."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING

import click

from jsobj.cli.commands.mount import mount_data
from jsobj.cli.parsing.command import command
from jsobj.cli.parsing.shell_complete import completer
from jsobj.cli.parsing.world import World
from jsobj.errors import BadUsage, ExitCode, JsobjError
from jsobj.ui.documents import Listing
from jsobj.units import human_bytes

if TYPE_CHECKING:
    from jsobj.identity.settings import Settings
    from jsobj.mount.end import Ended
    from jsobj.mount.record import Mount
    from jsobj.mount.state import State

_NOTHING = "Nothing is mounted, and nothing waits to be sent."


@completer
def _complete_folders(settings: Settings, ctx: click.Context, incomplete: str) -> Iterable[str]:
    """The folders of our mounts."""
    from jsobj.mount import record

    return [each.folder for each in record.all_mounts(settings) if not each.run]


@command("umount")
@click.argument("folders", metavar="DIR...", nargs=-1, shell_complete=_complete_folders)
@click.option("--all", "everything", is_flag=True, help="Every mount that jsobj made here.")
@click.option("--timeout", metavar="S", type=float, default=60.0, help="Seconds without progress; default 60.")
@click.option("--lazy", is_flag=True, help="Take it out of the table in any case; what waits is kept for later.")
def umount(world: World, folders: tuple[str, ...], everything: bool, timeout: float, lazy: bool) -> None:
    """Unmount, when all that was written is in the store.

    Sends what waits in the mounter's cache, names the processes that hold the mount and waits for them, and asks the
    store for each file that waited. Exit code 0: it is gone from the table of mounts, the mounter has ended, and the
    store has every file. 6: processes hold it. 7: something could not be sent, and it is still mounted, unless --lazy.
    Nobody is killed.

    \b
    Examples:
      jsobj umount ~/results
      jsobj umount --all --timeout 600
    """
    from jsobj.mount import record
    from jsobj.mount.end import umount as unmount

    if everything == bool(folders):
        raise BadUsage("name folders, or give --all", hint="see what is mounted: jsobj mounts")
    meant = [each for each in record.all_mounts(world.settings) if not each.run or each.namespace == record.namespace()]
    chosen = [each.folder for each in meant] if everything else list(folders)
    ended: list[Ended] = []
    failures: list[JsobjError] = []
    for each in chosen:
        try:
            mount = _mount_at(meant, Path(each))
            ended.append(unmount(world.settings, mount, timeout=timeout, lazy=lazy, say=world.out.note))
        except JsobjError as error:
            if len(chosen) == 1:
                raise
            world.out.failed(str(each), error, hint=True)
            failures.append(error)
    world.out.show(
        Listing(
            "jsobj.umounted/1",
            ended,
            {"Folder": "folder", "Bucket": "url", "Sent": lambda each: _counted(each.proven)},
            lambda each: {
                "folder": each.mount.folder,
                "url": each.mount.url,
                "sent": list(each.proven),
                "failure": each.failure or None,
            },
            empty="" if failures else _NOTHING,
        )
    )
    if failures:
        codes = [error.code for error in failures]
        click.get_current_context().exit(int(ExitCode.NETWORK if ExitCode.NETWORK in codes else codes[0]))


def _counted(keys: tuple[str, ...]) -> str:
    return f"{len(keys)} waited, all in the store" if keys else "nothing waited"


def _mount_at(meant: list[Mount], folder: Path) -> Mount:
    from jsobj.mount import table
    from jsobj.mount.folder import real

    where = real(folder.expanduser())
    if found := next((each for each in reversed(meant) if each.path == where), None):
        return found
    there = table.at(where, table.read())
    if there is None:
        raise JsobjError(
            "mount-not-there",
            f"nothing is mounted on {where}",
            code=ExitCode.NOT_FOUND,
            hint="see what is mounted: jsobj mounts",
        )
    raise JsobjError(
        "mount-foreign",
        f"{where} was not mounted by jsobj, which cannot know what waits in it",
        code=ExitCode.REFUSED,
        context=f"{there.source} ({there.kind})",
        hint=f"fusermount3 -u {where}",
    )


@command("mounts")
@click.option("--repair", is_flag=True, help="Unmount what is dead or failing, mount ours again, send what was left.")
def mounts(world: World, repair: bool) -> None:
    """List mounts of object stores, and what waits to be sent.

    Also those that others made, and of ours those that are gone while something of them was not sent. A mount is asked
    for five seconds: alive, slow (no answer), stale (its mounter is dead), faulty (it answers with an error), dead (no
    longer mounted), ending (unmounted, and its mounter has not ended), failing (it could not send what waits), running
    (of a command: jsobj mount --run).

    \b
    Examples:
      jsobj mounts
      jsobj mounts --repair
    """
    from jsobj.mount.state import states

    found = states(world.settings)
    if repair:
        _repair(world, found)
        return
    columns = {
        "Folder": lambda each: each.folder,
        "Bucket": lambda each: each.mount.url if each.mount else each.there.source,
        "State": lambda each: each.words,
        "By": lambda each: each.mount.backend if each.mount else each.there.kind.removeprefix("fuse."),
        "Waiting": lambda each: _waiting(each),
    }
    world.out.show(Listing("jsobj.mounts/1", found, columns, _state_data, empty=_NOTHING))
    if any(each.sick for each in found):
        world.out.note("Mend it, and send what was left: jsobj mounts --repair")


def _waiting(state: State) -> str:
    if state.mount is None:
        return "not known"
    if not state.waiting:
        return "nothing"
    return f"{_files(len(state.waiting))}, {human_bytes(sum(each.size for each in state.waiting))}"


def _files(number: int) -> str:
    return f"{number} file" + ("s" if number != 1 else "")


def _state_data(state: State) -> dict[str, object]:
    mount, there = state.mount, state.there
    own = mount_data(mount) if mount else {"id": None, "url": None, "write": not there.read_only if there else None}
    waiting = [{"key": mount.key(each.name), "bytes": each.size} for each in state.waiting] if mount else None
    more = {"folder": state.folder, "state": state.words, "ours": mount is not None, "waiting": waiting}
    more["failure"] = state.failure or None
    return {**own, "kind": there.kind if there else None, "source": there.source if there else None, **more}


def _repair(world: World, found: tuple[State, ...]) -> None:
    from jsobj.mount.repair import mine
    from jsobj.mount.repair import repair as mend

    done = [mend(world.settings, each, say=world.out.note) for each in found if each.sick and mine(each)]
    for each in done:
        if each.error is not None:
            world.out.failed(each.state.folder, each.error, hint=True)
    columns = {
        "Folder": lambda each: each.state.folder,
        "Done": lambda each: each.done,
        "Sent": lambda each: f"{_files(len(each.sent))}, all in the store" if each.sent else "",
    }
    world.out.show(
        Listing(
            "jsobj.mounts-repaired/1",
            done,
            columns,
            lambda each: {"folder": each.state.folder, "done": each.done, "sent": list(each.sent)},
            empty="No mount is dead, and nothing was found that could not be sent.",
        )
    )
    codes = {int(each.error.code) for each in done if each.error is not None}
    if codes:
        click.get_current_context().exit(codes.pop() if len(codes) == 1 and len(done) == 1 else int(ExitCode.PARTIAL))
