"""``jsobj verify``: compare objects with files, or either with a list of digests."""

from __future__ import annotations

import os
import shlex
from typing import TYPE_CHECKING, Any

import click

from jsobj.cli.parsing.command import command
from jsobj.cli.parsing.detach import detach_options, detaching, require_no_stream
from jsobj.cli.parsing.shell_complete import complete_file_then_place, complete_files
from jsobj.cli.parsing.stores import store_options, stores
from jsobj.cli.parsing.transfer_options import filter_options, links_option, machine_options
from jsobj.cli.parsing.world import World
from jsobj.cli.views.verify import show_verdicts
from jsobj.errors import BadUsage, ExitCode, JsobjError

if TYPE_CHECKING:
    from jsobj.actions.stores import BucketStores
    from jsobj.actions.verify import Verification
    from jsobj.transfer.filters import Filters
    from jsobj.transfer.options import Options

_MANIFEST = "List of digests: a file, or a URL; alone, the MANIFEST.sha256 of the place."
_PLACE_MISSING = "give what the list is about: a folder, or a URL"


@command("verify")
@click.argument("places", nargs=-1, metavar="[LOCAL] [URL]", shell_complete=complete_file_then_place)
@click.option(
    "--manifest",
    metavar="[FILE|URL]",
    is_flag=False,
    flag_value="",
    default=None,
    help=_MANIFEST,
    shell_complete=complete_files,
)
@click.option("--deep", is_flag=True, help="Fetch what no digest tells of, and members of archives; compare bytes.")
@click.option("--segments", is_flag=True, help="Of large objects: whether all their segments are there.")
@click.option("--extra", is_flag=True, help="Objects without a file, or line, are a difference too.")
@links_option
@machine_options
@filter_options
@detach_options
@store_options
def verify(
    world: World,
    places: tuple[str, ...],
    manifest: str | None,
    deep: bool,
    segments: bool,
    extra: bool,
    links: str,
    **options: Any,
) -> None:
    """Compare objects with local files, or with a list of digests.

    LOCAL is a folder or a file. Compared are digests: nothing is fetched as long as they tell. What upload --compress
    sent is compared with the file as it was before. Prints what is not the same (everything with --verbose). Exit code
    0: all is the same; 8: something differs; 5: objects are missing; 3: something could not be compared (try --deep).
    Objects without a file, or line, are no difference (but with --extra), unless they lie in a Zarr, whose readers
    would take them for its data.

    With --manifest: the objects below URL, or the files of the folder LOCAL, against a list of digests: the one that
    jsobj publish wrote beside them, or what md5sum, sha256sum, shasum and BagIt write. It must not name anything
    outside. Of public data nobody needs a login.

    The URL of a Zarr alone: every chunk that its metadata promise is fetched, and told to be intact, missing (it reads
    as fill value, which is right where nothing was written), forbidden (exit code 6) or damaged.

    With --segments: the large objects of the Swift API below URL, which are manifests of segments that anybody may
    delete. Nothing is fetched. Printed is each one whose segments are gone or were replaced (exit code 8), or cannot be
    known (3): Ceph gives no manifest out, so it is those of jsobj and of the swift command that are known there. Of an
    s3:// URL too, where a login sees the same bucket.

    \b
    Examples:
      jsobj verify run42.zarr s3://results/run42.zarr
      jsobj verify s3://results/run42.zarr
      jsobj verify s3://results/raw/ --manifest SHA256SUMS
      jsobj verify run42/ --manifest https://HOST/swift/.../MANIFEST.sha256
      jsobj verify --segments swift://results
    """
    from jsobj.transfer.filters import Filters
    from jsobj.transfer.local.file_url import local_path
    from jsobj.transfer.options import checked_options
    from jsobj.transfer.spread.shard import WHOLE

    if segments:
        _segments(world, places, manifest, deep=deep, extra=extra, **options)
        return
    if not places:
        raise BadUsage("nothing to compare was given" if manifest is None else _PLACE_MISSING, hint=_asked(manifest))
    if len(places) > (1 if manifest is not None else 2):
        wanted = "LOCAL or URL with --manifest" if manifest is not None else "LOCAL and URL"
        raise BadUsage(f"give {wanted}", hint="jsobj verify --help")
    filters = Filters.of(options.pop("include"), options.pop("exclude"))
    among = checked_options(
        named=lambda name: f"--{name.replace('_', '-')}",
        **{name: options.pop(name) for name in ("shard", "dask", "ship_credentials")},
    )
    if (among.shard != WHOLE or among.dask) and (len(places) == 1 or manifest is not None):
        raise BadUsage("--shard and --dask divide files and their objects: give LOCAL and URL, and no --manifest")
    places = tuple(map(local_path, places))
    if manifest == "-":
        require_no_stream(detach=options["detach"])
    detached = detaching(world, detach=options.pop("detach"), notify=options.pop("notify"))
    if filters != Filters() and len(places) == 1 and manifest is None:
        raise BadUsage("--include and --exclude select files: they need LOCAL or --manifest")
    with stores(world, **options) as opened:
        if detached is not None:
            _require_places(opened, places)
            detached.start(opened)
            return
        local = "://" not in places[0] and os.path.lexists(places[0])
        if manifest is None:
            found = _compared(world, opened, places, filters, among, deep=deep, extra=extra, links=links)
        else:
            found = _by_list(opened, places[0], manifest, filters, local=local, extra=extra, links=links)
        show_verdicts(world, found, where="folder" if local and manifest is not None else "bucket")
    if found.code:
        click.get_current_context().exit(int(found.code))


