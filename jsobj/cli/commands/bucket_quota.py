"""``jsobj bucket quota``: how much a bucket may hold, shown and set."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from jsobj.cli.parsing.command import command
from jsobj.cli.parsing.shell_complete import complete_buckets
from jsobj.cli.parsing.stores import store_sides
from jsobj.cli.parsing.world import World
from jsobj.errors import BadUsage
from jsobj.ui.documents import Record
from jsobj.units import exact_size, human_bytes, parse_size, percent

if TYPE_CHECKING:
    from jsobj.housekeeping.quota import Quota
    from jsobj.store.buckets import Totals


@command("quota")
@click.argument("bucket", shell_complete=complete_buckets)
@click.option("--size", metavar="SIZE", default="", help="As much as this, such as 500G.")
@click.option("--objects", metavar="N", type=click.IntRange(min=1), default=None, help="As many objects as this.")
@click.option("--clear", is_flag=True, help="No limits any more.")
def quota(world: World, bucket: str, size: str, objects: int | None, clear: bool) -> None:
    """Show how much a bucket may hold, or set it.

    An upload that would exceed it is refused. What is not named stays as it is. A quota is set with a login, over the
    Swift API, also on Ceph, which shows it to S3 keys only. Segments of large objects that were sent over Swift lie in
    BUCKET_segments, which has a quota of its own; Swift may count objects some seconds late.

    \b
    Examples:
      jsobj bucket quota results --size 500G --objects 100000
      jsobj bucket quota results --clear
    """
    from jsobj.housekeeping.quota import change, quota_of
    from jsobj.store.location import parse_location

    if clear and (size or objects is not None):
        raise BadUsage("--clear takes every limit away, and goes without --size and --objects")
    limits: dict[str, int | None] = {"size": None, "objects": None} if clear else {}
    if size:
        limits["size"] = parse_size(size, "--size")
    if objects is not None:
        limits["objects"] = objects
    with store_sides(world, parse_location(bucket)) as sides:
        if limits:
            change(sides, limits)
        found = quota_of(sides)
    if _over(found.bucket):
        world.out.warn(f"{sides.bucket} holds more than that already: uploads are refused until something is deleted")
    _show(world, sides.bucket, found, set_now=bool(limits))


def _over(totals: Totals) -> bool:
    pairs = ((totals.size, totals.max_size), (totals.objects, totals.max_objects))
    return any(used is not None and limit is not None and used > limit for used, limit in pairs)


def _show(world: World, bucket: str, found: Quota, *, set_now: bool) -> None:
    totals, account = found.bucket, found.account
    unknown = "not known: " + found.unknown
    size = unknown if found.unknown else _limit(totals.size, totals.max_size, size=True)
    objects = unknown if found.unknown else _limit(totals.objects, totals.max_objects, size=False)
    lines = [
        ("Bucket", bucket),
        ("Holds", "not known" if totals.size is None else f"{totals.objects} object(s), {exact_size(totals.size)}"),
        ("Size", size),
        ("Objects", objects),
        ("Project", ", ".join(_account(account)) or "the server tells no quota"),
    ]
    data = {
        "bucket": bucket,
        "objects": totals.objects,
        "bytes": totals.size,
        "max_objects": totals.max_objects,
        "max_bytes": totals.max_size,
        "known": not found.unknown,
        "changed": set_now,
        "account": {"max_objects": account.max_objects, "max_bytes": account.max_size, "bytes": account.size},
    }
    world.out.show(Record("jsobj.bucket-quota/1", data, lines))


def _limit(used: int | None, limit: int | None, *, size: bool) -> str:
    if limit is None:
        return "no limit"
    shown = human_bytes(limit) if size else str(limit)
    part = f", {percent(used, limit)} used" if limit and used is not None else ""
    return f"at most {shown}{part}"


def _account(account: Totals) -> list[str]:
    words = []
    if account.max_size is not None:
        words.append(f"at most {human_bytes(account.max_size)}")
    if account.max_objects is not None:
        words.append(f"at most {account.max_objects} objects")
    return words
