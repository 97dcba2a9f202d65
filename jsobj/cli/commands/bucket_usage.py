"""``jsobj bucket usage``: what buckets hold, by folder and age, and how they grow."""

from __future__ import annotations

from contextlib import closing
from dataclasses import replace
from typing import TYPE_CHECKING

import click

from jsobj.cli.parsing.command import command
from jsobj.cli.parsing.shell_complete import complete_places
from jsobj.cli.parsing.stores import request_of, store_sides, stores
from jsobj.cli.parsing.world import World
from jsobj.cli.views.times import human, iso
from jsobj.ui.bars import bar
from jsobj.ui.documents import Record
from jsobj.ui.text import safe
from jsobj.units import exact_size, human_bytes, length_of, percent

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from jsobj.actions.stores import BucketStores
    from jsobj.housekeeping.counting import Count
    from jsobj.housekeeping.history import Look
    from jsobj.housekeeping.sides import Sides
    from jsobj.housekeeping.usage import Held, Listed
    from jsobj.store.buckets import Bucket, Totals
    from jsobj.store.location import Location

_SHOWN = 20  # folders, for people; --json has all
_BAR = 20  # columns


@command("usage")
@click.argument("place", metavar="[BUCKET[/PREFIX]]", required=False, default="", shell_complete=complete_places)
@click.option("--folders", is_flag=True, help="By folder of the first level, from one listing.")
@click.option("--ages", is_flag=True, help="By age, from one listing.")
def usage(world: World, place: str, folders: bool, ages: bool) -> None:
    """Show what buckets hold, by folder and age, and how they grow.

    Without a bucket, all of them. The server counts: nothing is listed, except below a prefix, with --folders or
    --ages, and over Swift's S3 API alone, which tells no counts. A listing also shows what old versions and unfinished
    uploads take. Growth is since the last time on this computer. jsobj du counts several places and patterns.

    \b
    Examples:
      jsobj bucket usage
      jsobj bucket usage results --folders --ages
    """
    from jsobj.store.location import parse_location

    if not place:
        _all(world)
        return
    from jsobj.housekeeping.history import History, Look
    from jsobj.housekeeping.usage import held_by, listed, old_versions, unfinished
    from jsobj.store.selection import select

    location, now = parse_location(place), world.now().timestamp()
    with store_sides(world, location) as sides:
        held = held_by(sides)
        found: Listed | None = None
        if location.key or folders or ages or held.totals.objects is None:
            selection = select(sides.first, location.key)
            found = listed(selection, now)
            if location.key and not found.count.objects:
                raise selection.nothing()
            key = "" if selection.pattern else location.key
            found = replace(found, versions=old_versions(sides, key), uploads=unfinished(sides, key))
    count = _count(held, found, whole=not location.key)
    store = sides.first.place
    way = "listed" if found is not None else "counted"  # they count differently
    history = History(world.settings.state_dir, way, store.endpoint, store.project, location.bucket, location.key)
    before = history.looks()
    history.add(Look(now, count, dict(found.folders) if found is not None else {}))
    _show(world, store.url(location.key), sides, held, found, count, before, now, folders, ages)


def _count(held: Held, found: Listed | None, *, whole: bool) -> Count:
    from jsobj.housekeeping.counting import Count

    if found is not None:
        return found.count
    assert whole
    return Count(held.totals.objects or 0, held.totals.size or 0)


