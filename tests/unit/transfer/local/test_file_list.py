"""Lists of files: lines or NULs, streamed, each path once, and nothing outside the source."""

from __future__ import annotations

import io
import os
from pathlib import Path

import pytest

from jsobj.errors import ExitCode, JsobjError
from jsobj.transfer.local.file_list import read_list


def listed(data: bytes, *, null: bool = False) -> list[str]:
    return list(read_list(io.BytesIO(data), null=null, name="LIST"))


def refused(data: bytes, *, null: bool = False) -> JsobjError:
    with pytest.raises(JsobjError) as caught:
        listed(data, null=null)
    assert caught.value.code is ExitCode.USAGE
    assert caught.value.hint
    return caught.value


def test_lines() -> None:
    assert listed(b"b/x\na\r\n\n./c//d\n  e \nlast") == ["b/x", "a", "c/d", "  e ", "last"]


def test_b100_nul_separated_names_may_hold_anything() -> None:
    assert listed(b"./a\nb\0c\r\0#d\0", null=True) == ["a\nb", "c\r", "#d"]


def test_what_find_prints(tmp_path: Path) -> None:
    assert listed(b".\0./a\0./a/b\0", null=True) == ["a", "a/b"]


def test_b091_names_that_are_not_utf8_come_through_to_be_refused_one_by_one() -> None:
    assert listed(b"a\xff\nb") == [os.fsdecode(b"a\xff"), "b"]


def test_each_path_comes_once_at_its_first_place() -> None:
    assert listed(b"b\na\n./b\nb/\na") == ["b", "a"]


@pytest.mark.parametrize("entry", [b"/etc/passwd", b"//x", b"../x", b"a/../b", b".."])
@pytest.mark.parametrize("null", [False, True])
def test_b080_paths_outside_the_source_are_refused_with_their_place(entry: bytes, null: bool) -> None:
    end = b"\0" if null else b"\n"
    error = refused(end.join([b"ok", b"", entry, b"more"]), null=null)
    assert ("entry 3 of LIST" if null else "line 3 of LIST") in error.message


def test_the_wrong_separator_is_told() -> None:
    assert "--null" in refused(b"a\0b\0").hint
    assert "--null" in refused(b"x" * 100_000).hint
    assert "--null" in refused((b"x" * 50 + b"\n") * 2000, null=True).hint


@pytest.mark.parametrize("data", [b"", b"\n\n", b".\n"])
def test_an_empty_list_is_refused(data: bytes) -> None:
    assert refused(data).reference == "list-empty"


def test_it_is_read_as_it_comes() -> None:
    class Endless(io.RawIOBase):
        number = 0

        def read(self, size: int = -1) -> bytes:
            self.number += 1
            return f"file{self.number}\n".encode()

    names = read_list(Endless(), name="LIST")  # type: ignore[arg-type]
    assert [next(names) for _ in range(3)] == ["file1", "file2", "file3"]


def test_long_lists_cut_anywhere_are_whole(tmp_path: Path) -> None:
    names = [f"folder{number % 7}/{'n' * (number % 200)}{number}" for number in range(5000)]
    path = tmp_path / "list"
    path.write_text("\n".join(names))
    assert list(read_list(str(path))) == names


def test_a_list_that_cannot_be_read(tmp_path: Path) -> None:
    for path in (tmp_path / "missing", tmp_path, Path("a\0b")):
        with pytest.raises(JsobjError) as caught:
            list(read_list(str(path)))
        assert caught.value.code is ExitCode.LOCAL
        assert caught.value.context
