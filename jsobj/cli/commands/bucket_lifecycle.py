"""``jsobj bucket lifecycle``: what the server deletes by itself, and when."""

from __future__ import annotations

import shlex
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from datetime import datetime, timezone
from typing import TYPE_CHECKING

import click

from jsobj.cli.parsing.command import Entry, Group, command
from jsobj.cli.parsing.owned_bucket import keep_replaced, owner_at, sample_at, text_of
from jsobj.cli.parsing.shell_complete import complete_places
from jsobj.cli.parsing.stores import stores
from jsobj.cli.parsing.world import World
from jsobj.errors import BadUsage, JsobjError
from jsobj.ui.documents import Record
from jsobj.units import human_bytes, parse_moment

if TYPE_CHECKING:
    from jsobj.housekeeping.lifecycle import Ends
    from jsobj.housekeeping.lifecycle_flow import Doomed, LifecycleBucket, LifecycleChange
    from jsobj.net.xml import Element
    from jsobj.store.location import Location

_DAY, _MOST = 86400, 36500  # seconds; days

group = Group(
    "lifecycle",
    {
        "set": Entry("bucket_lifecycle:set_", "Let the server delete what is old."),
        "show": Entry("bucket_lifecycle:show", "Show what the server deletes by itself, and when."),
        "clear": Entry("bucket_lifecycle:clear", "Let the server delete nothing by itself any more."),
    },
    help="Say what the server deletes by itself, and when.\n\nFor Ceph and S3 keys; Swift has no such rules. The "
    "server acts once a day, mostly at night.",
)


@command("set")
@click.argument("place", metavar="BUCKET[/PREFIX]", shell_complete=complete_places)
@click.option("--expire", metavar="DAYS", default="", help="Delete objects so long after they were written, as 30d.")
@click.option("--abort-uploads", metavar="DAYS", default="", help="Give up unfinished uploads that began so long ago.")
@click.option("--noncurrent", metavar="DAYS", default="", help="Delete old versions that were replaced so long ago.")
@click.option(
    "--rules",
    "file",
    metavar="FILE",
    default="",
    type=click.Path(),
    help="Replace all rules by S3's document in a file, or -.",
)
@click.option("--yes", is_flag=True, help="Do not ask.")
def set_(world: World, place: str, expire: str, abort_uploads: str, noncurrent: str, file: str, yes: bool) -> None:
    """Let the server delete what is old.

    In the whole bucket, or below a prefix. A rule that jsobj made for the same place is replaced; all others stay as
    they are, which is compared. Before objects are given an end, it is counted how many are so old already, and asked.
    Where versions are kept, an object that expires becomes an old version.

    \b
    Examples:
      jsobj bucket lifecycle set scratch/tmp/ --expire 30d
      jsobj bucket lifecycle set results --abort-uploads 7d
      jsobj bucket lifecycle set results --noncurrent 90d
    """
    from jsobj.housekeeping.lifecycle import Ends, rule, rules_of, with_rule

    ends = Ends(_prefix(place), *map(_days, (expire, abort_uploads, noncurrent)))
    named = (ends.expire, ends.uploads, ends.noncurrent) != (None, None, None)
    if named == bool(file):
        raise BadUsage("say what ends, and after how many days, or name a file with rules", hint="--expire 30d")
    given = rules_of(text_of(world, file)) if file else ()
    with _target(world, place) as target:
        if file:
            _ask_about_rules(world, target, given, yes)
            _change(world, target, place, lambda before: given)
        else:
            _ask_about_objects(world, place, target, ends, yes)
            _change(world, target, place, lambda before: with_rule(before, rule(ends)))


@command("show")
@click.argument("bucket", shell_complete=complete_places)
def show(world: World, bucket: str) -> None:
    """Show what the server deletes by itself, and when.

    \b
    Example:
      jsobj bucket lifecycle show results
    """
    from jsobj.housekeeping.lifecycle_flow import LifecycleChange, read_rules

    with _target(world, bucket) as target:
        rules = read_rules(target)
        _show(world, target, bucket, LifecycleChange(rules, rules), "")


@command("clear")
@click.argument("place", metavar="BUCKET[/PREFIX]", shell_complete=complete_places)
@click.option("--all", "all_", is_flag=True, help="Rules of others, too.")
def clear(world: World, place: str, all_: bool) -> None:
    """Let the server delete nothing by itself any more.

    The rules that jsobj made are taken away, for the prefix alone where one is named; with --all those of others as
    well. They are kept in a file.

    \b
    Examples:
      jsobj bucket lifecycle clear scratch/tmp/
      jsobj bucket lifecycle clear results --all
    """
    from jsobj.housekeeping.lifecycle import without

    prefix = _prefix(place)
    if all_ and prefix:
        raise BadUsage("--all is about the whole bucket, and goes without a prefix")
    with _target(world, place) as target:
        _change(world, target, place, lambda before: () if all_ else without(before, prefix or None))


