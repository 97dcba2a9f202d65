"""The library itself: every number of lanes, every length and address; and what is said where it is of no use."""

from __future__ import annotations

import ctypes
import ctypes.util
import hashlib
import random
import re
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from jsobj.net.md5 import compiled as module
from jsobj.net.md5.choice import allow_compiled
from jsobj.net.md5.compiled import LARGEST_BATCH, VERSION, Compiled, Memory, State, absence, compiled

BYTES = random.Random(6).randbytes(1 << 20)
SOURCE = Path(module.__file__).with_name("lanes.c").read_text()


@pytest.fixture(scope="module")
def library(engine: str) -> Compiled:
    found = compiled()
    assert found is not None
    return found


@pytest.mark.parametrize("engine", ["compiled"], indirect=True)
@settings(max_examples=300, deadline=None)
@given(
    pieces=st.lists(
        st.lists(st.tuples(st.integers(0, 5000), st.one_of(st.integers(0, 300), st.integers(0, 40_000))), max_size=3),
        min_size=1,
        max_size=LARGEST_BATCH,
    )
)
def test_1_to_16_lanes_of_any_length_at_any_address(
    engine: str, library: Compiled, pieces: list[list[tuple[int, int]]]
) -> None:
    states = [State() for _ in pieces]
    witnesses = [hashlib.md5(usedforsecurity=False) for _ in pieces]
    for state in states:
        library.begin(ctypes.addressof(state))
    for turn in range(3):
        live = [number for number, its in enumerate(pieces) if turn < len(its)]
        views = [memoryview(BYTES)[pieces[n][turn][0] :][: pieces[n][turn][1]] for n in live]
        held = [Memory(view) for view in views]
        library.update(
            [ctypes.addressof(states[n]) for n in live], [each.address for each in held], [each.size for each in held]
        )
        for number, view in zip(live, views, strict=True):
            witnesses[number].update(view)
    for state, witness in zip(states, witnesses, strict=True):
        assert library.digest(ctypes.addressof(state)) == witness.digest()
        assert library.digest(ctypes.addressof(state)) == witness.digest()  # it stays as it is


def test_both_halves_are_of_one_version() -> None:
    assert re.search(rf"jsobj_md5_version\(void\) {{ return {VERSION}; }}", SOURCE)
    assert re.search(rf"#define WIDE {LARGEST_BATCH}\n", SOURCE)


def test_what_is_no_library_is_not_used(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, engine: str) -> None:
    told = []
    for name, data in (("missing.so", None), ("broken.so", b"no library"), (str(ctypes.util.find_library("c")), None)):
        if data is not None:
            (tmp_path / name).write_bytes(data)
        monkeypatch.setattr(module, "_LIBRARY", tmp_path / name)
        found = module._loaded.__wrapped__()
        assert isinstance(found, str)
        told.append(found)
    assert told[0] == "no compiled helper"
    assert told[1].startswith("the compiled helper cannot be used: ")
    allow_compiled(False)
    assert (compiled(), absence()) == (None, "the compiled helper is switched off")
    allow_compiled(engine == "compiled")
