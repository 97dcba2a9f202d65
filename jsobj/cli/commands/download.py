"""``jsobj download``: objects to files, folders and standard output."""

from __future__ import annotations

import click

from jsobj.cli.parsing.command import command
from jsobj.cli.parsing.transfer_options import Chosen, filter_options, transfer_options
from jsobj.cli.parsing.world import World


@command("download")
@click.argument("source", nargs=-1, required=True)
@click.argument("destination", metavar="DEST")
@transfer_options
@filter_options
@click.option("--raw", is_flag=True, help="Keep compressed content (Content-Encoding) as it is stored.")
@click.option("--windows-safe", is_flag=True, help="Refuse names that Windows cannot have.")
def download(world: World, source: tuple[str, ...], destination: str, **words: object) -> None:
    """Fetch objects to files and folders.

    Parallel, resumable, verified.

    SOURCE is s3://BUCKET/KEY, swift://CONTAINER/OBJECT or BUCKET/KEY: an object, everything below a prefix, or a
    pattern ('*' and '?' stop at '/', '**' does not). A prefix goes into DEST under its own name where DEST ends in '/'
    or is '.', and becomes DEST where it does not; what matches a pattern, or is below PREFIX/, goes straight into DEST.
    DEST '-' is standard output. Files that have the same content already are skipped; a file is replaced only when all
    of its bytes are there and verified. Run the same command again to go on after an interruption.

    \b
    Examples:
      jsobj download s3://results/run42.zarr .
      jsobj download 's3://results/raw/*.nc' raw/
      jsobj download s3://results/data.tar - | tar x
    """
    from jsobj.cli.downloading import run_download

    run_download(world, source, destination, Chosen.of(words))


__all__ = ["download"]
