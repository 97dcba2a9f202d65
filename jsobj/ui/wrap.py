"""Long lines on a terminal: cut between words, with the rest below the text.

A URL, a path and a quoted text are one word, and so is a whole command: what is to be copied stays on one line, even
where that line is longer than the terminal is wide.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Mapping
from typing import TextIO

from jsobj.ui.text import safe

_USUAL = 80  # columns of a terminal that does not tell
_LABEL = re.compile(r" *(?:Error|Warning|Failed|Seen|Next): ")
_WORD = re.compile(r"(?:[^\s'\"]*=)?(?:'[^']*'|\"[^\"]*\")\S*|\S+")
_CODE = re.compile(r"\x1b\[\d*m")
_PROGRAMS = frozenset({"jsobj", "aws", "chmod", "curl", "export", "openstack", "pip", "rclone", "unset"})
_ENDS = (",", ";", ")", "?", ":")
_NAMED = 4  # words of a command that may look like prose: its name, the word of a group, one argument
_PROSE = re.compile(r"[a-z]+")


def columns_of(stream: TextIO, environ: Mapping[str, str]) -> int:
    """The columns of a terminal; 0 for anything else."""
    if not stream.isatty():
        return 0
    setting = environ.get("COLUMNS", "")
    if setting.isascii() and setting.isdigit() and int(setting):
        return int(setting)
    try:
        return os.get_terminal_size(stream.fileno()).columns or _USUAL
    except (OSError, ValueError):
        return _USUAL


def wrapped(line: str, columns: int, *, hang: int | None = None) -> str:
    """``line``, cut where it is longer than ``columns``; 0 leaves it.

    ``hang``: the blanks before what follows the first line; without it, as many as lead to the text after ``Error:``,
    ``Next:`` and the like, else two more than the line has.
    """
    if not columns or _width(line) <= columns:
        return line
    start = len(line) - len(line.lstrip(" "))
    if hang is None:
        label = _LABEL.match(_CODE.sub("", line))
        hang = len(label[0]) if label else start + 2
    hang = hang if hang <= columns // 2 else start + 2
    lines, room = [line[:start]], columns - start
    for word, gap in _units(line[start:]):
        width = _width(word)
        if lines[-1].strip(" ") and len(gap) + width > room:
            lines.append(" " * hang)
            gap, room = "", columns - hang
        lines[-1] += gap + word
        room -= len(gap) + width
    return "\n".join(lines)


def _width(text: str) -> int:
    return len(_CODE.sub("", text))


def _units(text: str) -> Iterator[tuple[str, str]]:
    """What stays on one line, and the blanks before it."""
    unit, gap, end, count, last = "", "", 0, 0, ""
    for match in _WORD.finditer(text):
        word, blanks, end = match[0], text[end : match.start()], match.end()
        if count and _continues(word, last, count):
            unit, count, last = unit + blanks + word, count + 1, word
            continue
        if unit:
            yield unit, gap
        unit, gap, last = word, blanks, word
        count = int(word.lstrip("(") in _PROGRAMS)
    if unit:
        yield unit, gap


def _continues(word: str, last: str, count: int) -> bool:
    """Whether a word belongs to the command before it: its first words, options and their values, names and paths."""
    if last.endswith(_ENDS) or word.startswith("("):
        return False
    return count < _NAMED or last.startswith("-") or not _PROSE.fullmatch(word.rstrip(",;)?:"))


def wrapped_value(label: str, value: str, columns: int) -> str:
    """One line of a record: ``label`` is padded, and what follows the first line stands below the value."""
    line = f"{label} {safe(value)}".rstrip()
    return wrapped(line, columns, hang=len(label) + 1)
