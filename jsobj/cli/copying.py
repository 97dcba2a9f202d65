"""What ``jsobj cp`` and ``jsobj mv`` do: keys to keys, then a run."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import TYPE_CHECKING

from jsobj.cli.parsing.transfer_options import Chosen
from jsobj.cli.parsing.world import World
from jsobj.cli.transfer_frame import Frame, show_plan, transfer_frame
from jsobj.errors import ExitCode, JsobjError

if TYPE_CHECKING:
    from jsobj.store.location import Location
    from jsobj.store.objects import Store
    from jsobj.transfer.copy import Copying


def run_copy(world: World, source: str, destination: str, chosen: Chosen, *, move: bool) -> None:
    """One ``jsobj cp`` or ``jsobj mv``."""
    start, end = _locations(source, destination, "mv" if move else "cp")
    with transfer_frame(world, chosen) as frame:
        origin, target = frame.opened.of(start), frame.opened.of(end)
        items = _items(frame, origin, start.key, end.key, end.bucket)
        if chosen.dry_run:
            show_plan(world, items, lambda item: _row(item, move=move))
            return
        _run(frame, origin, target, items, move=move)


def _locations(source: str, destination: str, verb: str) -> tuple[Location, Location]:
    """Both places; a local path is refused with the command that is meant."""
    import os
    import shlex

    from jsobj.store.location import parse_location

    typed = (source, destination)
    local = [text for text in typed if "://" not in text and (text == "-" or os.path.lexists(text))]
    if local:
        meant = "upload" if local[0] == source else "download"
        raise JsobjError(
            "copy-is-remote",
            f"'{local[0]}' is a file here, and jsobj {verb} works on objects only",
            code=ExitCode.USAGE,
            hint=f"jsobj {meant} {' '.join(map(shlex.quote, typed))}",
        )
    return parse_location(source), parse_location(destination)


def _items(frame: Frame, origin: Store, key: str, new: str, bucket: str) -> Iterator[Copying]:
    """What is copied where. Raises not found where there is nothing."""
    from jsobj.store.location import nothing_at, object_at
    from jsobj.transfer.copy import Copying

    into = not new or new.endswith("/")
    if key and not key.endswith("/") and (one := object_at(origin, key)) is not None:
        yield Copying(one, new + key.rpartition("/")[2] if into else new)
        return
    below = key if not key or key.endswith("/") else f"{key}/"
    own = f"{key.rpartition('/')[2]}/" if below != key and into else ""
    base = f"{new}{own}" if into else f"{new}/"
    if origin.place.bucket == bucket and base.startswith(below):
        raise JsobjError(
            "copy-into-itself",
            f"{base or 'the bucket'} is below {below or 'the same bucket'}: what is made would be copied again",
            code=ExitCode.USAGE,
            hint="choose a destination that does not begin like the source",
        )
    filters, found = frame.chosen.filters, False
    for item in origin.list(below):
        found = True
        relative = item.key[len(below) :]
        if not filters.judge(relative):
            yield Copying(item, base + relative)
    if not found and key:
        raise nothing_at(origin, key)


def _run(frame: Frame, origin: Store, target: Store, items: Iterator[Copying], *, move: bool) -> None:
    from jsobj.transfer.copy import Copier, copy_all
    from jsobj.transfer.events import Started
    from jsobj.transfer.outcomes import Result

    options, tally, verb = frame.chosen.options, frame.tally, "move" if move else "copy"
    one, other = origin.place, target.place
    same = (one.dialect, one.endpoint, one.account) == (other.dialect, other.endpoint, other.account)
    copier = Copier(
        origin,
        target,
        same_server=same,
        move=move,
        overwrite=options.overwrite,
        part_size=options.part_size,
        moved=tally.moved,
    )
    frame.teller(Started(verb, one.url(), other.url()))

    def stop() -> None:
        origin.stop()
        target.stop()

    workers = options.parallel if same else 4
    failures = copy_all(copier, items, tally, frame.teller, workers=workers, stop=stop)
    summary = replace(tally.summary(verb), size=tally.done_bytes)
    frame.teller(summary)
    frame.finish(Result.of(summary, failures))


def _row(item: Copying, *, move: bool) -> dict[str, object]:
    action = "move" if move else "copy"
    return {
        "action": action,
        "item": item.remote.key,
        "destination": item.key,
        "size": item.remote.size,
        "reason": None,
    }
