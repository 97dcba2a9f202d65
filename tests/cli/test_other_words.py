"""Words of other tools: jsobj says what to type instead."""

from __future__ import annotations

import re

import pytest
from commands import Jsobj

from jsobj.cli.main import COMMANDS, make_root
from jsobj.cli.parsing.other_words import OTHER_OPTIONS, OTHER_WORDS


@pytest.mark.parametrize(
    ("word", "advice"),
    [("rsync", "jsobj sync"), ("mb", "jsobj bucket create"), ("get", "jsobj download"), ("configure", "jsobj login")],
)
def test_a_word_of_another_tool(jsobj: Jsobj, word: str, advice: str) -> None:
    error = jsobj(word, "x", "y", "--json", code=2).error
    assert error["message"] == f"there is no command '{word}' in jsobj"
    assert error["hint"].startswith(advice)


def test_the_advice_names_commands_that_exist() -> None:
    for word, advice in OTHER_WORDS.items():
        assert word not in COMMANDS
        for command, second in re.findall(r"jsobj ([a-z][a-z0-9-]+)(?: ([a-z]+))?", advice):
            assert command in COMMANDS, advice
            found = make_root().get_command(None, command)  # type: ignore[arg-type]
            assert found is not None
            if second:
                assert not hasattr(found, "table") or second in found.table, advice
        assert "jsobj" in advice


@pytest.mark.parametrize(
    ("argv", "advice"),
    [
        (("upload", "data", "s3://b/", "--bwlimit", "10M"), "--limit-rate 10M"),
        (("ls", "--endpoint-url", "https://x"), "--endpoint URL"),
        (("download", "s3://b/", "d", "--transfers", "8"), "--parallel N"),
        (("upload", "x", "s3://b/", "--dryrun"), "--dry-run"),
        (("ls", "-lS", "s3://b/"), "--sort size"),
        (("ls", "-R", "s3://b/"), "of ls and rm: -r"),
        (("tree", "--max-depth", "2", "s3://b/"), "--depth N"),
        (("upload", "x", "swift://b/", "-H", "X-Object-Meta-Run: 42"), "--metadata NAME=VALUE, --cache-control TEXT"),
        (("upload", "x", "s3://b/", "--header-upload", "Cache-Control: no-store"), "--metadata NAME=VALUE"),
        (("cp", "s3://b/x", "s3://b/y", "--metadata-directive", "REPLACE"), "copies keep them"),
    ],
)
def test_an_option_of_another_tool(jsobj: Jsobj, argv: tuple[str, ...], advice: str) -> None:
    error = jsobj(*argv, "--json", code=2).error
    assert error["message"].lower().startswith("no such option")
    assert error["hint"].startswith(advice)


def test_the_advice_names_options_that_exist() -> None:
    known = set()
    for name in ("upload", "download", "ls", "presign", "rm", "du", "tree", "cp"):
        command = make_root().get_command(None, name)  # type: ignore[arg-type]
        assert command is not None
        known |= {word for parameter in command.params for word in parameter.opts}
    for advice in OTHER_OPTIONS.values():
        assert set(re.findall(r"--[a-z-]+", advice)) <= known, advice
