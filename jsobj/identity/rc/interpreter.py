"""What the commands of an RC file do to its variables, in order, as bash would, without a shell.

Assignments, ``export``, ``unset``, ``read``, ``set -a`` and ``if [ -z "$X" ]`` guards are followed; ``echo`` and plain
``printf`` are kept only as the prompt of a ``read`` that follows. Everything else is refused with its line. The user's
environment is never consulted: a value of ours (``OS_*``) that refers to a variable which the file does not set is
refused; other variables may hold what they like, unread. Messages name variables and never show a value.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace

from jsobj.errors import JsobjError
from jsobj.identity.rc.lexer import QUOTE_HINT, REFUSED_HINT, Ref, ShellCommand, Text, Word, commands, refusal

MAX_VOLUME = 256 * 1024  # characters of all values made by one file: A=$A$A doubles with every line
MAX_PROMPT = 200  # characters

_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*\Z")
_ASSIGNMENT = re.compile(r"([A-Za-z_][A-Za-z0-9_]*)(\+=|=|\[)")
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f]")
_SECRET = re.compile(r"PASSWORD|PASSWD|SECRET|TOKEN|CODE|TOTP")
_NOT_SECRET = ("_ENDPOINT", "_TYPE", "_URL", "_METHOD")
_READ_OPTIONS = re.compile(r"-(?=[a-z])[sre]*p?\Z")
_ECHO_OPTIONS = re.compile(r"-[neE]+\Z")
_NOT_RUN = "the file is read, never run"
_IF_HINT = 'write it as: if [ -z "$NAME" ]; then unset NAME; fi'

# bash gives these a meaning of its own: assigning some stops the file, others change how the rest is read.
_SHELL_OWN = re.compile(
    r"(?:_|UID|EUID|PPID|IFS|SHELLOPTS|POSIXLY_CORRECT|GROUPS|DIRSTACK|FUNCNAME|LINENO|RANDOM|SRANDOM|SECONDS|HISTCMD"
    r"|OPTIND|OPTERR|OPTARG|COMP_\w*|EPOCH\w*|BASH\w*)\Z"
)
# Not -x: tracing expands PS4, which may assign. Not -e and -u: they end the file early.
_SET_ALLOWED = frozenset({"+x", "+v", "+e", "+u", "-a", "+a"})
_NOT_FOLLOWED = frozenset({"source", ".", "eval", "exec"})
_CONTROL_FLOW = frozenset(
    ["else", "elif", "for", "while", "until", "case", "select", "do", "done", "esac", "{", "}", "!"]
)


@dataclass(frozen=True, slots=True)
class Value:
    """A variable's value and the line that gave it; ``secret`` travels along references.

    ``text`` is None where only a shell could work it out, or where the file asks for it with ``prompt``.
    """

    line: int
    text: str | None
    secret: bool = False
    prompt: str | None = None


@dataclass(frozen=True, slots=True)
class ShellVariables:
    """What a file has set at its end: values by name, and the names that it exported and unset."""

    values: dict[str, Value] = field(default_factory=dict)
    exported: set[str] = field(default_factory=set)
    unset: set[str] = field(default_factory=set)


@dataclass(frozen=True, slots=True)
class _Assignment:
    name: str
    parts: tuple[Text | Ref, ...]
    line: int


@dataclass(slots=True)
class _Guard:
    """The ``if`` that is open: whether its condition holds, and whether ``then`` and a command were seen."""

    line: int
    holds: bool
    then: bool = False
    filled: bool = False


def is_ours(name: str) -> bool:
    """Whether the variable is kept: the ``OS_`` prefix of keystoneauth and openstacksdk."""
    return name.startswith("OS_")


def is_secret(name: str) -> bool:
    """Whether the value of ``name`` must never be shown: passwords, secrets, tokens, one-time codes."""
    return bool(_SECRET.search(name)) and not name.endswith(_NOT_SECRET)


def run(text: str, name: str, replaced: Mapping[int, tuple[Word, ...]]) -> ShellVariables:
    """Follow ``text`` (of the file ``name``) to its end.

    ``replaced`` maps line numbers (1-based) to the words to be read there. Raises :class:`JsobjError` (local) for
    whatever is not understood, naming the line.
    """
    return _Interpreter(name).run(commands(text, name, replaced))


class _Interpreter:
    def __init__(self, name: str) -> None:
        self._name = name
        self._variables = ShellVariables()
        self._export_all = False
        self._guard: _Guard | None = None
        self._volume = 0
        self._printed = ""  # by this command, and
        self._printed_before = ""  # by the one before: the prompt of a read
        self._handlers: dict[str, Callable[[ShellCommand], None]] = {
            "export": self._export,
            "unset": self._unset,
            "read": self._read,
            "set": self._set,
            "echo": self._echo,
            "printf": self._printf,
            "if": self._if,
            "then": self._then,
            "fi": self._fi,
        }

    def run(self, cut: Iterable[ShellCommand]) -> ShellVariables:
        for command in cut:
            self._step(command)
        if self._guard:
            raise self._refuse(self._guard.line, "rc-syntax", "an 'if' is opened and never closed by 'fi'")
        return self._variables

    @property
    def _active(self) -> bool:
        return not self._guard or self._guard.holds

    def _step(self, command: ShellCommand) -> None:
        word = command.words[0].bare
        if self._guard and word not in ("then", "fi"):
            if not self._guard.then:
                raise self._refuse(command.line, "rc-syntax", "'then' is missing")
            self._guard.filled = True
        self._printed_before, self._printed = self._printed, ""
        self._handlers.get(word, self._assign)(command)

    # Commands

    def _assign(self, command: ShellCommand) -> None:
        if not self._assignment(command.words[0]):
            raise self._not_understood(command)
        for item in self._assignments(command.words, command.line):
            if self._active:
                self._store(item.name, self._evaluated(item), self._export_all)

    def _export(self, command: ShellCommand) -> None:
        words = command.words[1:]
        names = [word.bare for word in words]
        if names and all(_NAME.match(name) for name in names):
            if self._active:
                self._variables.exported.update(names)
            return
        items = self._assignments(words, command.line)
        if self._active:
            # bash expands the whole line before the first assignment takes effect.
            for item, value in [(item, self._evaluated(item)) for item in items]:
                self._store(item.name, value, exported=True)

    def _unset(self, command: ShellCommand) -> None:
        names = [word.bare for word in command.words[1:]]
        if not names or not all(_NAME.match(name) and not _SHELL_OWN.match(name) for name in names):
            raise self._refuse(command.line, "rc-syntax", "'unset' with something other than variable names")
        for name in names if self._active else ():
            self._variables.values.pop(name, None)
            self._variables.exported.discard(name)
            self._variables.unset.add(name)

    def _set(self, command: ShellCommand) -> None:
        words = [word.bare for word in command.words[1:]]
        if not words or not _SET_ALLOWED.issuperset(words):
            raise self._refuse(command.line, "rc-command", "'set' with an option that is not understood")
        for word in words:
            if self._active and word.endswith("a"):
                self._export_all = word == "-a"

    def _read(self, command: ShellCommand) -> None:
        words = list(command.words[1:])
        prompt = self._printed_before
        while words and _READ_OPTIONS.match(words[0].bare):
            if words.pop(0).bare.endswith("p") and words:
                prompt = self._shown([words.pop(0)])
        name = words[0].bare if len(words) == 1 else ""
        if not _NAME.match(name) or _SHELL_OWN.match(name):
            raise self._refuse(command.line, "rc-command", "'read' in another form than: read -s -r -p 'prompt' NAME")
        if self._active:
            self._store(name, Value(command.line, None, True, prompt or f"{name}: "), self._export_all)

    def _echo(self, command: ShellCommand) -> None:
        words = list(command.words[1:])
        while words and _ECHO_OPTIONS.match(words[0].bare):
            words.pop(0)
        self._printed = self._shown(words)

    def _printf(self, command: ShellCommand) -> None:
        # -v and %n assign variables in bash.
        text = command.words[1].static if len(command.words) == 2 else None
        if not text or text.startswith("-") or "%" in text:
            raise self._refuse(command.line, "rc-command", "'printf' with a format or a variable", "write echo 'text'")
        self._printed = _CONTROL.sub(" ", text.removesuffix("\\n")[:MAX_PROMPT])

    # Guards

    def _if(self, command: ShellCommand) -> None:
        if self._guard:
            raise self._refuse(command.line, "rc-condition", "an 'if' inside another", _IF_HINT)
        words = [word.bare for word in command.words[1:]]
        opener = words[0] if words else ""
        operand = command.words[3].parts if len(words) == 4 else ()
        if (
            (opener, *words[3:]) not in (("[", "]"), ("[[", "]]"))
            or words[1] not in ("-z", "-n")
            or len(operand) != 1
            or not isinstance(ref := operand[0], Ref)
            or not (ref.quoted or opener == "[[")
        ):
            raise self._refuse(command.line, "rc-condition", "a condition that is not understood", _IF_HINT)
        empty = self._tested(ref.name, command.line) == ""
        self._guard = _Guard(command.line, holds=empty == (words[1] == "-z"))

    def _then(self, command: ShellCommand) -> None:
        rest = command.words[1:]
        if not self._guard or self._guard.then or (rest[0].bare in ("then", "fi") if rest else command.end == ";"):
            raise self._refuse(command.line, "rc-syntax", "'then' in the wrong place")
        self._guard.then = True
        if rest:
            self._step(replace(command, words=rest))

    def _fi(self, command: ShellCommand) -> None:
        if not self._guard or not self._guard.filled or len(command.words) > 1:
            raise self._refuse(command.line, "rc-syntax", "'fi' in the wrong place")
        self._guard = None

    def _tested(self, name: str, line: int) -> str:
        """The text of a variable in a condition, empty where it is not set; the environment must not decide it."""
        value = self._variables.values.get(name)
        if value and value.text is not None:
            return value.text
        if value or not (is_ours(name) or name in self._variables.unset):
            sentence = f"a condition on ${name}, whose value is known only to a shell that runs the file"
            raise self._refuse(line, "rc-condition", sentence, "remove the condition")
        return ""

    # Values

    def _assignment(self, word: Word) -> _Assignment | None:
        """The assignment that ``word`` is, by bash's rule that name and ``=`` are unquoted; None for any other word."""
        first = word.parts[0]
        if not isinstance(first, Text) or first.quoted or not (found := _ASSIGNMENT.match(first.text)):
            return None
        name, operator = found.groups()
        if operator != "=":
            hint = "write the whole value"
            raise self._refuse(word.line, "rc-syntax", "a value that is appended to, or an array", hint)
        if _SHELL_OWN.match(name):
            raise self._refuse(word.line, "rc-shell-variable", f"{name} belongs to the shell", "remove the line")
        return _Assignment(name, (Text(first.text[found.end() :], False), *word.parts[1:]), word.line)

    def _assignments(self, words: Sequence[Word], line: int) -> list[_Assignment]:
        items = [item for word in words if (item := self._assignment(word))]
        if not items or len(items) < len(words):
            raise self._stray_words(line, any(word.bare.startswith("=") for word in words))
        # "export OS_PASSWORD=two words=three": valid bash, but surely a mistake; the words must not be shown.
        if any(is_secret(item.name) for item in items) and not all(is_ours(item.name) for item in items):
            raise self._stray_words(line)
        return items

    def _store(self, name: str, value: Value, exported: bool) -> None:
        self._variables.unset.discard(name)
        self._variables.values[name] = value
        if exported:
            self._variables.exported.add(name)

    def _evaluated(self, item: _Assignment) -> Value:
        """The value that ``item`` assigns now; one that is not ours and cannot be known is marked so."""
        parts = [part for part in item.parts if not (isinstance(part, Text) and not part.text)]
        if len(parts) == 1 and isinstance(parts[0], Ref):
            source = self._variables.values.get(parts[0].name)
            if source and source.prompt is not None:  # export OS_PASSWORD=$OS_PASSWORD_INPUT
                return replace(source, line=item.line)
        try:
            values = [Value(0, part.text) if isinstance(part, Text) else self._referred(part, item) for part in parts]
        except JsobjError:
            if is_ours(item.name):
                raise
            return Value(item.line, None)
        self._volume += sum(len(value.text or "") for value in values)
        if self._volume > MAX_VOLUME:
            raise self._refuse_value(item, "rc-value-too-long", "is too long", "is this the right file?")
        text = "".join(value.text or "" for value in values)
        secret = any(value.secret for value in values)
        if is_ours(item.name):
            self._check(item, text, secret)
        return Value(item.line, text, secret or is_secret(item.name))

    def _referred(self, ref: Ref, item: _Assignment) -> Value:
        if ref.name in ("$", "`"):
            sentence = "contains a command substitution; the file is read, never run"
            raise self._refuse_value(item, "rc-command-substitution", sentence, REFUSED_HINT)
        if not _NAME.match(ref.name) or ref.name == "_":
            sentence = "contains '~', '{' or '$_', which only a shell can work out"
            raise self._refuse_value(item, "rc-expansion", sentence, f"write it out; {QUOTE_HINT}")
        value = self._variables.values.get(ref.name)
        if value is None and ref.name in self._variables.unset:
            return Value(0, "")
        if value and value.text is not None:
            return value
        # The name after a '$' in a password is a piece of the password.
        named = "a variable" if is_secret(item.name) else f"${ref.name}"
        why = (
            "whose value is known only to a shell that runs the file" if value else "which the file does not set before"
        )
        hint = f"write the value out; {QUOTE_HINT}"
        raise self._refuse_value(item, "rc-unknown-variable", f"refers to {named}, {why}", hint)

    def _check(self, item: _Assignment, text: str, secret: bool) -> None:
        if "\n" in text:
            hint = "is a closing quote missing?"
            raise self._refuse_value(item, "rc-control-character", "runs over the end of the line", hint)
        if _CONTROL.search(text):
            raise self._refuse_value(item, "rc-control-character", "contains a control character", "type it again")
        if secret and not is_secret(item.name):
            sentence = "is made from a secret, which would then be shown"
            raise self._refuse_value(item, "rc-secret-copied", sentence, "remove the line")

    def _shown(self, words: Sequence[Word]) -> str:
        """What the words would print, for a prompt: short, on one line, secrets masked."""
        texts = ("".join(self._part_shown(part) for part in word.parts) for word in words[:MAX_PROMPT])
        return _CONTROL.sub(" ", " ".join(texts)[:MAX_PROMPT])

    def _part_shown(self, part: Text | Ref) -> str:
        value = Value(0, part.text) if isinstance(part, Text) else self._variables.values.get(part.name, Value(0, ""))
        return "***" if value.secret else (value.text or "")[:MAX_PROMPT]

    # Refusals

    def _refuse(self, line: int, reference: str, sentence: str, hint: str = "") -> JsobjError:
        return refusal(self._name, line, reference, sentence, hint)

    def _refuse_value(self, item: _Assignment, reference: str, predicate: str, hint: str) -> JsobjError:
        return self._refuse(item.line, reference, f"the value of {item.name} {predicate}", hint)

    def _stray_words(self, line: int, spaces: bool = False) -> JsobjError:
        if spaces:
            return self._refuse(line, "rc-syntax", "spaces around '='", "write export NAME=value, without the spaces")
        return self._refuse(line, "rc-syntax", "words that are not part of the value", QUOTE_HINT)

    def _not_understood(self, command: ShellCommand) -> JsobjError:
        word = command.words[0].bare
        if any(each.bare.startswith("=") for each in command.words[1:2]):
            return self._stray_words(command.line, spaces=True)
        hint = f"write export NAME=value, or remove the line; {QUOTE_HINT}"
        if word in _NOT_FOLLOWED:
            return self._refuse(command.line, "rc-not-followed", f"'{word}' runs a file or command; {_NOT_RUN}", hint)
        if word in _CONTROL_FLOW:
            return self._refuse(command.line, "rc-control-flow", f"'{word}' needs a shell; {_NOT_RUN}", hint)
        return self._refuse(command.line, "rc-command", f"a command that is not understood; {_NOT_RUN}", hint)
