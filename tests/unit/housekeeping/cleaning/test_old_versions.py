"""Which versions may go."""

from __future__ import annotations

from jsobj.housekeeping.cleaning.leftovers import Limits
from jsobj.housekeeping.cleaning.old_versions import expired
from jsobj.housekeeping.versions import by_key
from jsobj.store.buckets import Version


def version(ident: str, modified: float, *, latest: bool = False, marker: bool = False) -> Version:
    return Version("k", ident, 0 if marker else 3, "", modified, latest, marker)


def ids(versions: list[Version], latest: float, replaced: float | None = None) -> list[tuple[str, str]]:
    return [(kind, each.id) for kind, each in expired(versions, Limits(latest, replaced))]


def test_markers_above_nothing_go_once_they_are_old() -> None:
    markers = [version("2", 20, latest=True, marker=True), version("1", 10, marker=True)]
    assert ids(markers, 21) == [("marker", "2"), ("marker", "1")]
    assert ids(markers, 20) == []


def test_a_marker_above_a_version_stays() -> None:
    assert ids([version("2", 20, latest=True, marker=True), version("1", 10)], 1000) == []


def test_a_version_is_as_old_as_what_replaced_it() -> None:
    versions = [version("3", 30, latest=True), version("2", 20), version("1", 1)]
    assert ids(versions, 1000) == []
    assert ids(versions, 1000, 31) == [("version", "2"), ("version", "1")]
    assert ids(versions, 1000, 30) == [("version", "1")]
    assert ids(versions, 1000, 20) == []


def test_what_is_read_now_never_goes() -> None:
    both = [version("2", 20, latest=True, marker=True), version("1", 10, latest=True)]  # Swift, restored under a marker
    assert ids(both, 1000, 1000) == []


def test_versions_of_one_key_are_together() -> None:
    listed = [Version("a", "2"), Version("a", "1"), Version("b", "3")]
    assert [(key, [each.id for each in group]) for key, group in by_key(listed)] == [("a", ["2", "1"]), ("b", ["3"])]
