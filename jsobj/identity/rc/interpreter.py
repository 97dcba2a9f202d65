"""What the commands of an RC file do to its variables, in order, as bash would, without a shell.

:func:`run` follows assignments, ``export``, ``unset``, ``read``, ``set`` and ``if [ -z "$X" ]`` guards; ``echo`` and
``printf`` are remembered only as the prompt of a ``read`` that follows. Everything else is refused with its line
number. Nothing is run, and messages quote no words of the file but keywords and the names of variables.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

from jsobj.errors import JsobjError
from jsobj.identity.rc.horizon import Repair
from jsobj.identity.rc.lexer import commands
from jsobj.identity.rc.variables import (
    CONTROL,
    MAX_PROMPT,
    Assignment,
    Value,
    Variables,
    assignment,
    is_ours,
    is_secret,
    is_shells_own,
)
from jsobj.identity.rc.words import QUOTE_HINT, Command, Ref, Text, Word, refusal

_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*\Z")
_PLAIN_VALUE = re.compile(r"[A-Za-z0-9_./:@%+,=-]*\Z")
_READ_OPTIONS = re.compile(r"-(?=[a-z])[sre]*p?\Z")
_ECHO_OPTIONS = re.compile(r"-[neE]+\Z")
_CONVERSIONS = re.compile(r"%[sbq%]")

# Not -x: tracing expands PS4, which may assign. Not -e and -u: they end the file early.
_SET_ALLOWED = frozenset({"+x", "+v", "+e", "+u", "-a", "+a"})
_CONTROL_FLOW = frozenset(
    {"else", "elif", "for", "while", "until", "case", "select", "do", "done", "esac", "{", "}", "!"}
)
_NOT_FOLLOWED = frozenset({"source", ".", "eval", "exec"})
_DEFINITIONS = frozenset({"function", "alias", "declare", "typeset", "readonly", "local"})


@dataclass(slots=True)
class _Guard:
    """An ``if`` that is open: whether its condition holds, and whether ``then`` and a command were seen."""

    line: int
    holds: bool
    then: bool = False
    filled: bool = False


def run(text: str, name: str, repairs: Mapping[int, Repair]) -> tuple[Variables, tuple[str, ...]]:
    """Follow ``text`` (of the file ``name``) to its end: the variables then, and the notices of the repairs made.

    ``repairs`` maps line numbers (1-based) to what is to be understood there. Raises :class:`JsobjError` (local) for
    whatever is not understood, naming the line.
    """
    return _Interpreter(name, repairs).run(text)


class _Interpreter:
    def __init__(self, name: str, repairs: Mapping[int, Repair]) -> None:
        self._name = name
        self._repairs = repairs
        self._variables = Variables(name)
        self._notices: list[str] = []
        self._guards: list[_Guard] = []
        self._failed_guards = 0
        self._said = ""  # what this command prints, and
        self._said_before = ""  # what the one before did: the prompt of a read
        self._handlers: dict[str, Callable[[Command], None]] = {
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

    def run(self, text: str) -> tuple[Variables, tuple[str, ...]]:
        for command in commands(text, self._name, self._repairs):
            self._step(command)
        if self._guards:
            raise self._refuse(self._guards[-1].line, "rc-syntax", "an 'if' is opened and never closed by 'fi'")
        return self._variables, tuple(self._notices)

    @property
    def _active(self) -> bool:
        return not self._failed_guards

    def _step(self, command: Command) -> None:
        word = command.words[0].bare if command.words else ""
        if self._guards and word not in ("then", "fi"):
            if not self._guards[-1].then:
                raise self._refuse(command.line, "rc-syntax", "'then' is missing")
            self._guards[-1].filled = True
        if command.to_stderr and word not in ("echo", "printf", "then"):
            raise self._refuse(command.line, "rc-operator", "'>' on a command that is not echo", QUOTE_HINT)
        self._said_before, self._said = self._said, ""
        if not command.words:
            self._repair(command.line)
        elif handler := self._handlers.get(word):
            handler(command)
        else:
            self._assign(command)

    # Assignments

    def _repair(self, line: int) -> None:
        repair = self._repairs[line]
        if self._active:
            secret = is_secret(repair.name)
            self._variables.assign(repair.name, Value(line, repair.candidates[0], secret, candidates=repair.candidates))
            self._variables.exported.add(repair.name)
            self._notices.append(repair.notice)

    def _assign(self, command: Command) -> None:
        if not assignment(command.words[0], self._name):
            raise self._not_understood(command)
        for item in self._assignments(command.words, command.line):
            if self._active:
                self._variables.assign(item.name, self._variables.evaluate(item))

    def _export(self, command: Command) -> None:
        words = command.words[1:]
        names = [word.bare for word in words]
        if names and all(_NAME.match(name) for name in names):
            if self._active:
                self._variables.exported.update(names)
            return
        items = self._assignments(words, command.line)
        if not self._active:
            return
        # bash expands the whole line before the first assignment takes effect.
        for item, value in [(item, self._variables.evaluate(item)) for item in items]:
            self._variables.assign(item.name, value)
            self._variables.exported.add(item.name)

    def _assignments(self, words: Sequence[Word], line: int) -> list[Assignment]:
        items = [item for word in words if (item := assignment(word, self._name))]
        if not items or len(items) < len(words):
            spaces = any(word.bare.startswith("=") for word in words)
            raise self._stray_words(line, spaces)
        # "export OS_PASSWORD=two words=three": bash takes it, but nobody means it; and the words must not be shown.
        if any(is_secret(item.name) for item in items) and not all(is_ours(item.name) for item in items):
            raise self._stray_words(line)
        return items

    # The other commands

    def _unset(self, command: Command) -> None:
        words = command.words[1:]
        names = [word.bare for word in (words[1:] if words and words[0].bare == "-v" else words)]
        if not names or not all(_NAME.match(name) and not is_shells_own(name) for name in names):
            raise self._refuse(command.line, "rc-syntax", "'unset' with something other than variable names")
        if self._active:
            self._variables.remove(names)

    def _set(self, command: Command) -> None:
        words = [word.bare for word in command.words[1:]]
        if words in (["-o", "allexport"], ["+o", "allexport"]):
            words = [words[0][0] + "a"]
        if not words or not _SET_ALLOWED.issuperset(words):
            raise self._refuse(command.line, "rc-command", "'set' with an option that is not understood")
        if self._active:
            switches = [word == "-a" for word in words if word.endswith("a")]
            self._variables.export_all = switches[-1] if switches else self._variables.export_all

    def _read(self, command: Command) -> None:
        words = list(command.words[1:])
        prompt = self._said_before
        while words and _READ_OPTIONS.match(words[0].bare):
            if words.pop(0).bare.endswith("p") and words:
                prompt = self._rendered([words.pop(0)])
        name = words[0].bare if len(words) == 1 else ""
        if not _NAME.match(name) or is_shells_own(name):
            raise self._refuse(command.line, "rc-command", "'read' in another form than: read -s -r -p 'prompt' NAME")
        if self._active:
            self._variables.assign(name, Value(command.line, secret=True, prompt=prompt or f"{name}: "))

    def _echo(self, command: Command) -> None:
        words = list(command.words[1:])
        while words and _ECHO_OPTIONS.match(words[0].bare):
            words.pop(0)
        self._said = self._rendered(words)

    def _printf(self, command: Command) -> None:
        words = command.words[1:]
        if not words or not _is_harmless_format(words):
            raise self._refuse(command.line, "rc-command", "'printf' with a format that is not understood")
        text = self._rendered(words[:1]).removesuffix("\\n")
        for word in words[1:MAX_PROMPT]:
            text = text.replace("%s", self._rendered([word]), 1)[:MAX_PROMPT]
        self._said = text

    def _rendered(self, words: Sequence[Word]) -> str:
        """What the words would print, for a prompt: short and on one line."""
        texts = ["".join(self._variables.shown(part) for part in word.parts) for word in words[:MAX_PROMPT]]
        return CONTROL.sub(" ", " ".join(texts)[:MAX_PROMPT])

    # Guards

    def _if(self, command: Command) -> None:
        holds = self._condition(command)
        self._guards.append(_Guard(command.line, holds))
        self._failed_guards += not holds

    def _then(self, command: Command) -> None:
        guard = self._guards[-1] if self._guards else None
        rest = command.words[1:]
        if not guard or guard.then or (not rest and command.end == ";") or (rest and rest[0].bare in ("then", "fi")):
            raise self._refuse(command.line, "rc-syntax", "'then' in the wrong place")
        guard.then = True
        if rest:
            self._step(replace(command, words=rest))

    def _fi(self, command: Command) -> None:
        guard = self._guards.pop() if self._guards else None
        if not guard or not guard.filled or len(command.words) > 1:
            raise self._refuse(command.line, "rc-syntax", "'fi' in the wrong place")
        self._failed_guards -= not guard.holds

    def _condition(self, command: Command) -> bool:
        words = [word.bare for word in command.words[1:]]
        opener = words[0] if words else ""
        closer = {"[": ["]"], "[[": ["]]"], "test": []}.get(opener)
        operand = command.words[3].parts[0] if len(words) > 2 and len(command.words[3].parts) == 1 else None
        if closer is None or words[3:] != closer or words[1] not in ("-z", "-n") or not isinstance(operand, Ref):
            hint = 'write it as: if [ -z "$NAME" ]; then unset NAME; fi'
            raise self._refuse(command.line, "rc-condition", "a condition that is not understood", hint)
        if not self._active:
            return False
        text = self._variables.tested(operand, command.line)
        # Without quotes an empty value leaves [ -n ], which holds, and a value with spaces is an error.
        if opener != "[[" and not operand.quoted and (words[1] == "-n" or not _PLAIN_VALUE.match(text)):
            raise self._refuse(command.line, "rc-condition", "a condition on a variable without quotes around it")
        return (words[1] == "-z") == (text == "")

    # Refusals

    def _refuse(self, line: int, reference: str, sentence: str, hint: str = "") -> JsobjError:
        return refusal(self._name, line, reference, sentence, hint)

    def _stray_words(self, line: int, spaces: bool = False) -> JsobjError:
        if spaces:
            return self._refuse(line, "rc-syntax", "spaces around '='", "write export NAME=value, without the spaces")
        return self._refuse(line, "rc-syntax", "words that are not part of the value", QUOTE_HINT)

    def _not_understood(self, command: Command) -> JsobjError:
        word = command.words[0].bare
        if any(each.bare.startswith("=") for each in command.words[1:2]):
            return self._stray_words(command.line, spaces=True)
        if word in _NOT_FOLLOWED:
            sentence = f"'{word}' runs another file or command, which is not followed"
            return self._refuse(command.line, "rc-not-followed", sentence, "write the OS_ variables into this file")
        if word in _CONTROL_FLOW:
            return self._refuse(command.line, "rc-control-flow", f"'{word}' needs a shell; the file is read, never run")
        if word in _DEFINITIONS:
            return self._refuse(command.line, "rc-command", f"'{word}' is not understood", "write export NAME=value")
        sentence = "a command that is not understood; the file is read, never run"
        return self._refuse(command.line, "rc-command", sentence, f"remove the line; {QUOTE_HINT}")


def _is_harmless_format(words: Sequence[Word]) -> bool:
    """Whether ``printf`` with these words only prints: ``-v`` and ``%n`` assign variables in bash."""
    parts = words[0].parts
    first = parts[0]
    if not isinstance(first, Text) or first.text[:1] in ("", "-") or not (first.quoted or first.text[:1].isalnum()):
        return False
    if any(not isinstance(part, Text) and not (isinstance(part, Ref) and part.quoted) for part in parts):
        return False
    return len(words) == 1 or "%" not in _CONVERSIONS.sub("", words[0].static or "%")
