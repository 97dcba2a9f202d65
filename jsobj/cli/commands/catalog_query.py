"""``jsobj catalog query``: find rows, and fetch or share what they name."""

from __future__ import annotations

from itertools import islice
from typing import TYPE_CHECKING, Any

import click

from jsobj.cli.parsing.command import command
from jsobj.cli.parsing.shell_complete import complete_files, complete_places
from jsobj.cli.parsing.stores import stores
from jsobj.cli.parsing.transfer_options import Chosen, speed_options
from jsobj.cli.parsing.world import World
from jsobj.cli.views.catalog import addresses, cell_text, json_row, objects
from jsobj.cli.views.transfer import finish, transferring
from jsobj.errors import BadUsage
from jsobj.ui.documents import Listing, Stream
from jsobj.ui.text import safe

if TYPE_CHECKING:
    from jsobj.catalog.rows import Rows, Wish
    from jsobj.store.location import Location

_ON_TERMINAL = 100  # rows that a terminal gets where no limit was given
_ONLY_ONE = ("as_csv", "parquet", "get", "urls", "presign")


@command("query")
@click.argument("url", shell_complete=complete_places)
@click.argument("where", metavar="[WHERE]", required=False, default="")
@click.option("--select", metavar="COLUMNS", default="", help="Which columns; default: all.")
@click.option("--order", metavar="COLUMNS", default="", help="In which order, such as 'date DESC'.")
@click.option("--limit", metavar="N", type=click.IntRange(0), help="How many rows; default: all, 100 on a terminal.")
@click.option("--sql", metavar="SQL", default="", help="A whole SELECT over catalog and history, instead.")
@click.option("--csv", "as_csv", is_flag=True, help="Print CSV with a header.")
@click.option("--parquet", metavar="FILE", default="", help="Write Parquet to FILE.", shell_complete=complete_files)
@click.option("--get", metavar="DIR", default="", help="Download the objects into DIR.", shell_complete=complete_files)
@click.option("--urls", is_flag=True, help="Print the URLs of the objects.")
@click.option("--presign", metavar="TIME", default="", help="Print links to them that need no login, until then: 1h.")
@speed_options
def query(world: World, url: str, where: str, **words: Any) -> None:
    """Find rows, and fetch or share what they name.

    WHERE is a condition in SQL (DuckDB's): text stands in 'single quotes', names of columns with blanks in "double
    quotes". Beside the columns of the table there are _object, _url, _size, _sha256, _etag, _key, _loaded, _source and
    _line. Only the newest row of a key counts; history has all. URL may be the web address of a published catalogue,
    which needs no login. Rows that this computer has fetched before are not fetched again.

    \b
    Examples:
      jsobj catalog query s3://results/ "experiment = 'e7' AND ph > 7"
      jsobj catalog query s3://results/ "comment ILIKE '%ice%'" --get ./found
      jsobj catalog query s3://results/ --sql 'SELECT count(*) FROM catalog'
      jsobj catalog query https://HOST/lab/index.html --csv > all.csv
    """
    from jsobj.actions.catalog.place import catalogue_place
    from jsobj.actions.catalog.query import open_rows
    from jsobj.catalog.exports.cells import write_csv
    from jsobj.catalog.rows import Wish

    chosen = [name for name in _ONLY_ONE if words[name]]
    if len(chosen) > 1:
        raise BadUsage("give one of --csv, --parquet, --get, --urls and --presign")
    if words["sql"] and (where or words["select"] or words["order"] or words["limit"] is not None):
        raise BadUsage("--sql is the whole question: give no WHERE, --select, --order or --limit with it")
    wish = Wish(where, words.pop("select"), words.pop("order"), words.pop("limit"), words.pop("sql"))
    if wish.sql and chosen and chosen[0] not in {"as_csv", "parquet"}:
        raise BadUsage("--get, --urls and --presign are for rows of the catalogue: give WHERE instead of --sql")
    place = catalogue_place(url)
    if words["get"]:
        _get(world, place, wish, words)
        return
    if words["parquet"]:
        _write(world, place, wish, words)
        return
    with (
        stores(world, unsigned=words["unsigned"], endpoint=words["endpoint"]) as opened,
        open_rows(opened, place) as rows,
    ):
        if words["as_csv"]:
            write_csv(rows.find(wish), _Lines(world))
        elif words["urls"] or words["presign"]:
            _print_addresses(world, rows, wish, words["presign"])
        else:
            _print(world, rows, wish)


