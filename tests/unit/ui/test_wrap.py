"""Long lines on a terminal: wrapped between words, commands and URLs whole; a pipe gets one line."""

from __future__ import annotations

import io
import re

import pytest

from jsobj.errors import ExitCode, JsobjError
from jsobj.ui.documents import Listing, Record
from jsobj.ui.output import Output
from jsobj.ui.wrap import wrapped

URL = "https://object-store.example.org:8001/swift/v1/AUTH_0123456789/results"
COMMAND = "jsobj jobs resume 20260102-abcdef --cloud 'my cloud' --profile long-name-of-mine"


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def test_a_line_that_fits_stays_as_it_is() -> None:
    assert wrapped("two  blanks stay", 80) == "two  blanks stay"
    assert wrapped("x" * 200, 0) == "x" * 200


def test_the_rest_stands_below_the_text() -> None:
    assert wrapped("\x1b[31mError:\x1b[0m one two three", 14) == "\x1b[31mError:\x1b[0m one two\n       three"
    assert wrapped("one two three", 8) == "one two\n  three"


@pytest.mark.parametrize("columns", [24, 40, 56, 80])
def test_commands_urls_and_quoted_texts_are_never_cut(columns: int) -> None:
    line = (
        f"  Next: wait a minute or two for the server, then type: {COMMAND}; or look at {URL} and at 'a long name here'"
    )
    lines = [each.strip() for each in wrapped(line, columns).split("\n")]
    assert " ".join(lines) == line.strip()
    for whole in (COMMAND, URL, "'a long name here'"):
        assert any(whole in each for each in lines)
    assert [each for each in lines if len(each) > columns and not re.search(f"{COMMAND}|{URL}", each)] == []


@pytest.mark.parametrize(
    ("text", "command"),
    [
        ("jsobj ls s3://b --cloud sci shows what is there", "jsobj ls s3://b --cloud sci"),
        ("unset OS_AUTH_URL OS_USERNAME and try again", "unset OS_AUTH_URL OS_USERNAME"),
        ("(jsobj bucket list)", "(jsobj bucket list)"),
    ],
)
def test_a_command_ends_where_prose_begins(text: str, command: str) -> None:
    assert command in wrapped(f"{'word ' * 6}{text}", 40)


def test_a_terminal_gets_wrapped_messages_and_a_pipe_one_line() -> None:
    error = JsobjError("r", "word " * 30 + "end", code=ExitCode.LOCAL, context="fact " * 30, hint=f"do {COMMAND}")
    record = Record("s", {}, [("Label", "value " * 30)])
    for stream, most in ((Terminal(), 80), (io.StringIO(), 1000)):
        output = Output(stream, stream, environ={"NO_COLOR": "1"})
        output.error(error)
        output.warn("word " * 30)
        output.note("word " * 30)
        output.show(record)
        lines = stream.getvalue().split("\n")
        assert max(map(len, lines)) <= max(most, len(COMMAND) + 8)
        assert (len(lines) == 7) == (most == 1000)
        assert f"  Next: do {COMMAND}" in lines or f"        {COMMAND}" in lines


def test_the_width_is_that_of_the_terminal() -> None:
    stream = Terminal()
    Output(stream, stream, environ={"COLUMNS": "20"}).note("word " * 8)
    assert max(map(len, stream.getvalue().split("\n"))) <= 20


def test_json_stays_one_line_on_a_terminal() -> None:
    stream = Terminal()
    Output(stream, stream, as_json=True).error(JsobjError("r", "word " * 60, code=ExitCode.LOCAL))
    assert stream.getvalue().count("\n") == 1


def test_a_long_first_column_leaves_room_for_the_others() -> None:
    stream = Terminal()
    rows = [{"n": "a phrase " * 12, "m": "what to do"}, {"n": "b", "m": "more to do"}]
    Output(stream, stream, environ={"COLUMNS": "80"}).show(Listing("s", rows, {"Name": "n", "More": "m"}))
    assert "what to do" in stream.getvalue()
    assert "more to do" in stream.getvalue()
