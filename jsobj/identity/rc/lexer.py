"""The words of an RC file, cut as bash would cut them, without a shell.

Text in, commands made of words out, for the subset of shell that credentials files use: quotes, backslashes, comments,
continued lines, ``$NAME`` and ``${NAME}``. Everything else is refused with its line. Nothing is expanded or looked up
here, and messages never quote the file: any word of it may be part of a password.
"""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from jsobj.errors import ExitCode, JsobjError

MAX_PIECES = 20_000  # words and their parts in one file; keeps the worst file of 1 MiB well under a second
QUOTE_HINT = "if it belongs to the value, put the whole value in single quotes: export NAME='value'"
REFUSED_HINT = f"{QUOTE_HINT}; otherwise write the value itself, or remove the line"

_BETWEEN_COMMANDS = re.compile(r"(?:[ \t\n]+|\\\n|#[^\n]*)*")
_BETWEEN_WORDS = re.compile(r"(?:[ \t]+|\\\n|#[^\n]*)*")
_ASSIGNED = re.compile(r"[A-Za-z_][A-Za-z0-9_]*=")
_ENDS = " \t\n;&|<>()"
# bash joins continued lines before it looks for the end of a name, and differently inside double quotes: refused.
# A plain command substitution is stepped over in the value of a variable that is not ours: KUBECONFIG=$(pwd -P)/config.
# bash parses what is in it, so more than words could end the file elsewhere.
_KEYWORDS = "case|coproc|do|done|elif|else|esac|fi|for|function|if|in|select|then|time|until|while"
_WORDS = rf"(?!(?:{_KEYWORDS})\b)[\w./-]+(?: [\w./-]+)*"
_REFERENCE = (
    rf"|(?P<command>\$\({_WORDS}\)|`{_WORDS}`)"
    r"|(?P<broken>\$[A-Za-z0-9_]*\\\n)|\$(?P<name>[A-Za-z_][A-Za-z0-9_]*)|\$\{(?P<braced>[A-Za-z_][A-Za-z0-9_]*)\}"
)
# bash expands '~' at the start of a word and after ':' and '='; it is literal only after a letter, digit or '_'.
_UNQUOTED = re.compile(
    r"(?P<text>(?:[^ \t\n;&|<>()'\"\\$`~{]+|(?<=\w)~|\$(?![A-Za-z0-9_{(\[*@#?$!'\"-]|\\\n)|\\\n)+)"
    r"|'(?P<single>[^']*)'|\\(?P<escaped>[^\n])|(?P<shell>[~{])" + _REFERENCE
)
_DOUBLE = re.compile(
    r"(?P<text>(?:[^\"\\$`]+|\\(?=[^\"\\$`])|\$(?![A-Za-z0-9_{(\[*@#?$!-]|\\\n))+)"
    r"|\\(?P<escaped>[\"\\$`])" + _REFERENCE
)
# What word processors and chat programs make of quotes and blanks. For a shell they are letters like others.
_TYPOGRAPHIC = re.compile("[\u2018-\u201f\u2032\u2033\u00ab\u00bb]|(?P<blank>[\u00a0\u2007\u202f\u200b\ufeff])")
_REFUSED = {
    **dict.fromkeys("()", ("rc-operator", "a parenthesis (an array, function or subshell)")),
    **dict.fromkeys("&|", ("rc-operator", "'&' or '|' (it runs commands)")),
    **dict.fromkeys("<>", ("rc-operator", "'<' or '>' (it reads or writes files)")),
    "$": ("rc-expansion", "a '$' expression other than $NAME"),
    **dict.fromkeys(("$(", "`"), ("rc-command-substitution", "a command substitution")),
}


@dataclass(frozen=True, slots=True)
class Text:
    """Literal characters; ``quoted`` when a quote or backslash protected them."""

    text: str
    quoted: bool


@dataclass(frozen=True, slots=True)
class Ref:
    """``$NAME`` or ``${NAME}``, ``quoted`` inside double quotes.

    By their first character, what only a shell can work out: an unquoted ``~`` or ``{``, and command substitutions.
    """

    name: str
    quoted: bool


@dataclass(frozen=True, slots=True)
class Word:
    """One word and the line (1-based) on which it starts."""

    parts: tuple[Text | Ref, ...]
    line: int

    @property
    def bare(self) -> str:
        """The text of a word without quotes or references, else the empty string. Keywords must be bare (bash)."""
        first = self.parts[0]
        return first.text if len(self.parts) == 1 and isinstance(first, Text) and not first.quoted else ""

    @property
    def static(self) -> str | None:
        """The text after quote removal, or None where a reference takes part."""
        texts = [part.text for part in self.parts if isinstance(part, Text)]
        return "".join(texts) if len(texts) == len(self.parts) else None


@dataclass(frozen=True, slots=True)
class ShellCommand:
    """One simple command. ``end`` is what closed it: ``";"``, a newline, or nothing at the end of the file."""

    words: tuple[Word, ...]
    line: int
    end: str


def refusal(name: str, line: int, reference: str, sentence: str, hint: str = "") -> JsobjError:
    """The error for one line of a file. ``sentence`` must not quote the file."""
    return JsobjError(reference, f"{name} line {line}: {sentence}", code=ExitCode.LOCAL, hint=hint)


