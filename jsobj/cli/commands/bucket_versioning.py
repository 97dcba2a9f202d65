"""``jsobj bucket versioning``: whether a bucket keeps what is replaced or deleted."""

from __future__ import annotations

import shlex

import click

from jsobj.cli.parsing.command import command
from jsobj.cli.parsing.shell_complete import complete_buckets
from jsobj.cli.parsing.stores import store_sides
from jsobj.cli.parsing.world import World
from jsobj.identity.command_hints import same_login
from jsobj.ui.documents import Record
from jsobj.units import human_bytes

_COUNTED = 10_000  # versions that are looked at to say what stays
_WORDS = {
    "on": "on: what is replaced or deleted is kept",
    "suspended": "suspended: no more versions are made, the old ones stay",
    "off": "off",
}


@command("versioning")
@click.argument("bucket", shell_complete=complete_buckets)
@click.argument("wanted", metavar="[on|off]", required=False, type=click.Choice(["on", "off"]), default=None)
def versioning(world: World, bucket: str, wanted: str | None) -> None:
    """Say whether a bucket keeps what is replaced or deleted.

    On Ceph over S3, which needs S3 keys; on Swift with keys or a login. Old versions take space like objects do. Off
    ends it for what is to come: the versions that there are stay, until jsobj bucket clean --versions-older-than takes
    them. On Ceph, send large objects over S3: the Swift API does not know of versions there, and deletes the segments
    of what it replaces.

    \b
    Examples:
      jsobj bucket versioning results on
      jsobj ls --versions s3://results/run42.nc
    """
    from jsobj.housekeeping.versions import old_count, require_versions, set_versioning
    from jsobj.store.location import parse_location

    location, old = parse_location(bucket), None
    with store_sides(world, location) as sides:
        store = require_versions(sides)
        before = set_versioning(store, wanted == "on") if wanted else store.state()
        state = store.state() if wanted else before
        if state == "suspended":
            old = old_count(store, _COUNTED)
    lines = [("Bucket", location.bucket), ("Versioning", _WORDS[state])]
    if old is not None:
        more = "at least " if old[2] else ""
        lines.append(("Old versions", f"{more}{old[0]}, {more}{human_bytes(old[1])}"))
    data = {
        "bucket": location.bucket,
        "versioning": state,
        "before": before,
        "changed": state != before,
        "old_versions": None if old is None else {"objects": old[0], "bytes": old[1], "at_least": old[2]},
    }
    world.out.show(Record("jsobj.bucket-versioning/1", data, lines))
    if old is not None and old[0]:
        at = same_login(cloud=world.cloud, profile=world.profile)
        command_line = f"jsobj bucket clean {shlex.quote(bucket)} --versions-older-than 30d --dry-run{at}"
        world.out.note(f"They take space until they are deleted; what could go: {command_line}")
