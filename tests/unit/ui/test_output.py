"""The door to the terminal: who gets what on which stream, and that no byte of others does anything there."""

from __future__ import annotations

import io
import json
import pickle

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from jsobj.errors import ExitCode, JsobjError
from jsobj.ui.documents import Listing, Record
from jsobj.ui.output import Output
from jsobj.ui.text import safe

PROFILE = settings(max_examples=200, derandomize=True, deadline=None, database=None)
RECORD = Record("jsobj.x/1", {"a": 1, "b": None}, [("Long label", "v"), ("B", "w")])
LISTING = Listing("jsobj.x-list/1", [{"n": "a"}], {"Name": lambda item: f"{item['n']}\tb", "More": lambda item: "c"})
ERROR = JsobjError("some-thing", "it\x1b[0m broke", code=ExitCode.LOCAL, context="seen\r", hint="do this")


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def written(document: Record | Listing, **options: bool) -> tuple[str, str]:
    out, err = io.StringIO(), io.StringIO()
    Output(out, err, **options).show(document)  # type: ignore[arg-type]
    return out.getvalue(), err.getvalue()


def test_record_for_people_and_programs() -> None:
    assert written(RECORD) == ("Long label: v\nB:          w\n", "")
    assert json.loads(written(RECORD, as_json=True)[0]) == {"schema": "jsobj.x/1", "a": 1, "b": None}


def test_listing_in_a_pipe_is_one_line_per_item() -> None:
    assert written(LISTING) == ("a\\x09b\tc\n", "")
    assert json.loads(written(LISTING, as_json=True)[0]) == {"schema": "jsobj.x-list/1", "items": [{"n": "a"}]}


def test_empty_listing_talks_and_gives_no_data() -> None:
    empty = Listing("jsobj.x-list/1", [], LISTING.columns, empty="Nothing.")
    assert written(empty) == ("", "Nothing.\n")
    assert written(empty, quiet=True) == ("", "")


def test_quiet_and_verbose() -> None:
    for options, expected in (
        ({}, "note\nWarning: warn\n"),
        ({"quiet": True}, "Warning: warn\n"),
        ({"verbose": True}, "note\ndetail\nWarning: warn\n"),
    ):
        err = io.StringIO()
        output = Output(io.StringIO(), err, **options)
        output.note("note")
        output.detail("detail")
        output.warn("warn")
        assert err.getvalue() == expected


def test_error_in_both_forms() -> None:
    for as_json in (False, True):
        out, err = io.StringIO(), io.StringIO()
        Output(out, err, as_json=as_json, quiet=True).error(ERROR)
        assert out.getvalue() == ""
        text = err.getvalue()
        assert not set(text) & set("\x1b\r")
        if as_json:
            assert json.loads(text) == ERROR.to_json()
        else:
            assert text == "Error: it\\x1b[0m broke [some-thing]\n  Seen: seen\\x0d\n  Next: do this\n"


def test_a_list_of_hints_stands_line_below_line_and_one_text_stays_on_its_line() -> None:
    ways = JsobjError("no-key", "no key", code=ExitCode.AUTH, hint=("two ways:", "jsobj one", "jsobj two\x1b"))
    hostile = JsobjError("no-key", "no key", code=ExitCode.AUTH, hint="jsobj ls 's3://b/a\njsobj rm'")
    err = io.StringIO()
    for error in (ways, pickle.loads(pickle.dumps(ways)), hostile):
        Output(io.StringIO(), err).error(error)
    listed = "  Next: two ways:\n        jsobj one\n        jsobj two\\x1b\n"
    single = "  Next: jsobj ls 's3://b/a\\x0ajsobj rm'\n"
    assert err.getvalue() == "".join(f"Error: no key [no-key]\n{hint}" for hint in (listed, listed, single))
    assert ways.to_json()["hint"] == "two ways:\njsobj one\njsobj two\x1b"


@pytest.mark.parametrize(
    ("environ", "terminal", "coloured"),
    [
        ({}, True, True),
        ({}, False, False),
        ({"NO_COLOR": "1"}, True, False),
        ({"NO_COLOR": ""}, True, True),
        ({"TERM": "dumb"}, True, False),
        ({"FORCE_COLOR": "1"}, False, True),
        ({"FORCE_COLOR": "1", "NO_COLOR": "1"}, False, False),
    ],
)
def test_colour(environ: dict[str, str], terminal: bool, coloured: bool) -> None:
    err = Terminal() if terminal else io.StringIO()
    Output(io.StringIO(), err, environ=environ).warn("x")
    assert ("\x1b[33m" in err.getvalue()) == coloured


def test_s11_our_own_colours_in_a_name_are_not_passed_on() -> None:
    name = "done red\x1b[31m\x1b[0m\x1b[2m"
    for environ, ours in (({}, 0), ({"FORCE_COLOR": "1"}, 4)):
        err = io.StringIO()
        output = Output(io.StringIO(), err, environ=environ, verbose=True)
        output.detail(name)
        output.warn(name)
        output.note(name)
        assert err.getvalue().count("\x1b") == ours
        assert err.getvalue().count("red\\x1b[31m\\x1b[0m\\x1b[2m") == 3


@PROFILE
@given(st.text(max_size=40))
def test_s11_no_byte_of_others_acts_on_a_terminal(text: str) -> None:
    out, err = Terminal(), Terminal()
    output = Output(out, err, environ={"NO_COLOR": "1"}, verbose=True)
    output.show(Record("s", {}, [("l", text)]))
    output.error(JsobjError("r", text, code=ExitCode.LOCAL, context=text, hint=text))
    output.warn(text)
    output.detail(text)
    said = (out.getvalue() + err.getvalue()).replace("\n", "")
    assert all(ch >= " " and ch != "\x7f" and ch not in "\u202e\u2028\u2066" for ch in said)
    assert not any(0xD800 <= ord(ch) < 0xE000 or 0x80 <= ord(ch) < 0xA0 for ch in said)


@PROFILE
@given(st.dictionaries(st.text(max_size=5), st.text(max_size=20)))
def test_s12_json_is_always_json(data: dict[str, str]) -> None:
    out = written(Record("s", {key: value for key, value in data.items() if key != "schema"}, []), as_json=True)[0]
    assert out.isascii()
    assert out.count("\n") == 1
    assert json.loads(out) == {**{k: v for k, v in data.items() if k != "schema"}, "schema": "s"}


def test_s12_lone_surrogates_come_through() -> None:
    out = written(Record("s", {"n": "\udcff"}, []), as_json=True)[0]
    assert json.loads(out)["n"] == "\udcff"


@pytest.mark.parametrize(
    ("text", "shown"), [("plain", "plain"), ("é漢🗝", "é漢🗝"), ("a\x00b", "a\\x00b"), ("\x9b", "\\x9b")]
)
def test_safe(text: str, shown: str) -> None:
    assert safe(text) == shown
    assert safe(safe(text)) == shown
