"""``jsobj verify``: compare objects with files, or with a list of digests."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import TYPE_CHECKING, Any

import click

from jsobj.cli.parsing.command import command
from jsobj.cli.parsing.shell_complete import complete_file_then_place, complete_files
from jsobj.cli.parsing.stores import store_options, stores
from jsobj.cli.parsing.transfer_options import filter_options, links_option
from jsobj.cli.parsing.world import World
from jsobj.errors import BadUsage
from jsobj.ui.documents import Stream
from jsobj.ui.text import safe

if TYPE_CHECKING:
    from jsobj.actions.verify import Verification
    from jsobj.transfer.verify import Checked

_MANIFEST = "List of digests, as md5sum or sha256sum write it."


@command("verify")
@click.argument("places", nargs=-1, required=True, metavar="[LOCAL] URL", shell_complete=complete_file_then_place)
@click.option("--manifest", metavar="FILE", default="", help=_MANIFEST, shell_complete=complete_files)
@click.option("--deep", is_flag=True, help="Fetch objects whose digest does not tell, and compare the bytes.")
@click.option("--extra", is_flag=True, help="Objects without a file, or line, are a difference too.")
@links_option
@filter_options
@store_options
def verify(
    world: World, places: tuple[str, ...], manifest: str, deep: bool, extra: bool, links: str, **options: Any
) -> None:
    """Compare objects with local files, or with a list of digests.

    LOCAL is a folder or a file. Compared are digests: nothing is fetched as long as they tell. What upload --compress
    sent is compared with the file as it was before. Prints what is not the same (everything with --verbose). Exit code
    0: all is the same; 8: something differs; 5: objects are missing; 3: something could not be compared (try --deep).
    Objects without a file, or line, are no difference (but with --extra), unless they lie in a Zarr, whose readers
    would take them for its data.

    The URL of a Zarr alone: every chunk that its metadata promise is fetched, and told to be intact, missing (it reads
    as fill value, which is right where nothing was written), forbidden (exit code 6) or damaged.

    \b
    Examples:
      jsobj verify run42.zarr s3://results/run42.zarr
      jsobj verify s3://results/run42.zarr
      jsobj verify s3://results/raw/ --manifest SHA256SUMS
    """
    from jsobj.actions import verify as actions
    from jsobj.store.location import parse_location
    from jsobj.transfer.filters import Filters

    if len(places) > (1 if manifest else 2):
        wanted = "URL with --manifest" if manifest else "LOCAL and URL"
        raise BadUsage(f"give {wanted}", hint="jsobj verify --help")
    location = parse_location(places[-1], public=True)
    filters = Filters.of(options.pop("include"), options.pop("exclude"))
    if filters != Filters() and len(places) == 1 and not manifest:
        raise BadUsage("--include and --exclude select files: they need LOCAL or --manifest")
    with stores(world, **options) as opened:
        store = opened.of(location)
        if manifest:
            # A list may hold names that are not text: they come through as they are.
            open_list = partial(click.open_file, manifest, encoding="utf-8", errors="surrogateescape")
            found = actions.verify_manifest(store, location, open_list, manifest, filters, extra=extra)
        elif len(places) == 2:
            found = actions.verify_files(store, location, places[0], filters, deep=deep, extra=extra, links=links)
        else:
            found = actions.verify_zarr(store, location)
        _show(world, found)
    if found.code:
        click.get_current_context().exit(int(found.code))


def _show(world: World, verification: Verification) -> None:
    """Write the verdicts as they come, then their numbers."""
    everything = world.out.as_json or world.out.verbose

    def data(found: Checked) -> dict[str, object]:
        return {"item": found.item, "state": found.state, "by": found.by or None, "size": found.size}

    def line(found: Checked) -> str:
        return f"{found.state}\t{safe(found.item)}\t{safe(found.by)}"

    shown = (found for found in verification if everything or not verification.is_fine(found))
    world.out.stream(Stream("jsobj.verify/1", shown, data, line))
    if verification.warning:
        world.out.warn(verification.warning)
    world.out.note(_sentence(verification.counts))


def _sentence(counts: Mapping[str, int]) -> str:
    """``70 same, 2 differ, 1 object without a file``: what is fine first."""
    words = {
        "same": ("same", "same"),
        "intact": ("intact", "intact"),
        "differs": ("differs", "differ"),
        "missing": ("missing", "missing"),
        "forbidden": ("forbidden", "forbidden"),
        "unverified": ("not compared", "not compared"),
        "unreadable": ("unreadable", "unreadable"),
        "extra": ("more in the bucket", "more in the bucket"),
        "link": ("symbolic link left out", "symbolic links left out"),
    }
    parts = [f"{counts[state]} {words[state][counts[state] != 1]}" for state in words if counts.get(state)]
    return ", ".join(parts) or "There is nothing to compare."
