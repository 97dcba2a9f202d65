"""``jsobj explain``."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

import click

from jsobj.cli.parsing.command import command
from jsobj.cli.parsing.shell_complete import completer
from jsobj.cli.parsing.world import World
from jsobj.ui.documents import Listing, Record

if TYPE_CHECKING:
    from jsobj.identity.settings import Settings


@completer
def _complete(settings: Settings, ctx: click.Context, incomplete: str) -> Iterable[str]:
    from jsobj.doctor.causes import CAUSES

    return (cause.code for cause in CAUSES)


@command("explain")
@click.argument("words", nargs=-1, metavar="[CODE-OR-MESSAGE]", shell_complete=_complete)
def explain(world: World, words: tuple[str, ...]) -> None:
    """Explain an error code or message.

    Says what an S3 code, an HTTP status, a Keystone message, a text of boto3 or the [reference] of jsobj's own errors
    means, and which check of jsobj doctor looks for it. Without words, lists all that is known.

    \b
    Examples:
      jsobj explain SignatureDoesNotMatch
      jsobj explain "unable to locate credentials"
      jsobj explain bucket-not-found
    """
    from jsobj.doctor.causes import CAUSES
    from jsobj.doctor.causes import explain as look_up

    if not words:
        items = [{"code": cause.code, "check": cause.check, "hint": cause.hint} for cause in CAUSES]
        columns = {"Error": "code", "Check": "check", "What to do": "hint"}
        world.out.show(Listing("jsobj.explain-list/1", items, columns))
        return
    best, *others = look_up(" ".join(words))
    known = {name: getattr(best, name) for name in ("code", "cause", "ceph", "swift", "check", "hint")}
    data = {**known, "others": [other.code for other in others]}
    lines = [
        ("Error", best.code),
        ("Cause", best.cause),
        ("On Ceph", best.ceph),
        ("On Swift", best.swift),
        ("Check", f"jsobj doctor {best.check}"),
        ("Next", best.hint),
        ("Also fits", ", ".join(other.code for other in others)),
    ]
    world.out.show(Record("jsobj.explain/1", data, [line for line in lines if line[1]]))
