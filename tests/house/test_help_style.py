"""Help is written for readers: short first lines, full stops, every option explained, the same words everywhere."""

from __future__ import annotations

import re
from pathlib import Path

import click
import pytest
from jsobj_tree import all_commands, all_groups

from jsobj.cli.views.manual import TOPICS, topic_text
from jsobj.errors import ExitCode

COMMANDS = dict(all_commands())
SHARED = {"--cloud", "--profile", "--json", "--quiet", "--verbose", "--no-input", "--debug"}
ROOT = Path(__file__).parents[2]
README = (ROOT / "README.md").read_text()
REFERENCE = (ROOT / "jsobj/REFERENCE.md").read_text()


@pytest.mark.parametrize("path", COMMANDS)
def test_help_of_a_command(path: str) -> None:
    command = COMMANDS[path]
    first = (command.help or "").split("\n")[0]
    assert first.endswith("."), first
    assert len(first) <= 70, first
    assert first[0].isupper()


@pytest.mark.parametrize("path", COMMANDS)
def test_every_option_says_what_it_does(path: str) -> None:
    options = [p for p in COMMANDS[path].params if isinstance(p, click.Option)]
    assert all(option.help and option.help.endswith(".") for option in options), [
        option.name for option in options if not (option.help or "").endswith(".")
    ]
    assert [option.name for option in options if len(option.help or "") > 76] == []


@pytest.mark.parametrize("path", [*COMMANDS, *(path for path, _ in all_groups())])
def test_help_fits_a_terminal_of_80_columns(path: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    command = COMMANDS.get(path) or dict(all_groups())[path]
    text = command.get_help(click.Context(command, info_name=path, max_content_width=100))
    assert [line for line in text.splitlines() if len(line) > 80] == []


@pytest.mark.parametrize(
    "path",
    [
        "whoami",
        "bucket list",
        "bucket show",
        "bucket delete",
        "app-cred list",
        "app-cred create",
        "ec2-creds rotate",
        "ec2-creds prune",
        "jobs resume",
        "sandbox start",
    ],
)
def test_what_is_typed_most_has_an_example(path: str) -> None:
    command = next(command for name, command in COMMANDS.items() if name.removeprefix("jsobj ") == path)
    assert f"jsobj {path}" in (command.help or "").partition("Examples:")[2]


@pytest.mark.parametrize("path", COMMANDS)
def test_the_shared_options_are_everywhere(path: str) -> None:
    options = {word for parameter in COMMANDS[path].params for word in parameter.opts}
    assert options >= SHARED


@pytest.mark.parametrize(("path", "group"), list(all_groups()))
def test_the_table_says_what_the_command_says(path: str, group) -> None:
    for name, entry in group.table.items():
        if not entry.summary:
            continue  # an alias
        command = group.get_command(click.Context(group), name)
        first = (command.help or "").split("\n")[0]
        assert entry.summary.removesuffix(" (the default).").rstrip(".") == first.rstrip("."), f"{path} {name}"


def test_every_command_is_in_the_reference() -> None:
    assert [path for path in COMMANDS if " container " not in path and f"### {path}\n" not in REFERENCE] == []


def test_every_command_word_in_the_readme_exists() -> None:
    words = set(re.findall(r"(?:`|\$ |/|^)jsobj ([a-z][a-z0-9-]+)", README, flags=re.MULTILINE))
    assert words
    known = {path.split()[1] for path in COMMANDS}
    assert words - known == set()


@pytest.mark.parametrize("topic", TOPICS)
def test_a_topic_is_titled_and_fits_a_terminal(topic: str) -> None:
    title, blank, *lines = topic_text(topic).splitlines()
    assert (title, blank) == (TOPICS[topic], "")
    assert [line for line in lines if len(line) > 80] == []


def test_the_topic_has_the_exit_codes_of_the_program() -> None:
    text = " ".join(topic_text("exit-codes").split())
    assert [code for code in ExitCode if f" {int(code)} {code.meaning}" not in text] == []


def test_every_topic_of_the_readme_exists() -> None:
    named = set(re.findall(r"`jsobj help ([a-z-]+)`", README))
    assert named
    assert named - set(TOPICS) == set()


def test_the_readme_takes_no_secret_on_the_command_line() -> None:
    """S03: what users copy from here ends up in their shell's history."""
    assert re.findall(r"--(?:password|secret|token)[ =]\S", README) == []
    assert re.findall(r"(?:PASSWORD|SECRET(?:_ACCESS_KEY)?)=\S", README) == []
