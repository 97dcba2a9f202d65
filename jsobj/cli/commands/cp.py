"""``jsobj cp`` and ``jsobj mv``: copy and move objects."""

from __future__ import annotations

import os
import shlex
from dataclasses import replace

import click

from jsobj.cli.parsing.command import command
from jsobj.cli.parsing.shell_complete import complete_places
from jsobj.cli.parsing.stores import store_options
from jsobj.cli.parsing.transfer_options import (
    Chosen,
    copy_options,
    filter_options,
    machine_options,
    one_missing,
)
from jsobj.cli.parsing.world import World
from jsobj.cli.views.transfer import perform
from jsobj.cli.views.url_list import fetch_listed, require_list_alone, urls_option
from jsobj.errors import BadUsage, ExitCode, JsobjError


@command("cp")
@click.argument("source", nargs=-1, metavar="SOURCE...", shell_complete=complete_places)
@click.argument("destination", metavar="DEST", required=False, default="", shell_complete=complete_places)
@click.option("--version", metavar="ID", default="", help="This version of SOURCE, as jsobj ls --versions names it.")
@urls_option
@copy_options
@store_options
@machine_options
@filter_options
def cp(world: World, source: tuple[str, ...], destination: str, version: str, urls_from: str, **words: object) -> None:
    """Copy objects.

    SOURCE is an object, a prefix (PREFIX/ means what is below it) or a pattern (jsobj help patterns). DEST that ends in
    '/', or is a bucket, takes what comes under its own name, from several SOURCEs too; what matches a pattern goes
    straight into DEST. Within one server the data do not pass through this computer. Between s3:// and swift://, with
    --dest-cloud or --dest-profile, which open DEST with another login than SOURCE, and from and to other clouds (gs://
    and az://: jsobj help clouds) they do: in parts of one version of SOURCE, each compared with what DEST stored, and
    the whole with the digest that SOURCE tells. The summary says by what; of a source without any digest it says so.
    What was interrupted goes on with the same command. An older version (--version) passes through this computer, too;
    DEST may be SOURCE, whose older version is current again then.

    On a store that speaks both, s3:// as DEST means a multipart object, and swift:// one in segments: a large object
    gets the other form on the server where that can, else through this computer, and is proven before it takes any
    place. DEST may then be SOURCE in the other dialect, an object or all of a bucket: large objects are remade where
    they are, and what is not large, or has that form already, or is a link of Swift's, is skipped. Their old segments
    go with them, as far as they are named as this object's own, also where another manifest shares them.

    --no-sign-request is for SOURCE alone: public data, at the server that --endpoint names. SOURCE may also be their
    web address, or that of the page that jsobj publish put beside them: it is read without a login, and DEST may then
    be a local folder, such as ./run42/, too. Other web servers will do as well; folders there need such a page, or an
    index that nginx or Apache makes (jsobj help clouds). --urls-from FILE has the addresses of files, one a line ('#'
    begins a comment, '-' is standard input); in lines as sha256sum and md5sum print them, what comes is compared with
    the digest. SOURCE or DEST may be local if written as file:///DIR/. Access rights, storage classes and tiers are
    never copied.

    \b
    Examples:
      jsobj cp s3://results/run42.nc s3://archive/2026/
      jsobj cp s3://results/run42.zarr s3://archive/run42.zarr
      jsobj cp 's3://results/raw/*.nc' s3://archive/raw/
      jsobj cp swift://raw/a.nc s3://results/a.nc
      jsobj cp swift://raw/ s3://raw/
      jsobj cp s3://results/ s3://copy/ --cloud here --dest-cloud there
      jsobj cp gs://archive/era5/ s3://mine/era5/ --include '*.nc'
      jsobj cp https://HOST/swift/v1/results/run42.zarr s3://mine/
      jsobj cp https://OPEN.s3.us-west-2.amazonaws.com/2024/ s3://mine/
      jsobj cp --urls-from urls.txt s3://mine/raw/
    """
    chosen = Chosen.of(words)
    if urls_from:
        _copy_listed(world, source, destination, chosen, urls_from, version)
        return
    if not source:
        raise one_missing(world, "cp", destination)
    if not _copied_locally(world, source, destination, chosen, version):
        _copy(world, source, destination, chosen, move=False, version=version)


