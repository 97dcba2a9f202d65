"""The rows of the transfer bench, and what jsobj is held to in each."""

from __future__ import annotations

from collections.abc import Mapping
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
    """``verb``: what the tools do (tools.py); ``stuff``: with what; ``way``: over which way to the server."""

    name: str
    title: str
    verb: str
    stuff: str
    way: str = "http"
    target: Target = field(default_factory=Target)

    @property
    def downloads(self) -> bool:
        """Whether files come out of it."""
        return self.verb in {"get", "get_tree"}

    def titled(self, words: Mapping[str, str]) -> Row:
        """With the sizes in its title."""
        return replace(self, title=self.title.format(**words))


MEMORY = 120 << 20
_FILE = Target(wall=0.9, cpu=0.7, memory=MEMORY)
_TREE = Target(wall=1.0, cpu=1.0, memory=MEMORY)
_FAR = Target(wall=1.0, memory=MEMORY)
_AGAIN = Target(wall=1.0, memory=MEMORY)
_LS = Target(seconds=0.3)
_LIST = Target(memory=100 << 20)

ROWS = {
    row.name: row
    for row in (
        Row("file-up-http", "{large} up, http", "put", "large", "http", _FILE),
        Row("file-down-http", "{large} down, http", "get", "large", "http", _FILE),
        Row("file-up-https", "{large} up, https", "put", "large", "https", _FILE),
        Row("file-down-https", "{large} down, https", "get", "large", "https", _FILE),
        Row("tree-up-http", "{tree} up, http", "put_tree", "tree", "http", _TREE),
        Row("tree-down-http", "{tree} down, http", "get_tree", "tree", "http", _TREE),
        Row("tree-up-https", "{tree} up, https", "put_tree", "tree", "https", _TREE),
        Row("tree-down-https", "{tree} down, https", "get_tree", "tree", "https", _TREE),
        Row("far-up", "{tree} up, http, +25 ms each way", "put_tree", "tree", "far", _FAR),
        Row("far-down", "{tree} down, http, +25 ms each way", "get_tree", "tree", "far", _FAR),
        Row("again", "finished upload of {many}, once more", "again", "many", "http", _AGAIN),
        Row("ls", "ls of a bucket with 10 objects", "ls", "small", "http", _LS),
        Row("list", "listing of {listed} keys", "list_all", "listed", "listing", _LIST),
    )
}