def commands(text: str, name: str, replaced: Mapping[int, tuple[Word, ...]]) -> Iterator[ShellCommand]:
    """Cut ``text`` into commands, in linear time.

    ``name`` is the file's name for messages. Where a command starts on a line of ``replaced``, these words are taken
    instead of the line. Raises :class:`JsobjError` (local) for a construct outside the subset, an unclosed quote, and a
    file of more than ``MAX_PIECES`` pieces.
    """
    return _Lexer(text, name, replaced).commands()


class _Lexer:
    def __init__(self, text: str, name: str, replaced: Mapping[int, tuple[Word, ...]]) -> None:
        self._text = text
        self._name = name
        self._replaced = replaced
        self._line_ends = [found.start() for found in re.finditer("\n", text)]
        self._pos = 0
        self._pieces = 0
        self._assigns = False  # whether the word being cut is NAME=...
        self._ours = False  # whether it begins with OS_
        self._suspect_line = 0  # where the first quote opened that runs over a line's end

    def commands(self) -> Iterator[ShellCommand]:
        char = "\n"
        while char:
            self._skip(_BETWEEN_COMMANDS)
            line = self._line()
            if line in self._replaced and self._text[self._pos - 1 : self._pos] in ("", "\n"):
                self._pos = self._line_ends[line - 1] if line <= len(self._line_ends) else len(self._text)
                yield ShellCommand(self._replaced[line], line, "\n")
                continue
            words: list[Word] = []
            self._skip(_BETWEEN_WORDS)
            while (char := self._text[self._pos : self._pos + 1]) not in ("", "\n", ";"):
                words.append(self._word())
                self._skip(_BETWEEN_WORDS)
            if char == ";" and not words:
                raise self._refuse("rc-syntax", "a ';' without a command before it")
            self._pos += 1
            if words:
                yield ShellCommand(tuple(words), line, char)

    def _word(self) -> Word:
        line = self._line()
        self._assigns = bool(_ASSIGNED.match(self._text, self._pos))
        self._ours = self._text.startswith("OS_", self._pos)
        parts = self._parts(_UNQUOTED, quoted=False)
        while (char := self._text[self._pos : self._pos + 1]) == '"':
            parts += self._double()
            parts += self._parts(_UNQUOTED, quoted=False)
        if char == "'":
            raise self._unclosed("single", self._line())
        if char == "\\":
            raise self._refuse("rc-syntax", "the file ends with a backslash")
        if not parts or (char and char not in _ENDS):
            raise self._unsupported(char)
        return Word(tuple(parts), line)

    def _double(self) -> list[Text | Ref]:
        opened = self._line()
        self._pos += 1
        parts = self._parts(_DOUBLE, quoted=True)
        char = self._text[self._pos : self._pos + 1]
        if char in ("", "\\"):
            raise self._unclosed("double", opened)
        if char != '"':
            raise self._unsupported(char)
        self._pos += 1
        self._suspect_line = self._suspect_line or (opened if self._line() > opened else 0)
        return parts or [Text("", quoted=True)]

    def _parts(self, pattern: re.Pattern[str], quoted: bool) -> list[Text | Ref]:
        parts: list[Text | Ref] = []
        while found := pattern.match(self._text, self._pos):
            self._pieces += 1
            if self._pieces > MAX_PIECES:
                raise self._refuse("rc-too-complicated", "too long for a credentials file", "is this the right file?")
            kind = found.lastgroup
            if kind == "command" and not self._assigns:
                break
            if kind == "broken":
                raise self._refuse("rc-syntax", "a line that is continued within a '$' reference")
            if kind == "single" and "\n" in found.group() and not self._suspect_line:
                self._suspect_line = self._line()
            if kind in ("name", "braced", "shell", "command"):
                parts.append(Ref(found[kind][0] if kind == "command" else found[kind], quoted))
            elif kind == "text":
                self._refuse_typographic(found["text"], quoted)
                text = found["text"].replace("\\\n", "")  # a continued line
                parts += [Text(text, quoted)] if text else []
            elif kind:
                parts.append(Text(found[kind], quoted=True))
            self._pos = found.end()
        return parts

    def _refuse_typographic(self, text: str, quoted: bool) -> None:
        """Refuse quotes that quote nothing and blanks that part nothing, about a variable of ours.

        Within quotes they may be part of a password.
        """
        found = None if quoted else _TYPOGRAPHIC.search(text)
        if found is None or not (self._ours or "OS_" in text or "export" in text):
            return
        what = "a no-break space" if found["blank"] else "a typographic quote"
        char = f"{what} (U+{ord(found[0]):04X})"
        hint = f"replace it with a plain {'blank' if found['blank'] else 'quote'}; {QUOTE_HINT}"
        raise self._refuse("rc-typographic", f"{char}, which a shell takes for a letter", hint)

    def _skip(self, pattern: re.Pattern[str]) -> None:
        if found := pattern.match(self._text, self._pos):
            self._pos = found.end()

    def _line(self) -> int:
        return bisect_left(self._line_ends, self._pos) + 1

    def _unsupported(self, char: str) -> JsobjError:
        reference, what = _REFUSED["$(" if self._text.startswith("$(", self._pos) else char]
        return self._refuse(reference, f"{what}; the file is read, never run", REFUSED_HINT)

    def _unclosed(self, kind: str, opened: int) -> JsobjError:
        # A quote left open swallows the next one, and the odd one out is found lines later: name the first suspect.
        line = self._suspect_line or opened
        return refusal(self._name, line, "rc-unclosed-quote", f"a {kind} quote is opened and never closed", "close it")

    def _refuse(self, reference: str, sentence: str, hint: str = "") -> JsobjError:
        return refusal(self._name, self._line(), reference, sentence, hint)
