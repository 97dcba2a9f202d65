"""What every command receives: settings, output, and the options that all commands share."""

from __future__ import annotations

import sys
from dataclasses import dataclass
from datetime import datetime, timezone
from typing import TYPE_CHECKING, TextIO

import click

from jsobj.errors import ExitCode, JsobjError
from jsobj.secret import Secret

if TYPE_CHECKING:
    from jsobj.identity.settings import Settings
    from jsobj.transfer.detached.keeper import Keeper
    from jsobj.ui.output import Output


@dataclass(frozen=True, slots=True)
class Call:
    """A command line, without the program's name; ``keeper``: of the detached run that it belongs to."""

    words: tuple[str, ...] = ()
    keeper: Keeper | None = None


@dataclass(frozen=True, slots=True)
class World:
    """The surroundings of one command. ``called``: how it was called."""

    settings: Settings
    out: Output
    cloud: str
    profile: str
    no_input: bool
    stdin: TextIO
    called: Call = Call()

    @property
    def can_ask(self) -> bool:
        """Whether prompts are allowed and stdin is a terminal."""
        return not self.no_input and self.stdin.isatty()

    def now(self) -> datetime:
        """The time of this computer, aware, in UTC."""
        return datetime.now(timezone.utc)

    def will_change_names(self) -> None:
        """The command changes what there is at the server: from its end on, completion asks again."""
        from jsobj.store.completion_cache import forget_names

        click.get_current_context().call_on_close(lambda: forget_names(self.settings.cache_dir))

    def secret_from_stdin(self, what: str) -> Secret:
        """The first line of standard input, without its line end.

        Raises :class:`JsobjError` (usage) for an empty one, and for a terminal, which would show what is typed.
        """
        if self.stdin.isatty():
            raise JsobjError(
                "stdin-is-terminal",
                f"the {what} would be seen while it is typed",
                code=ExitCode.USAGE,
                hint="leave the option out and be asked, or send it: ... < FILE",
            )
        line = self.stdin.readline(65536).rstrip("\r\n")
        if not line:
            raise JsobjError("stdin-empty", f"no {what} came on standard input", code=ExitCode.USAGE)
        return Secret(line)

    def ask(self, question: str, *, option: str, secret: bool = False, default: str = "") -> str:
        """Prompt for a value.

        Raises :class:`JsobjError` (usage) naming the option to use where prompts are not possible.
        """
        if not self.can_ask:
            raise JsobjError(
                "input-needed",
                f"cannot ask for '{question}': there is no terminal, or --no-input was given",
                code=ExitCode.USAGE,
                hint=f"use {option}",
            )
        try:
            return str(
                click.prompt(question, hide_input=secret, err=True, default=default or None, show_default=not secret)
            )
        except click.Abort as error:
            if not isinstance(error.__context__, EOFError):
                raise  # Ctrl-C
            sys.stderr.write("\n")
            message = f"no answer to '{question}': the input ended (Ctrl-D)"
            raise JsobjError("input-ended", message, code=ExitCode.USAGE, hint=f"use {option}") from error

    def confirm(self, question: str, *, option: str) -> None:
        """Ask for confirmation.

        Raises :class:`JsobjError`: refused for a no, usage naming the option where prompts are not possible.
        """
        if not self.can_ask:
            raise JsobjError(
                "confirmation-needed",
                f"{question} needs a yes",
                code=ExitCode.USAGE,
                hint=f"add {option} if you are sure",
            )
        if not click.confirm(question, err=True):
            raise JsobjError("not-confirmed", "nothing was changed", code=ExitCode.REFUSED)
