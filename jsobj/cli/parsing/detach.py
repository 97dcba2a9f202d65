"""``--detach``: a command is checked here, and goes on in a process without terminal."""

from __future__ import annotations

import contextlib
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import click

from jsobj.cli.parsing.command import options
from jsobj.cli.parsing.world import World
from jsobj.errors import BadUsage, JsobjError

if TYPE_CHECKING:
    from jsobj.actions.stores import BucketStores
    from jsobj.identity.auth_source import AuthSource
    from jsobj.transfer.detached.record import DetachedRun

_ASKS_A_PERSON = frozenset({"v3websso", "v3oidcauthcode", "v3oidcdeviceauthz", "v3totp"})
PROGRAM = "jsobj.cli.detached"
_NOTIFY = "With --detach: run CMD, or tell URL, at the end (jsobj help background)."

detach_options = options(
    click.option("--detach", is_flag=True, help="Go on in the background; print a job's id."),
    click.option("--notify", metavar="CMD|URL", default="", help=_NOTIFY),
)


@dataclass(frozen=True, slots=True)
class Detaching:
    """A command that is to go on in the background once it has been checked. ``words``: what is run there."""

    world: World
    verb: str
    words: tuple[str, ...]
    notify: str

    def start(self, *stores: BucketStores | None) -> None:
        """Start it, and print the job's id. ``stores``: those that were looked at.

        Raises :class:`JsobjError`: local, and usage for a login that needs a person.
        """
        for each in stores:
            if each is not None and each.keystone is not None:
                require_unattended(each.keystone.source)
        start_new(self.world, self.verb, self.words, str(self.world.settings.cwd), self.notify)


def start_new(world: World, verb: str, words: tuple[str, ...], folder: str, notify: str) -> None:
    """Start a run of these words, and print its id. Raises :class:`JsobjError` (local)."""
    from jsobj.transfer.detached import record
    from jsobj.transfer.detached.notify import shown
    from jsobj.transfer.detached.stop import stop

    state_dir = world.settings.state_dir
    run = record.new_run(verb, words, folder, notify=shown(notify), cloud=world.cloud, profile=world.profile)
    record.create(state_dir, run)
    try:
        _start(world, run, notify)
    except BaseException:  # Ctrl-C, too: its process may be there already
        with contextlib.suppress(JsobjError):
            stop(state_dir, record.read(state_dir, run.id))
        record.remove(state_dir, run.id)
        raise


def start_again(world: World, run: DetachedRun, notify: str) -> None:
    """Start a run that was interrupted or failed, and print its id. Raises :class:`JsobjError` (local)."""
    from jsobj.transfer.detached.notify import shown
    from jsobj.transfer.detached.record import change

    if notify:
        change(world.settings.state_dir, run.id, lambda found: replace(found, notify=shown(notify)))
    _start(world, run, notify)


def detaching(
    world: World, *, detach: bool, notify: str, dry_run: bool = False, progress: str = "auto"
) -> Detaching | None:
    """What ``--detach`` asks for; None without it.

    Raises :class:`JsobjError`: usage for what cannot go on in the background, local where a package is missing.
    """
    if not detach:
        if notify:
            raise BadUsage("--notify goes with --detach")
        return None
    from jsobj.transfer.detached import turns
    from jsobj.transfer.detached.notify import require_usable

    if dry_run:
        raise BadUsage("--dry-run shows a plan, and in the background nobody sees it", hint="leave --detach out")
    if progress == "bar":
        raise BadUsage("--progress bar needs a terminal", hint="with --detach: --progress line, or json")
    words = _undetached(world.called.words)
    _require_no_secret(words)
    turns.at_once(world.settings)
    if notify:
        require_usable(notify)
    return Detaching(world, str(click.get_current_context().info_name), words, notify)


def require_no_stream(*, detach: bool) -> None:
    """Raise :class:`JsobjError` (usage) where bytes of this terminal's streams would be needed in the background."""
    if detach:
        raise BadUsage("'-' means this terminal, which --detach leaves", hint="name a file, or leave --detach out")


def _start(world: World, run: DetachedRun, notify: str) -> None:
    from jsobj.transfer.detached.record import log_path
    from jsobj.transfer.detached.start import start
    from jsobj.ui.documents import Record

    state_dir = world.settings.state_dir
    start(state_dir, run, PROGRAM, notify=notify)
    data = {"id": run.id, "log": str(log_path(state_dir, run.id))}
    world.out.show(Record("jsobj.job-started/1", data, run.id))
    world.out.note(f"It goes on in the background: jsobj jobs wait {run.id}, or: jsobj jobs logs -f {run.id}")


def _undetached(words: Sequence[str]) -> tuple[str, ...]:
    """The command line without ``--detach`` and ``--notify``: what the journal knows, and what can be repeated."""
    end = words.index("--") if "--" in words else len(words)
    kept, rest = [], iter(words[:end])
    for word in rest:
        if word == "--notify":
            next(rest, None)
        elif word != "--detach" and not word.startswith("--notify="):
            kept.append(word)
    return (*kept, *words[end:])


def require_unattended(source: AuthSource) -> None:
    """Raise :class:`JsobjError` (usage) for a login that asks a person: it cannot be repeated where nobody is."""
    if source.auth_type in _ASKS_A_PERSON:
        raise JsobjError(
            "detach-needs-person",
            f"this login ({source.auth_type}) asks a person each time, and in the background nobody answers",
            code=BadUsage.CODE,
            hint="with a login that asks nobody: jsobj app-cred create NAME --as NAME; then --cloud NAME",
        )


def _require_no_secret(words: Sequence[str]) -> None:
    """The words of a job are written to a file."""
    from jsobj.redaction import redact
    from jsobj.store.location import parse_location

    for word in words:
        signed = False
        if "://" in word:
            try:
                signed = bool(parse_location(word, public=True, signed=True).signed)
            except JsobjError:
                signed = False  # no place at all: the command itself says so
        if signed or redact(word) != word:
            raise JsobjError(
                "detach-secret",
                "a word of this command is a secret, and the words of a job are kept in a file",
                code=BadUsage.CODE,
                hint="run it without --detach",
            )
