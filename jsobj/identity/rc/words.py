"""What a shell file is cut into: values for words and commands, and the one way to refuse a line.

Made by :mod:`jsobj.identity.rc.lexer`, interpreted by :mod:`jsobj.identity.rc.interpreter`. Nothing here reads text.
"""

from __future__ import annotations

from dataclasses import dataclass

from jsobj.errors import ExitCode, JsobjError

QUOTE_HINT = "if it belongs to the value, put the whole value in single quotes: export NAME='value'"


@dataclass(frozen=True, slots=True)
class Text:
    """Literal characters; ``quoted`` when any quote or backslash protected them."""

    text: str
    quoted: bool


@dataclass(frozen=True, slots=True)
class Ref:
    """``$NAME`` or ``${NAME}``; ``quoted`` inside double quotes."""

    name: str
    quoted: bool


@dataclass(frozen=True, slots=True)
class Unknown:
    """Something that only a shell could work out: what it is, for the message, and the reference of its refusal."""

    what: str
    reference: str = "rc-expansion"


Part = Text | Ref | Unknown


@dataclass(frozen=True, slots=True)
class Word:
    """One word and the line (1-based) on which it starts."""

    parts: tuple[Part, ...]
    line: int

    @property
    def bare(self) -> str:
        """The text of a word without quotes or expansions, else the empty string. Keywords must be bare (bash)."""
        first = self.parts[0]
        return first.text if len(self.parts) == 1 and isinstance(first, Text) and not first.quoted else ""

    @property
    def static(self) -> str | None:
        """The text after quote removal, or None where an expansion takes part."""
        texts = [part.text for part in self.parts if isinstance(part, Text)]
        return "".join(texts) if len(texts) == len(self.parts) else None


@dataclass(frozen=True, slots=True)
class Command:
    """One simple command. ``end`` is what closed it: ``";"``, a newline, or nothing at the end of the file.

    A command without words is one of the ``whole_lines`` given to :func:`commands`.
    """

    words: tuple[Word, ...]
    line: int
    end: str
    to_stderr: bool = False


def refusal(name: str, line: int, reference: str, sentence: str, hint: str = "") -> JsobjError:
    """The error for one line of a file. ``sentence`` must not quote the file."""
    return JsobjError(reference, f"{name} line {line}: {sentence}", code=ExitCode.LOCAL, hint=hint)
