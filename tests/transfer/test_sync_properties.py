"""Random trees, edits, directions and options: after a sync both sides are alike where they should be, and no more.

In one process and against one gateway, so that many cases fit into a minute. A case that fails prints its seed.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import random
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from transfer_scene import TransferScene

import jsobj
from jsobj.api.connection import Connection
from jsobj.errors import JsobjError
from jsobj.transfer.events import Summary
from jsobj.transfer.filters import Filters

REFUSALS = {"sync-source-empty", "sync-max-delete", "source-missing", "object-not-found"}
SEED, CASES, BATCHES = 20261129, 500, 5
# Names that begin alike, that sort before a slash, that need quoting, and of letters that can be written in two ways.
PARTS = ("a", "a-b", "a.tmp", "a b", "b", "B", "\u00e9", "e\u0301", "\ud55c", "\U0001f600", "%2F", "z.zarr", ".zarray")
EXCLUDES = ("*.tmp", "a/", "/b", "b/**", "?")
Tree = dict[str, bytes]
Digests = dict[str, str]


@dataclass(frozen=True)
class Case:
    """``first``: what both have at the beginning; ``source`` and ``target``: what they have before the sync that is
    looked at; ``words``: its options.
    """

    direction: str
    first: Tree
    source: Tree
    target: Tree
    words: Mapping[str, Any]

    @property
    def taken(self) -> Tree:
        """What of the source takes part."""
        filters = Filters.of((), self.words["exclude"])
        return {name: data for name, data in self.source.items() if not filters.judge(name)}

    @property
    def doomed(self) -> set[str]:
        """What is to be deleted."""
        filters, everything = Filters.of((), self.words["exclude"]), self.words.get("delete_excluded", False)
        if not self.words["delete"]:
            return set()
        return {name for name in self.target if name not in self.taken and (everything or not filters.judge(name))}

    @property
    def refused(self) -> bool:
        """Whether nothing may be touched."""
        most = self.words.get("max_delete") or max(20, len(self.target) // 10)
        return not self.source or len(self.doomed) > most or bool(self.doomed and not self.taken)


def _tree(chosen: random.Random, *, nested: bool) -> Tree:
    """Not ``nested``: no name is a file and a folder, as in any folder."""
    made: Tree = {}
    for _ in range(chosen.randrange(7)):
        name = "/".join(chosen.choice(PARTS) for _ in range(chosen.choice((1, 1, 2, 3))))
        if nested or not any(name == other or _below(name, other) or _below(other, name) for other in made):
            made[name] = _content(chosen)
    return made


def _below(name: str, other: str) -> bool:
    return name.startswith(f"{other}/")


def _content(chosen: random.Random) -> bytes:
    return chosen.choice((b"", b"1", b"2", b"12", b"21", chosen.randbytes(20)))


def _edited(chosen: random.Random, tree: Tree, *, nested: bool) -> Tree:
    """Some files changed, gone or renamed, and others there."""
    made = {name: _content(chosen) if chosen.random() < 0.3 else data for name, data in tree.items()}
    for name in [name for name in made if chosen.random() < 0.2]:
        del made[name]
    for name, data in _tree(chosen, nested=nested).items():
        if nested or not any(_below(name, other) or _below(other, name) for other in made):
            made[name] = data
    return made


def _case(chosen: random.Random) -> Case:
    direction = chosen.choice(("up", "down", "across"))
    nested = direction == "across"
    first = _tree(chosen, nested=nested)
    source, target = _edited(chosen, first, nested=nested), _edited(chosen, first, nested=nested)
    if direction == "down":  # where a file is in the way of a folder, that is an error of its own
        target = {
            name: data for name, data in target.items() if not any(_below(name, o) or _below(o, name) for o in source)
        }
    words: dict[str, Any] = {
        "check": chosen.choice(("auto", "content")),
        "delete": chosen.random() < 0.6,
        "overwrite_newer": True,
        "parallel": chosen.choice((1, 2, 4)),
        "exclude": tuple(chosen.sample(EXCLUDES, chosen.choice((0, 0, 1, 2)))),
    }
    if words["delete"]:
        words["delete_excluded"] = chosen.random() < 0.2
        words["max_delete"] = chosen.choice(("", 100, 2))
    return Case(direction, first, source, target, words)


class Folder:
    """A folder, in one with something beside it that nobody may touch."""

    def __init__(self, base: Path) -> None:
        self._base = base
        self.text = str(base / "it")
        self.become({}, {})

    def become(self, tree: Tree, before: Tree) -> None:
        wanted = _with_neighbours(tree)
        for name in _with_neighbours(before).keys() - wanted.keys():
            (self._base / name).unlink()
        for folder, _, _ in os.walk(self._base, topdown=False):
            with contextlib.suppress(OSError):  # it has something
                Path(folder).rmdir()
        for name, data in wanted.items():
            path = self._base / name
            if not path.is_file() or path.read_bytes() != data:
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_bytes(data)
                if len(data) % 2:  # the same time as that of another content
                    os.utime(path, (1_700_000_000, 1_700_000_000))

    def read(self) -> Digests:
        every = [Path(folder, name) for folder, _, names in os.walk(self._base) for name in names]
        return {str(path.relative_to(self._base)): _md5(path.read_bytes()) for path in every}


class Prefix:
    """The same of a bucket."""

    def __init__(self, scene: TransferScene, base: str) -> None:
        self._scene = scene
        self._base = base
        self.text = scene.url(f"{base}it/")
        self._put(_with_neighbours({}))

    def become(self, tree: Tree, before: Tree) -> None:
        for name in before.keys() - tree.keys():
            self._scene.witness.delete_object(Bucket=self._scene.bucket, Key=f"{self._base}it/{name}")
        self._put({f"it/{name}": data for name, data in tree.items() if before.get(name) != data})

    def _put(self, tree: Tree) -> None:
        for name, data in tree.items():
            self._scene.put(self._base + name, data)

    def read(self) -> Digests:
        where = {"Bucket": self._scene.bucket, "Prefix": self._base}
        found = self._scene.witness.list_objects_v2(**where).get("Contents", ())
        return {item["Key"].removeprefix(self._base): item["ETag"].strip('"') for item in found}


def _md5(data: bytes) -> str:
    return hashlib.md5(data, usedforsecurity=False).hexdigest()


def _digests(tree: Tree) -> Digests:
    return {name: _md5(data) for name, data in _with_neighbours(tree).items()}


def _with_neighbours(tree: Tree) -> Tree:
    return {f"it/{name}": data for name, data in tree.items()} | {"it2": b"beside"}


@pytest.mark.parametrize("batch", range(BATCHES))
def test_both_sides_are_alike_where_they_should_be(
    over_s3: TransferScene, batch: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in {"HOME": str(over_s3.jsobj.home), **over_s3.jsobj.variables}.items():
        monkeypatch.setenv(name, value)
    connection = jsobj.connect(profile="demo")
    for number in range(batch, CASES, BATCHES):
        seed = f"{SEED}-{number}"
        case = _case(random.Random(seed))
        print(f"seed {seed}: {case}")  # noqa: T201 - shown where the test fails
        _check(connection, over_s3, case, number)


def _check(connection: Connection, scene: TransferScene, case: Case, number: int) -> None:
    def sync(**words: Any) -> Summary:
        return connection.sync(source.text, target.text, listen=lambda event: None, **words)

    def place(side: str, *, folder: bool) -> Folder | Prefix:
        return Folder(scene.folder / f"{number}-{side}") if folder else Prefix(scene, f"{number}-{side}/")

    source, target = place("a", folder=case.direction == "up"), place("b", folder=case.direction == "down")
    if case.first:
        source.become(case.first, {})
        assert sync(parallel=2).done == len(case.first)
    source.become(case.source, case.first)
    target.become(case.target, case.first)
    if case.refused:
        with pytest.raises(JsobjError) as refused:
            sync(**case.words)
        assert refused.value.reference in REFUSALS
        assert target.read() == _digests(case.target)
        return
    found = sync(**case.words)
    after = {name: data for name, data in case.target.items() if name not in case.doomed} | case.taken
    assert (found.deleted, found.failed) == (len(case.doomed), 0)
    again = sync(**case.words)
    assert (again.done, again.renamed, again.deleted, again.failed) == (0, 0, 0, 0)
    assert (source.read(), target.read()) == (_digests(case.source), _digests(after))
