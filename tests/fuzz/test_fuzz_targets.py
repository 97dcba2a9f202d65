"""Every reader of foreign bytes, on mutations of what is real (S20): what it promises to raise, and nothing else.

``JSOBJ_FUZZ_EXAMPLES`` makes it longer, by hand; atheris looks further (run.py).
"""

from __future__ import annotations

import os

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from targets import FINDINGS, TARGETS

EXAMPLES = int(os.environ.get("JSOBJ_FUZZ_EXAMPLES", "150"))
WORDS = (
    b"\0",
    b"\r\n",
    b"\\",
    b'"',
    b"'",
    b"&#1;",
    b"<!DOCTYPE",
    b"%2e",
    b"..",
    b"/",
    b"$(",
    b"`",
    b"\xff",
    b"-1",
    b"[" * 50,
)


@st.composite
def mutated(draw: st.DrawFn, seeds: tuple[bytes, ...]) -> bytes:
    """A seed of which some stretches were replaced, doubled or cut out."""
    data = draw(st.sampled_from(seeds))
    for _ in range(draw(st.integers(0, 4))):
        start = draw(st.integers(0, len(data)))
        end = draw(st.integers(start, min(len(data), start + 12)))
        piece = draw(st.one_of(st.sampled_from(WORDS), st.binary(max_size=6), st.just(data[start:end] * 2)))
        data = data[:start] + piece + data[end:]
    return data


@pytest.mark.parametrize("name", TARGETS)
def test_s20_mutations_of_what_is_real(name: str) -> None:
    target = TARGETS[name]

    @settings(max_examples=EXAMPLES, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))
    @given(st.one_of(mutated(target.seeds), st.binary(max_size=60)))
    def read(data: bytes) -> None:
        target.read(data)

    read()


@pytest.mark.parametrize("name", TARGETS)
def test_the_seeds_and_what_was_found_once(name: str) -> None:
    """Each target asserts what its reader promises."""
    for data in (*TARGETS[name].seeds, *FINDINGS.get(name, ())):
        TARGETS[name].read(data)
