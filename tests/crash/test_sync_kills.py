"""``kill -9`` again and again during ``jsobj sync --delete --backup``; then one run that is left alone."""

from __future__ import annotations

import random
import uuid
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest
from crash_scene import MIB, Crash, kill

SEED = 20261129
WORDS = ("--delete", "--max-delete", "50", "--overwrite-newer")
Tree = dict[str, bytes]


def _trees(chosen: random.Random) -> tuple[Tree, Tree]:
    """A source, and a target with the same, other, old and additional files."""
    same = {f"same/{number}": chosen.randbytes(100) for number in range(10)}
    changed = {f"changed/{number}": chosen.randbytes(100) for number in range(12)}
    source = same | changed | {f"new/{number}": chosen.randbytes(100) for number in range(12)}
    source |= {"large": chosen.randbytes(12 * MIB), "data.zarr/0": b"chunk", "data.zarr/.zarray": b"{}"}
    gone = {f"gone/{number}": chosen.randbytes(100) for number in range(12)}
    other = {name: chosen.randbytes(100) for name in changed} | {"large": chosen.randbytes(6 * MIB)}
    return source, same | other | gone | {"old.zarr/.zarray": b"{}", "old.zarr/0": b"chunk"}


def _write(base: Path, tree: Mapping[str, bytes]) -> None:
    for name, data in tree.items():
        path = base / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)


def _files(base: Path) -> Tree:
    """What is there; what a killed download has left is no file yet."""
    every = (path for path in base.rglob("*") if path.is_file() and not path.name.endswith(".jsobj-part"))
    return {str(path.relative_to(base)): path.read_bytes() for path in every}


def _objects(crash: Crash) -> Tree:
    return {key: crash.fetch(key) for key in sorted(crash.keys())}


def _below(prefix: str, tree: Tree) -> Tree:
    return {name.removeprefix(prefix): data for name, data in tree.items() if name.startswith(prefix)}


def _up(crash: Crash, kills: int, seed: int) -> None:
    chosen, place = random.Random(seed), uuid.uuid4().hex[:6]
    source, before = _trees(chosen)
    folder = crash.path(place)
    _write(folder, source)
    for name, data in (before | {"../beside": b"beside"}).items():
        crash.put(f"{place}/it/{name}" if not name.startswith("..") else f"{place}/beside", data)

    def check(*, whole: bool) -> None:
        there = _objects(crash)
        assert there[f"{place}/beside"] == b"beside"
        _check(source, before, _below(f"{place}/it/", there), _kept(_below(f"{place}/old/", there)), whole=whole)

    argv = ("sync", folder, crash.url(f"{place}/it"), *WORDS, "--backup", f"{place}/old")
    _series(crash, argv, [chosen.randrange(1, 80) for _ in range(kills)], check)


def _down(crash: Crash, kills: int, seed: int) -> None:
    chosen, place = random.Random(seed), uuid.uuid4().hex[:6]
    source, before = _trees(chosen)
    for name, data in source.items():
        crash.put(f"{place}/{name}", data)
    folder = crash.path(place)
    _write(folder / "it", before)
    _write(folder, {"beside": b"beside"})

    def check(*, whole: bool) -> None:
        assert (folder / "beside").read_bytes() == b"beside"
        _check(source, before, _files(folder / "it"), _kept(_files(folder / "old")), whole=whole)

    argv = ("sync", crash.url(f"{place}/"), folder / "it", *WORDS, "--backup", folder / "old")
    _series(crash, argv, [chosen.randrange(1, 30) for _ in range(kills)], check)


def _kept(backups: Tree) -> set[tuple[str, bytes]]:
    """What the backups of all runs have, without the ids of the runs."""
    return {(name.partition("/")[2], data) for name, data in backups.items()}


def _check(source: Tree, before: Tree, now: Tree, kept: set[tuple[str, bytes]], *, whole: bool) -> None:
    """Nothing is there that neither side had, and nothing is gone that is not kept."""
    if whole:
        assert now == source
    for name, data in now.items():
        assert data in {source.get(name), before.get(name)}
    for name, data in before.items():
        assert now.get(name) == data or (name, data) in kept, name
        assert name in now or name not in source, name


def _series(crash: Crash, argv: tuple[str | Path, ...], kills: list[int], check: Callable[..., None]) -> None:
    """Kill a run after each of these numbers of requests; then let one end."""
    killed = 0
    for more in kills:
        process, base = crash.start(*argv), len(crash.proxy.journal)
        crash.proxy.until(lambda proxy: len(proxy.journal) >= base + more, lambda: process.poll() is not None)  # noqa: B023
        killed += process.poll() is None
        kill(process)
        check(whole=False)
    assert killed
    crash.jsobj(*argv)
    check(whole=True)
    assert "Nothing" in crash.jsobj(*argv).err


@pytest.mark.parametrize("crash", ["rgw"], indirect=True)
@pytest.mark.parametrize("way", [_up, _down])
def test_killed_syncs_lose_nothing_and_the_next_one_finishes(crash: Crash, way: Callable[..., None]) -> None:
    print(f"seed {SEED}")  # noqa: T201 - shown where the test fails
    way(crash, 3, SEED)


@pytest.mark.long
@pytest.mark.parametrize("crash", ["rgw"], indirect=True)
@pytest.mark.parametrize("way", [_up, _down])
@pytest.mark.parametrize("seed", range(5))
def test_many_killed_syncs(crash: Crash, way: Callable[..., None], seed: int) -> None:
    way(crash, 5, seed)
