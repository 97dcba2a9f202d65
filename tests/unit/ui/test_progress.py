"""Progress: what is shown in each mode, how little of it, and that showing never ends a transfer."""

from __future__ import annotations

import io
import json
import re
import threading
from collections.abc import Iterator

import pytest

from jsobj.errors import ExitCode, JsobjError
from jsobj.transfer.events import Done, Failed, ItemStarted, Noted, Retried, Skipped, Started, Summary, Tally
from jsobj.ui.output import Output
from jsobj.ui.progress import KEPT, SAID, Progress, open_progress
from jsobj.ui.progress_bar import NAMED, Bar
from jsobj.ui.progress_look import Look

MIB = 1024**2
ERROR = JsobjError("object-forbidden", "you may not\x1b[2J", code=ExitCode.REFUSED, context="seen", hint="ask")
STARTED = Started("upload", "src", "s3://b/", "0123abcd")
CODES = re.compile(r"\x1b\[[0-9;?]*[a-zA-Z]")


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


class Broken(io.StringIO):
    """A pipe whose reader has gone."""

    def write(self, text: str) -> int:
        raise BrokenPipeError

    def flush(self) -> None:
        raise BrokenPipeError


def summary(**changes: object) -> Summary:
    words = {
        "verb": "upload",
        "done": 12,
        "skipped": 0,
        "failed": 0,
        "size": 3565 * MIB,
        "verified": 12,
        "unverified": 0,
        "retries": 0,
        "seconds": 41.0,
    }
    return Summary(**{**words, **changes})  # type: ignore[arg-type]


def output(**options: object) -> tuple[Output, io.StringIO, io.StringIO]:
    out, err = options.pop("out", io.StringIO()), options.pop("err", io.StringIO())
    assert isinstance(out, io.StringIO)
    assert isinstance(err, io.StringIO)
    return Output(out, err, **options), out, err  # type: ignore[arg-type]


# What is said in every mode.


@pytest.mark.parametrize("mode", ["auto", "bar", "line", "none"])
def test_failures_are_said_escaped_and_the_first_ones_only(mode: str) -> None:
    out, stdout, stderr = output()
    with open_progress(out, mode, Tally()) as tell:
        tell(STARTED)
        for number in range(SAID + 5):
            tell(Failed(f"file{number}\n", ERROR))
        tell(summary(failed=SAID + 5))
    text = CODES.sub("", stderr.getvalue())
    assert text.count("Failed: ") == SAID
    assert "Failed: file0\\x0a: you may not\\x1b[2J [object-forbidden]\n" in text
    assert "Warning: 5 more failed\n" in text
    assert text.endswith(f"{SAID + 5} failed\n")
    assert stdout.getvalue() == ""


def test_quiet_says_failures_and_nothing_else() -> None:
    out, stdout, stderr = output(quiet=True)
    with open_progress(out, "auto", Tally()) as tell:
        tell(STARTED)
        tell(Noted("a link was not followed"))
        tell(Failed("x", ERROR))
        tell(summary(failed=1))
    assert stderr.getvalue().splitlines() == ["Failed: x: you may not\\x1b[2J [object-forbidden]", "  Next: ask"]
    assert stdout.getvalue() == ""


def test_notes_are_bounded() -> None:
    out, _, stderr = output()
    with open_progress(out, "none", Tally()) as tell:
        for number in range(SAID + 3):
            tell(Noted(f"link {number}"))
    assert stderr.getvalue().count("link") == SAID
    assert "3 more notes were left out" in stderr.getvalue()


def test_verbose_says_what_happens_to_each() -> None:
    out, _, stderr = output(verbose=True)
    with open_progress(out, "none", Tally()) as tell:
        tell(Skipped("a", "same content"))
        tell(Done("b", "s3://b/b", 1, "md5"))
        tell(Done("c", "s3://b/c", 1, ""))
        tell(Retried("d", "503", 1.0))
    assert stderr.getvalue().splitlines() == [
        "skipped a: same content",
        "done b (verified: md5)",
        "done c (size only)",
        "again in 1.0 s: d: 503",
    ]


