"""The variables of an RC file while it is followed: what they hold, where it came from, and what may be made of them.

:mod:`jsobj.identity.rc.interpreter` says what happens, in order; this keeps the books. The user's environment is never
consulted: a value of ours (``OS_*``) that refers to a variable which the file does not set is refused, while other
variables may hold what they like, unread. Messages name variables and never show a value.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, replace

from jsobj.errors import JsobjError
from jsobj.identity.rc.words import QUOTE_HINT, Part, Ref, Text, Unknown, Word, refusal

MAX_VALUE = 64 * 1024  # characters of one value; the longest tokens in use are a quarter of it
MAX_VOLUME = 4 * 1024 * 1024  # characters of all values made by one file: A=$A$A doubles with every line
MAX_PROMPT = 200  # characters

CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f]")
_ASSIGNMENT = re.compile(r"([A-Za-z_][A-Za-z0-9_]*)(\+=|=|\[)")
_SECRET = re.compile(r"PASSWORD|PASSWD|SECRET|TOKEN|CODE|TOTP")
_NOT_SECRET = ("_ENDPOINT", "_TYPE", "_URL", "_METHOD")

# bash gives these a meaning of its own: assigning some stops the file, others change how the rest is read.
_SHELL_OWN = re.compile(
    r"(?:_|UID|EUID|PPID|IFS|SHELLOPTS|POSIXLY_CORRECT|GROUPS|DIRSTACK|FUNCNAME|LINENO|RANDOM|SRANDOM|SECONDS|HISTCMD"
    r"|OPTIND|OPTERR|OPTARG|COMP_\w*|EPOCH\w*|BASH\w*)\Z"
)


@dataclass(frozen=True, slots=True)
class Value:
    """A variable's value and the line that gave it.

    ``prompt`` is set when the file reads the value from the terminal, ``unknown`` when only a shell could work it out.
    ``secret`` travels along references. ``candidates`` are the readings to try in turn (see rchorizon).
    """

    line: int
    text: str = ""
    secret: bool = False
    prompt: str | None = None
    unknown: bool = False
    candidates: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Assignment:
    """``name=parts`` on one line, not evaluated yet."""

    name: str
    parts: tuple[Part, ...]
    line: int


def is_ours(name: str) -> bool:
    """Whether the variable is kept: the ``OS_`` prefix of keystoneauth and openstacksdk."""
    return name.startswith("OS_")


def is_secret(name: str) -> bool:
    """Whether the value of ``name`` must never be shown: passwords, secrets, tokens, one-time codes."""
    return bool(_SECRET.search(name)) and not name.endswith(_NOT_SECRET)


def is_shells_own(name: str) -> bool:
    """Whether bash gives the variable a meaning that this parser does not imitate."""
    return bool(_SHELL_OWN.match(name))


def assignment(word: Word, file: str) -> Assignment | None:
    """The assignment that ``word`` is, by bash's rule that name and ``=`` are unquoted; None for any other word.

    Raises :class:`JsobjError` (local) for ``NAME+=``, ``NAME[0]=`` and variables that belong to the shell.
    """
    first = word.parts[0]
    if not isinstance(first, Text) or first.quoted or not (found := _ASSIGNMENT.match(first.text)):
        return None
    name, operator = found.groups()
    if operator != "=":
        raise refusal(file, word.line, "rc-syntax", "a value that is appended to, or an array", "write the whole value")
    if is_shells_own(name):
        raise refusal(file, word.line, "rc-shell-variable", f"{name} belongs to the shell", "remove the line")
    rest = first.text[found.end() :]
    return Assignment(name, ((Text(rest, False),) if rest else ()) + word.parts[1:], word.line)


class Variables:
    """All variables that the file has set so far.

    ``exported`` and ``unset`` hold names; ``copied`` the names of prompted variables whose value was passed on.
    """

    def __init__(self, file: str) -> None:
        self.values: dict[str, Value] = {}
        self.exported: set[str] = set()
        self.unset: set[str] = set()
        self.copied: set[str] = set()
        self.export_all = False
        self._file = file
        self._volume = 0

    def assign(self, name: str, value: Value) -> None:
        """Give ``name`` its new value."""
        self.unset.discard(name)
        self.values[name] = value
        if self.export_all:
            self.exported.add(name)

    def remove(self, names: Iterable[str]) -> None:
        """``unset`` the names, which also takes their export mark (bash)."""
        for name in names:
            self.values.pop(name, None)
            self.exported.discard(name)
            self.unset.add(name)

    def evaluate(self, item: Assignment) -> Value:
        """The value that ``item`` would assign now.

        Raises :class:`JsobjError` (local) for a value of ours that cannot be known, is too long, or holds a control
        character; another variable's value is then marked ``unknown`` instead.
        """
        blank = Value(item.line, secret=is_secret(item.name))
        asked = self._passed_on(item)
        if asked:
            return replace(blank, prompt=asked.prompt, secret=True)
        try:
            value = self._joined(item, blank)
        except JsobjError:
            if is_ours(item.name):
                raise
            return replace(blank, unknown=True)
        if is_ours(item.name):
            self._check(item, value)
        return value

    def tested(self, ref: Ref, line: int) -> str:
        """The text of a variable in a condition; empty where it is not set.

        Raises :class:`JsobjError` (local) where the answer would depend on more than this file.
        """
        value = self.values.get(ref.name)
        if value and value.prompt is None and not value.unknown:
            return value.text
        if value is None and (is_ours(ref.name) or ref.name in self.unset):
            return ""
        sentence = f"a condition on ${ref.name}, whose value is known only to a shell that runs the file"
        raise refusal(self._file, line, "rc-condition", sentence, "remove the condition")

    def shown(self, part: Part) -> str:
        """The part as a prompt may show it: secrets masked, unknowns left out, at most ``MAX_PROMPT`` characters."""
        if isinstance(part, Text):
            return part.text[:MAX_PROMPT]
        value = self.values.get(part.name) if isinstance(part, Ref) else None
        if value is None:
            return ""
        return "***" if value.secret else value.text[:MAX_PROMPT]

    def _passed_on(self, item: Assignment) -> Value | None:
        parts = [part for part in item.parts if not (isinstance(part, Text) and not part.text)]
        if len(parts) != 1 or not isinstance(parts[0], Ref):
            return None
        source = self.values.get(parts[0].name)
        if not source or source.prompt is None:
            return None
        self.copied.add(parts[0].name)
        return source

    def _joined(self, item: Assignment, blank: Value) -> Value:
        pieces: list[str] = []
        length = 0
        secret = blank.secret
        for part in item.parts:
            piece = part.text if isinstance(part, Text) else self._expanded(part, item)
            secret = secret or (isinstance(part, Ref) and part.name in self.values and self.values[part.name].secret)
            length += len(piece)
            if length > MAX_VALUE:
                raise self._refuse(item, "rc-value-too-long", "is too long", "is this the right file?")
            pieces.append(piece)
        self._volume += length
        if self._volume > MAX_VOLUME:
            raise self._refuse(item, "rc-too-complicated", "makes the file too long", "is this the right file?")
        return replace(blank, text="".join(pieces), secret=secret)

    def _expanded(self, part: Ref | Unknown, item: Assignment) -> str:
        if isinstance(part, Unknown):
            raise self._refuse(
                item,
                part.reference,
                f"contains {part.what}; the file is read, never run",
                f"write it out; {QUOTE_HINT}",
            )
        value = self.values.get(part.name)
        if value is None and part.name in self.unset:
            return ""
        # The name after a '$' in a password is a piece of the password.
        named = "a variable" if is_secret(item.name) else f"${part.name}"
        hint = f"write the value out; {QUOTE_HINT}"
        if value is None:
            raise self._refuse(
                item, "rc-unknown-variable", f"refers to {named}, which the file does not set before", hint
            )
        if value.unknown or value.prompt is not None:
            sentence = f"refers to {named}, whose value is known only to a shell that runs the file"
            raise self._refuse(item, "rc-unknown-variable", sentence, hint)
        return value.text

    def _check(self, item: Assignment, value: Value) -> None:
        if "\n" in value.text:
            hint = "is a closing quote missing?"
            raise self._refuse(item, "rc-control-character", "runs over the end of the line", hint)
        if CONTROL.search(value.text):
            raise self._refuse(item, "rc-control-character", "contains a control character", "type it again")
        if value.secret and not is_secret(item.name):
            sentence = "is made from a secret, which would then be shown"
            raise self._refuse(item, "rc-secret-copied", sentence, "remove the line")

    def _refuse(self, item: Assignment, reference: str, predicate: str, hint: str) -> JsobjError:
        return refusal(self._file, item.line, reference, f"the value of {item.name} {predicate}", hint)
