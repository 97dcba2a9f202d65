"""CRC-32C: of bytes and files as Google's own library has it, and of wholes from their parts."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import google_crc32c
import pytest
from hypothesis import given
from hypothesis import strategies as st

from jsobj.errors import BadUsage
from jsobj.net.crc32c import EMPTY, Crc32c, combine, combined, crc32c, crc32c_of_file


def witness(data: bytes) -> str:
    return f"{google_crc32c.value(data):08x}"


def test_the_check_value_of_the_algorithm() -> None:
    assert crc32c(b"123456789") == "e3069283"
    assert crc32c(b"") == EMPTY == witness(b"")


@given(st.binary(max_size=2000), st.binary(max_size=2000))
def test_two_pieces_make_the_crc_of_the_whole(first: bytes, second: bytes) -> None:
    whole = witness(first + second)
    assert combine(witness(first), witness(second), len(second)) == whole
    found = Crc32c()
    found.update(bytearray(first))
    found.update(memoryview(second))
    assert found.hexdigest() == whole


@given(st.lists(st.binary(max_size=300), max_size=12))
def test_many_pieces_in_their_order(pieces: list[bytes]) -> None:
    assert combined((witness(piece), len(piece)) for piece in pieces) == witness(b"".join(pieces))


@given(st.integers(0, 2**50), st.integers(0, 2**50), st.lists(st.integers(0, 2**32 - 1), min_size=3, max_size=3))
def test_it_does_not_matter_which_pieces_are_put_together_first(n: int, m: int, crcs: list[int]) -> None:
    a, b, c = (f"{crc:08x}" for crc in crcs)
    assert combine(combine(a, b, n), c, m) == combine(a, combine(b, c, m), n + m)


def test_stretches_of_a_file(tmp_path: Path) -> None:
    data = os.urandom(700_000)
    file = tmp_path / "file"
    file.write_bytes(data)
    with file.open("rb") as opened:
        assert crc32c_of_file(opened.fileno(), 0, len(data)) == witness(data)
        assert crc32c_of_file(opened.fileno(), 1000, 500_000) == witness(data[1000:501_000])
        assert crc32c_of_file(opened.fileno(), 699_999, 500) == witness(data[699_999:])


def test_without_the_library_the_error_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "google_crc32c", None)
    with pytest.raises(BadUsage) as raised:
        crc32c(b"x")
    assert "pip install 'jsobj[clouds]'" in raised.value.hint
