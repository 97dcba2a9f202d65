"""A bucket that is not there: which one may be meant, and that a place is needed where a file was typed."""

from __future__ import annotations

import os
import shlex
from collections.abc import Iterable, Iterator
from contextlib import suppress
from typing import TYPE_CHECKING

from jsobj.cli.parsing.stores import stores
from jsobj.errors import JsobjError, did_you_mean, error_of
from jsobj.identity.command_hints import same_login

if TYPE_CHECKING:
    import click

    from jsobj.cli.parsing.world import World
    from jsobj.store.location import Location


def explained(world: World, ctx: click.Context, error: JsobjError) -> JsobjError:
    """The same error with a better hint, where one of the words that were typed names the bucket."""
    for text, place in _typed_places(ctx):
        if f"'{place.bucket}'" not in error.message:
            continue
        hints = [error.hint]
        if not place.dialect and "/" not in text and os.path.lexists(text) and ctx.info_name == "upload":
            words = " ".join(map(shlex.quote, (*ctx.params["source"], text)))
            login = same_login(cloud=world.cloud, profile=world.profile)
            hints = [f"to send that file too, name a place: jsobj upload {words} s3://BUCKET/{login}", *hints]
        elif near := did_you_mean(place.bucket, _names(world, ctx, place)):
            hints = [f"{near}{error.hint}"]
        return error_of(error.reference, error.message, code=error.code, context=error.context, hint=tuple(hints))
    return error


def _typed_places(ctx: click.Context) -> Iterator[tuple[str, Location]]:
    from jsobj.store.location import parse_location

    arguments = [parameter.name or "" for parameter in ctx.command.params if parameter.param_type_name == "argument"]
    if ctx.params.get("dest_cloud") or ctx.params.get("dest_profile"):
        arguments.remove("destination")  # of another login: the buckets of this one say nothing about it
    for value in map(ctx.params.get, arguments):
        for text in (value,) if isinstance(value, str) else value or ():
            with suppress(JsobjError):
                yield text, parse_location(text)


def _names(world: World, ctx: click.Context, place: Location) -> Iterable[str]:
    """The buckets there are: one request. Without a login there is no telling."""
    unsigned, endpoint = bool(ctx.params.get("unsigned")), ctx.params.get("endpoint") or ""
    with suppress(JsobjError), stores(world, unsigned=unsigned, endpoint=endpoint) as opened:
        return [bucket.name for bucket in opened.buckets(place.dialect)]
    return ()
