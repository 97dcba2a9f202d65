"""Segments in groups, as uploads left them, and which groups nobody needs: a decision without requests."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass
from itertools import groupby

from jsobj.housekeeping.cleaning.manifests import Named
from jsobj.store.swift.containers import Entry
from jsobj.store.swift.segments import FOLDER, HIDDEN

# Where programs put segments: python-swiftclient, openstack, Horizon and jsobj; Swift's own S3 API.
SEGMENTS, PARTS = "_segments", "+segments"
# A container that is called so by chance holds data, which have other names.
_SHAPE = re.compile(f"{FOLDER.pattern}/[0-9]{{8}}", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Group:
    """The segments of one upload. ``name``: what their names have in common; ``marked``: an S3 upload under way."""

    container: str
    name: str
    entries: tuple[Entry, ...]
    marked: bool = False

    @property
    def size(self) -> int:
        """Bytes."""
        return sum(entry.size for entry in self.entries)

    @property
    def newest(self) -> float | None:
        """When the last of them came; None where one has no time."""
        times = [entry.modified for entry in self.entries]
        return None if None in times else max((each for each in times if each is not None), default=None)


@dataclass(frozen=True, slots=True)
class Verdict:
    """What becomes of a group: ``reason`` "" for an orphan, else ``named``, ``young``, ``resumable``, ``strange``."""

    group: Group
    reason: str


def groups(container: str, listed: Iterable[Entry]) -> Iterator[Group]:
    """The groups of a listing. In ``+segments`` an empty object of the group's own name marks an upload under way."""
    marks = container.endswith(PARTS)
    held: list[Entry] = []  # entries come by name: "k/id", then perhaps "k/id-2", then "k/id/1"
    pending: dict[str, Entry] = {}
    for name, members in groupby(listed, key=lambda entry: entry.key.rpartition("/")[0]):
        held = list(members)
        if marks:
            pending |= {entry.key: entry for entry in held if not _is_part(entry.key)}
            held = [entry for entry in held if _is_part(entry.key)]
        if held:
            mark = pending.pop(name, None)
            yield Group(container, name, (*held, *((mark,) if mark else ())), marked=mark is not None)
    for name, mark in pending.items():
        if mark.size == 0:
            yield Group(container, name, (mark,), marked=True)


def _is_part(key: str) -> bool:
    number = key.rpartition("/")[2]
    return number.isascii() and number.isdigit()


def judged(found: Iterable[Group], named: Named, latest: float, resumable: Collection[str]) -> Iterator[Verdict]:
    """What becomes of each group.

    ``latest``: seconds since 1970; what has a newer segment may be an upload that runs. ``resumable``: names of groups
    that a journal of jsobj will continue.
    """
    for group in found:
        if any((group.container, entry.key) in named for entry in group.entries):
            yield Verdict(group, "named")
        elif group.name in resumable:
            yield Verdict(group, "resumable")
        elif group.newest is None or group.newest >= latest:
            yield Verdict(group, "young")
        elif group.container.endswith(SEGMENTS) and not all(_SHAPE.fullmatch(each.key) for each in group.entries):
            yield Verdict(group, "strange")
        else:
            yield Verdict(group, "")


def owners(group: Group) -> list[str]:
    """The names in the bucket that an object of these segments may have: each beginning of the group's name."""
    name = group.name.removeprefix(HIDDEN)
    words = name.split("/")
    return ["/".join(words[:n]) for n in range(1, len(words) + 1) if "/".join(words[:n])]
