"""``jsobj cp`` and ``jsobj mv``: objects to other keys and buckets, without passing through here where that can be."""

from __future__ import annotations

import click

from jsobj.cli.parsing.command import command
from jsobj.cli.parsing.shell_complete import complete_buckets
from jsobj.cli.parsing.transfer_options import Chosen, copy_options, filter_options
from jsobj.cli.parsing.world import World


@command("cp")
@click.argument("source", shell_complete=complete_buckets)
@click.argument("destination", metavar="DEST", shell_complete=complete_buckets)
@copy_options
@filter_options
def cp(world: World, source: str, destination: str, **words: object) -> None:
    """Copy objects.

    SOURCE is an object, or a prefix: PREFIX/ means what is below it. DEST that ends in '/', or is a bucket, takes what
    comes under its own name. Within one server the data do not pass through this computer; between s3:// and swift://
    they do, and are compared on their way.

    \b
    Examples:
      jsobj cp s3://results/run42.nc s3://archive/2026/
      jsobj cp s3://results/run42.zarr s3://archive/run42.zarr
      jsobj cp swift://raw/a.nc s3://results/a.nc
    """
    from jsobj.cli.copying import run_copy

    run_copy(world, source, destination, Chosen.of(words), move=False)


@command("mv")
@click.argument("source", shell_complete=complete_buckets)
@click.argument("destination", metavar="DEST", shell_complete=complete_buckets)
@copy_options
@filter_options
def mv(world: World, source: str, destination: str, **words: object) -> None:
    """Move or rename objects.

    As jsobj cp; then the source is deleted, object by object, once its copy was looked at. An object store cannot
    rename: everything is copied.

    \b
    Examples:
      jsobj mv s3://results/run42.nc s3://results/run-42.nc
      jsobj mv s3://results/tmp/ s3://results/final/
    """
    from jsobj.cli.copying import run_copy

    run_copy(world, source, destination, Chosen.of(words), move=True)
