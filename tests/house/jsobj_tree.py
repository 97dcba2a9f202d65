"""Every command of the program, for tests that look at all of them."""

from __future__ import annotations

from collections.abc import Iterator

import click

from jsobj.cli.main import make_root
from jsobj.cli.parsing.command import Group


def all_commands() -> Iterator[tuple[str, click.Command]]:
    """(words, command) of every command that does something; groups are walked through."""
    yield from _below(make_root(), "jsobj")


def all_groups() -> Iterator[tuple[str, Group]]:
    root = make_root()
    yield "jsobj", root
    for name in root.list_commands(click.Context(root)):
        command = root.get_command(click.Context(root), name)
        if isinstance(command, Group):
            yield f"jsobj {name}", command


def _below(group: Group, path: str) -> Iterator[tuple[str, click.Command]]:
    context = click.Context(group, info_name=path)
    for name in group.list_commands(context):
        command = group.get_command(context, name)
        assert command is not None, name
        if isinstance(command, Group):
            yield from _below(command, f"{path} {name}")
        else:
            yield f"{path} {name}", command