def _show(
    world: World,
    url: str,
    sides: Sides,
    held: Held,
    found: Listed | None,
    count: Count,
    before: Sequence[Look],
    now: float,
    folders: bool,
    ages: bool,
) -> None:
    from jsobj.housekeeping.usage import included

    last = before[-1] if before else None
    old = next((look.folders for look in reversed(before) if look.folders), None)
    totals = held.totals
    includes = included(held, sides.server) if found is None else ""
    lines = [
        ("Place", url),
        ("Objects", str(count.objects)),
        ("Size", exact_size(count.size) + (f", {includes} included" if includes else "")),
        *_quota_lines(totals),
        ("Versioning", held.versioning),
    ]
    lines += [("Beside it", f"{name}: {t.objects} object(s), {human_bytes(t.size or 0)}") for name, t in held.beside]
    if found is not None:
        hidden = (("Old versions", found.versions, sides.no_keys), ("Unfinished", found.uploads, sides.no_keys))
        lines += [(name, _hidden(each, why)) for name, each, why in hidden]
    if last is not None:
        lines.append(("Growth", _growth(last.count, count, last.time, now)))
    shown = [world.out.text_of([line for line in lines if line[1]])]
    if found is not None and folders:
        shown.append(_table(world, "Folder", found.folders, old))
    if found is not None and ages:
        shown.append(_table(world, "Age", found.ages, None))
    data: dict[str, object] = {
        "url": url,
        "counted_by": "server" if found is None else "listing",
        "objects": count.objects,
        "bytes": count.size,
        "max_objects": totals.max_objects,
        "max_bytes": totals.max_size,
        "versioning": held.versioning or None,
        "includes_old_versions": "old versions" in includes,
        "beside": [{"name": name, "objects": t.objects, "bytes": t.size} for name, t in held.beside],
        "old_versions": _count_data(found.versions) if found is not None else None,
        "unfinished_uploads": _count_data(found.uploads) if found is not None else None,
        "last": {"time": iso(last.time), **(_count_data(last.count) or {})} if last is not None else None,
        "folders": _named(found.folders, "folder") if found is not None else None,
        "ages": _named(found.ages, "age") if found is not None else None,
    }
    world.out.show(Record("jsobj.bucket-usage/1", data, "\n".join(shown)))


def _quota_lines(totals: Totals) -> list[tuple[str, str]]:
    lines = []
    if totals.max_size is not None:
        lines.append(("Quota", f"{human_bytes(totals.max_size)}, {percent(totals.size or 0, totals.max_size)} used"))
    if totals.max_objects is not None:
        part = percent(totals.objects or 0, totals.max_objects)
        lines.append(("Quota", f"{totals.max_objects} objects, {part} used"))
    return lines


def _hidden(count: Count | None, why: str) -> str:
    if count is None:
        return f"not looked at: {why}" if why else "not looked at"
    return f"{count.objects}, {human_bytes(count.size)}" if count.objects else ""


def _growth(old: Count, new: Count, since: float, now: float) -> str:
    size, objects = new.size - old.size, new.objects - old.objects
    words = f"{_signed(size)}, {objects:+d} object(s)" if size or objects else "none"
    return f"{words} since {human(since)} ({length_of(max(0, int(now - since)))})"


def _signed(size: int) -> str:
    return f"{'-' if size < 0 else '+'}{human_bytes(abs(size))}"


def _table(world: World, title: str, rows: Sequence[tuple[str, Count]], old: object) -> str:
    """Bars on a terminal, tabs elsewhere. ``old``: the folders of the last look, for their growth."""
    from jsobj.housekeeping.counting import Count
    from jsobj.ui.fit import shortened

    before = old if isinstance(old, dict) else None
    largest = max((count.size for _, count in rows), default=0)
    terminal, plain = world.out.on_terminal, not world.out.can_write("█▏")
    lines = [f"\n{title}s" if terminal else ""] if terminal else []
    room = max(20, world.out.columns - 2 * 12 - _BAR - 12)
    for name, count in rows[:_SHOWN] if terminal else rows:
        growth = _signed(count.size - before.get(name, Count()).size) if before is not None else ""
        if not terminal:
            lines.append("\t".join((title.lower(), str(count.size), str(count.objects), safe(name))))
            continue
        drawn = bar(count.size, largest, _BAR, plain=plain)
        text = shortened(safe(name), room, world.out.cut)
        more = f"  {growth}" if growth and growth != "+0 B" else ""
        lines.append(f"{human_bytes(count.size):>10}  {count.objects:>9}  {drawn:<{_BAR}}  {text}{more}")
    if terminal and len(rows) > _SHOWN:
        lines.append(f"{'':>10}  and {len(rows) - _SHOWN} more (--json names all)")
    return "\n".join(lines)