def test_an_interrupted_run_still_tells_how_far_it_came() -> None:
    out, _, stderr = output()
    with pytest.raises(KeyboardInterrupt), open_progress(out, "line", Tally()) as tell:  # noqa: PT012
        tell(summary(interrupted=True))
        raise KeyboardInterrupt
    assert stderr.getvalue().startswith("Stopped: 12 files")


def test_a_run_that_ended_in_an_error_leaves_the_word_to_the_error() -> None:
    out, _, stderr = output()
    with pytest.raises(JsobjError), open_progress(out, "line", Tally()) as tell:  # noqa: PT012
        tell(summary(done=0, verified=0))
        raise ERROR
    assert stderr.getvalue() == ""


def test_the_document_with_json() -> None:
    out, stdout, _ = output(as_json=True)
    with open_progress(out, "none", Tally()) as tell:
        for number in range(KEPT + 1):
            tell(Failed(str(number), ERROR))
        tell(summary(failed=KEPT + 1))
    tell.show_result()
    document = json.loads(stdout.getvalue())
    assert document["schema"] == "jsobj.transfer/1"
    assert (document["done"], document["failed"], document["bytes"]) == (12, KEPT + 1, 3565 * MIB)
    assert len(document["failures"]) == KEPT


def test_without_json_stdout_stays_free_for_data() -> None:
    out, stdout, _ = output()
    with open_progress(out, "none", Tally()) as tell:
        tell(summary())
    tell.show_result()
    assert stdout.getvalue() == ""


def test_b134_nobody_reads_and_the_transfer_goes_on() -> None:
    for mode in ("line", "bar", "json", "none"):
        out, _, _ = output(out=Broken(), err=Broken(), verbose=True)
        with open_progress(out, mode, Tally()) as tell:
            tell(STARTED)
            tell(Failed("x", ERROR))
            tell(Done("y", "d", 1, "md5"))
            tell(summary())
        assert tell.failed == 1
        assert tell.summary is not None


# Threads.


def drawing() -> list[threading.Thread]:
    return [thread for thread in threading.enumerate() if thread.name == "progress"]


def test_no_thread_before_worker_processes_are_forked_and_none_afterwards() -> None:
    out, _, _ = output()
    with open_progress(out, "line", Tally()) as tell:
        tell(STARTED)
        assert drawing() == []
        tell(Done("x", "d", 1, "md5"))
        assert len(drawing()) == 1
    assert drawing() == []


def test_no_thread_at_all_where_nothing_is_drawn() -> None:
    out, _, _ = output()
    with open_progress(out, "none", Tally()) as tell:
        tell(Done("x", "d", 1, "md5"))
        assert drawing() == []


# Events.


def test_events_are_one_document_a_line() -> None:
    out, stdout, stderr = output()
    with open_progress(out, "json", Tally()) as tell:
        tell(STARTED)
        tell(ItemStarted("big\n", 100, 10))
        tell(Retried("big\n", "503", 0.5))
        tell(Skipped("s", "same content"))
        tell(Done("big\n", "s3://b/big", 100, "parts", "etag-2"))
        tell(Failed("\udcff", ERROR))
        tell(Noted("note"))
        tell(summary(failed=1))
    events = [json.loads(line) for line in stdout.getvalue().splitlines()]
    assert {event["schema"] for event in events} == {"jsobj.event/1"}
    names = ["started", "item-started", "retried", "skipped", "done", "failed", "noted", "summary"]
    assert [event["event"] for event in events] == names
    assert events[4] == {
        "schema": "jsobj.event/1",
        "event": "done",
        "item": "big\n",
        "destination": "s3://b/big",
        "size": 100,
        "verified": "parts",
        "etag": "etag-2",
    }
    assert (events[5]["item"], events[5]["exit_code"]) == ("\udcff", 6)
    assert events[7]["bytes"] == 3565 * MIB
    assert stdout.getvalue().isascii()
    assert "Failed:" in stderr.getvalue()


