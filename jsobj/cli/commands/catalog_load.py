"""``jsobj catalog load``: a table and the files that it names."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from jsobj.cli.parsing.command import command, options
from jsobj.cli.parsing.shell_complete import complete_file_then_place, complete_files
from jsobj.cli.parsing.transfer_options import Chosen, speed_options
from jsobj.cli.parsing.world import World
from jsobj.cli.views.catalog import links_of, person
from jsobj.cli.views.transfer import transferring
from jsobj.errors import BadUsage
from jsobj.ui.documents import Record
from jsobj.ui.text import safe
from jsobj.units import exact_size

if TYPE_CHECKING:
    from jsobj.actions.catalog.load import Loaded, LoadWish
    from jsobj.catalog.table import BadRow

_SHOWN = 20  # refused rows of which each has a line, for people; --json names all

_table_options = options(
    click.option("--files", metavar="DIR", default="", help="Folder with the files.", shell_complete=complete_files),
    click.option("--path", metavar="COLUMN", default="", help="Column with paths below DIR; default: by its name."),
    click.option("--key", metavar="COLUMN", default="", help="Column that names a row; default: the first one."),
    click.option("--row", metavar="COLUMN", default="", help="With --key: the second column of a name in two parts."),
    click.option("--type", "types", metavar="COLUMN=TYPE", multiple=True, help="Such as date=DATE; else: text."),
    click.option("--delimiter", metavar="CHAR", default="", help="Between cells; default: what the first line has."),
    click.option("--quote", metavar="CHAR", default='"', help="Around cells; '' for none.", show_default=True),
    click.option("--no-header", is_flag=True, help="The first line is a row: columns are column1, column2 ..."),
    click.option("--columns", metavar="A,B,...", default="", help="Names of the columns, instead of the header's."),
    click.option("--encoding", default="utf-8-sig", metavar="NAME", help="Of the table; default: utf-8."),
)


@command("load")
@click.argument("table", metavar="FILE.csv", shell_complete=complete_file_then_place)
@click.argument("url", metavar="URL")
@_table_options
@click.option("--public", is_flag=True, help="Let everybody read what is below URL.")
@click.option("--expires", metavar="TIME", default="", help="Keep signed links in the rows, which end then: 7d.")
@click.option("--again", is_flag=True, help="Load rows that were loaded before as new ones.")
@click.option("--by", metavar="NAME", default="", help="Who loads; default: your user name.")
@speed_options
def load(world: World, table: str, url: str, **words: Any) -> None:
    """Send files, and a table with a row for each.

    Files go up as jsobj upload sends them: verified, and not again where they are there. Without --files, the objects
    are there already, or the rows have none. Each row is kept with the URL, size, SHA-256 and ETag of its object. Cells
    are text, so that 007 stays 007, unless --type says more. A row that cannot be loaded is named with its line and the
    reason, and the others are loaded (exit code 3). The same command again adds nothing, and finishes what was cut.
    COLUMN is a name or a number from 1 on.

    \b
    Examples:
      jsobj catalog load samples.csv s3://results/ --files samples/
      jsobj catalog load t.csv s3://lab/2026/ --files . --key 2 --row 1 --path 4
      jsobj catalog load t.csv swift://lab/ --type date=DATE --type ph=DOUBLE
    """
    from jsobj.actions.catalog import load as action
    from jsobj.actions.catalog.place import catalogue_place

    public, expires = words.pop("public"), words.pop("expires")
    if public and expires:
        raise BadUsage("--public needs no links that end: give one of --public and --expires")
    wish = _wish(world, table, words)
    place = catalogue_place(url, public=False)
    links = links_of(world, place, public=public, expires=expires)
    chosen = Chosen.of(words)
    refused: list[BadRow] = []
    world.will_change_names()
    with transferring(world, chosen) as (context, _):
        try:
            done = action.load(context, place, wish, chosen.options, refuse=refused.append, links=links)
        finally:  # also where no row is left, and the error speaks of them
            _warn(world, refused)
    _show(world, done, refused)
    if done.code:
        click.get_current_context().exit(int(done.code))


def _wish(world: World, table: str, words: dict[str, Any]) -> LoadWish:
    from jsobj.actions.catalog.load import LoadWish
    from jsobj.catalog.table import TableForm
    from jsobj.catalog.types import parse_type

    columns = tuple(name.strip() for name in words.pop("columns").split(",")) if words["columns"] else ()
    words.pop("columns", None)
    form = TableForm(
        words.pop("delimiter"), words.pop("quote"), not words.pop("no_header"), columns, words.pop("encoding")
    )
    named = {name: words.pop(name) for name in ("files", "key", "row", "path", "again")}
    types = tuple(map(parse_type, words.pop("types")))
    return LoadWish(table, **named, types=types, form=form, by=words.pop("by") or person(world.settings))


def _warn(world: World, refused: list[BadRow]) -> None:
    refused.sort(key=lambda row: row.line)
    for row in refused[: None if world.out.as_json else _SHOWN]:
        world.out.warn(f"line {row.line}: {safe(row.reason)}")
    if len(refused) > _SHOWN and not world.out.as_json:
        world.out.warn(f"and {len(refused) - _SHOWN} more rows were refused: --json names all")


def _show(world: World, done: Loaded, refused: list[BadRow]) -> None:
    load = done.load
    if done.doubled:
        world.out.warn(f"{done.doubled} keys are in several rows of the table: the last one of each counts")
    data = {
        "url": done.catalogue.url,
        "part": load.part,
        "new": done.new,
        "rows": load.rows,
        "refused": [{"line": row.line, "reason": row.reason, "kind": row.kind} for row in refused],
        "objects": load.objects,
        "bytes": load.bytes,
        "doubled_keys": done.doubled,
        "key": list(done.key),
        "columns": list(done.columns),
        "loaded": load.loaded,
    }
    when = load.loaded[:16].replace("T", " ")
    said = f"{load.rows} added" if done.new else f"none added: these {load.rows} were loaded on {when} UTC"
    lines = [("Catalogue", done.catalogue.url), ("Rows", said + (f", {len(refused)} refused" if refused else ""))]
    if load.objects:
        lines.append(("Objects", f"{load.objects}, {exact_size(load.bytes)}"))
    lines.append(("Key", ", ".join(done.key)))
    world.out.show(Record("jsobj.catalog-load/1", data, lines))
