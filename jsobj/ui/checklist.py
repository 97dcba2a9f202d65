"""A list of checks on a terminal: one line for each that passed, more for the others.

Colour repeats the status word; it follows :class:`jsobj.ui.output.Output`. Lines are wrapped at blanks; a wrapped
command can still be pasted.
"""

from __future__ import annotations

import re
import shutil
import textwrap
from collections.abc import Iterable, Iterator

from jsobj.ui.output import Output
from jsobj.ui.text import safe

_WIDEST = 80  # columns, also of pipes and wider terminals
_NARROW = 56  # columns; below that a text starts under its name
_NAME = 18  # columns of a name
_STEP = 6  # columns of a status word
_LEAD = " " * _STEP  # before facts and what to do
_STYLES = {"PASS": "32", "WARN": "33", "FAIL": "31", "SKIP": "2", "Next:": "1"}
_ARGUMENT = re.compile(r"(?:'[^']*'|\"[^\"]*\"|\S)+")


class Checklist:
    """Writes rows to standard output."""

    def __init__(self, out: Output) -> None:
        self._out = out
        columns = shutil.get_terminal_size((_WIDEST, 24)).columns if out.on_terminal else _WIDEST
        self._width = min(columns, _WIDEST)
        self._indent = _STEP + _NAME if self._width >= _NARROW else _STEP

    def heading(self, text: str) -> None:
        """The name of what follows."""
        self._out.data(f"\n{safe(text)}")

    def row(
        self,
        status: str,
        name: str,
        text: str,
        *,
        facts: Iterable[tuple[str, str]] = (),
        hint: Iterable[tuple[str, bool]] = (),
    ) -> None:
        """One thing: status, name and sentence, then facts, then what to do, in pieces (text, whether a command)."""
        start = f"{status:<{_STEP}}{safe(name):<{_NAME}}"
        if len(start) == self._indent:
            lines = self._wrapped(safe(text), start)
        else:
            lines = [start, *self._wrapped(safe(text), " " * self._indent)]
        lines[0] = self._styled(status) + lines[0][len(status) :]
        for label, fact in facts:
            lines += self._wrapped(f"{safe(label)}: {safe(fact)}", _LEAD)
        lines += self._next([(safe(piece), is_command) for piece, is_command in hint])
        self._out.data("\n".join(line.rstrip(" ") for line in lines))

    def _next(self, pieces: list[tuple[str, bool]]) -> Iterator[str]:
        """On one line where there is room, else each command on a line of its own."""
        whole = " ".join(piece for piece, _ in pieces)
        if len(_LEAD + "Next: " + whole) <= self._width:
            pieces = [(whole, False)] if whole else []
        for number, (piece, is_command) in enumerate(pieces):
            lead = f"{_LEAD}Next: " if number == 0 else f"{_LEAD}      "
            lines = self._command(piece, lead) if is_command else self._wrapped(piece, lead)
            yield lines[0].replace("Next:", self._styled("Next:"), 1) if number == 0 else lines[0]
            yield from lines[1:]

    def _command(self, text: str, lead: str) -> list[str]:
        """Wrapped between arguments, with a backslash."""
        lines = [lead]
        for argument in _ARGUMENT.findall(text):
            if len(lines[-1]) + len(argument) > self._width - len(" \\") and lines[-1].strip(" ") != lead.strip(" "):
                lines[-1] += "\\"
                lines.append(" " * (len(lead) + 2))
            lines[-1] += f"{argument} "
        return lines

    def _wrapped(self, text: str, lead: str) -> list[str]:
        # Long words (paths, URLs) are not broken, so that they can be selected.
        return textwrap.wrap(
            text,
            self._width,
            initial_indent=lead,
            subsequent_indent=" " * len(lead),
            break_long_words=False,
            break_on_hyphens=False,
        ) or [lead]

    def _styled(self, word: str) -> str:
        return f"\x1b[{_STYLES[word]}m{word}\x1b[0m" if self._out.colour_out else word
