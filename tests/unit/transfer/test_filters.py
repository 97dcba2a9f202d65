"""Patterns of --include and --exclude: names at every depth, paths from the top, whole folders; an exclude wins."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from jsobj.errors import ExitCode, JsobjError
from jsobj.transfer.filters import Filters

PARTS = st.text(st.sampled_from("ab.*?[]!{,}"), min_size=1, max_size=4).filter(lambda part: part not in {".", ".."})
PATHS = st.lists(PARTS, min_size=1, max_size=4).map("/".join)
PATTERNS = st.lists(st.text(st.sampled_from("ab./*?[]!{,}"), min_size=1, max_size=6), max_size=3)


def test_without_patterns_everything_takes_part() -> None:
    assert Filters().judge("a/b") == Filters.of().judge("a\nb") == ""
    assert Filters().judge_folder("a/") == ""


@pytest.mark.parametrize(
    ("pattern", "matching", "others"),
    [
        ("*.tmp", ["x.tmp", "a/b/x.tmp", ".tmp", "a\nb.tmp", "old.tmp/x"], ["x.tmp2", "tmp", "x.TMP"]),
        ("cache/*", ["cache/x", "cache/x/y"], ["a/cache/x", "cache", "cachex/y"]),
        ("cache/", ["cache/x", "cache/x/y", "a/cache/x"], ["cache"]),
        ("cache", ["cache", "cache/x/y", "a/cache/x", "a/cache"], ["cachex", "x/cachex"]),
        ("/cache", ["cache", "cache/x"], ["a/cache", "a/cache/x"]),
        ("*/cache/*", ["a/cache/x", "a/cache/c/d"], ["cache/x", "a/b/cache/c"]),
        ("**/cache/*", ["cache/x", "a/b/cache/c/d"], ["a/cache"]),
        ("**/*.nc", ["x.nc", "a/b/x.nc"], ["x.nc4"]),
        ("glob/a/*", ["glob/a/x", "glob/a/x/y"], ["glob/b/x"]),
        ("obs_0000*", ["obs_00001", "a/b/obs_00002.csv"], ["obs_1"]),
        ("*.{tmp,nc}", ["a.tmp", "x/a.nc"], ["a.n"]),
        ("run?.nc", ["run1.nc", "a/run1.nc"], ["run12.nc", "run/.nc"]),
        ("run[12].nc", ["run1.nc"], ["run3.nc"]),
        ("run[!12].nc", ["run3.nc"], ["run1.nc"]),
        ("a.b", ["a.b", "a.b/c", "x/a.b"], ["axb"]),
        ("-rf", ["-rf"], ["rf"]),
    ],
)
def test_patterns(pattern: str, matching: list[str], others: list[str]) -> None:
    exclude, include = Filters.of([], [pattern]), Filters.of([pattern], [])
    for path in matching:
        assert "--exclude" in exclude.judge(path), path
        assert include.judge(path) == "", path
    for path in others:
        assert exclude.judge(path) == "", path
        assert include.judge(path) == "matches no --include", path


def test_an_exclude_wins_and_the_reason_names_it() -> None:
    filters = Filters.of(["*.nc", "*.zarr/"], ["raw/*", "*.tmp"])
    assert filters.judge("raw/a.nc") == "matches --exclude 'raw/*'"
    assert filters.judge("a.nc") == ""
    assert filters.judge("x.zarr/0/0") == ""
    assert filters.judge("a.txt") == "matches no --include"


def test_folders_of_which_nothing_can_take_part() -> None:
    filters = Filters.of([], ["cache/*", "*.tmp"])
    assert filters.judge_folder("cache/") == "matches --exclude 'cache/*'"
    assert filters.judge_folder("cache/deep/") == "matches --exclude 'cache/*'"
    assert filters.judge_folder("data/") == ""
    assert filters.judge_folder("x.tmp/") == "matches --exclude '*.tmp'"
    only = Filters.of(["data/raw/*.nc"])
    assert [only.judge_folder(name) for name in ("data/", "data/raw/", "data/raw/deep/")] == ["", "", ""]
    assert only.judge_folder("other/") == only.judge_folder("data/done/") == "matches no --include"
    assert Filters.of(["a"]).judge_folder("a/") == Filters.of(["/a"]).judge_folder("a/") == ""


def test_many_stars_take_no_endless_time() -> None:
    assert Filters.of([], ["*a" * 30 + "b"]).judge("a" * 1000) == ""


def test_an_empty_pattern_is_refused() -> None:
    with pytest.raises(JsobjError) as caught:
        Filters.of([], [""])
    assert caught.value.code is ExitCode.USAGE


@pytest.mark.parametrize("pattern", ["{,}", "{,x}", "a/{,b}", "data{,/}"])
def test_braces_that_may_name_nothing_are_refused(pattern: str) -> None:
    """They matched the end of every folder, and left everything out."""
    with pytest.raises(JsobjError) as caught:
        Filters.of([], [pattern])
    assert (caught.value.reference, caught.value.code) == ("pattern-empty", ExitCode.USAGE)
    assert Filters.of([], ["a{,.gz}"]).judge("d/a.gz")


@settings(deadline=None)
@given(PATTERNS, PATTERNS, PATHS)
def test_what_is_below_a_pruned_folder_is_left_out_file_by_file_too(
    include: list[str], exclude: list[str], path: str
) -> None:
    try:
        filters = Filters.of(include, exclude)
    except JsobjError:
        return
    parts = path.split("/")
    for depth in range(1, len(parts)):
        folder = "/".join(parts[:depth]) + "/"
        if filters.judge_folder(folder):
            assert filters.judge(path), (folder, path)
