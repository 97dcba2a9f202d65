"""Errors where no command prints them: in a traceback, and after a journey between processes."""

from __future__ import annotations

import pickle
import re
import traceback
from pathlib import Path

import pytest

import jsobj
from jsobj.errors import ExitCode, JsobjError, KeysRefused, ObjectNotFound, TypedError, did_you_mean, error_of

ERROR = JsobjError("no-key", "there is no key", code=ExitCode.AUTH, context="HTTP 403", hint="jsobj ec2-creds")


@pytest.mark.parametrize("error", [ERROR, pickle.loads(pickle.dumps(ERROR))])
def test_a_traceback_ends_with_what_to_do(error: JsobjError) -> None:
    assert str(error) == "there is no key\nSeen: HTTP 403\nNext: jsobj ec2-creds"
    assert error.message == "there is no key"
    lines = "".join(traceback.format_exception(error)).splitlines()
    assert "jsobj.errors.JsobjError: there is no key" in lines
    assert lines[-2:] == ["Seen: HTTP 403", "Next: jsobj ec2-creds"]


def test_nothing_to_say_is_not_said() -> None:
    error = JsobjError("no-key", "there is no key", code=ExitCode.AUTH)
    assert traceback.format_exception(error)[-1].endswith("JsobjError: there is no key\n")


@pytest.mark.parametrize("kind", TypedError.__subclasses__())
def test_a_typed_error_travels_whole(kind: type[TypedError]) -> None:
    error = kind("said", context="seen", hint=("one", "two"))
    for other in (pickle.loads(pickle.dumps(error)), error.reworded("said")):
        assert type(other) is kind
        assert other.to_json() == error.to_json()
        assert other.hint_lines == ("one", "two")


def test_references_belong_to_one_class_each() -> None:
    references = [kind.REFERENCE for kind in TypedError.__subclasses__()]
    assert len(set(references)) == len(references)
    for kind in TypedError.__subclasses__():
        assert type(error_of(kind.REFERENCE, "said", code=kind.CODE)) is kind
    sources = "".join(path.read_text() for path in Path(jsobj.__file__).parent.rglob("*.py"))
    made = set(re.findall(r"\bJsobjError\(\s*\"([a-z0-9-]+)\"", sources))
    assert not made & set(references)


def test_an_error_in_other_words_is_of_the_same_kind() -> None:
    there = ObjectNotFound("no k", context="HTTP 404", hint="look").reworded("no k in b", hint="list it")
    assert isinstance(there, ObjectNotFound)
    assert (there.message, there.context, there.hint) == ("no k in b", "HTTP 404", "list it")
    refused = KeysRefused("ec2-role", "no role", code=ExitCode.REFUSED).reworded("not with this role")
    assert isinstance(refused, KeysRefused)
    assert (refused.reference, refused.code) == ("ec2-role", ExitCode.REFUSED)


@pytest.mark.parametrize(
    ("word", "hint"),
    [
        ("rcloen", "did you mean 'rclone'? "),
        ("S5", "did you mean 's5cmd'? "),
        ("s", "did you mean 's3cmd' or 's5cmd'? "),
        ("nothing like it", ""),
        ("", ""),
    ],
)
def test_a_mistyped_name_has_a_suggestion(word: str, hint: str) -> None:
    assert did_you_mean(word, ["rclone", "s3cmd", "s5cmd"]) == hint


def test_references_are_words_with_hyphens() -> None:
    """Scripts compare them: a rename of a variable must not reach into them."""
    package = Path(jsobj.errors.__file__).parent
    found = {
        reference
        for path in package.rglob("*.py")
        for reference in re.findall(r'JsobjError\(\s*"([^"]+)"', path.read_text())
    }
    assert len(found) > 100
    assert [reference for reference in sorted(found) if not re.fullmatch(r"[a-z0-9]+(-[a-z0-9]+)*", reference)] == []
