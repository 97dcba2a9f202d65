"""Commands and groups: commands are imported when they are called, and share a set of options."""

from __future__ import annotations

import importlib
import os
import re
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any, NoReturn

import click

from jsobj.cli.parsing.shell_complete import complete_clouds, complete_profiles
from jsobj.cli.parsing.world import Call, World
from jsobj.errors import BadUsage, BucketNotFound, ExitCode, JsobjError, did_you_mean
from jsobj.urls import ALLOW_HTTP

if TYPE_CHECKING:
    from click.shell_completion import CompletionItem

_SHARED_WITH_VALUE = frozenset({"--cloud", "--profile"})
_SHARED_WORDS = _SHARED_WITH_VALUE | {
    "--json",
    "-q",
    "--quiet",
    "-v",
    "--verbose",
    "--no-input",
    "--allow-http",
    "--debug",
}
SHARED = ("cloud", "profile", "as_json", "quiet", "verbose", "no_input", "allow_http", "debug")
_CLUSTER_WITH_H = re.compile(r"-(?=[a-zA-Z]{2})[a-zA-Z]*h[a-zA-Z]*")  # -lh, and not -h, which is help
_HELP = ["-h", "--help"]
_SETTINGS = {"max_content_width": 100}


def _shared_options() -> list[click.Parameter]:
    name: dict[str, Any] = {"metavar": "NAME", "default": ""}
    cloud, profile = "Cloud to use, by its name in clouds.yaml.", "AWS profile to use or to write."
    return [
        click.Option(["--cloud"], **name, help=cloud, shell_complete=complete_clouds),
        click.Option(["--profile"], **name, help=profile, shell_complete=complete_profiles),
        click.Option(["--json", "as_json"], is_flag=True, help="Print one JSON document."),
        click.Option(["-q", "--quiet"], is_flag=True, help="Say only what is data, a warning or an error."),
        click.Option(["-v", "--verbose"], is_flag=True, help="Say more."),
        click.Option(["--no-input"], is_flag=True, help="Never ask; fail and name the option instead."),
        click.Option(["--allow-http"], is_flag=True, help="Allow plain http to another machine."),
        click.Option(["--debug"], is_flag=True, help="Show requests on stderr, without secrets."),
    ]


class ReaderGone(Exception):
    """The reader of standard output has closed it, as head does: not an error."""


class _WithHelp(click.Command):
    """A command with ``-h`` and ``--help``.

    click takes the names from the first context that asks and keeps them, and contexts that are made for a page or a
    completion know no settings.
    """

    def get_help_option_names(self, ctx: click.Context) -> list[str]:
        """The same in every context."""
        return _HELP


