"""clouds.yaml: every name and value comes back the same, and the rest of the file stays."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml
from clouds_yaml_cases import ENTRY, HAND_MADE, QUIET, attempt, put
from hypothesis import given
from hypothesis import strategies as st

from jsobj.errors import ExitCode
from jsobj.identity.clouds_yaml.edit import cloud_names, remove_cloud


def drop(data: bytes, name: str = "js2") -> bytes:
    return remove_cloud(data, name, source="/x/clouds.yaml")


@pytest.mark.parametrize("name", ["", " a", "a ", "a\nb", "a\0", "a\x1b", "x" * 101, "\u2028"])
def test_a_name_that_yaml_cannot_hold_is_a_usage_error(name: str) -> None:
    _, error = attempt(lambda: put(None, name))
    assert error is not None
    assert error.code is ExitCode.USAGE


@pytest.mark.parametrize(
    "name", ["no", "5", "null", "a: b", "# a", "*a", "é", "a b", "<<", "1e5", "[a]", "'", "x" * 100, "~"]
)
def test_an_odd_name_is_quoted(name: str) -> None:
    new = put(b"clouds:\n  a: 1\n", name)
    assert yaml.safe_load(new)["clouds"] == {"a": 1, name: ENTRY}
    assert cloud_names(new, source="f") == ("a", name)
    assert drop(new, name) == b"clouds:\n  a: 1\n"


# Text that some YAML reader takes for something else, when it has no quotes.
TRAPS = ["yes", "no", "on", "off", "y", "n", "true", "null", "~", "", "1", "1.5", "1e5", "0x1f", "0o17", "017", "1_000"]
TRAPS += [
    "12:30:45",
    "2020-01-01",
    "2020-01-01T00:00:00Z",
    ".inf",
    ".nan",
    "=",
    "<<",
    "- a",
    "? a",
    "a: b",
    "a #b",
    "#a",
]
TRAPS += [
    "@a",
    "`a",
    "%a",
    "!a",
    "&a",
    "*a",
    "|",
    ">",
    "{a}",
    "[a]",
    '"a"',
    "'a'",
    " a",
    "a ",
    "a\nb",
    "a\n",
    "\ta",
    "\\",
]
TRAPS += ["\x85", "\u2028", "\ufeff", "\x00", "\x1b", "é", "日本", "😀", "a\r\nb", "---", "...", "12345678901234e56789"]


@pytest.mark.parametrize("text", TRAPS)
def test_every_text_comes_back_the_same(text: str) -> None:
    entry = {"a": text, "b": {text or "k": [text]}}
    new = put(b"clouds:\n    x:\n        y: 1\n", entry=entry)
    assert yaml.safe_load(new)["clouds"] == {"x": {"y": 1}, "js2": entry}


def test_numbers_are_quoted_for_readers_of_other_yaml_versions() -> None:
    new = put(None, entry={"id": "1234e5678", "mode": "0o17", "short": "y"}).decode()
    assert "'1234e5678'" in new
    assert "'0o17'" in new
    assert "'y'" in new


def test_what_the_program_should_not_put_there_is_its_own_mistake() -> None:
    with pytest.raises(TypeError, match="Path"):
        put(None, entry={"a": Path("x")})
    _, error = attempt(lambda: put(None, entry={"a": "\ud800canary"}))
    assert error is not None
    assert error.code is ExitCode.USAGE
    assert "canary" not in error.message


def test_true_is_not_one() -> None:
    data = b"clouds:\n  js2:\n    verify: 1\n"
    assert put(data, entry={"verify": True}) == b"clouds:\n  js2:\n    verify: true\n"


SCALAR = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False)
    | st.text(max_size=20)
    | st.sampled_from(TRAPS)
)
PLAIN = SCALAR.filter(lambda value: not isinstance(value, str) or not any("\ud800" <= c <= "\udfff" for c in value))
NODE = st.recursive(
    PLAIN,
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(["a", "b", "no", "1"]), inner, max_size=3)
    ),
    max_leaves=8,
)
ENTRIES = st.dictionaries(st.sampled_from(["auth", "verify", "x y", "region_name"]), NODE, max_size=4)


@QUIET
@given(
    ENTRIES, ENTRIES, st.sampled_from([b"", HAND_MADE, HAND_MADE.replace(b"\n", b"\r\n"), b"clouds:\n js2:\n  a: 1\n"])
)
def test_any_entry_round_trips_and_the_rest_stays(first: dict[str, Any], second: dict[str, Any], data: bytes) -> None:
    before = (yaml.safe_load(data) or {"clouds": {}})["clouds"]
    before.pop("js2", None)
    one = put(data, entry=first)
    two = put(one, entry=second)
    for new, entry in ((one, first), (two, second)):
        clouds = yaml.safe_load(new)["clouds"]
        assert repr(clouds.pop("js2")) == repr(entry)
        assert clouds == before
    assert put(one, entry=first) == one
    if data.startswith(b"#"):
        at = data.index(b"    js2:")
        assert two.startswith(data[:at])
        assert two.endswith(data[data.index(b"    lab:") :])
        assert drop(two) == data[:at] + data[data.index(b"    lab:") :]
