"""``jsobj unpack``: the members of an archive to a folder."""

from __future__ import annotations

import click

from jsobj.cli.parsing.command import command
from jsobj.cli.parsing.shell_complete import complete_places_and_target
from jsobj.cli.parsing.transfer_options import Chosen, filter_options, transfer_options
from jsobj.cli.parsing.world import World
from jsobj.cli.views.transfer import perform
from jsobj.errors import BadUsage

_RATIO = "Go on where all would become N times as large as it is stored; default: 100."


@command("unpack")
@click.argument("url", shell_complete=complete_places_and_target)
@click.argument("folder", metavar="[DIR]", default=".", shell_complete=complete_places_and_target)
@click.option("--max-ratio", type=int, default=0, metavar="N", help=_RATIO)
@transfer_options
@filter_options
@click.option("--windows-safe", is_flag=True, help="Refuse names that Windows cannot have.")
def unpack(world: World, url: str, folder: str, max_ratio: int, **words: object) -> None:
    """Fetch what is in an archive.

    Parallel, resumable, verified.

    URL is an archive (s3://BUCKET/NAME.zip), or members of it: NAME.zip!/FOLDER/, or a pattern behind '!/'. They go
    into DIR, by default the current folder. What lies side by side in the archive is fetched together. Members are
    compared by CRC-32, and by SHA-256 where upload --pack made the archive; files that have the same content already
    are skipped. A name that leads out of DIR, or a member that is not what the archive says, is refused, and the others
    are unpacked (exit code 3).

    \b
    Examples:
      jsobj unpack s3://results/frames.zip frames/
      jsobj unpack 's3://results/frames.zip!/raw/*.tif' raw/
    """
    from jsobj.actions import download as actions
    from jsobj.store.location import parse_location

    chosen = Chosen.of(words)
    if max_ratio < 0:
        raise BadUsage("--max-ratio is a number from 1 on")
    if folder == "-":
        raise BadUsage("an archive is unpacked into a folder", hint="one member: jsobj cat ARCHIVE.zip!/NAME")
    place, ratio = parse_location(url, public=True, foreign=True), max_ratio or actions.MAX_RATIO
    perform(
        world,
        chosen,
        lambda context: actions.unpack(context, place, folder, chosen.options, chosen.filters, max_ratio=ratio),
    )
