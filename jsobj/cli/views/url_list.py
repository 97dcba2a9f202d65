"""``--urls-from``: what a list of addresses names, as the source of ``cp`` and ``download``."""

from __future__ import annotations

import click

from jsobj.cli.parsing.detach import require_no_stream
from jsobj.cli.parsing.transfer_options import Chosen
from jsobj.cli.parsing.world import World
from jsobj.cli.views.transfer import perform
from jsobj.errors import BadUsage, ExitCode, JsobjError

urls_option = click.option("--urls-from", metavar="FILE", default="", help="Take what FILE lists: a URL on each line.")


def require_list_alone(source: tuple[str, ...], destination: str, chosen: Chosen, listed: str) -> None:
    """Raise :class:`JsobjError` (usage) for what a list cannot be combined with."""
    if source or not destination:
        raise BadUsage("--urls-from takes the place of SOURCE, and DEST follows", hint="--urls-from FILE DEST/")
    require_folder(destination)
    if chosen.options.dask:
        raise BadUsage("the list is here, and not on other machines: leave --dask out", hint="--shard K/N divides it")
    if listed == "-":
        require_no_stream(detach=chosen.detach)


def fetch_listed(world: World, source: tuple[str, ...], destination: str, chosen: Chosen, listed: str) -> None:
    """What a list names, into a folder."""
    from jsobj.actions.download import download

    require_list_alone(source, destination, chosen, listed)
    perform(
        world,
        chosen,
        lambda context: download(context, [context.stores.listed(listed)], destination, chosen.options, chosen.filters),
    )


def require_folder(destination: str) -> None:
    """Raise :class:`JsobjError` (usage) where what a list names would become one object or file."""
    _, separator, rest = destination.partition("://")
    if not destination.endswith("/") and not (separator and "/" not in rest) and destination not in {".", ".."}:
        raise JsobjError(
            "destination-not-folder",
            f"what a list names goes below a folder, and '{destination}' is not written as one",
            code=ExitCode.USAGE,
            hint=f"end it with a slash: {destination}/",
        )
