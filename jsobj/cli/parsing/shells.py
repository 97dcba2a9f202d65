"""How bash, zsh and fish ask what Tab may offer, and how they are answered.

A script (``cli/shells``) hands over the line up to the cursor and reads one offer a line: a kind, the word, its help,
between tabs. It is printed by ``jsobj completion SHELL``.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar

from click.shell_completion import CompletionItem, ShellComplete, add_completion_class

from jsobj.cli.parsing.shell_complete import NAME

SHELLS = ("bash", "zsh", "fish")
_FOLDER = Path(__file__).parent.parent / "shells"
_CONTROL = re.compile(r"[\x00-\x1f\x7f]")
_SPECIAL = re.compile(r"[^\w@%+=:,./-]")  # what a shell would not take as it is
_QUOTES = "'\""


def script(shell: str) -> str:
    """The completion script of a shell."""
    return (_FOLDER / f"jsobj.{shell}").read_text(encoding="utf-8")


@dataclass(frozen=True, slots=True)
class Typed:
    """A line up to the cursor. ``word`` is the last one, "" behind a blank.

    The shell replaces only what follows the first ``cut`` characters of it.
    """

    words: tuple[str, ...]
    word: str
    cut: int = 0


def read_line(line: str, breaks: str = "") -> Typed:
    """The words of a line without their quotes; the last quote may be open. ``breaks`` cut words where not quoted."""
    words: list[str] = []
    word: list[str] = []
    quote, cut, begun, at = "", 0, False, 0
    while at < len(line):
        sign = line[at]
        at += 1
        if quote and sign == quote:
            quote = ""
        elif sign == "\\" and quote != "'" and at < len(line) and (not quote or line[at] in '"\\$`'):
            word.append(line[at])
            at, begun = at + 1, True
        elif not quote and sign in _QUOTES:
            quote, begun = sign, True
        elif not quote and sign.isspace():
            words += ["".join(word)] if begun else []
            word, cut, begun = [], 0, False
        else:
            word.append(sign)
            begun = True
            cut = len(word) if not quote and sign in breaks else cut
    return Typed(tuple(words), "".join(word), cut)


class _Answer(ShellComplete):
    """Reads the line, and writes one offer a line."""

    name = ""
    source_template = ""
    typed = Typed((), "")
    given: ClassVar[Mapping[str, str]] = {}

    def source(self) -> str:
        return script(self.name)

    def get_completion_args(self) -> tuple[list[str], str]:
        breaks = "".join(sign for sign in self.given.get("_JSOBJ_BREAKS", "") if sign in ":=")
        self.typed = read_line(self.given.get("_JSOBJ_LINE", ""), breaks)
        words = self.typed.words
        begin = next((at for at, word in enumerate(words) if Path(word).name == self.prog_name), 0)
        return list(words[begin + 1 :]), self.typed.word

    def complete(self) -> str:
        args, incomplete = self.get_completion_args()
        return "\n".join(self._lines(self.get_completions(args, incomplete)))

    def _lines(self, items: list[CompletionItem]) -> Iterator[str]:
        word = self.typed.word
        # Behind --option= only the value is offered.
        head = word[: word.index("=") + 1] if word.startswith("--") and "=" in word else ""
        for item in items:
            if item.type in {"file", "dir"}:
                yield f"files\t{word.removeprefix(head)}"
            elif not _CONTROL.search(item.value):
                yield self._line(item, f"{head}{item.value}")

    def _line(self, item: CompletionItem, whole: str) -> str:
        kind = NAME if item.type == NAME else "plain"
        return f"{kind}\t{whole}\t{' '.join((item.help or '').split())}"


class _Bash(_Answer):
    name = "bash"

    def _line(self, item: CompletionItem, whole: str) -> str:
        kind = "plain" if item.type != NAME else "special" if _SPECIAL.search(whole) else NAME
        return f"{kind}\t{whole[self.typed.cut :]}"


class _Zsh(_Answer):
    name = "zsh"


class _Fish(_Answer):
    name = "fish"


def register(environ: Mapping[str, str]) -> None:
    """Let these answer instead of click's own. ``environ`` has what the script sent."""
    _Answer.given = environ
    kinds: tuple[Any, ...] = (_Bash, _Zsh, _Fish)
    for kind in kinds:
        add_completion_class(kind)
