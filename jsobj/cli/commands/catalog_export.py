"""``jsobj catalog export``: rows in the forms of other programs and services."""

from __future__ import annotations

import click

from jsobj.cli.parsing.command import command, options
from jsobj.cli.parsing.shell_complete import complete_files, complete_places
from jsobj.cli.parsing.stores import store_options, stores
from jsobj.cli.parsing.world import World
from jsobj.errors import BadUsage
from jsobj.ui.documents import Record

_FORMS = {
    "csv": "CSV with a header, as jsobj catalog query prints it.",
    "parquet": "Parquet.",
    "stac-geoparquet": "STAC items: a row each that has west, south, east, north and a time.",
    "dynamodb-json": "What Amazon DynamoDB imports from S3, a line each.",
    "ducklake": "A frozen DuckLake: DuckDB reads the parts of a public catalogue by it.",
}
_form_options = options(
    *(
        click.option(f"--{form}", metavar="FILE", default="", help=said, shell_complete=complete_files)
        for form, said in _FORMS.items()
    )
)


@command("export")
@click.argument("url", shell_complete=complete_places)
@click.argument("where", metavar="[WHERE]", required=False, default="")
@_form_options
@store_options
def export(world: World, url: str, where: str, unsigned: bool, endpoint: str, **files: str) -> None:
    """Write rows in the forms of other programs and services.

    WHERE selects rows, as in jsobj catalog query. Rows that cannot have the form are counted and left out (exit code
    3). FILE is replaced, by all of it or not at all. --ducklake needs a package of DuckDB's version, pip install
    duckdb-extension-ducklake; its table history has all rows that ever were, and its view catalog the newest.

    \b
    Examples:
      jsobj catalog export s3://results/ --csv all.csv
      jsobj catalog export s3://results/ "run = 'e7'" --dynamodb-json e7.json
      jsobj catalog export https://HOST/lab/ --stac-geoparquet items.parquet
    """
    from jsobj.actions.catalog.export import export as action
    from jsobj.actions.catalog.place import catalogue_place

    chosen = [(name.replace("_", "-"), file) for name, file in files.items() if file]
    if len(chosen) != 1:
        raise BadUsage(f"give one of {', '.join(f'--{form}' for form in _FORMS)}, with a FILE")
    ((form, file),) = chosen
    place = catalogue_place(url)
    with stores(world, unsigned=unsigned, endpoint=endpoint) as opened:
        done = action(opened, place, form, file, where)
    for reason, count in done.left_out:
        world.out.warn(f"{count} row{'' if count == 1 else 's'} left out: {reason}")
    data = {
        "url": url,
        "file": file,
        "form": form,
        "rows": done.rows,
        "left_out": [{"reason": reason, "rows": count} for reason, count in done.left_out],
    }
    world.out.show(Record("jsobj.catalog-export/1", data, [("File", file), ("Rows", str(done.rows))]))
    if done.code:
        click.get_current_context().exit(int(done.code))
