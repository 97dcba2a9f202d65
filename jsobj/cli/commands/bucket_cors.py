"""``jsobj bucket cors``: which web pages may read a bucket in a browser."""

from __future__ import annotations

import json
import shlex
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING

import click

from jsobj.cli.parsing.command import Entry, Group, command
from jsobj.cli.parsing.owned_bucket import keep_replaced, owner_at, sample_at, text_of
from jsobj.cli.parsing.shell_complete import complete_buckets
from jsobj.cli.parsing.world import World
from jsobj.errors import BadUsage
from jsobj.ui.documents import Record
from jsobj.units import length_of, parse_moment

if TYPE_CHECKING:
    from jsobj.housekeeping.cors import CorsRule
    from jsobj.housekeeping.cors_flow import CorsBucket, CorsOutcome
    from jsobj.housekeeping.cors_proof import CorsView

_METHODS = ("GET", "HEAD", "PUT", "POST", "DELETE")

group = Group(
    "cors",
    {
        "set": Entry("bucket_cors:set_", "Let web pages of some origins read a bucket."),
        "show": Entry("bucket_cors:show", "Show which web pages may read a bucket, and try it."),
        "clear": Entry("bucket_cors:clear", "Take back what web pages may do."),
    },
    help="Say which web pages may read a bucket in a browser.\n\nIts usual name is CORS: a browser lets a page read "
    "data of another server only if that server names the page's origin. It is about browsers alone: who may read at "
    "all is said by jsobj bucket public.",
)


@command("set")
@click.argument("bucket", shell_complete=complete_buckets)
@click.option("--origin", "origins", metavar="ORIGIN", multiple=True, help="Of pages that may read; '*' for all.")
@click.option(
    "--method",
    "methods",
    metavar="METHOD",
    multiple=True,
    type=click.Choice(_METHODS, case_sensitive=False),
    help="GET, HEAD (these two by default), PUT, POST or DELETE.",
)
@click.option("--expose", metavar="HEADER", multiple=True, help="Header that pages see, instead of the usual ones.")
@click.option(
    "--max-age", metavar="TIME", default="1h", help="How long a browser need not ask again.", show_default=True
)
@click.option(
    "--rules", "file", metavar="FILE", default="", type=click.Path(), help="Set the rules of a file, or of - for stdin."
)
def set_(
    world: World,
    bucket: str,
    origins: tuple[str, ...],
    methods: tuple[str, ...],
    expose: tuple[str, ...],
    max_age: str,
    file: str,
) -> None:
    """Let web pages of some origins read a bucket.

    All rules that are there are replaced; they are kept in a file, which --rules takes again. Pages may send any header
    (readers of Zarr and COG need Range) and see those that such readers look at. Afterwards it is tried as a browser
    does, by each URL of the bucket, for the origins that were named and for another one; where the server answers
    otherwise, the old rules are put back.

    \b
    Examples:
      jsobj bucket cors set results --origin https://viewer.example
      jsobj bucket cors set results --origin '*'
      jsobj bucket cors set results --rules kept.json
    """
    from jsobj.housekeeping.cors import EVERYBODY, EXPOSED, CorsRule, checked_origin, from_json
    from jsobj.housekeeping.cors_flow import set_cors

    if bool(origins) == bool(file):
        raise BadUsage("name the pages' origins, or a file with rules", hint="--origin https://viewer.example")
    if file:
        rules = from_json(text_of(world, file))
    else:
        named = tuple(dict.fromkeys(map(checked_origin, origins)))
        age = round((parse_moment(max_age, now := world.now()) - now).total_seconds())
        rules = (CorsRule(named, methods or ("GET", "HEAD"), expose=expose or EXPOSED, max_age=age),)
    with _target(world, bucket) as target:
        if methods and target.keeper.mechanism == "headers":
            world.out.warn("Swift keeps no methods: pages of these origins may send any, and need a login to write")
        kept: list[str] = []
        found = set_cors(target, rules, lambda old: kept.append(_keep(world, target, old)))
    if any(EVERYBODY in rule.origins for rule in found.rules):
        world.out.note("Any web page may now read what everybody may read. Nobody may read more than before.")
    _show(world, target, found, kept)


