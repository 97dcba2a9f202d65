"""The rows of the transfer bench, and what jsobj is held to in each."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace


@dataclass(frozen=True, slots=True)
class Target:
    """At most: times the best peer's wall and CPU time, seconds, bytes of memory. None: nothing is asked."""

    wall: float | None = None
    cpu: float | None = None
    seconds: float | None = None
    memory: int | None = None


@dataclass(frozen=True, slots=True)
class Row:
    """``verb``: what the tools do (tools.py); ``stuff``: with what; ``way``: over which way (servers.py)."""

    name: str
    title: str
    verb: str
    stuff: str
    way: str = "http"
    target: Target = field(default_factory=Target)

    @property
    def scheme(self) -> str:
        """http or https."""
        return self.way.partition("+")[0]

    @property
    def compared(self) -> str:
        """The kind of comparison that a tool makes in this row or does not (compared.py)."""
        return f"{self.verb} {self.scheme}"

    def titled(self, words: Mapping[str, str]) -> Row:
        """With the sizes in its title."""
        return replace(self, title=self.title.format(**words))


MANY = "many"
MEMORY = 64 << 20
_SAME = Target(wall=1.0)
_TREES = tuple(itertools.product(("http", "https"), (("up", "put_tree"), ("down", "get_tree"))))


def _moved(wall: float, cpu: float | None = None) -> Target:
    return Target(wall, cpu, memory=MEMORY)


ROWS = {
    row.name: row
    for row in (
        Row("file-up-http", "{large} up, http", "put", "large", "http", _moved(0.9, 0.9)),
        Row("file-down-http", "{large} down, http", "get", "large", "http", _moved(1.0, 1.1)),
        Row("file-up-https", "{large} up, https", "put", "large", "https", _moved(0.9, 1.0)),
        Row("file-down-https", "{large} down, https", "get", "large", "https", _moved(1.0, 0.8)),
        *(
            Row(f"tree-{to}-{way}", f"{{tree}} {to}, {way}", verb, "tree", way, _moved(1.0, 1.1))
            for way, (to, verb) in _TREES
        ),
        *(
            Row(f"far-{to}-{way}", f"{{tree}} {to}, {way}, +25 ms each way", verb, "tree", f"{way}+25", _moved(0.9))
            for way, (to, verb) in _TREES
        ),
        # The life of one tree (many.py), in this order.
        Row("many-up", "{many} up, http", "put_tree", MANY, target=_moved(1.0, 1.1)),
        Row("again-up-new", "{many} up again right after", "again_up", MANY, target=_moved(1.0)),
        Row("again-up", "{many} up again later", "again_up", MANY, target=_moved(1.0)),
        Row("many-ls", "{many} listed", "ls", MANY, target=_SAME),
        Row("many-down", "{many} down, http", "get_tree", MANY, target=_moved(1.0, 1.1)),
        Row("again-down-new", "{many} down again right after", "again_down", MANY, target=_moved(1.0)),
        Row("again-down", "{many} down again later", "again_down", MANY, target=_moved(1.0)),
        Row("many-rm", "{many} deleted", "rm", MANY, target=_SAME),
        Row("ls", "ls of a prefix with 10 objects", "ls", "few", target=Target(seconds=0.3)),
        Row("list", "listing of {listed} keys", "ls", "listed", "listing", Target(wall=1.0, memory=100 << 20)),
    )
}

_WAYS = tuple(itertools.product(("http", "https"), (0, 25, 100)))
CURVE = {
    row.name: row
    for row in (
        Row(
            f"{name}-{to}-{scheme}-{added}",
            f"{{{stuff}}} {to}, {scheme}" + f", +{added} ms" * (added > 0),
            verb,
            stuff,
            f"{scheme}+{added}" if added else scheme,
        )
        for name, stuff, to, verb in (
            ("file", "large", "down", "get"),
            ("file", "large", "up", "put"),
            ("tree", "tree", "down", "get_tree"),
            ("tree", "tree", "up", "put_tree"),
        )
        for scheme, added in _WAYS
    )
}


def groups(rows: Iterable[Row]) -> Iterator[list[Row]]:
    """Rows that are one sequence of runs of a tool, and every other row by itself."""
    for _, found in itertools.groupby(rows, lambda row: MANY if row.stuff == MANY else row.name):
        yield list(found)
