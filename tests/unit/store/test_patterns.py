"""The pattern language: what each wildcard stands for, and that no pattern takes endless time."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jsobj.errors import ExitCode, JsobjError
from jsobj.store.patterns import compiled, fixed_part, is_pattern


@pytest.mark.parametrize(
    ("pattern", "matching", "others"),
    [
        ("a*", ["a", "abc"], ["a/b", "b"]),
        ("*a*b*c", ["xaxbxc", "abc", "abbbc"], ["abcd", "a/bc"]),
        ("**/*.nc", ["x.nc", "a/b/x.nc"], ["x.ncc"]),
        ("a/**/b", ["a/b", "a/x/b", "a/x/y/b"], ["ab"]),
        ("a/**", ["a/b", "a/b/c", "a/"], ["a"]),
        ("a**/b", ["a/b", "axx/b", "a/c/b"], ["ab"]),
        ("**", ["", "a/b\nc"], []),
        ("a?c", ["abc"], ["a/c", "ac"]),
        ("[a-c]x", ["bx"], ["dx"]),
        ("[!a]x", ["bx"], ["ax", "/x"]),
        ("[*]", ["*"], ["a"]),
        ("[--a-]", ["-", "a", "0"], ["b", "!"]),
        ("[-a]", ["-", "a"], ["b"]),
        ("[a&&b||c~~d]", list("a&b|c~d"), ["e"]),
        ("[]]", ["]"], ["["]),
        ("[]", ["[]"], [""]),
        ("*.{tmp,nc}", ["x.tmp", "x.nc"], ["x.n"]),
        ("a{b{1,2},c}d", ["ab1d", "ab2d", "acd"], ["abd"]),
        ("{a,b}{c,}", ["ac", "a", "b"], ["ab"]),
        ("{a}", ["{a}"], ["a"]),
        ("{a,b", ["{a,b"], ["a"]),
        ("a.b+", ["a.b+"], ["axb+", "a.bb"]),
    ],
)
def test_wildcards(pattern: str, matching: list[str], others: list[str]) -> None:
    found = compiled([pattern])
    assert [key for key in matching if not found.fullmatch(key)] == []
    assert [key for key in others if found.fullmatch(key)] == []


def test_what_is_no_pattern() -> None:
    assert [text for text in ("a", "{a}", "a]b", "x{y}z,") if is_pattern(text)] == []
    assert [text for text in ("a*", "?", "[a]", "{a,b}", "{a}*", "x[") if not is_pattern(text)] == []


def test_patterns_that_mean_nothing() -> None:
    for pattern, reference in (
        ("[z-a]", "pattern-malformed"),
        ("[?--]", "pattern-malformed"),
        ("{a,b}" * 10, "pattern-too-large"),
    ):
        with pytest.raises(JsobjError) as caught:
            compiled([pattern])
        assert (caught.value.code, caught.value.reference) == (ExitCode.USAGE, reference)


@pytest.mark.timeout(20)
def test_many_stars_take_no_endless_time() -> None:
    assert compiled(["*a" * 30 + "b", "x*"]).fullmatch("a" * 1000) is None
    assert compiled(["**/" + "*a" * 30 + "b"]).fullmatch("a/" * 500) is None


@given(st.text(st.sampled_from("ab/*?[]!{,}-"), max_size=12), st.text(st.sampled_from("ab/"), max_size=8))
def test_every_match_begins_with_the_fixed_part(pattern: str, key: str) -> None:
    try:
        found = compiled([pattern])
    except JsobjError:
        return
    if found.fullmatch(key):
        assert key.startswith(fixed_part(pattern))
    if not is_pattern(pattern):
        assert found.fullmatch(pattern)
