"""Keys that become paths, keys that are refused, and keys that cannot stand side by side."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path, PurePosixPath

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from jsobj.transfer.local.key_path import Clashes, PathRefusal, is_temp, key_for, path_for, temp_name

KEYS = st.one_of(
    st.text(max_size=40),
    st.lists(st.sampled_from(["..", ".", "", "a", "é", "\x00", "\n", ".jsobj", "x" * 256, "-rf"]), max_size=6).map(
        "/".join
    ),
)


class Case:
    """A file system that takes two spellings for one, or does not."""

    def __init__(self, folds: bool) -> None:
        self.answer = folds
        self.asked = 0

    def folds(self) -> bool:
        self.asked += 1
        return self.answer


def refusal(key: str, **options: object) -> PathRefusal:
    found = path_for(key, **options)  # type: ignore[arg-type]
    assert isinstance(found, PathRefusal), found
    return found


@pytest.mark.parametrize(
    "key", ["../x", "a/../../x", "/../x", "//../x", "a/../x", "..", "a/..", "/etc/passwd", "/", "//", "../x/"]
)
def test_b080_keys_that_lead_elsewhere_are_refused(key: str) -> None:
    assert refusal(key, size=1).reason
    assert not refusal(key, size=1).harmless


@pytest.mark.parametrize("key", [".", "./x", "a/./b", "a//b", "a/."])
def test_b082_keys_that_are_no_single_path_are_refused(key: str) -> None:
    assert not refusal(key).harmless


@pytest.mark.parametrize(
    "name", ["\n", "\r", "\x1b]0;x", "\x07", "\u202e", "\u2028", " ", "a b", "%2e%2e", "a\\b", "..."]
)
def test_b085_control_characters_are_names(name: str) -> None:
    assert path_for(f"d/{name}") == ("d", name)


def test_b085_nul_is_refused() -> None:
    assert "NUL" in refusal("a\0b").reason


@pytest.mark.parametrize(
    "name",
    [
        "CON",
        "con",
        "nul.txt",
        "COM\u00b9",
        "lpt9.tar.gz",
        "x.",
        "x ",
        "a:b",
        "a|b",
        "a\\b",
        "a\nb",
        "aux .c",
        "CONIN$",
        "?",
    ],
)
def test_b089_what_windows_cannot_hold_is_refused_on_demand(name: str) -> None:
    assert path_for(f"d/{name}/e") == ("d", name, "e")
    assert refusal(f"d/{name}/e", windows_safe=True).reason


@pytest.mark.parametrize("name", ["CONSOLE", "comma", "COM", "null", ".x", "x.y z", "lpt10", "com.txt"])
def test_b089_other_names_stay(name: str) -> None:
    assert path_for(name, windows_safe=True) == (name,)


@pytest.mark.parametrize("key", ["-rf", "--delete", "~", "~root/x", "$HOME", "a/-/b", "x.jsobj.part", "x.jsobj"])
def test_b090_b095_names_that_only_look_dangerous(key: str) -> None:
    assert path_for(key) == tuple(key.split("/"))


@pytest.mark.parametrize("key", [".jsobj/manifest.jsonl", "a/.jsobj/manifest.jsonl"])
def test_what_is_remembered_of_a_manifest_is_left_out(key: str) -> None:
    assert refusal(key, size=1).harmless
    assert not refusal(f"../{key}", size=1).harmless


@pytest.mark.parametrize("key", [".jsobj/x", "a/.jsobj/b", ".jsobj", ".a.0123456789abcdef.jsobj-part"])
def test_b095_names_that_jsobj_uses_are_refused(key: str) -> None:
    assert "for itself" in refusal(key).reason


def test_too_long_names() -> None:
    assert path_for("x" * 255) == ("x" * 255,)
    assert "256 bytes" in refusal("x" * 256).reason
    assert path_for("é" * 127) == ("é" * 127,)
    assert "256 bytes" in refusal("é" * 128).reason
    assert "4096" in refusal("x/" * 2047 + "xx").reason


def test_folder_markers_are_harmless_unless_they_have_content() -> None:
    assert refusal("a/b/").harmless
    assert refusal("").harmless
    assert not refusal("a/b/", size=1).harmless
    assert not refusal("", size=1).harmless


def test_b091_what_is_not_utf8_is_refused_both_ways() -> None:
    name = os.fsdecode(b"a\xff")
    assert "UTF-8" in refusal(name).reason
    key = key_for(name)
    assert isinstance(key, PathRefusal)
    assert "UTF-8" in key.reason


def test_keys_have_at_most_1024_bytes() -> None:
    assert key_for("é" * 512) == "é" * 512
    assert isinstance(key_for("é" * 513), PathRefusal)
    assert isinstance(key_for("x" * 1025), PathRefusal)


@given(st.text(min_size=1, max_size=300).filter(lambda text: "/" not in text and "\0" not in text))
def test_temporary_names_are_known_again_and_short(name: str) -> None:
    temp = temp_name(name, "0123456789abcdef")
    assert is_temp(temp)
    assert len(temp.encode(errors="surrogatepass")) <= 255
    assert not is_temp(name)


@settings(deadline=None, max_examples=200)
@given(KEYS)
def test_b080_a_path_is_always_strictly_below_the_target_and_the_key_itself(key: str) -> None:
    found = path_for(key)
    if isinstance(found, PathRefusal):
        assert found.reason
        return
    assert "/".join(found) == key
    with tempfile.TemporaryDirectory() as root:
        path = Path(root).joinpath(*found)
        assert PurePosixPath(root) in path.parents
        assert Path(os.path.normpath(path)) == path
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch()
        assert [found for found in Path(root).rglob("*") if found.is_file()] == [path]


def judged(keys: list[str], *, folds: bool = False) -> list[str]:
    clashes = Clashes(Case(folds).folds)
    return [key for key in keys if clashes.judge(tuple(key.split("/")))]


def test_a_key_that_is_a_file_and_a_folder_is_refused_as_a_folder() -> None:
    assert judged(["a", "a!", "a-b/c", "a.b", "a/b", "a/c/d", "a0", "b"]) == ["a/b", "a/c/d"]
    assert judged(["x/a", "x/a/b", "x/ab/c", "y/a/b"]) == ["x/a/b"]


def test_b088_spellings_that_meet_are_refused_where_they_do() -> None:
    keys = ["FILE", "File", "SS", "a/B", "a/b", "file", "\u00df"]
    assert judged(keys) == []
    assert judged(keys, folds=True) == ["File", "a/b", "file", "\u00df"]


def test_b087_composed_and_decomposed_letters_meet_only_where_the_file_system_says_so() -> None:
    keys = ["e\u0301", "\u00e9"]
    assert judged(keys) == []
    assert judged(keys, folds=True) == ["\u00e9"]


def test_the_file_system_is_asked_once_and_only_when_needed() -> None:
    case = Case(False)
    clashes = Clashes(case.folds)
    assert case.asked == 0
    for name in "abc":
        clashes.judge((name,))
    assert case.asked == 1


@settings(deadline=None)
@given(st.sets(st.lists(st.sampled_from(["a", "b", "a.", "a0", "ab"]), min_size=1, max_size=4).map("/".join)))
def test_what_is_kept_can_stand_side_by_side_and_no_more_is_refused(keys: set[str]) -> None:
    ordered = sorted(keys, key=str.encode)
    refused = set(judged(ordered))
    kept = [key for key in ordered if key not in refused]
    for key in ordered:
        above = {str(parent) for parent in PurePosixPath(key).parents}
        assert (key in refused) == bool(above & set(kept))
