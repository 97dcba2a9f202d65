"""``jsobj verify``: whether what is in the bucket is what it should be."""

from __future__ import annotations

import shlex
from collections.abc import Callable, Iterable, Iterator
from typing import TYPE_CHECKING

import click

from jsobj.cli.parsing.command import command
from jsobj.cli.parsing.stores import store_options, stores
from jsobj.cli.parsing.transfer_options import filter_options
from jsobj.cli.parsing.world import World
from jsobj.errors import ExitCode, JsobjError

if TYPE_CHECKING:
    from jsobj.store.location import Location
    from jsobj.store.objects import Store
    from jsobj.transfer.verify import Checked

_WORKERS = 8


@command("verify")
@click.argument("places", nargs=-1, required=True, metavar="[LOCAL] URL")
@click.option("--manifest", metavar="FILE", default="", help="List of digests, as md5sum or sha256sum write it.")
@click.option("--deep", is_flag=True, help="Fetch objects whose digest does not tell, and compare the bytes.")
@click.option("--extra", is_flag=True, help="Objects without a file are a difference too.")
@filter_options
@store_options
def verify(
    world: World,
    places: tuple[str, ...],
    manifest: str,
    deep: bool,
    extra: bool,
    include: tuple[str, ...],
    exclude: tuple[str, ...],
    unsigned: bool,
    endpoint: str,
) -> None:
    """Compare objects with local files, or with a list of digests.

    LOCAL is a folder or a file. Compared are digests: nothing is fetched as long as they tell. Prints what is not the
    same (everything with --verbose). Exit code 0: all is the same; 8: something differs; 5: objects are missing; 3:
    something could not be compared (try --deep). Objects without a file are no difference (but with --extra), unless
    they lie in a Zarr, whose readers would take them for its data.

    The URL of a Zarr alone: every chunk that its metadata promise is fetched, and told to be intact, missing (it reads
    as fill value, which is right where nothing was written), forbidden (exit code 6) or damaged.

    \b
    Examples:
      jsobj verify run42.zarr s3://results/run42.zarr
      jsobj verify s3://results/run42.zarr
      jsobj verify s3://results/raw/ --manifest SHA256SUMS
    """
    from jsobj.store.location import parse_location
    from jsobj.transfer.filters import Filters

    if len(places) > (1 if manifest else 2):
        wanted = "URL with --manifest" if manifest else "LOCAL and URL"
        raise JsobjError("usage", f"give {wanted}", code=ExitCode.USAGE, hint="jsobj verify --help")
    location = parse_location(places[-1])
    with stores(world, unsigned=unsigned, endpoint=endpoint) as opened:
        store = opened.of(location)
        if len(places) == 1 and not manifest:
            code = _zarr(world, store, location)
        elif manifest:
            code = _told(world, _against_manifest(store, location.key, manifest), extra=extra)
        else:
            verdicts = _against_tree(store, places[0], location.key, Filters.of(include, exclude), deep=deep)
            code = _told(world, verdicts, extra=extra)
    if code:
        click.get_current_context().exit(int(code))


def _zarr(world: World, store: Store, location: Location) -> ExitCode:
    """Every chunk of a Zarr."""
    from jsobj.arrays.zarr_check import check_zarr, is_zarr, verdict

    prefix = location.key if not location.key or location.key.endswith("/") else f"{location.key}/"
    if not is_zarr(store, prefix):
        raise JsobjError(
            "not-a-zarr",
            f"{store.place.url(prefix)} is no Zarr: it has no zarr.json, .zgroup or .zarray",
            code=ExitCode.NOT_FOUND,
            hint=f"to compare it with files: jsobj verify LOCAL {shlex.quote(str(location))}",
        )
    return _told(world, check_zarr(store, prefix), extra=False, judge=verdict)


def _against_manifest(store: Store, key: str, path: str) -> Iterator[Checked]:
    from jsobj.transfer.upload.worker import unreadable
    from jsobj.transfer.verify import check_manifest, read_manifest

    prefix = key if not key or key.endswith("/") else f"{key}/"
    try:
        # A list may hold names that are no text: they come through as they are.
        with click.open_file(path, encoding="utf-8", errors="surrogateescape") as lines:
            yield from check_manifest(store, prefix, read_manifest(lines, path), workers=_WORKERS)
    except OSError as error:
        raise unreadable(path, error) from error


def _against_tree(store: Store, local: str, key: str, filters: object, *, deep: bool) -> Iterator[Checked]:
    from jsobj.transfer.filters import Filters
    from jsobj.transfer.scan import walk
    from jsobj.transfer.targets import upload_sources
    from jsobj.transfer.verify import Pair, check_tree, pairs
    from jsobj.transfer.zarr_leftovers import Leftovers

    assert isinstance(filters, Filters)
    (source,) = upload_sources([local], key)
    files = walk([source.path], filters=filters)
    if source.exact:
        from jsobj.store.location import object_at
        from jsobj.transfer.scan import LocalFile
        from jsobj.transfer.verify import UNREADABLE, Checked

        both = [
            Pair(source.exact, file, object_at(store, source.exact))
            if isinstance(file, LocalFile)
            else Checked(file.path, UNREADABLE, file.reason)
            for file in files
        ]
        return check_tree(store, both, deep=deep, workers=_WORKERS)
    there = (item for item in store.list(source.prefix) if not filters.judge(item.key[len(source.prefix) :]))
    items = pairs(files, there, source.prefix)
    stays = Leftovers(source.path, source.prefix)
    return check_tree(store, items, deep=deep, workers=_WORKERS, is_leftover=stays)


def _told(
    world: World,
    verdicts: Iterator[Checked],
    *,
    extra: bool,
    judge: Callable[[Iterable[str]], ExitCode] | None = None,
) -> ExitCode:
    """Write the verdicts as they come; the exit code."""
    from jsobj.transfer.verify import EXTRA, SAME, verdict
    from jsobj.ui.documents import Stream
    from jsobj.ui.text import safe

    counts: dict[str, int] = {}

    def counted() -> Iterator[Checked]:
        for found in verdicts:
            counts[found.state] = counts.get(found.state, 0) + 1
            quiet = found.state in {SAME, "intact"} or (found.state == EXTRA and not extra)
            if world.out.as_json or world.out.verbose or not quiet:
                yield found

    def data(found: Checked) -> dict[str, object]:
        return {"item": found.item, "state": found.state, "by": found.by or None, "size": found.size}

    def line(found: Checked) -> str:
        return f"{found.state}\t{safe(found.item)}\t{safe(found.by)}"

    world.out.stream(Stream("jsobj.verify/1", counted(), data, line))
    world.out.note(
        ", ".join(f"{number} {state}" for state, number in sorted(counts.items())) or "There is nothing here."
    )
    code = (judge or verdict)(counts)
    if extra and counts.get(EXTRA) and code not in {ExitCode.INTEGRITY, ExitCode.NOT_FOUND}:
        return ExitCode.INTEGRITY
    return code
