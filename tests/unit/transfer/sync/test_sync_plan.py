"""The plan of a sync: both sides merged by name, each with a decision; nothing is read here but what is given."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from jsobj.errors import ExitCode, JsobjError
from jsobj.store.values import Listed
from jsobj.transfer.filters import Filters
from jsobj.transfer.local.fingerprints import Fingerprints
from jsobj.transfer.local.key_path import PathRefusal
from jsobj.transfer.local.scan import LocalFile, Passed
from jsobj.transfer.sync.comparison import By, Check, Comparison, Verdict
from jsobj.transfer.sync.decision import COPY, DELETE, LEAVE_OUT, REFUSE, SKIP
from jsobj.transfer.sync.entry import Entry
from jsobj.transfer.sync.plan import Planner, Totals, merged


@dataclass
class Given:
    """A side that has what it is given."""

    found: list[Entry | Passed]
    unfit: dict[str, PathRefusal] = field(default_factory=dict)

    def entries(self, filters: Filters) -> Iterator[Entry | Passed]:
        return iter(self.found)

    def now(self, names: Iterable[str]) -> Iterator[tuple[str, Entry | None]]:
        entries = {each.name: each for each in self.found if isinstance(each, Entry)}
        return ((name, entries.get(name)) for name in names)

    def fits(self, entry: Entry) -> PathRefusal | None:
        return self.unfit.get(entry.name)

    def place(self, name: str) -> str:
        return name

    def shown(self, name: str) -> str:
        return f"place/{name}"


class BySize(Comparison):
    """Sizes at once, but of "look..." only after a look."""

    def pair(self, source: Entry, target: Entry) -> tuple[LocalFile, Listed]:
        assert source.file is not None
        return source.file, target.object

    def at_once(self, source: Entry, target: Entry) -> Verdict | None:
        return None if source.name.startswith("look") else Verdict(source.size == target.size, By.SIZE)

    def look(self, source: Entry, target: Entry) -> Verdict:
        if source.name == "look-bad":
            raise JsobjError("file-unreadable", "cannot read it", code=ExitCode.LOCAL)
        return Verdict(source.size == target.size, By.CONTENT)


def files(*names: str, size: int = 3) -> list[Entry | Passed]:
    return [Entry.of_file(LocalFile(f"/s/{name}", name, size, 0, 1)) for name in names]


def objects(*names: str, size: int = 3, modified: float = 0.0) -> list[Entry | Passed]:
    return [Entry.of_object(Listed(f"p/{name}", size, "etag", modified), "p/") for name in names]


@pytest.fixture
def planned(tmp_path: Path) -> Callable[..., list[tuple[str, str]]]:
    def plan(source: list[Entry | Passed], target: list[Entry | Passed], **words: object) -> list[tuple[str, str]]:
        comparison = BySize(Check.SIZE, Fingerprints(tmp_path / "f.db"), str)
        unfit = words.pop("unfit", {})
        planner = Planner(Given(source), Given(target, unfit), comparison, Filters(), **words)  # type: ignore[arg-type]
        return [(decision.action, decision.name) for decision in planner.decisions()]

    return plan


def test_names_are_merged_in_the_order_of_their_bytes() -> None:
    """Also where one is the beginning of another, and beyond the first plane of Unicode."""
    names = ["a", "a!b", "a/b", "ab", "\ufffd", "\U0001f600"]
    pairs = list(merged(iter(files(*names)), iter(objects(*names[1:], "\U0001f601"))))
    assert [(one is not None, other is not None) for one, other in pairs] == [(True, False)] + [(True, True)] * 5 + [
        (False, True)
    ]


def test_each_name_gets_one_decision_in_order(planned: Callable[..., list[tuple[str, str]]]) -> None:
    source = [*files("both", "look-1"), *files("look-2", size=4), *files("new")]
    target = objects("both", "gone", "look-1", "look-2")
    decisions = planned(source, target, delete=True)
    assert decisions == [(SKIP, "both"), (DELETE, "gone"), (SKIP, "look-1"), (COPY, "look-2"), (COPY, "new")]
    assert planned(source, target)[1] == (LEAVE_OUT, "gone")


def test_what_cannot_be_compared_is_refused_and_the_others_go_on(planned: Callable[..., list[tuple[str, str]]]) -> None:
    assert planned(files("look-bad", "z"), objects("look-bad", "z")) == [(REFUSE, "look-bad"), (SKIP, "z")]


def test_nothing_is_deleted_under_a_name_that_the_source_has_and_does_not_give(
    planned: Callable[..., list[tuple[str, str]]],
) -> None:
    """A folder that cannot be read, a link, and a name that does not fit; what patterns leave out is not meant."""
    error = JsobjError("file-unreadable", "no", code=ExitCode.LOCAL)
    source: list[Entry | Passed] = [
        Passed("/s/closed/", "no", error, "closed/"),
        Passed("/s/link", "a link", relative="link", kind="link"),
        *files("odd"),
        Passed("/s/x", "--exclude", relative="x", kind="filter"),
    ]
    target = objects("closed/a", "closed/b/c", "closed.d", "link", "link/a", "odd/below", "x")
    decisions = planned(source, target, delete=True, unfit={"odd": PathRefusal("too odd")})
    assert [name for action, name in decisions if action == DELETE] == ["closed.d"]
    assert (REFUSE, "odd") in decisions


def test_totals_tell_what_the_guards_judge() -> None:
    comparison = BySize(Check.SIZE, Fingerprints(Path("/dev/null")), str)
    source, target = files("a", "b", size=5), objects("a", "b", "c", size=50, modified=1000.0)
    totals = Totals()
    for decision in Planner(Given(source), Given(target), comparison, Filters(), delete=True).decisions():
        totals.count(decision)
    assert (totals.source, totals.source_bytes, totals.target, totals.target_bytes) == (2, 10, 3, 150)
    assert (totals.replaced, totals.replaced_newer, totals.actions[DELETE]) == (2, 2, 1)
