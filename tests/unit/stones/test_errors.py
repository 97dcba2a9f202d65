"""Errors where no command prints them: in a traceback, and after a journey between processes."""

from __future__ import annotations

import pickle
import sys
import traceback

import pytest

from jsobj.errors import ExitCode, JsobjError

ERROR = JsobjError("no-key", "there is no key", code=ExitCode.AUTH, context="HTTP 403", hint="jsobj ec2-creds")


@pytest.mark.parametrize("error", [ERROR, pickle.loads(pickle.dumps(ERROR))])
def test_a_traceback_ends_with_what_to_do(error: JsobjError) -> None:
    assert str(error) == "there is no key"
    lines = "".join(traceback.format_exception(error)).splitlines()
    assert "jsobj.errors.JsobjError: there is no key" in lines
    if sys.version_info >= (3, 11):
        assert lines[-2:] == ["Seen: HTTP 403", "Next: jsobj ec2-creds"]


def test_nothing_to_say_is_not_said() -> None:
    error = JsobjError("no-key", "there is no key", code=ExitCode.AUTH)
    assert traceback.format_exception(error)[-1].endswith("JsobjError: there is no key\n")