@command("mv")
@click.argument("source", nargs=-1, metavar="SOURCE...", shell_complete=complete_places)
@click.argument("destination", metavar="DEST", required=False, default="", shell_complete=complete_places)
@copy_options
@filter_options
def mv(world: World, source: tuple[str, ...], destination: str, **words: object) -> None:
    """Move or rename objects.

    As jsobj cp; then the source is deleted, object by object, once its copy was looked at. An object store cannot
    rename: everything is copied. Where the server itself makes the copy, and source and copy have no digest in common,
    the right size is enough for the source to be deleted.

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
    from jsobj.store.bucket_name import FOREIGN
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
    places = [parse_location(text, public=not move, signed=not move, foreign=not move) for text in source]
    end = parse_location(destination, foreign=True)
    _require_login_of_endpoint(chosen, end.dialect)
    if version:
        if len(places) > 1:
            raise BadUsage("--version goes with one SOURCE")
        if chosen.options.dask or chosen.options.shard != WHOLE:
            raise BadUsage("one version of one object is not divided among machines: leave --dask and --shard out")
        if places[0].dialect in FOREIGN:
            hint = f"leave it out: jsobj cp {shlex.quote(source[0])} {shlex.quote(destination)}"
            raise BadUsage(f"--version is for s3:// and swift://, and SOURCE is {places[0].dialect}://", hint=hint)
        one = parse_location(source[0], need_key=True)
        perform(world, chosen, lambda context: copy_version(context, one, end, chosen.options, version))
        return
    perform(world, chosen, lambda context: copy(context, places, end, chosen.options, chosen.filters, move=move))


def _copied_locally(world: World, source: tuple[str, ...], destination: str, chosen: Chosen, version: str) -> bool:
    """Whether one side was a file:// URL, and all is done: that is an upload, or a download."""
    from jsobj.transfer.local.file_url import path_of

    paths, end = [path_of(text) for text in source], path_of(destination)
    if end is None and not any(paths):
        return False
    if end is not None and any(paths):
        raise BadUsage("SOURCE and DEST are both local", hint="cp -r, or rsync -a")
    if version:
        raise BadUsage("--version is for two buckets")
    if end is not None:
        if chosen.dest_cloud or chosen.dest_profile or chosen.dest_endpoint:
            raise BadUsage("--dest-... is the login of a bucket, and DEST is local", hint="leave it out")
        _fetch(world, source, end, chosen)
        return True
    if not all(paths):
        raise BadUsage("local files and objects are copied one after the other", hint="give SOURCEs of one kind")
    chosen.require_signed()
    from jsobj.actions.upload import upload
    from jsobj.store.location import parse_location

    target = parse_location(destination, foreign=True)
    if chosen.dest_cloud or chosen.dest_profile:  # there is but one login here
        world = replace(world, cloud=chosen.dest_cloud, profile=chosen.dest_profile)
    chosen = replace(
        chosen, endpoint=chosen.dest_endpoint or chosen.endpoint, dest_cloud="", dest_profile="", dest_endpoint=""
    )
    files = [path for path in paths if path]
    perform(world, chosen, lambda context: upload(context, files, target, chosen.options, chosen.filters))
    return True


def _copy_listed(
    world: World, source: tuple[str, ...], destination: str, chosen: Chosen, listed: str, version: str
) -> None:
    """What a list of addresses names, to a bucket or a folder."""
    from jsobj.actions.copy import copy
    from jsobj.store.location import parse_location
    from jsobj.transfer.local.file_url import path_of

    if version:
        raise BadUsage("--version goes with one SOURCE")
    path = path_of(destination)
    if path or _is_local(destination):
        fetch_listed(world, source, path or destination, chosen, listed)
        return
    require_list_alone(source, destination, chosen, listed)
    end = parse_location(destination, foreign=True)
    _require_login_of_endpoint(chosen, end.dialect)
    world.will_change_names()
    perform(
        world,
        chosen,
        lambda context: copy(context, [context.stores.listed(listed)], end, chosen.options, chosen.filters),
    )


def _is_local(text: str) -> bool:
    """Whether a destination is a path: one that exists, or is written as no bucket can be."""
    from jsobj.transfer.local.file_url import path_of

    if path_of(text) is not None:
        return True
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
    """An endpoint alone does not say whose keys are meant; the Swift API's, and other clouds', come with the login."""
    from jsobj.store.bucket_name import FOREIGN

    if dialect in FOREIGN and (chosen.dest_cloud or chosen.dest_profile or chosen.dest_endpoint):
        hint = "leave it out: jsobj help clouds says where the login for it is looked for"
        raise BadUsage(f"--dest-... names a login of OpenStack or S3, and DEST is {dialect}://", hint=hint)
    if chosen.dest_endpoint and not (chosen.dest_cloud or chosen.dest_profile or chosen.unsigned):
        raise BadUsage("--dest-endpoint needs the login of DEST", hint="add --dest-profile NAME, or --dest-cloud NAME")
    if chosen.dest_endpoint and dialect == "swift":
        raise BadUsage(
            "--dest-endpoint is for S3, and DEST is swift://", hint="leave it out: the login knows the address"
        )


def _require_remote(typed: tuple[str, ...], verb: str) -> None:
    """A local path is refused with the command that is meant."""
    local = [text for text in typed if text == "-" or _is_local(text)]
    if local:
        meant = "download" if local[0] == typed[-1] else "upload"
        raise JsobjError(
            "copy-is-remote",
            f"'{local[0]}' is local, and jsobj {verb} works on objects only",
            code=ExitCode.USAGE,
            hint=f"jsobj {meant} {' '.join(map(shlex.quote, typed))}",
        )