def test_events_go_to_stderr_where_stdout_carries_data() -> None:
    out, stdout, stderr = output()
    with open_progress(out, "json", Tally(), data_on_stdout=True) as tell:
        tell(STARTED)
    assert stdout.getvalue() == ""
    assert json.loads(stderr.getvalue())["event"] == "started"


# Which mode.


def test_auto_is_a_bar_for_people_and_lines_for_logs() -> None:
    def kind(**options: object) -> str:
        with open_progress(output(**options)[0], "auto", Tally()) as progress:
            return type(progress._display).__name__

    assert kind(err=Terminal()) == "Bar"
    assert kind(err=Terminal(), environ={"TERM": "dumb"}) == "LogLines"
    assert kind() == "LogLines"
    assert kind(err=Terminal(), quiet=True) == "NoneType"


# The bar.


@pytest.fixture(name="bar")
def _bar() -> Iterator[tuple[Bar, Output, io.StringIO]]:
    out, _, err = output(err=Terminal(), environ={"COLUMNS": "100"})
    bar = Bar(out)
    yield bar, out, err
    bar.close()


LOOK = Look(3, 40, 50 * MIB, 100 * MIB, True, 10.0 * MIB, 5.0, 1, 0)


def test_the_bar_names_large_items_and_says_how_many_more(bar: tuple[Bar, Output, io.StringIO]) -> None:
    active = tuple(ItemStarted(f"dir/{'x' * 200}{number}\x1b[2J", 10 * MIB) for number in range(NAMED + 3))
    bar[0].draw(LOOK, active, "the server answered 503")
    text = CODES.sub("", bar[2].getvalue())
    assert "50%  50 MiB/100 MiB  10 MiB/s  5.0 s left  3/40  1 failed" in text
    assert text.count("xxx\u2026") + text.count("\\x1b[2J  10 MiB") == NAMED
    assert "and 3 more large files" in text
    assert "trying again: the server answered 503" in text
    assert "\x1b[2J" not in bar[2].getvalue()


def test_what_is_said_meanwhile_stands_above_the_bar(bar: tuple[Bar, Output, io.StringIO]) -> None:
    bar[0].draw(LOOK, (), "")
    bar[1].warn("[bold]not markup[/bold] \x1b[2J")
    assert "Warning: [bold]not markup[/bold] \\x1b[2J\n" in CODES.sub("", bar[2].getvalue())
    bar[0].close()
    bar[2].truncate(0)
    bar[1].note("after")
    assert bar[2].getvalue().replace("\0", "") == "after\n"


def test_the_bar_is_taken_away(bar: tuple[Bar, Output, io.StringIO]) -> None:
    bar[0].draw(LOOK, (), "")
    bar[0].close()
    assert "\x1b[2K" in bar[2].getvalue()  # its line was erased
    assert "\x1b[?25h" in bar[2].getvalue()  # and the cursor is back


def test_a_short_transfer_never_draws() -> None:
    out, _, err = output(err=Terminal())
    with open_progress(out, "bar", Tally()) as tell:
        tell(Done("x", "d", 1, "md5"))
        assert isinstance(tell, Progress)
        tell(summary())
    assert CODES.sub("", err.getvalue()).startswith("12 files, ")
    assert "\x1b[2K" not in err.getvalue()


def test_what_to_do_is_told_once_for_each_kind_of_trouble() -> None:
    out, _, stderr = output(quiet=True)
    full = JsobjError("disk-full", "the disk is full", code=ExitCode.LOCAL, hint="free some space")
    gone = JsobjError("target-gone", "its folder was removed", code=ExitCode.LOCAL, hint="run it again")
    with open_progress(out, "none", Tally()) as tell:
        for name, error in (("a", full), ("b", full), ("c", gone), ("d", full)):
            tell(Failed(name, error))
    said = [line for line in stderr.getvalue().splitlines() if "Next:" in line]
    assert said == ["  Next: free some space", "  Next: run it again"]
