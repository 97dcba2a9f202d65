"""From the shared options to the stores of a command about objects."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

import click

from jsobj.cli.parsing.command import options
from jsobj.cli.parsing.keystone_login import keystone_for, warn_of_end
from jsobj.cli.parsing.world import World

if TYPE_CHECKING:
    from collections.abc import Iterator

    from jsobj.actions.stores import BucketStores
    from jsobj.housekeeping.sides import Sides
    from jsobj.store.location import Location
    from jsobj.store.open import StoreRequest
    from jsobj.store.values import StorePlace
    from jsobj.transfer.events import Tally

store_options = options(
    click.option("--no-sign-request", "unsigned", is_flag=True, help="Work on public data, without any login."),
    click.option("--endpoint", metavar="URL", default="", help="S3 endpoint, instead of the profile's."),
)
human_option = click.option("--human", is_flag=True, help="Sizes such as 1.5 MiB, also into a pipe: -h in -lh.")


def stores(world: World, *, unsigned: bool = False, endpoint: str = "", tally: Tally | None = None) -> BucketStores:
    """The stores of one command, closed at its end; on Ctrl-C, at once. ``tally`` counts what is tried again."""
    from jsobj.actions.stores import BucketStores

    def on_retry(item: str, reason: str, wait: float) -> None:
        if tally is not None:
            tally.retried()
        world.out.detail(f"again in {wait:.1f} s: {item}: {reason}")

    return BucketStores(
        world.settings,
        request_of(world, unsigned=unsigned, endpoint=endpoint),
        on_retry=on_retry,
        on_open=lambda place: show_place(world, place),
    )


@contextmanager
def store_sides(world: World, location: Location) -> Iterator[Sides]:
    """A bucket over S3 and over Swift, as far as there are keys and a login; closed at the end."""
    from jsobj.housekeeping.sides import sides_of

    with stores(world) as opened:
        yield sides_of(location, opened.of, lambda: opened.request.keystone(world.settings))


def show_place(world: World, place: StorePlace) -> None:
    """With ``--verbose``, which server and login are used. Keys outlive the login that made them: its end is said."""
    world.out.detail(f"{place.dialect} at {place.endpoint}, {place.where}")
    if place.dialect == "s3" and place.at:
        from jsobj.identity.current import chosen_profile, cloud_of_profile

        profile = chosen_profile(world.settings, profile=world.profile, cloud=world.cloud).name
        warn_of_end(world, cloud_of_profile(world.settings, profile))


def request_of(world: World, *, unsigned: bool = False, endpoint: str = "") -> StoreRequest:
    """What the options say about login and server."""
    from jsobj.store.open import StoreRequest

    return StoreRequest(world.cloud, world.profile, unsigned, endpoint, lambda: keystone_for(world))