class Command(_WithHelp):
    """A command whose function receives a :class:`World` first."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **{**kwargs, "context_settings": _SETTINGS})
        taken = {parameter.name for parameter in self.params}
        self.params.extend(option for option in _shared_options() if option.name not in taken)

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """As click does; where a command has ``--human``, ``-h`` among other letters (``ls -lh``) means that."""
        if any(parameter.name == "human" for parameter in self.params):
            args = _human_spelled_out(args)
        return super().parse_args(ctx, args)

    def invoke(self, ctx: click.Context) -> Any:
        """Turn the shared options into a world, and call."""
        shared = {name: ctx.params.pop(name) for name in SHARED}
        world = ctx.params["world"] = make_world(shared, ctx.obj or Call())
        try:
            return super().invoke(ctx)
        except BrokenPipeError as error:
            raise ReaderGone from error  # click would exit with code 1
        except JsobjError as error:
            if isinstance(error, BucketNotFound):
                from jsobj.cli.views.unknown_bucket import explained

                error = explained(world, ctx, error)
            raise world.out.for_login(error) from error.__cause__


def make_world(shared: Mapping[str, Any], called: Call) -> World:
    """The world of this process, as the shared options want it."""
    from jsobj.identity.settings import Settings
    from jsobj.ui.output import Output
    from jsobj.ui.waiting import say_waits

    environ = os.environ  # noqa: TID251 - the entry point; Output reads only the variables about colour
    loudness = {name: shared[name] for name in ("as_json", "quiet", "verbose")}
    out = Output(sys.stdout, sys.stderr, **loudness, environ=environ)
    if shared["debug"]:
        from jsobj.ui.debuglog import open_debug_log

        open_debug_log(sys.stderr)
    say_waits(out)
    if shared["allow_http"]:
        environ[ALLOW_HTTP] = "1"  # for this process and those that it starts
    settings = Settings.read()
    for name in settings.unknown_own_variables():
        out.warn(f"the variable {name} means nothing to jsobj")
    if shared["cloud"] or shared["profile"]:
        from jsobj.identity.command_hints import with_login

        out.complete_hint = partial(with_login, cloud=shared["cloud"], profile=shared["profile"], either=True)
    return World(settings, out, shared["cloud"], shared["profile"], shared["no_input"], sys.stdin, called)


@dataclass(frozen=True, slots=True)
class Entry:
    """``file:function`` in ``cli/commands``, and the one-line help, so that ``--help`` need not import it."""

    target: str
    summary: str
    section: str = "Commands"


class Group(_WithHelp, click.Group):
    """A group over a table ``word -> Entry``. ``default`` is the command meant when only options follow.

    ``takes_words``: it is also meant where the first word is none of the table's.
    """

    def __init__(
        self, name: str, table: Mapping[str, Entry], *, help: str, default: str = "", takes_words: bool = False
    ) -> None:
        super().__init__(name, help=help, context_settings=_SETTINGS)
        self.table = table
        self.default = default
        self.takes_words = takes_words

    def list_commands(self, ctx: click.Context) -> list[str]:
        """The words, in the order of the table."""
        return list(self.table)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Import the one command that is called."""
        entry = self.table.get(cmd_name)
        if entry is None:
            return None
        module, _, attribute = entry.target.partition(":")
        command = getattr(importlib.import_module(f"jsobj.cli.commands.{module}"), attribute)
        assert isinstance(command, click.Command)
        return command

    def shell_complete(self, ctx: click.Context, incomplete: str) -> list[CompletionItem]:
        """The words from the table alone: Tab does not wait for all commands to be imported."""
        from click.shell_completion import CompletionItem

        known = ((name, entry.summary) for name, entry in self.table.items() if entry.summary)
        words = [CompletionItem(name, help=summary) for name, summary in known if name.startswith(incomplete)]
        meant = self.get_command(ctx, self.default) if self.default and incomplete.startswith("-") else None
        options = click.Command.shell_complete(meant or self, click.Context(meant or self, parent=ctx), incomplete)
        return [*words, *options]

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Insert the default command where none is named; without a default, show the help."""
        given, args = args, _shared_last(args)
        if self.default and (not args or (args[0].startswith("-") and args[0] not in _HELP)):
            args = [self.default, *given]
        elif self.takes_words and args[0] not in (*self.table, *_HELP):
            args = [self.default, *args]
        if not args and not ctx.resilient_parsing:
            bare = ctx.parent is None  # jsobj alone asks what there is; a group alone lacks a word
            click.echo(ctx.get_help(), err=not bare)
            ctx.exit(ExitCode.OK if bare else ExitCode.USAGE)
        return super().parse_args(ctx, args)

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """As click does, with a suggestion for a mistyped word."""
        word = args[0]
        if word not in self.table and not ctx.resilient_parsing:
            self._refuse(ctx, word)
        return super().resolve_command(ctx, args)

    def _refuse(self, ctx: click.Context, word: str) -> NoReturn:
        from jsobj.cli.parsing.other_words import OTHER_WORDS

        if ctx.parent is None and word in OTHER_WORDS:
            message = f"there is no command '{word}' in jsobj"
            raise BadUsage(message, hint=OTHER_WORDS[word])
        hint = did_you_mean(word, self.table).strip().capitalize() or f"See: {ctx.command_path} --help"
        ctx.fail(f"there is no command '{word}'. {hint}")

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """The commands by section, from the table alone."""
        sections: dict[str, list[tuple[str, str]]] = {}
        for name, entry in self.table.items():
            if entry.summary:
                sections.setdefault(entry.section, []).append((name, entry.summary))
        for title, rows in sections.items():
            with formatter.section(title):
                formatter.write_dl(rows)


def _shared_last(args: list[str]) -> list[str]:
    """``jsobj --json bucket list`` means ``jsobj bucket list --json``: shared options may stand in front."""
    rest, moved = list(args), []
    while rest and rest[0].partition("=")[0] in _SHARED_WORDS:
        takes_value = rest[0] in _SHARED_WITH_VALUE and len(rest) > 1
        moved += [rest.pop(0) for _ in range(2 if takes_value else 1)]
    if not moved:
        return list(args)
    if not rest or rest[0].startswith("-"):
        return rest  # there is no command that they could belong to
    end = rest.index("--") if "--" in rest else len(rest)
    return [*rest[:end], *moved, *rest[end:]]


def _human_spelled_out(args: list[str]) -> list[str]:
    end = args.index("--") if "--" in args else len(args)
    clusters = {word for word in args[:end] if _CLUSTER_WITH_H.fullmatch(word)}
    plain = [word.replace("h", "") if word in clusters else word for word in args[:end]]
    return [*(["--human"] if clusters else []), *plain, *args[end:]]


def command(name: str, **kwargs: Any) -> Callable[[Callable[..., Any]], Command]:
    """``@command("create")``: a function becomes a :class:`Command`; its docstring is its help."""
    return click.command(name, cls=Command, **kwargs)


def options(*decorators: Callable[[Callable[..., Any]], Callable[..., Any]]) -> Callable[..., Any]:
    """Several ``click.option(...)`` as one decorator; the help shows them in this order."""

    def decorate(function: Callable[..., Any]) -> Callable[..., Any]:
        for decorator in reversed(decorators):
            function = decorator(function)
        return function

    return decorate
