"""The words of a shell file, as bash would cut them, without a shell.

This is the lexer under :mod:`jsobj.identity.rc.interpreter`: text in, commands made of words out. It follows the Bash
Reference Manual, section 3.1 (quoting, comments, continuation lines) for the subset that credentials files use, and
refuses the rest with its line number. It must not expand, run, look up or remember anything, and its messages never
quote the file: any word of an RC file may be part of a password.

What could only be known by running something (a command substitution, ``$HOME``'s tilde, ``{a,b}``) becomes an
:class:`Unknown` part if its end is beyond doubt, so that ``export KUBECONFIG=$(pwd -P)/config`` can be stepped over.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Container, Iterator

from jsobj.errors import JsobjError
from jsobj.identity.rc.words import QUOTE_HINT, Command, Part, Ref, Text, Unknown, Word, refusal

MAX_PIECES = 20_000  # words and their parts in one file; keeps the worst file of 1 MiB well under a second
MAX_SUBSTITUTION = 4096  # characters of one $(...), `...` or ${...}

_BLANK_LINES = re.compile(r"[ \t\n]*(?:#[^\n]*\n[ \t\n]*)*")
_GAP = re.compile(r"(?:[ \t]|\\\n)*")
_PLAIN = re.compile(r"[^ \t\n;&|<>()'\"\\$`~{]+")
_IN_DOUBLE = re.compile(r"[^\"\\$`]+")
_REFERENCE = re.compile(r"\$(?:([A-Za-z_][A-Za-z0-9_]*)|\{([A-Za-z_][A-Za-z0-9_]*)\})")
_WITH_DEFAULT = re.compile(r"\$\{[A-Za-z_][A-Za-z0-9_]*:?[-+][A-Za-z0-9_./:]*\}")
_SPECIAL = re.compile(r"\$[0-9@*#?$!-]")
_TO_STDERR = re.compile(r"1?>&2(?=[ \t\n;]|\Z)")
_BACKTICKS = re.compile(r"`[^`'\"\\\n$()<>&;|#{}]+`")
_ENDS = " \t\n;&|<>()"

# A pipeline of plain commands: the one shape of $(...) whose closing parenthesis is certain without parsing shell. Each
# alternative starts with a different character, so that a mismatch costs linear time.
_SUB_WORD = (
    r"(?:[A-Za-z0-9_./~:,@%+=^*?-]|'[^'\n]*'|\"(?:[^\"\\`$\n]|\$(?=[A-Za-z0-9_])|\$\{[A-Za-z0-9_]+\})*\""
    r"|\$(?=[A-Za-z0-9_])|\$\{[A-Za-z0-9_]+\})+"
)
_SUB_COMMAND = rf"{_SUB_WORD}(?:[ \t]+(?:{_SUB_WORD}|2>/dev/null|2>&1))*"
_SUBSTITUTION = re.compile(rf"\$\([ \t]*{_SUB_COMMAND}(?:[ \t]*(?:\|\|?|&&|;)[ \t]*{_SUB_COMMAND})*[ \t]*\)")
_SUB_RESERVED = re.compile(
    r"(?:[(|&;])[ \t]*(?:if|then|else|elif|fi|for|select|while|until|do|done|in|case|esac|function|time|coproc)"
    r"(?![A-Za-z0-9_./~:,@%+=^*?-])"
)

_ANSI_C = re.compile(
    r"[^'\\]+|\\(?:([\\'\"?])|([0-7]{1,3})|x([0-9A-Fa-f]{1,2})|u([0-9A-Fa-f]{1,4})|U([0-9A-Fa-f]{1,8}))"
)


def commands(text: str, name: str, whole_lines: Container[int] = ()) -> Iterator[Command]:
    """Cut ``text`` into commands, in linear time.

    ``name`` is the file's name for messages. Lines whose number is in ``whole_lines`` are not looked into when a
    command starts there: they come out as a :class:`Command` without words. Raises :class:`JsobjError` (local) for a
    construct outside the subset, an unclosed quote, and a file of more than ``MAX_PIECES`` pieces.
    """
    return _Scanner(text, name, whole_lines).commands()


class _Scanner:
    """A cursor over the text. ``_parts`` and ``_run`` hold the word under construction."""

    def __init__(self, text: str, name: str, whole_lines: Container[int]) -> None:
        self._text = text
        self._name = name
        self._whole_lines = whole_lines
        self._pos = 0
        self._line = 1
        self._counted = 0
        self._pieces = 0
        self._suspect_line = 0  # where the first quote opened that runs over a line's end
        self._parts: list[Part] = []
        self._run: list[str] = []
        self._unquoted: dict[str, Callable[[], None]] = {
            "'": self._single,
            '"': self._double,
            "\\": self._backslash,
            "$": self._dollar,
            "`": self._backtick,
            "~": self._tilde,
            "{": self._brace,
        }

    def commands(self) -> Iterator[Command]:
        while True:
            self._skip(_BLANK_LINES)
            self._skip(_GAP)
            at_line_start = self._pos == 0 or self._text[self._pos - 1] == "\n"
            line = self._line_here()
            if at_line_start and line in self._whole_lines:
                end = self._text.find("\n", self._pos)
                self._pos = len(self._text) if end < 0 else end
                yield Command((), line, "\n")
                continue
            command = self._command(line)
            if command.words:
                yield command
            if not command.end:
                return

    def _command(self, line: int) -> Command:
        words: list[Word] = []
        to_stderr = False
        while True:
            self._skip(_GAP)
            char = self._text[self._pos : self._pos + 1]
            if char == "#":
                end = self._text.find("\n", self._pos)
                self._pos = len(self._text) if end < 0 else end
            elif char in ("", "\n", ";"):
                self._pos += len(char)
                if char == ";" and not words:
                    raise self._refuse("rc-syntax", "a ';' without a command before it")
                return Command(tuple(words), line, char, to_stderr)
            elif redirect := _TO_STDERR.match(self._text, self._pos):
                self._pos = redirect.end()
                to_stderr = True
            elif char in _ENDS:
                raise self._operator(char)
            else:
                words.append(self._word())

    def _word(self) -> Word:
        line = self._line_here()
        self._parts = []
        self._run = []
        self._spend()
        while self._pos < len(self._text):
            if plain := _PLAIN.match(self._text, self._pos):
                self._literal(plain.group(), plain.end())
                continue
            char = self._text[self._pos]
            if char in _ENDS:
                break
            self._unquoted[char]()
        self._flush(quoted=False)
        return Word(tuple(self._parts), line)

    # What may stand in a word

    def _single(self) -> None:
        opened = self._line_here()
        end = self._text.find("'", self._pos + 1)
        if end < 0:
            raise self._unclosed("single", opened)
        content = self._text[self._pos + 1 : end]
        self._note_multiline(content, opened)
        self._flush(quoted=False)
        self._add(Text(content, quoted=True))
        self._pos = end + 1

    def _double(self) -> None:
        opened = self._line_here()
        self._flush(quoted=False)
        before = len(self._parts)
        self._pos += 1
        while True:
            if plain := _IN_DOUBLE.match(self._text, self._pos):
                self._note_multiline(plain.group(), opened)
                self._literal(plain.group(), plain.end())
            char = self._text[self._pos : self._pos + 1]
            if char == "":
                raise self._unclosed("double", opened)
            if char == '"':
                break
            if char == "\\":
                self._backslash_in_double()
            elif char == "$":
                self._dollar(quoted=True)
            else:
                self._backtick(quoted=True)
        self._pos += 1
        self._flush(quoted=True)
        if len(self._parts) == before:
            self._add(Text("", quoted=True))

    def _backslash(self) -> None:
        following = self._text[self._pos + 1 : self._pos + 2]
        if following == "":
            raise self._refuse("rc-syntax", "the file ends with a backslash")
        if following != "\n":
            self._flush(quoted=False)
            self._add(Text(following, quoted=True))
        self._pos += 2

    def _backslash_in_double(self) -> None:
        following = self._text[self._pos + 1 : self._pos + 2]
        kept = "" if following in ('"', "\\", "$", "`", "\n", "") else "\\"
        self._literal(kept + following.replace("\n", ""), self._pos + 1 + len(following))

    def _dollar(self, quoted: bool = False) -> None:
        following = self._text[self._pos + 1 : self._pos + 2]
        if reference := _REFERENCE.match(self._text, self._pos):
            self._reference(reference, quoted)
        elif following == "(":
            self._substitution(quoted)
        elif following == "{":
            self._unknown(_WITH_DEFAULT, Unknown("a ${...} expansion"), quoted)
        elif following == "[":
            raise self._refuse("rc-expansion", "arithmetic", QUOTE_HINT)
        elif following == '"' and not quoted:
            raise self._refuse("rc-expansion", 'a translated string $"..."', "write it without the $")
        elif following == "'" and not quoted:
            self._ansi_c()
        elif _SPECIAL.match(self._text, self._pos):
            self._unknown(_SPECIAL, Unknown("a '$' followed by a special character"), quoted)
        else:
            self._refuse_continuation(self._pos + 1)
            self._literal("$", self._pos + 1)

    def _reference(self, found: re.Match[str], quoted: bool) -> None:
        name = found[1] or found[2]
        self._flush(quoted)
        self._add(Unknown("the special variable $_") if name == "_" else Ref(name, quoted))
        if found[1]:
            self._refuse_continuation(found.end())
        self._pos = found.end()

    def _refuse_continuation(self, pos: int) -> None:
        # bash joins the lines before it looks for the end of the name, and differently inside double quotes.
        if self._text.startswith("\\\n", pos):
            raise self._refuse("rc-syntax", "a line that is continued within a '$' reference")

    def _substitution(self, quoted: bool) -> None:
        found = _SUBSTITUTION.match(self._text, self._pos, self._pos + MAX_SUBSTITUTION)
        if not found or _SUB_RESERVED.search(found.group()):
            raise self._refuse(
                "rc-command-substitution",
                "a command substitution $(...); the file is read, never run",
                QUOTE_HINT + "; otherwise write the value itself, or remove the line",
            )
        self._unknown(_SUBSTITUTION, Unknown("a command substitution $(...)", "rc-command-substitution"), quoted)

    def _backtick(self, quoted: bool = False) -> None:
        self._unknown(_BACKTICKS, Unknown("a command substitution in backticks", "rc-command-substitution"), quoted)

    def _unknown(self, pattern: re.Pattern[str], part: Unknown, quoted: bool) -> None:
        found = pattern.match(self._text, self._pos, self._pos + MAX_SUBSTITUTION)
        if not found:
            raise self._refuse(part.reference, f"{part.what}; the file is read, never run", QUOTE_HINT)
        self._flush(quoted)
        self._add(part)
        self._pos = found.end()

    def _tilde(self) -> None:
        # bash expands it at the start of a word and after ':' and '='. Only after a character that cannot be one of
        # these (nor the end of a quote or a continuation) is it taken as itself.
        if self._text[self._pos - 1 : self._pos].isalnum():
            self._literal("~", self._pos + 1)
            return
        self._flush(quoted=False)
        self._add(Unknown("a '~' that stands for a home folder"))
        self._pos += 1

    def _brace(self) -> None:
        # ``export A={b,c}`` is two assignments to bash.
        self._flush(quoted=False)
        self._add(Unknown("an unquoted '{'"))
        self._pos += 1

    def _ansi_c(self) -> None:
        opened = self._line_here()
        self._flush(quoted=False)
        pieces: list[str] = []
        self._pos += 2
        while not self._text.startswith("'", self._pos):
            found = _ANSI_C.match(self._text, self._pos)
            if not found:
                if self._pos >= len(self._text):
                    raise self._unclosed("single", opened)
                raise self._refuse("rc-control-character", "a $'...' string with an escape that is not understood")
            pieces.append(self._ansi_c_piece(found))
            self._note_multiline(found.group(), opened)
            self._pos = found.end()
            self._spend()
        self._add(Text("".join(pieces), quoted=True))
        self._pos += 1

    def _ansi_c_piece(self, found: re.Match[str]) -> str:
        same, octal, *hexadecimal = found.groups()
        if same:
            return same
        digits = octal or next(filter(None, hexadecimal), "")
        if not digits:
            return found.group()
        code = int(digits, 8 if octal else 16)
        # Beyond ASCII the result depends on bash's locale; below the space it is a control character.
        if not 0x20 <= code < 0x7F:
            raise self._refuse("rc-control-character", "a $'...' string that makes a control or non-ASCII character")
        return chr(code)

    # Keeping count

    def _skip(self, pattern: re.Pattern[str]) -> None:
        if found := pattern.match(self._text, self._pos):
            self._pos = found.end()

    def _literal(self, text: str, end: int) -> None:
        self._spend()
        self._run.append(text)
        self._pos = end

    def _flush(self, quoted: bool) -> None:
        if self._run:
            self._parts.append(Text("".join(self._run), quoted))
            self._run = []

    def _add(self, part: Part) -> None:
        self._spend()
        self._parts.append(part)

    def _spend(self) -> None:
        self._pieces += 1
        if self._pieces > MAX_PIECES:
            raise self._refuse("rc-too-complicated", "too long for a credentials file", "is this the right file?")

    def _line_here(self) -> int:
        self._line += self._text.count("\n", self._counted, self._pos)
        self._counted = self._pos
        return self._line

    def _note_multiline(self, content: str, opened: int) -> None:
        if not self._suspect_line and "\n" in content:
            self._suspect_line = opened

    # What is refused

    def _refuse(self, reference: str, sentence: str, hint: str = "") -> JsobjError:
        return refusal(self._name, self._line_here(), reference, sentence, hint)

    def _unclosed(self, kind: str, opened: int) -> JsobjError:
        # A quote left open swallows the next one, and the odd one out is found lines later: name the first suspect.
        line = self._suspect_line or opened
        return refusal(self._name, line, "rc-unclosed-quote", f"a {kind} quote is opened and never closed", "close it")

    def _operator(self, char: str) -> JsobjError:
        what = {
            "&": "'&' (it runs commands)",
            "|": "'|' (it runs commands)",
            "<": "'<' (it reads files)",
            ">": "'>' (it writes files)",
        }.get(char, "a parenthesis (an array, function or subshell)")
        return self._refuse("rc-operator", f"{what}; the file is read, never run", QUOTE_HINT)