def _named(rows: Iterable[tuple[str, Count]], what: str) -> list[dict[str, object]]:
    return [{what: name, "objects": count.objects, "bytes": count.size} for name, count in rows]


def _count_data(count: Count | None) -> dict[str, object] | None:
    return None if count is None else {"objects": count.objects, "bytes": count.size}


def _all(world: World) -> None:
    """All buckets of the project."""
    from jsobj.store.open import with_counts

    with stores(world) as opened:
        found = list(opened.buckets(""))
        counted = found
        if found and found[0].dialect == "s3":
            project = opened.of(_location(found[0])).place.project
            counted = with_counts(world.settings, found, project, request_of(world))
        by_login = bool(found) and (found[0].dialect == "swift" or counted is not found)
        if not by_login:
            counted = _by_head(opened, found)
        quota = _account(opened, found, by_login=by_login)
    size = sum(bucket.size or 0 for bucket in counted)
    objects = sum(bucket.objects or 0 for bucket in counted)
    ordered = sorted(counted, key=lambda bucket: (-(bucket.size or 0), bucket.name))
    unknown = sum(bucket.size is None for bucket in counted)
    data = {
        "buckets": [{"name": b.name, "objects": b.objects, "bytes": b.size} for b in ordered],
        "objects": objects,
        "bytes": size,
        "max_objects": quota.max_objects if quota else None,
        "max_bytes": quota.max_size if quota else None,
    }
    if unknown:
        world.out.warn(
            f"the server told this key no counts of {unknown} bucket(s), which are missing in the sums; log in: "
            "jsobj login RCFILE"
        )
    lines = [_bucket_line(world, bucket, ordered[0].size or 0) for bucket in ordered]
    total = [("Buckets", str(len(ordered))), ("Objects", str(objects)), ("Size", exact_size(size))]
    if quota is not None:
        total += _quota_lines(replace(quota, objects=objects, size=size))
    tail = f"\n{world.out.text_of(total)}" if world.out.on_terminal else ""
    world.out.show(Record("jsobj.account-usage/1", data, "\n".join(lines) + tail))


def _bucket_line(world: World, bucket: Bucket, largest: int) -> str:
    size = "-" if bucket.size is None else human_bytes(bucket.size)
    if not world.out.on_terminal:
        counts = ("" if count is None else str(count) for count in (bucket.size, bucket.objects))
        return "\t".join((*counts, bucket.name))
    drawn = bar(bucket.size or 0, largest, _BAR, plain=not world.out.can_write("█▏"))
    objects = "-" if bucket.objects is None else bucket.objects
    return f"{size:>10}  {objects:>9}  {drawn:<{_BAR}}  {safe(bucket.name)}"


def _by_head(opened: BucketStores, found: Sequence[Bucket]) -> list[Bucket]:
    """With keys alone: Ceph tells counts in its answer to HEAD of each bucket."""
    from jsobj.housekeeping.usage import bucket_totals
    from jsobj.parallel_map import parallel_map

    each = [opened.of(_location(bucket)) for bucket in found]
    with closing(parallel_map(bucket_totals, each, 8, stop=opened.stop)) as totals:
        return [replace(b, objects=t.objects, size=t.size) for b, t in zip(found, totals, strict=True)]


def _account(opened: BucketStores, found: Sequence[Bucket], *, by_login: bool) -> Totals | None:
    from jsobj.housekeeping.usage import account_limits

    if not found:
        return None
    location = _location(found[0])
    return account_limits(opened.of(replace(location, dialect="swift") if by_login else location))


def _location(bucket: Bucket) -> Location:
    from jsobj.store.location import Location

    return Location(bucket.dialect, bucket.name)
