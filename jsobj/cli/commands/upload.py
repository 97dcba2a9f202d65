"""``jsobj upload``: files, folders and streams to a bucket."""

from __future__ import annotations

import click

from jsobj.cli.parsing.command import command
from jsobj.cli.parsing.transfer_options import Chosen, filter_options, transfer_options
from jsobj.cli.parsing.world import World


@command("upload")
@click.argument("source", nargs=-1, required=True)
@click.argument("destination", metavar="DEST")
@transfer_options
@filter_options
@click.option("--files-from", metavar="FILE", default="", help="Send the files named in FILE ('-' for stdin).")
@click.option("-0", "--null", is_flag=True, help="Names in --files-from end with NUL, as find -print0 writes them.")
@click.option("--links", type=click.Choice(["skip", "follow"]), default="skip", help="What to do with symbolic links.")
@click.option("--compress", type=click.Choice(["gzip", "br", "zstd"]), help="Compress, and say so in Content-Encoding.")
@click.option("--content-type", metavar="TYPE", default="", help="Media type; default: by the file's name.")
def upload(world: World, source: tuple[str, ...], destination: str, **words: object) -> None:
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
      tar c data | jsobj upload - s3://results/data.tar
      find . -newer stamp -print0 | jsobj upload . s3://results/new/ --files-from - -0
    """
    from jsobj.cli.uploading import run_upload

    run_upload(world, source, destination, Chosen.of(words))


__all__ = ["upload"]
