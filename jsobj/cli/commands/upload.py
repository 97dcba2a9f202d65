"""``jsobj upload``: files, folders and streams to a bucket."""

from __future__ import annotations

import re
import sys
from typing import Any

import click

from jsobj.cli.parsing.command import command
from jsobj.cli.parsing.detach import require_no_stream
from jsobj.cli.parsing.shell_complete import complete_files, complete_sources_and_place
from jsobj.cli.parsing.transfer_options import (
    Chosen,
    filter_options,
    kept_options,
    links_option,
    machine_options,
    one_missing,
    refuse_machines,
    transfer_options,
)
from jsobj.cli.parsing.world import World
from jsobj.cli.views.transfer import finish, perform, transferring
from jsobj.errors import BadUsage

_FILES_FROM = "Send the files named in FILE ('-' for stdin)."


@command("upload")
@click.argument("source", nargs=-1, metavar="SOURCE...", shell_complete=complete_sources_and_place)
@click.argument("destination", metavar="DEST", required=False, default="")
@transfer_options
@machine_options
@filter_options
@click.option("--files-from", metavar="FILE", default="", help=_FILES_FROM, shell_complete=complete_files)
@click.option("-0", "--null", is_flag=True, help="Names in --files-from end with NUL, as find -print0 writes them.")
@links_option
@click.option("--compress", type=click.Choice(["gzip", "br", "zstd"]), help="Compress, and say so in Content-Encoding.")
@click.option("--pack", is_flag=True, help="Make one object of all, a zip: jsobj help packing.")
@kept_options
def upload(world: World, source: tuple[str, ...], destination: str, **words: Any) -> None:
    """Send files and folders to a bucket.

    Parallel, resumable, verified.

    DEST is s3://BUCKET/KEY, swift://CONTAINER/OBJECT or BUCKET/KEY. A folder goes into DEST under its own name where
    DEST ends in '/' or is a bucket, and becomes DEST where it does not; DIR/ means what is in the folder. SOURCE '-' is
    standard input. Objects that have the same content already are skipped. Run the same command again to go on
    after an interruption.

    \b
    Examples:
      jsobj upload run42.zarr s3://results/
      jsobj upload *.nc s3://results/raw/ --exclude '*.tmp'
      jsobj upload a.png s3://web/ --metadata run=42 --cache-control no-store
      tar c data | jsobj upload - s3://results/data.tar
      jsobj upload --pack frames s3://results/frames.zip
      find . -newer stamp -print0 | jsobj upload . s3://new/ --files-from - -0
    """
    from jsobj.actions import upload as actions
    from jsobj.store.location import parse_location

    if not source:
        raise one_missing(world, "upload", destination)
    walk = {name: words.pop(name) for name in ("files_from", "null", "links")}
    pack = words.pop("pack")
    location, chosen = parse_location(destination, foreign=True), Chosen.of(words)
    for name, value in chosen.options.kept.metadata.items():
        if re.search(r",[\w.-]+=", value):
            world.out.note(f"metadata '{name}' is '{value}': for several, repeat --metadata NAME=VALUE")
    world.will_change_names()
    options = chosen.options
    if pack and "-" in source:
        raise BadUsage("--pack takes files and folders, not standard input")
    if source == ("-",):
        if chosen.dry_run:
            raise BadUsage("--dry-run cannot look into standard input")
        refuse_machines(words, "standard input")
        require_no_stream(detach=chosen.detach)
        stdin = getattr(sys.stdin.buffer, "raw", sys.stdin.buffer)
        with transferring(world, chosen) as (context, progress):
            finish(progress, actions.upload_from(context, stdin, location, options, name="standard input"))
        return
    if walk["files_from"] == "-":
        require_no_stream(detach=chosen.detach)
    action = actions.pack if pack else actions.upload
    perform(world, chosen, lambda context: action(context, source, location, options, chosen.filters, **walk))
