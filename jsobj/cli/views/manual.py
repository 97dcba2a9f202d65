"""The manual: all commands and topics, as Markdown for the repository and as a manual page for ``man``.

Both show the same text, which is that of ``--help`` and ``jsobj help TOPIC``. ``jsobj/REFERENCE.md`` and
``completions/jsobj.1`` are made from it; a test keeps them fresh.
"""

from __future__ import annotations

from collections.abc import Iterator
from importlib import resources
from textwrap import fill

import click

from jsobj import __version__
from jsobj.cli.parsing.command import SHARED, Command, Group
from jsobj.errors import ExitCode

TOPICS = {
    "keyless": "Working without S3 keys",
    "transfers": "Moving data: names, digests, and going on",
    "clouds": "Other clouds: data that come from Google, Azure and elsewhere, or go there",
    "packing": "Packing: many small files as one object",
    "catalogues": "Catalogues: rows of metadata beside objects, with no service but the bucket",
    "machines": "Many machines: shares of one job, and the workers of dask",
    "background": "Jobs in the background: --detach, jobs wait, --notify",
    "mounts": "Mounts: a bucket as a folder, and what that is not",
    "patterns": "Patterns: in URLs, --include and --exclude",
    "sharing": "Sharing: who else may read",
    "housekeeping": "Housekeeping: what a bucket itself is told",
    "python": "Python: URLs, connections, and what is compared",
    "files": "Where things are stored",
    "environment": "What jsobj reads from the environment",
    "json": "JSON for scripts",
    "exit-codes": "What the exit codes mean",
    "security": "What jsobj keeps, sends, and never does",
}
_WIDTH = 78
_INTRODUCTION = (
    "jsobj takes you from the credentials file of a cloud's portal to data in OpenStack object storage (Swift,\n"
    "Ceph RGW). A SOURCE, DEST or URL is s3://BUCKET/KEY, swift://CONTAINER/OBJECT or BUCKET/KEY.\n"
)


def topic_text(topic: str) -> str:
    """The text of one of :data:`TOPICS`, at most 80 columns wide; its first line is the title."""
    if topic == "exit-codes":
        lines = (fill(f"{int(code):>5}  {code.meaning}", _WIDTH, subsequent_indent=" " * 7) for code in ExitCode)
        return "\n".join([TOPICS[topic], "", *lines, ""])
    return resources.files("jsobj.cli").joinpath(f"topics/{topic}.txt").read_text(encoding="utf-8")


def commands(group: Group, path: str = "jsobj") -> Iterator[tuple[str, click.Command]]:
    """(words, command) of every command that does something; second names are left out."""
    context = click.Context(group)
    for name, entry in group.table.items():
        found = group.get_command(context, name)
        if isinstance(found, Group) and entry.summary:
            yield from commands(found, f"{path} {name}")
        elif found and entry.summary:
            yield f"{path} {name}", found


def markdown(root: click.Context) -> str:
    """The manual as Markdown."""
    chapters = "".join(f"\n## {title}\n\n{intro}" + _blocks(parts) for title, intro, parts in _chapters(root))
    return f"# Reference\n\n{_INTRODUCTION}{chapters}"


def man_page(root: click.Context) -> str:
    """The manual as roff, section 1."""
    page = f'.TH JSOBJ 1 "" "jsobj {__version__}"\n.SH NAME\njsobj \\- data in OpenStack object storage\n'
    page += f".SH DESCRIPTION\n{_roff(_INTRODUCTION)}"
    for title, intro, parts in _chapters(root):
        page += f'.SH "{title.upper()}"\n{_roff(intro)}'
        page += "".join(f'.SS "{_roff(name)}"\n.in 0\n.nf\n{_roff(text)}.fi\n' for name, text in parts)
    return page


def _chapters(root: click.Context) -> Iterator[tuple[str, str, list[tuple[str, str]]]]:
    """Title, introduction, and the parts with their names."""
    group = root.command
    assert isinstance(group, Group)
    yield "Commands", "", [(path, _help(path, found)) for path, found in commands(group)]
    formatter = click.HelpFormatter(width=_WIDTH)
    shared = [option for option in Command("shared").params if option.name in SHARED]
    _write_options(formatter, click.Context(group), shared)
    yield "Options of every command", "", [("Options", formatter.getvalue())]
    yield "Topics", "", [(name, topic_text(name)) for name in TOPICS]


def _help(path: str, found: click.Command) -> str:
    context = click.Context(found, info_name=path)
    formatter = click.HelpFormatter(width=_WIDTH)
    found.format_usage(context, formatter)
    found.format_help_text(context, formatter)
    _write_options(formatter, context, [option for option in found.params if option.name not in SHARED])
    return formatter.getvalue()


def _write_options(formatter: click.HelpFormatter, context: click.Context, options: list[click.Parameter]) -> None:
    rows = [
        record for option in options if isinstance(option, click.Option) and (record := option.get_help_record(context))
    ]
    if rows:
        with formatter.section("Options"):
            formatter.write_dl(rows)


def _blocks(parts: list[tuple[str, str]]) -> str:
    return "".join(f"\n### {name}\n\n```text\n{text.rstrip()}\n```\n" for name, text in parts)


def _roff(text: str) -> str:
    """Text as roff takes it: backslashes, minus signs, and lines that begin with a request's character."""
    escaped = text.replace("\\", "\\e").replace("-", "\\-")
    return "".join(f"\\&{line}" if line.startswith((".", "'")) else line for line in escaped.splitlines(keepends=True))
