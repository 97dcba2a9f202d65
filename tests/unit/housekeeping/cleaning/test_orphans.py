"""Which groups of segments are orphans: decided from listings and from what manifests name."""

from __future__ import annotations

import pytest

from jsobj.housekeeping.cleaning.manifests import Named
from jsobj.housekeeping.cleaning.orphans import Group, groups, judged, owners
from jsobj.store.swift.containers import Entry

LATEST = 1000.0
OLD, NEW = 999.0, 1000.0


def listed(*keys: str, modified: float | None = OLD, size: int = 5) -> list[Entry]:
    return [Entry(key, size, "0" * 32, modified) for key in keys]


def test_segments_of_one_upload_are_a_group() -> None:
    found = list(groups("b_segments", listed("a/slo/1/10/5/0", "a/slo/1/10/5/1", "a/slo/2/10/5/0")))
    assert [(group.name, len(group.entries), group.size) for group in found] == [
        ("a/slo/1/10/5", 2, 10),
        ("a/slo/2/10/5", 1, 5),
    ]
    assert not any(group.marked for group in found)


def test_an_empty_object_marks_an_upload_of_swifts_s3_api() -> None:
    entries = [*listed("k/id", size=0), *listed("k/id/1", "k/id/2"), *listed("k/id2", size=0), *listed("o/id3/1")]
    found = {group.name: group for group in groups("b+segments", entries)}
    assert {name: (len(group.entries), group.marked) for name, group in found.items()} == {
        "k/id": (3, True),
        "o/id3": (1, False),
        "k/id2": (1, True),
    }


def reasons(named: Named, *found: Group, resumable: frozenset[str] = frozenset()) -> list[str]:
    return [verdict.reason for verdict in judged(found, named, LATEST, resumable)]


FIRST, SECOND = "a/1.5/10/00000001", "a/1.5/10/00000002"


def test_what_a_manifest_names_in_part_is_kept_whole() -> None:
    group = next(groups("b_segments", listed(FIRST, SECOND)))
    assert reasons(Named(segments=frozenset({("b_segments", SECOND)})), group) == ["named"]
    assert reasons(Named(segments=frozenset({("other", SECOND)})), group) == [""]


@pytest.mark.parametrize("prefix", ["", "a", "a/", "a/1"])
def test_dynamic_manifests_name_what_begins_so(prefix: str) -> None:
    group = next(groups("b_segments", listed(FIRST, SECOND)))
    assert reasons(Named(prefixes=frozenset({("b_segments", prefix)})), group) == ["named"]
    assert reasons(Named(prefixes=frozenset({("b_segments", "b")})), group) == [""]


@pytest.mark.parametrize(("modified", "reason"), [(OLD, ""), (NEW, "young"), (None, "young")])
def test_the_newest_segment_says_how_old_an_upload_is(modified: float | None, reason: str) -> None:
    group = next(groups("b_segments", [*listed(FIRST), *listed(SECOND, modified=modified)]))
    assert reasons(Named(), group) == [reason]


@pytest.mark.parametrize(
    ("key", "reason"),
    [
        ("k/jsobj/1-aaaaaaaa/5/00000001", ""),
        ("d/k/slo/1.5/10/5/00000001", ""),  # python-swiftclient
        ("d/k/1.5/10/5/00000001", ""),
        ("d/k/1.5/10/00000001", ""),  # rclone
        ("README", "strange"),
        ("patient1/mask.nii", "strange"),
        ("2026/12/00000001", "strange"),
        ("a/1", "strange"),
    ],
)
def test_a_container_may_be_called_so_by_chance(key: str, reason: str) -> None:
    assert reasons(Named(), *groups("b_segments", listed(key))) == [reason]


def test_what_a_journal_will_continue_stays_however_old() -> None:
    group = next(groups("b_segments", listed("k/jsobj/1-aaaaaaaa/5/00000001")))
    assert reasons(Named(), group, resumable=frozenset({"k/jsobj/1-aaaaaaaa/5"})) == ["resumable"]


def test_the_objects_that_a_group_may_belong_to() -> None:
    assert owners(Group("b_segments", "d/k/slo/1", ())) == ["d", "d/k", "d/k/slo", "d/k/slo/1"]
    assert owners(Group("b", ".file-segments/d/k", ())) == ["d", "d/k"]
