"""``jsobj help``: the table of exit codes is the program's own; variables and JSON."""

from __future__ import annotations

import re

import pytest
from commands import Jsobj
from fixtures_cloud import Cloud
from rigs import need_program

from jsobj.cli.views.manual import TOPICS
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


@pytest.mark.parametrize("topic", [topic for topic in TOPICS if topic != "exit-codes"])
def test_pages_fit_a_terminal(jsobj: Jsobj, topic: str) -> None:
    assert [line for line in jsobj("help", topic).lines if len(line) > 80] == []
    assert jsobj("help", topic, "--json").json["text"].splitlines() == jsobj("help", topic).lines


def test_keyless_names_words_and_options_that_exist(jsobj: Jsobj) -> None:
    commands = re.findall(r"\bjsobj ([a-z0-9-]+)(?: ([^\n)]*))?", jsobj("help", "keyless").out)
    assert len(commands) > 15
    for word, rest in commands:
        text = jsobj(word, "--help").out
        assert [option for option in re.findall(r"--[a-z-]+", rest) if option not in text] == [] or word == "ec2-creds"
    text = jsobj("ec2-creds", "create", "--help").out
    assert "--login-as USER" in text
    assert "--password-stdin" in text


def test_keyless_names_what_needs_keys_as_export_does(jsobj: Jsobj, cloud: Cloud) -> None:
    """The page and ``export --list`` of a login without keys agree about each tool."""
    jsobj("login", cloud.rc("app-cred-restricted"))
    works, needs = jsobj("help", "keyless").out.split("What needs keys")
    for item in jsobj("export", "--list").lines:
        tool, _, state = item.split("\t")
        if tool == "restic":  # what is exported to it is S3; it speaks Swift too, as the test below shows
            continue
        if re.search(rf"\b{re.escape(tool)}\b", works):
            assert state == "works", tool
        if re.search(rf"\b{re.escape(tool)}\b", needs.split("Three ways")[0]):
            assert state == "needs keys", tool


def test_restic_over_swift_needs_no_keys(jsobj: Jsobj, cloud: Cloud, name: str) -> None:
    need_program("restic")
    jsobj("login", cloud.rc("app-cred-restricted"))
    jsobj("bucket", "create", name)
    variables = jsobj.folder / "variables"
    variables.write_text(jsobj("export", "shell", "--stdout", shows_secrets=True).out)
    jsobj.private.add(variables)
    line = f". ./variables; restic -r swift:{name}:/backup init"
    said = jsobj.tool("sh", "-c", line, env={"RESTIC_PASSWORD": "canary-restic"})
    assert "created restic repository" in said.out
    assert "backup/config" in jsobj("ls", "-r", f"swift://{name}").lines
    jsobj("bucket", "delete", name, "--recursive", "--yes")


def test_unknown_topic(jsobj: Jsobj) -> None:
    assert "exit-codes" in jsobj("help", "nonsense", code=2).err
    assert "did you mean 'upload'?" in jsobj("help", "uplod", code=2).err.lower()


@pytest.mark.parametrize("words", [("upload",), ("bucket", "create"), ("bucket",)])
def test_help_of_a_command_is_that_of_its_option(jsobj: Jsobj, words: tuple[str, ...]) -> None:
    assert jsobj("help", *words).out == jsobj(*words, "--help").out
    assert jsobj("help", *words, "--json").json["topic"] == " ".join(words)


def test_help_alone_names_commands_and_topics(jsobj: Jsobj) -> None:
    text = jsobj("help").out
    assert text.startswith(jsobj("--help").out)
    assert [topic for topic in TOPICS if topic not in text] == []
