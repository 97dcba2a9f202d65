"""``jsobj cp`` and ``jsobj mv``: copy and move objects."""

from __future__ import annotations

import os
import shlex

import click

from jsobj.cli.parsing.command import command
from jsobj.cli.parsing.shell_complete import complete_places
from jsobj.cli.parsing.transfer_options import (
    Chosen,
    copy_options,
    filter_options,
    machine_options,
    one_missing,
)
from jsobj.cli.parsing.world import World
from jsobj.cli.views.transfer import perform
from jsobj.errors import BadUsage, ExitCode, JsobjError


@command("cp")
@click.argument("source", nargs=-1, metavar="SOURCE...", shell_complete=complete_places)
@click.argument("destination", metavar="DEST", required=False, default="", shell_complete=complete_places)
@click.option("--version", metavar="ID", default="", help="This version of SOURCE, as jsobj ls --versions names it.")
@copy_options
@machine_options
@filter_options
def cp(world: World, source: tuple[str, ...], destination: str, version: str, **words: object) -> None:
    """Copy objects.

    SOURCE is an object, a prefix (PREFIX/ means what is below it) or a pattern (jsobj help patterns). DEST that ends in
    '/', or is a bucket, takes what comes under its own name, from several SOURCEs too; what matches a pattern goes
    straight into DEST. Within one server the data do not pass through this computer; between s3:// and swift:// they
    do, and are compared on their way. So they are with --dest-cloud or --dest-profile, which open DEST with another
    login than SOURCE. An older version (--version) passes through this computer, too; DEST may be SOURCE, whose older
    version is current again then.

    On a store that speaks both, s3:// as DEST means a multipart object, and swift:// one in segments: a large object
    gets the other form on the server where that can, else through this computer, and is proven before it takes any
    place. DEST may then be SOURCE in the other dialect, an object or all of a bucket: large objects are remade where
    they are, and what is not large, or has that form already, is skipped. Their old segments go with them, as far as
    they lie below the object's own name, also where another manifest shares them.

    SOURCE may be the web address of public data, or of the page that jsobj publish put beside them: it is read without
    a login, and DEST may then be a local folder, such as ./run42/, too.

    \b
    Examples:
      jsobj cp s3://results/run42.nc s3://archive/2026/
      jsobj cp s3://results/run42.zarr s3://archive/run42.zarr
      jsobj cp 's3://results/raw/*.nc' s3://archive/raw/
      jsobj cp swift://raw/a.nc s3://results/a.nc
      jsobj cp swift://raw/ s3://raw/
      jsobj cp s3://results/ s3://copy/ --cloud here --dest-cloud there
      jsobj cp https://HOST/swift/v1/results/run42.zarr s3://mine/
    """
    _copy(world, source, destination, Chosen.of(words), move=False, version=version)


@command("mv")
@click.argument("source", nargs=-1, metavar="SOURCE...", shell_complete=complete_places)
@click.argument("destination", metavar="DEST", required=False, default="", shell_complete=complete_places)
@copy_options
@filter_options
def mv(world: World, source: tuple[str, ...], destination: str, **words: object) -> None:
    """Move or rename objects.

    As jsobj cp; then the source is deleted, object by object, once its copy was looked at. An object store cannot
    rename: everything is copied.

    \b
    Examples:
      jsobj mv s3://results/run42.nc s3://results/run-42.nc
      jsobj mv s3://results/tmp/ s3://results/final/
    """
    _copy(world, source, destination, Chosen.of(words), move=True)


def _copy(
    world: World, source: tuple[str, ...], destination: str, chosen: Chosen, *, move: bool, version: str = ""
) -> None:
    from jsobj.actions.copy import copy, copy_version
    from jsobj.store.location import parse_location
    from jsobj.transfer.spread.shard import WHOLE

    verb = "mv" if move else "cp"
    if not source:
        raise one_missing(world, verb, destination)
    public = not move and all(text.lower().startswith(("http://", "https://")) for text in source)
    if public and _is_local(destination):
        _fetch(world, source, destination, chosen)
        return
    _require_remote((*source, destination), verb)
    world.will_change_names()
    places = [parse_location(text, public=not move, signed=not move, foreign=True) for text in source]
    end = parse_location(destination, foreign=True)
    _require_login_of_endpoint(chosen, end.dialect)
    if version:
        if len(places) > 1:
            raise BadUsage("--version goes with one SOURCE")
        if chosen.options.dask or chosen.options.shard != WHOLE:
            raise BadUsage("one version of one object is not divided among machines: leave --dask and --shard out")
        one = parse_location(source[0], need_key=True)
        perform(world, chosen, lambda context: copy_version(context, one, end, chosen.options, version))
        return
    perform(world, chosen, lambda context: copy(context, places, end, chosen.options, chosen.filters, move=move))


def _is_local(text: str) -> bool:
    """Whether a destination is a path: one that exists, or is written as no bucket can be."""
    if "://" in text or text == "-":
        return False
    return text in {".", ".."} or text.startswith(("/", "./", "../", "~/")) or os.path.lexists(text)


def _fetch(world: World, source: tuple[str, ...], destination: str, chosen: Chosen) -> None:
    """Public data into a folder, as jsobj download does it."""
    from jsobj.actions.download import download
    from jsobj.store.location import parse_location

    places = [parse_location(text, public=True, signed=True, foreign=True) for text in source]
    perform(world, chosen, lambda context: download(context, places, destination, chosen.options, chosen.filters))


def _require_login_of_endpoint(chosen: Chosen, dialect: str) -> None:
    """An endpoint alone does not say whose keys are meant; the Swift API's comes with the login."""
    if chosen.dest_endpoint and not (chosen.dest_cloud or chosen.dest_profile):
        raise BadUsage("--dest-endpoint needs the login of DEST", hint="add --dest-profile NAME, or --dest-cloud NAME")
    if chosen.dest_endpoint and dialect == "swift":
        raise BadUsage(
            "--dest-endpoint is for S3, and DEST is swift://", hint="leave it out: the login knows the address"
        )


def _require_remote(typed: tuple[str, ...], verb: str) -> None:
    """A local path is refused with the command that is meant."""
    local = [text for text in typed if "://" not in text and (text == "-" or os.path.lexists(text))]
    if local:
        meant = "download" if local[0] == typed[-1] else "upload"
        raise JsobjError(
            "copy-is-remote",
            f"'{local[0]}' is a local file, and jsobj {verb} works on objects only",
            code=ExitCode.USAGE,
            hint=f"jsobj {meant} {' '.join(map(shlex.quote, typed))}",
        )