def _print(world: World, rows: Rows, wish: Wish) -> None:
    out = world.out
    if out.as_json or not out.on_terminal:
        found = rows.find(wish)
        out.stream(Stream("jsobj.catalog-rows/1", found, json_row, lambda row: "\t".join(map(_plain, row.values()))))
        return
    bounded = wish.limit is None and not wish.sql
    found = rows.find(wish)
    taken = list(islice(found, _ON_TERMINAL + 1 if bounded else None))
    more = bounded and len(taken) > _ON_TERMINAL
    shown = taken[:_ON_TERMINAL] if bounded else taken
    named = bool(wish.select or wish.sql)
    plain = [name for name in found.columns if named or not name.startswith("_")]
    if not named and any(row["_object"] is not None for row in shown):
        plain.append("_object")
    columns: dict[str, Any] = {name: (lambda row, name=name: cell_text(row[name])) for name in plain}
    by_width = sorted(plain, key=lambda name: -max((len(cell_text(row[name])) for row in shown), default=0))
    out.show(Listing("jsobj.catalog-rows/1", shown, columns, json_row, "No row is like that.", by_width))
    if more:
        total = next(rows.ask(f"SELECT count(*) FROM (\n{wish.statement(rows.columns)}\n)").tuples())[0]
        out.note(f"{_ON_TERMINAL} of {total} rows are shown: --limit N shows others, --csv has all of each")


def _plain(value: object) -> str:
    return safe(cell_text(value))


class _Lines:
    """What :mod:`csv` writes to."""

    def __init__(self, world: World) -> None:
        self._out = world.out

    def write(self, text: str) -> None:
        """Print a line, or several: a cell may have line ends."""
        self._out.write_bytes(text.encode())


def _write(world: World, place: Location, wish: Wish, words: dict[str, Any]) -> None:
    from jsobj.actions.catalog.export import replacing
    from jsobj.actions.catalog.query import open_rows

    with (
        stores(world, unsigned=words["unsigned"], endpoint=words["endpoint"]) as opened,
        replacing(words["parquet"]) as temp,
        open_rows(opened, place, write_to=[temp]) as rows,
    ):
        rows.write_parquet(wish, temp)
    world.out.note(f"Wrote {words['parquet']}.")


def _print_addresses(world: World, rows: Rows, wish: Wish, presign: str) -> None:
    left_out: list[str] = []
    lines = addresses(world, rows, wish, presign, left_out.append)
    shown = world.out.stream(Stream("jsobj.catalog-urls/1", lines, lambda url: {"url": url}, safe))
    if left_out:
        world.out.warn(
            f"left out, since no link leads into an archive: {len(left_out)} that are in one, such as {left_out[0]}; "
            "--get fetches them"
        )
    elif not shown:
        world.out.note("No row is like that, or none of them has an object.")


def _get(world: World, place: Location, wish: Wish, words: dict[str, Any]) -> None:
    """Fetch what rows name."""
    from jsobj.actions.catalog.fetch import fetch
    from jsobj.actions.catalog.query import open_rows

    folder = words.pop("get")
    for name in ("as_csv", "parquet", "urls", "presign"):
        del words[name]
    chosen = Chosen.of(words)
    with transferring(world, chosen) as (context, progress):
        with open_rows(context.stores, place) as rows:
            names, catalogue = list(objects(rows, wish)), rows.catalogue
        if names:
            finish(progress, fetch(context, place, catalogue, names, folder, chosen.options))
            return
    world.out.note("No row is like that, or none of them has an object: nothing was fetched.")
