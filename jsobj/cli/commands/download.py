"""``jsobj download``: objects to files, folders and standard output."""

from __future__ import annotations

import click

from jsobj.cli.parsing.command import command
from jsobj.cli.parsing.detach import require_no_stream
from jsobj.cli.parsing.shell_complete import complete_places_and_target
from jsobj.cli.parsing.transfer_options import (
    Chosen,
    filter_options,
    machine_options,
    one_missing,
    refuse_machines,
    transfer_options,
)
from jsobj.cli.parsing.world import World
from jsobj.cli.views.transfer import perform, transferring
from jsobj.cli.views.url_list import fetch_listed, urls_option
from jsobj.errors import BadUsage


@command("download")
@click.argument("source", nargs=-1, metavar="SOURCE...", shell_complete=complete_places_and_target)
@click.argument("destination", metavar="DEST", required=False, default="")
@transfer_options
@machine_options
@filter_options
@urls_option
@click.option("--raw", is_flag=True, help="Keep compressed content (Content-Encoding) as it is stored.")
@click.option("--accept-unverified", is_flag=True, help="Keep bytes that came twice alike, also if the ETag differs.")
@click.option("--windows-safe", is_flag=True, help="Refuse names that Windows cannot have.")
def download(world: World, source: tuple[str, ...], destination: str, urls_from: str, **words: object) -> None:
    """Fetch objects to files and folders.

    Parallel, resumable, verified.

    SOURCE is s3://BUCKET/KEY, swift://CONTAINER/OBJECT or BUCKET/KEY: an object, everything below a prefix, or a
    pattern ('*' and '?' stop at '/', '**' does not). It may also be the web address of public data, or of the page that
    jsobj publish put beside them, or a link that was signed for one object; none of them needs a login. A prefix goes
    into DEST under its own name where DEST ends in '/' or is '.', and becomes DEST where it does not; what matches a
    pattern, or is below PREFIX/, goes straight into DEST. DEST '-' is standard output. Files that have the same content
    already are skipped; a file is replaced only when all of its bytes are there and verified. Run the same command
    again to go on after an interruption. --urls-from FILE takes the place of SOURCE: jsobj cp --help.

    \b
    Examples:
      jsobj download s3://results/run42.zarr .
      jsobj download 's3://results/raw/*.nc' raw/
      jsobj download s3://results/data.tar - | tar x
      jsobj download https://HOST/swift/v1/results/run42/index.html run42/
    """
    from jsobj.actions.download import download as action
    from jsobj.store.location import parse_location

    if urls_from:
        fetch_listed(world, source, destination, Chosen.of(words), urls_from)
        return
    if not source:
        raise one_missing(world, "download", destination)
    chosen = Chosen.of(words)
    if destination != "-":
        places = [parse_location(text, public=True, signed=True, foreign=True) for text in source]
        perform(world, chosen, lambda context: action(context, places, destination, chosen.options, chosen.filters))
        return
    from jsobj.actions.read import write_out

    places = [parse_location(text, need_key=True, public=True, signed=True, foreign=True) for text in source]
    if chosen.dry_run:
        raise BadUsage("with '-' there is no plan to show", hint="jsobj stat shows the object")
    refuse_machines(words, "what goes to standard output in order")
    require_no_stream(detach=chosen.detach)
    with transferring(world, chosen, data_on_stdout=True) as (context, _):
        write_out(context, places, world.out.write_bytes, chosen.options)
