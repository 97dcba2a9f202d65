"""Which empty objects stand for a folder that has something in it."""

from __future__ import annotations

from jsobj.housekeeping.cleaning.folder_marks import marks
from jsobj.store.swift.containers import Entry

DIRECTORY = "application/directory"


def found(*listed: tuple[str, int, str]) -> list[str]:
    """(name, size, type), in any order."""
    ordered = sorted(listed, key=lambda each: each[0].encode())
    return [mark.key for mark in marks(Entry(key, size, "", 0.0, kind) for key, size, kind in ordered)]


def test_a_mark_counts_where_its_folder_has_something_in_it() -> None:
    assert found(("a/", 0, ""), ("a/x", 1, "")) == ["a/"]
    assert found(("a/", 0, ""), ("b", 1, "")) == []
    assert found(("a/", 7, ""), ("a/x", 1, "")) == []


def test_marks_in_marked_folders() -> None:
    assert found(("a/", 0, ""), ("a/b/", 0, ""), ("a/b/c/", 0, "")) == ["a/", "a/b/"]


def test_a_type_makes_a_mark_of_a_name_without_a_slash() -> None:
    names = (("g", 0, DIRECTORY), ("g-1", 1, ""), ("g.txt", 1, ""), ("g/x", 1, ""))
    assert found(*names) == ["g"]
    assert found(("g", 0, ""), ("g/x", 1, "")) == []
    assert found(("g", 0, DIRECTORY), ("g0", 1, "")) == []
