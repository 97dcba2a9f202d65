"""The lines of each library out of ``templates.txt``, which says how they are written there."""

from __future__ import annotations

import re
from dataclasses import dataclass
from importlib import resources
from string import Template

from jsobj.export.snippets.target import Target

_FILESYSTEMS = {"s3": "s3fs", "jsobj+s3": "jsobj", "swift": "jsobj", "https": "'fsspec[http]'"}
_ENTRY = re.compile(r"((?:^== .*\n)+)((?:^(?!== ).*\n)+)", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Code:
    """The lines. ``needs`` is for pip; ``notes``: what the user should know, in sentences."""

    text: str
    needs: str
    notes: tuple[str, ...] = ()


def _table() -> dict[str, tuple[str, str]]:
    text = resources.files(__package__).joinpath("templates.txt").read_text(encoding="utf-8")
    table = {}
    for headers, lines in _ENTRY.findall(re.sub(r"(?m)^--.*\n", "", text)):
        for header in headers.splitlines():
            name, _, needs = header.removeprefix("== ").partition(" | ")
            table[name] = (needs, lines.strip("\n") + "\n")
    return table


# "KIND LIBRARY [WAY]" -> what pip installs, lines.
TEMPLATES = _table()


def render(kind: str, library: str, target: Target, notes: tuple[str, ...] = ()) -> Code:
    """The code for data of this kind; raises ``KeyError`` where there are no such lines."""
    name = f"{kind} {library}"
    ways = (target.protocol,) if target.member else (target.protocol, target.way)
    special = (f"{name} {way}" for way in ways)
    needs, lines = TEMPLATES[next((each for each in special if each in TEMPLATES), name)]
    true = {*target.flags(), library}
    lines = re.sub(r"(?m)^\?(\S+) (.*\n)", lambda line: line[2] if line[1] in true else "", lines)
    fragments = {**target.fragments(), "kind": kind, "filesystem": _FILESYSTEMS[target.protocol]}
    return Code(Template(lines).substitute(fragments), Template(needs).substitute(fragments), notes)