def _days(text: str) -> int | None:
    """``30`` or ``30d`` as days; None for "". Raises usage."""
    if not text:
        return None
    try:
        now = datetime.now(timezone.utc)
        seconds = (parse_moment(text if not text.isdigit() else f"{text}d", now) - now).total_seconds()
    except JsobjError:
        seconds = 0
    if not _DAY <= seconds <= _MOST * _DAY or seconds % _DAY:
        raise BadUsage(f"'{text[:40]}' is no number of whole days from 1 to {_MOST}", hint="such as 30d, 4w or 1y")
    return round(seconds) // _DAY


def _location(typed: str) -> Location:
    from jsobj.store.location import parse_location

    return parse_location(typed)


def _prefix(typed: str) -> str:
    key = _location(typed).key
    return f"{key}/" if key and not key.endswith("/") else key


@contextmanager
def _target(world: World, typed: str) -> Iterator[LifecycleBucket]:
    from jsobj.housekeeping.lifecycle_flow import lifecycle_of

    found = _location(typed)
    with owner_at(world, f"{found.dialect}://{found.bucket}" if found.dialect else found.bucket) as owner:
        yield lifecycle_of(owner.server, owner.bucket, owner.policies, at=owner.at)


def _ask_about_objects(world: World, typed: str, target: LifecycleBucket, ends: Ends, yes: bool) -> None:
    from jsobj.housekeeping.lifecycle_flow import doomed

    if not ends.deletes or yes:
        return
    where = f"below {ends.prefix} in {target.bucket}" if ends.prefix else f"in {target.bucket}"
    said = []
    if ends.expire is not None:
        with stores(world) as opened:
            found = doomed(opened.of(_location(typed)).list(ends.prefix), ends.expire, time.time())
        said.append(f"Objects {where} will be deleted {ends.expire} day(s) after they were written: {_count(found)}.")
    if ends.noncurrent is not None:
        said.append(f"Old versions {where} will be deleted {ends.noncurrent} day(s) after they were replaced.")
    world.confirm(f"{' '.join(said)} Set it?", option="--yes")


def _count(found: Doomed) -> str:
    more = "at least " if found.more else ""
    return f"{more}{found.objects} ({human_bytes(found.size)}) are so old already"


def _ask_about_rules(world: World, target: LifecycleBucket, rules: Sequence[Element], yes: bool) -> None:
    from jsobj.housekeeping.lifecycle import deletes

    if not yes and (deleting := sum(map(deletes, rules))):
        question = f"{deleting} of these {len(rules)} rule(s) delete data of {target.bucket}. Set them?"
        world.confirm(question, option="--yes")


def _change(
    world: World,
    target: LifecycleBucket,
    place: str,
    change: Callable[[tuple[Element, ...]], Sequence[Element]],
) -> None:
    from jsobj.housekeeping.lifecycle_flow import change_rules

    kept: list[str] = []

    def keep(text: str) -> None:
        kept.append(keep_replaced(world, target.bucket, "lifecycle", text, "xml"))

    done = change_rules(target, change, keep)
    for path in kept:
        words = f"jsobj bucket lifecycle set {shlex.quote(target.bucket)} --rules {shlex.quote(path)}{target.at}"
        world.out.note(f"The rules until now are kept; to put them back: {words}")
    _show(world, target, place, done, kept[0] if kept else "")


def _show(world: World, target: LifecycleBucket, place: str, change: LifecycleChange, kept: str) -> None:
    from jsobj.housekeeping.lifecycle import words
    from jsobj.housekeeping.lifecycle_flow import server_says

    sample = said = ""
    with suppress(JsobjError):  # the rules are set; this is only what the server says of one object
        sample = sample_at(world, place) if change.rules else ""
        said = server_says(target, sample) if sample else ""
    data = {
        "bucket": target.bucket,
        "rules": list(map(_rule, change.rules)),
        "before": list(map(_rule, change.before)),
        "changed": change.before != change.rules,
        "sample": sample or None,
        "server_says": said or None,
        "kept": kept or None,
    }
    lines = [("Bucket", target.bucket)]
    lines += [("Rule", text) for rule in change.rules for text in words(rule)] or [("Rule", "none")]
    gone = [rule for rule in change.before if rule not in change.rules]
    lines += [("Before", text) for rule in gone for text in words(rule)]
    lines += [("Server says", f"{sample}: {said}")] if said else []
    world.out.show(Record("jsobj.bucket-lifecycle/1", data, lines))


def _rule(rule: Element) -> dict[str, object]:
    from jsobj.housekeeping.lifecycle import as_taken, enabled, id_of, is_ours, prefix_of, words

    return {
        "id": id_of(rule),
        "prefix": prefix_of(rule),
        "enabled": enabled(rule),
        "own": is_ours(rule),
        "words": list(words(rule)),
        "xml": as_taken(rule).write(),
    }
