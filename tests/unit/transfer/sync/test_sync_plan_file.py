"""A plan as a file: what was written is read, and nothing else is."""

from __future__ import annotations

import io
import json
import random
from pathlib import Path

import pytest

from jsobj.errors import ExitCode, JsobjError
from jsobj.store.values import Listed
from jsobj.transfer.local.scan import LocalFile
from jsobj.transfer.sync.decision import COPY, DELETE, REFUSE, RENAME, Decision
from jsobj.transfer.sync.entry import Entry
from jsobj.transfer.sync.opened_plan import OpenedPlan
from jsobj.transfer.sync.plan_file import Head, new_plan
from jsobj.transfer.sync.sides import FolderSide

HEAD = Head(made="2026-11-29T21:00:00Z", source="/s/", target="/t/", at_target="s3 https://x")
SOURCE, TARGET = FolderSide("/s"), FolderSide("/t")


def _file(root: str, name: str) -> Entry:
    return Entry.of_file(LocalFile(f"{root}/{name}", name, 7, -5, 2**63 + 9, 12, 13))


def _decisions() -> list[Decision]:
    listed = Entry("n\udcff", 3, listed=Listed("/t/n\udcff", 3, "etag", 1.5))
    return [
        Decision(COPY, "a/b", "new", _file("/s", "a/b")),
        Decision(RENAME, "c", "the same as d", _file("/s", "c"), moved=_file("/t", "d")),
        Decision(DELETE, "n\udcff", "not in the source", target=listed),
        Decision(REFUSE, "x", "no", error=JsobjError("key-refused", "no", code=ExitCode.LOCAL, hint="rename it")),
    ]


def _written() -> io.StringIO:
    file = io.StringIO()
    OpenedPlan.written(file, "plan", HEAD, SOURCE, TARGET, _decisions())
    return file


def test_what_was_written_is_read() -> None:
    plan = OpenedPlan.read(_written(), "plan", SOURCE, TARGET)
    found = list(plan.decisions(COPY, RENAME, DELETE, REFUSE))
    assert plan.head == HEAD
    assert [each.name for each in found] == [each.name for each in _decisions()]
    assert [(each.source, each.target, each.moved) for each in found] == [
        (each.source, each.target, each.moved) for each in _decisions()
    ]
    error = found[-1].error
    assert error is not None
    assert (error.reference, error.code, error.hint) == ("key-refused", ExitCode.LOCAL, "rename it")
    assert list(plan.decisions(DELETE)) == [found[2]]
    assert plan.totals.actions == {COPY: 1, RENAME: 1, DELETE: 1, REFUSE: 1}


def test_a_plan_that_was_damaged_in_any_way_is_refused_or_means_the_same() -> None:
    """1000 times a byte is changed, a line lost or doubled; names never lead out of a side."""
    text, chosen = _written().getvalue(), random.Random(18)
    refused = 0
    for _ in range(1000):
        lines = text.splitlines(keepends=True)
        at = chosen.randrange(len(lines))
        kind = chosen.randrange(3)
        if kind == 0:
            place = chosen.randrange(len(lines[at]))
            lines[at] = lines[at][:place] + chosen.choice('{}[]",:/.0a\n') + lines[at][place + 1 :]
        elif kind == 1:
            del lines[at]
        else:
            lines.insert(at, lines[at])
        plan = _read_or_refused("".join(lines))
        refused += plan is None
        for each in plan.decisions(COPY, RENAME, DELETE) if plan is not None else ():
            assert not {"", ".", ".."} & set(each.name.split("/"))
    assert refused > 500


def _read_or_refused(text: str) -> OpenedPlan | None:
    try:
        return OpenedPlan.read(io.StringIO(text), "plan", SOURCE, TARGET)
    except JsobjError as error:
        if error.reference != "plan-damaged":
            raise
        return None


@pytest.mark.parametrize("name", ["../a", "/a", "a/../b", "", "a\0b", "a//b"])
def test_a_name_that_leads_out_of_a_folder_is_refused(name: str) -> None:
    lines = _written().getvalue().splitlines(keepends=True)
    lines[1] = json.dumps({**json.loads(lines[1]), "name": name}) + "\n"
    with pytest.raises(JsobjError, match="line 2"):
        OpenedPlan.read(io.StringIO("".join(lines)), "plan", SOURCE, TARGET)


def _half(path: Path) -> None:
    with new_plan(path) as file:
        file.write("half")
        raise RuntimeError


def test_a_new_plan_has_its_name_only_once_it_is_complete(tmp_path: Path) -> None:
    path = tmp_path / "plan"
    path.write_text("before")
    with pytest.raises(RuntimeError):
        _half(path)
    assert [each.name for each in tmp_path.iterdir()] == ["plan"]
    assert path.read_text() == "before"
    with new_plan(path) as file:
        file.write("whole")
    assert path.read_text() == "whole"
    with pytest.raises(JsobjError) as caught, new_plan(tmp_path / "missing" / "plan"):
        pass
    assert caught.value.reference == "output-not-written"
