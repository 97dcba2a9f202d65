"""Rows of a catalogue as a command shows them, and what is done with the objects that they name."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import TYPE_CHECKING, Any

from jsobj.catalog.exports.cells import cell_text as cell_text
from jsobj.units import parse_moment

if TYPE_CHECKING:
    from jsobj.actions.catalog.load import LinkMaker
    from jsobj.catalog.layout import Catalogue
    from jsobj.catalog.rows import Rows, Wish
    from jsobj.cli.parsing.world import World
    from jsobj.identity.settings import Settings
    from jsobj.store.location import Location


def json_row(row: Mapping[str, Any]) -> dict[str, object]:
    """A row as JSON has it: numbers and texts as they are, times as text."""
    return {name: _json(value) for name, value in row.items()}


def _json(value: Any) -> object:
    if isinstance(value, float) and value - value != 0:  # infinite, or no number: JSON has none
        return str(value)
    return value if value is None or isinstance(value, bool | int | float | str) else _nested(value)


def _nested(value: Any) -> object:
    if isinstance(value, list | tuple):
        return [_json(each) for each in value]
    if isinstance(value, dict):
        return {str(name): _json(each) for name, each in value.items()}
    return cell_text(value)


def person(settings: Settings) -> str:
    """Who is at work, for the record."""
    return settings.get("LOGNAME") or settings.get("USER")


def links_of(world: World, place: Location, *, public: bool, expires: str) -> LinkMaker | None:
    """How rows name their objects: by public URLs, which are opened now, by links that end, or (None) plainly."""
    if expires:
        now = world.now()
        seconds = round((parse_moment(expires, now) - now).total_seconds())
        return lambda catalogue, sample: lambda key: catalogue.store.presign("GET", key, seconds)
    return _opener(world, place) if public else None


def _opener(world: World, place: Location) -> LinkMaker:
    from jsobj.cli.parsing.stores import request_of
    from jsobj.identity.command_hints import same_login
    from jsobj.share.owner import owner_of
    from jsobj.share.public import make_public

    def opened(catalogue: Catalogue, sample: str) -> Callable[[str], str]:
        at = same_login(cloud=world.cloud, profile=world.profile)
        with owner_of(world.settings, place, request_of(world), at=at) as owner:
            found = make_public(owner, catalogue.prefix, listed=True, sample=sample)
        readable = [view for view in found.views if view.reads and view.object in {200, None}]
        return readable[0].of

    return opened


def addresses(
    world: World, rows: Rows, wish: Wish, presign: str, leave_out: Callable[[str], None] = lambda url: None
) -> Iterator[str]:
    """The URLs of the objects that rows name, each once; with ``presign``, links that end then.

    ``leave_out`` is told those that no link can lead to: members of archives.
    """
    if not presign:
        return rows.each(wish, "_url")
    now = world.now()
    seconds = round((parse_moment(presign, now) - now).total_seconds())
    return _links(rows, wish, seconds, leave_out)


def _links(rows: Rows, wish: Wish, seconds: int, leave_out: Callable[[str], None]) -> Iterator[str]:
    from jsobj.packing.open import StoresOfKeys

    catalogue = rows.catalogue
    stores = StoresOfKeys(catalogue.store)
    for name in objects(rows, wish):
        key = f"{catalogue.prefix}{name}"
        store = stores.of(key)
        if store.place.archive:
            leave_out(store.place.url(key))
        else:
            yield store.presign("GET", key, seconds)


def objects(rows: Rows, wish: Wish) -> Iterator[str]:
    """The names of the objects that rows name, each once."""
    return rows.each(wish, "_object")
