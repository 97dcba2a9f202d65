"""``jsobj help``: the table of exit codes is the program's own; variables and JSON."""

from __future__ import annotations

import re

import pytest
from commands import Jsobj

from jsobj.cli.help_topics import TOPICS
from jsobj.errors import ExitCode
from jsobj.identity import settings


def test_exit_codes_are_all_there(jsobj: Jsobj) -> None:
    text = jsobj("help", "exit-codes").out
    for code in ExitCode:
        assert re.search(rf"(?m)^{int(code)}:\s+{re.escape(code.meaning)}$", text)
    told = jsobj("help", "exit-codes", "--json").json["codes"]
    assert {item["name"]: item["code"] for item in told} == {code.name: int(code) for code in ExitCode}


def test_every_variable_that_is_told_is_known(jsobj: Jsobj) -> None:
    """A variable that the text promises and Settings drops would silently do nothing."""
    text = jsobj("help", "environment").out
    for name in set(re.findall(r"\b(?:OS|AWS|JSOBJ)_[A-Z0-9_]+\b", text)):
        assert settings.Settings.read({"HOME": "/h", name: "x"}).get(name) == "x"
    for name in ("XDG_CONFIG_HOME", "XDG_STATE_HOME", "XDG_CACHE_HOME"):
        assert name in text


@pytest.mark.parametrize("topic", TOPICS)
def test_every_topic_in_both_forms(jsobj: Jsobj, topic: str) -> None:
    plain = jsobj("help", topic)
    assert len(plain.lines) > 5
    assert plain.err == ""
    assert jsobj("help", topic, "--json").json["schema"].startswith("jsobj.")


def test_unknown_topic(jsobj: Jsobj) -> None:
    assert "exit-codes" in jsobj("help", "nonsense", code=2).err
