"""A listing as a tree, compared with one that is made of the whole listing at once, and without holding it."""

from __future__ import annotations

import random
import tracemalloc
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import pytest

from jsobj.actions import tree
from jsobj.actions.tree import walk
from jsobj.store.values import Listed


@dataclass
class Names:
    """What :func:`walk` needs of a selection; ``asked``: how often a listing began."""

    keys: Callable[[], Iterator[str]]
    root: str = ""
    asked: int = 0

    def everything(self, *, after: str = "") -> Iterator[Listed]:
        self.asked += 1
        return (Listed(key, 1) for key in self.keys() if key > after)


def drawn(nodes: Iterator[tree.Node]) -> list[str]:
    return ["".join("|  "[over] for over in node.last[:-1]) + "+`"[node.last[-1]] + node.name for node in nodes]


def drawn_at_once(keys: list[str], depth: int) -> list[str]:
    root: dict[str, Any] = {}
    for key in keys:
        at, rest = root, key
        while "/" in rest:
            name, _, rest = rest.partition("/")
            at = at.setdefault(f"{name}/", {})
        if rest:
            at[rest] = {}
    lines = []

    def draw(at: dict[str, Any], above: str, level: int) -> None:
        for number, (name, below) in enumerate(at.items(), start=1):
            end = number == len(at)
            lines.append(f"{above}{'+`'[end]}{name}")
            if level != depth:
                draw(below, above + "|  "[end], level + 1)

    draw(root, "", 1)
    return lines


@pytest.mark.parametrize("depth", [0, 1, 2, 3])
@pytest.mark.parametrize("ahead", [2, 3, 10, 1000])
def test_the_same_tree_however_little_is_held(monkeypatch: pytest.MonkeyPatch, ahead: int, depth: int) -> None:
    monkeypatch.setattr(tree, "_AHEAD", ahead)
    chance = random.Random(ahead * 10 + depth)
    for _ in range(150):
        made = {"/".join(chance.choices("ab-", k=chance.randint(1, 5))) for _ in range(chance.randint(1, 30))}
        keys = sorted(made)
        names: Any = Names(lambda keys=keys: iter(keys))
        assert drawn(walk(names, depth)) == drawn_at_once(keys, depth), keys


def test_a_folder_that_only_an_object_makes() -> None:
    names: Any = Names(lambda: iter(("dir/", "dir/x")))
    assert [node.name for node in walk(names)] == ["dir/", "./", "x"]  # it has bytes, so that it is shown


def test_a_long_listing_is_not_held() -> None:
    def keys() -> Iterator[str]:
        for number in range(100_000):
            yield f"data/{number // 10_000}/{number // 100:04}/{number:06}"

    names: Any = Names(keys)
    tracemalloc.start()
    count = sum(1 for _ in walk(names))
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert count == 100_000 + 1000 + 10 + 1
    assert peak < 1024**2
    assert names.asked == 1 + 1 + 10  # the listing, and what is behind folders of more than a page
