"""Tables whose lines would be too long for a terminal: cut in the middle, whole in a pipe and in JSON."""

from __future__ import annotations

import io
import json

import pytest
from rich.cells import cell_len

from jsobj.ui.documents import Listing
from jsobj.ui.fit import from_to, shortened
from jsobj.ui.output import Output

ROWS = [
    {"name": "first", "id": "0123456789abcdef" * 2, "to": "s3://results/" + "a" * 60 + "/end.nc"},
    {"name": "second", "id": "fedcba9876543210" * 2, "to": "s3://b/名前" + "名" * 40},
]
LISTING = Listing("s", ROWS, {"Name": "name", "ID": "id", "To": "to"}, narrow=("To", "ID"))


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


@pytest.mark.parametrize("columns", [40, 60, 80, 100, 200])
def test_each_item_has_one_line_on_a_terminal(columns: int) -> None:
    stream = Terminal()
    Output(stream, stream, environ={"COLUMNS": str(columns), "NO_COLOR": "1"}).show(LISTING)
    lines = [line.rstrip() for line in stream.getvalue().splitlines()]
    assert len(lines) == 3
    assert [line.split()[0] for line in lines] == ["Name", "first", "second"]
    assert all(cell_len(line) <= columns for line in lines)
    assert "s3:/" in lines[1]
    assert ("…" in lines[1]) is (columns < 130)
    assert (ROWS[0]["id"] in lines[1]) is (columns > 40)


def test_a_pipe_and_json_have_all_of_it() -> None:
    stream = io.StringIO()
    Output(stream, stream, environ={"COLUMNS": "40"}).show(LISTING)
    assert stream.getvalue().splitlines()[0].split("\t") == list(ROWS[0].values())
    stream = Terminal()
    Output(stream, stream, as_json=True, environ={"COLUMNS": "40"}).show(LISTING)
    assert json.loads(stream.getvalue())["items"] == ROWS


@pytest.mark.parametrize(
    ("text", "width", "shown"),
    [
        ("short", 5, "short"),
        ("0123456789", 7, "012…789"),
        ("0123456789", 4, "01…9"),
        ("名名名名名", 6, "名…名"),
        ("long", 1, "…"),
    ],
)
def test_beginning_and_end_are_left(text: str, width: int, shown: str) -> None:
    assert shortened(text, width) == shown


@pytest.mark.parametrize(
    ("first", "second", "shown"),
    [
        ("a.nc", "s3://b/", "a.nc -> s3://b/"),
        ("a.nc", "s3://" + "b" * 30, "a.nc -> s3://bbbb…bbbbbbbb"),
        ("0123456789abcdef", "s3://" + "b" * 30, "01234…bcdef -> s3://…bbbbb"),
    ],
)
def test_from_and_to_share_a_line(first: str, second: str, shown: str) -> None:
    assert from_to(first, second, 26) == shown


@pytest.mark.parametrize(("encoding", "sign"), [("utf-8", "…"), ("ascii", "..."), ("latin-1", "...")])
def test_what_the_encoding_lacks_is_not_written(encoding: str, sign: str) -> None:
    class Stream(io.TextIOWrapper):
        def isatty(self) -> bool:
            return True

    stream = Stream(io.BytesIO(), encoding=encoding, errors="backslashreplace")
    plain = Listing("s", ROWS[:1], LISTING.columns, narrow=LISTING.narrow)
    Output(stream, stream, environ={"COLUMNS": "60", "NO_COLOR": "1"}).show(plain)
    stream.seek(0)
    lines = [line.rstrip() for line in stream.read().splitlines()]
    assert sign in lines[1]
    assert "\\u" not in lines[1]
    assert max(map(len, lines)) <= 60


def test_a_longer_sign_takes_its_room() -> None:
    assert [shortened("0123456789", width, "...") for width in (1, 3, 4, 7, 10)] == [
        ".",
        "...",
        "0...",
        "01...89",
        "0123456789",
    ]
    assert from_to("a" * 30, "b" * 30, 26, "...") == "aaaa...aaaa -> bbbb...bbbb"