@command("show")
@click.argument("bucket", shell_complete=complete_buckets)
def show(world: World, bucket: str) -> None:
    """Show which web pages may read a bucket, and try it.

    \b
    Examples:
      jsobj bucket cors show results
      jsobj bucket cors show results --json > kept.json
    """
    from jsobj.housekeeping.cors_flow import show_cors

    with _target(world, bucket) as target:
        _show(world, target, show_cors(target), [])


@command("clear")
@click.argument("bucket", shell_complete=complete_buckets)
def clear(world: World, bucket: str) -> None:
    """Take back what web pages may do.

    The rules are kept in a file. Afterwards it is tried that no page is let read.

    \b
    Example:
      jsobj bucket cors clear results
    """
    from jsobj.housekeeping.cors_flow import clear_cors

    with _target(world, bucket) as target:
        kept: list[str] = []
        _show(world, target, clear_cors(target, lambda old: kept.append(_keep(world, target, old))), kept)


@contextmanager
def _target(world: World, typed: str) -> Iterator[CorsBucket]:
    from jsobj.housekeeping.cors_flow import CorsBucket
    from jsobj.housekeeping.rule_keepers import cors_keeper

    sample = sample_at(world, typed)
    with owner_at(world, typed) as owner:
        keeper = cors_keeper(owner.server, owner.bucket, owner.policies, owner.acls, at=owner.at)
        yield CorsBucket(owner.bucket, owner.place, keeper, sample, owner.at)


def _keep(world: World, target: CorsBucket, rules: Sequence[CorsRule]) -> str:
    from jsobj.housekeeping.cors import as_data

    text = json.dumps({"schema": "jsobj.bucket-cors/1", "bucket": target.bucket, "rules": list(map(as_data, rules))})
    path = keep_replaced(world, target.bucket, "cors", text)
    words = f"jsobj bucket cors set {shlex.quote(target.bucket)} --rules {shlex.quote(path)}{target.at}"
    world.out.note(f"The rules until now are kept; to put them back: {words}")
    return path


def _show(world: World, target: CorsBucket, found: CorsOutcome, kept: Sequence[str]) -> None:
    from jsobj.housekeeping.cors import as_data

    titles = {"s3": "S3 URL", "swift": "Swift URL"}
    urls = {view.dialect: view.url for view in found.views}
    closed = {view.read_status for view in found.views} & {401, 403}
    if found.rules and closed:
        world.out.warn(
            f"the bucket is not public, so that pages read nothing but by links: jsobj bucket public {target.bucket}"
        )
    data = {
        "bucket": target.bucket,
        "mechanism": target.keeper.mechanism,
        "rules": list(map(as_data, found.rules)),
        "before": list(map(as_data, found.before)),
        "urls": urls,
        "proof": list(map(_proof, found.views)),
        "kept": next(iter(kept), None),
    }
    lines = [("Bucket", target.bucket)]
    for rule in found.rules:
        again = f", asked again after {length_of(rule.max_age)}" if rule.max_age else ""
        lines.append(("Rule", f"{rule.words}{again}"))
    lines += [("Before", rule.words) for rule in found.before if found.before != found.rules]
    if not found.rules:
        lines.append(("Rule", "none: no web page of another origin may read"))
    lines += [(titles[dialect], url) for dialect, url in urls.items()]
    for origin in dict.fromkeys(view.origin for view in found.views):
        lines.append(("Tried", _tried(origin, [view for view in found.views if view.origin == origin])))
    if target.keeper.mechanism == "headers" and found.rules:
        lines.append(("Note", "this server's S3 API answers web pages of no other origin, whatever is set"))
    world.out.show(Record("jsobj.bucket-cors/1", data, lines))


def _proof(view: CorsView) -> dict[str, object]:
    return {
        "url": view.url,
        "origin": view.origin,
        "preflight": {"status": view.asked_status, "allowed": view.asked},
        "get": {"status": view.read_status, "allowed": view.read},
        "expected": view.expected,
    }


def _tried(origin: str, views: list[CorsView]) -> str:
    allowed = all(view.asked and view.read for view in views)
    refused = not any(view.asked or view.read for view in views)
    answer = "allowed" if allowed else "not allowed" if refused else "not the same by each URL, or in part"
    return f"a page of {origin}, before a GET with Range and by it, by each URL: {answer}"
