"""Lists that are written while they come, bytes of objects, and talk that is diverted while something is drawn."""

from __future__ import annotations

import io
import json
from collections.abc import Iterator

import pytest

from jsobj.errors import ExitCode, JsobjError
from jsobj.ui.documents import Stream
from jsobj.ui.output import Output

ERROR = JsobjError("some-thing", "it\nbroke", code=ExitCode.NETWORK)


def stream(items: Iterator[int] | list[int]) -> Stream[int]:
    return Stream("jsobj.x-list/1", items, lambda item: {"n": item, "name": "\udcff"}, lambda item: f"line {item}")


def output(**options: bool) -> tuple[Output, io.StringIO]:
    out = io.StringIO()
    return Output(out, io.StringIO(), **options), out  # type: ignore[arg-type]


@pytest.mark.parametrize("count", [0, 1, 2, 1201])
def test_a_stream_is_a_line_each_or_one_document(count: int) -> None:
    plain, out = output()
    assert plain.stream(stream(list(range(count)))) == count
    assert out.getvalue().splitlines() == [f"line {n}" for n in range(count)]
    programs, out = output(as_json=True)
    assert programs.stream(stream(list(range(count)))) == count
    document = json.loads(out.getvalue())
    assert document == {"schema": "jsobj.x-list/1", "items": [{"n": n, "name": "\udcff"} for n in range(count)]}
    assert out.getvalue().isascii()


@pytest.mark.parametrize("as_json", [False, True])
def test_the_first_item_is_written_before_the_last_is_there(as_json: bool) -> None:
    door, out = output(as_json=as_json)
    seen: list[str] = []

    def items() -> Iterator[int]:
        for n in range(3000):
            seen.append(out.getvalue())
            yield n

    door.stream(stream(items()))
    assert '"n": 0' in seen[1500] if as_json else seen[1500].startswith("line 0\n")


def test_what_does_not_exist_gives_no_document_at_all() -> None:
    def items() -> Iterator[int]:
        raise ERROR
        yield 1

    door, out = output(as_json=True)
    with pytest.raises(JsobjError):
        door.stream(stream(items()))
    assert out.getvalue() == ""


def test_a_list_that_breaks_off_is_no_whole_document() -> None:
    def items() -> Iterator[int]:
        yield from range(5)
        raise ERROR

    door, out = output(as_json=True)
    with pytest.raises(JsobjError):
        door.stream(stream(items()))
    with pytest.raises(ValueError, match=r"Expecting|Unterminated"):
        json.loads(out.getvalue())


class Slow(io.RawIOBase):
    """An unbuffered pipe that takes seven bytes at a time."""

    def __init__(self) -> None:
        self.got = bytearray()

    def writable(self) -> bool:
        return True

    def write(self, data: object) -> int:
        piece = bytes(memoryview(data)[:7])  # type: ignore[arg-type]
        self.got += piece
        return len(piece)


class Unbuffered:
    """What ``sys.stdout`` is with ``python -u``."""

    def __init__(self) -> None:
        self.buffer = Slow()

    def isatty(self) -> bool:
        return False


def test_all_bytes_are_written_also_where_stdout_takes_some_at_a_time() -> None:
    stdout = Unbuffered()
    door = Output(stdout, io.StringIO())  # type: ignore[arg-type]
    door.write_bytes(b"0123456789" * 10)
    door.write_bytes(b"")
    door.write_bytes(bytearray(b"end"))
    assert bytes(stdout.buffer.got) == b"0123456789" * 10 + b"end"


def test_talk_goes_to_whoever_draws_and_back_again() -> None:
    err = io.StringIO()
    door, said = Output(io.StringIO(), err), []
    with pytest.raises(KeyboardInterrupt), door.diverted(said.append):  # noqa: PT012
        door.warn("one\x1b[2J")
        door.failed("item\r", ERROR)
        raise KeyboardInterrupt
    door.note("two")
    assert said == ["Warning: one\\x1b[2J\n", "Failed: item\\x0d: it\\x0abroke [some-thing]\n"]
    assert err.getvalue() == "two\n"