def _segments(
    world: World, places: tuple[str, ...], manifest: str | None, *, unsigned: bool, endpoint: str, **others: Any
) -> None:
    """Whether the segments of large objects are there, as the Swift API tells."""
    from jsobj.cli.views.verify import show_segments
    from jsobj.housekeeping.segments.check import SegmentCheck, swift_of
    from jsobj.store.location import parse_location

    if len(places) != 1 or manifest is not None or any(others.values()):
        raise BadUsage("--segments goes with one URL alone", hint="jsobj verify --segments swift://BUCKET")
    location = parse_location(places[0])
    with stores(world, unsigned=unsigned, endpoint=endpoint) as opened:
        check = SegmentCheck(
            swift_of(location, opened.of, lambda: opened.request.keystone(world.settings)), location.key
        )
        show_segments(world, check)
    if check.code:
        click.get_current_context().exit(int(check.code))


def _require_places(opened: BucketStores, places: tuple[str, ...]) -> None:
    """Raise :class:`JsobjError` where a file or bucket is not there."""
    from jsobj.actions.stores import require_bucket
    from jsobj.store.location import parse_location

    for position, place in enumerate(places):
        local = "://" not in place and os.path.lexists(place)
        if not local and position < len(places) - 1:
            raise JsobjError("source-missing", f"cannot read {place}", code=ExitCode.LOCAL, hint="check the path")
        if not local:
            require_bucket(opened.of(opened.folder_of(parse_location(place, public=True, foreign=True))))


def _asked(manifest: str | None) -> str:
    """What to type; a place behind the option was taken for the list."""
    if manifest and "://" in manifest:
        return f"jsobj verify {shlex.quote(manifest)} --manifest"
    return "jsobj verify --help"


def _compared(
    world: World, opened: BucketStores, places: tuple[str, ...], filters: Filters, among: Options, **words: Any
) -> Verification:
    """With files, or of a Zarr with itself."""
    from jsobj.actions import verify as actions
    from jsobj.actions.crew import crew_of
    from jsobj.store.location import parse_location

    location = opened.folder_of(parse_location(places[-1], public=True, signed=len(places) == 2, foreign=True))
    store = opened.of(location)
    if len(places) == 1:
        return actions.verify_zarr(store, location)
    crew = crew_of(opened, location, among, world.out.warn)
    return actions.verify_files(store, location, places[0], filters, shard=among.shard, crew=crew, **words)


def _by_list(
    opened: BucketStores, place: str, manifest: str, filters: Filters, *, local: bool, extra: bool, links: str
) -> Verification:
    """With a list of digests. What is there as a file or folder is meant, else an object store."""
    from jsobj.actions import manifests
    from jsobj.store.location import parse_location

    if local:
        if not os.path.isdir(place):  # noqa: PTH112 - Path raises for what may not be looked at
            raise BadUsage(
                f"{place} is no folder, and the names in a list are below one",
                hint="jsobj verify FOLDER --manifest FILE --include NAME",
            )
        listed = manifests.list_of(opened, manifest, place)
        return manifests.verify_folder(place, listed, filters, extra=extra, links=links)
    location = opened.folder_of(parse_location(place, public=True, foreign=True))
    listed = manifests.list_of(opened, manifest, location)
    return manifests.verify_objects(opened.of(location), location, listed, filters, extra=extra)
