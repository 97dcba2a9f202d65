"""``jsobj sync`` and ``jsobj apply``: make one place like another."""

from __future__ import annotations

import shlex
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from jsobj.cli.parsing.command import command, options
from jsobj.cli.parsing.detach import detach_options
from jsobj.cli.parsing.shell_complete import complete_files, complete_places
from jsobj.cli.parsing.transfer_options import (
    Chosen,
    across_options,
    filter_options,
    links_option,
    machine_options,
    one_missing,
    speed_options,
)
from jsobj.cli.parsing.world import World
from jsobj.cli.views.transfer import finish, perform, transferring
from jsobj.errors import BadUsage

if TYPE_CHECKING:
    from jsobj.actions.sync import SyncRules
    from jsobj.actions.sync_ends import Place

_CHECKS = ("auto", "exists", "size", "mtime", "content")
_CHECK = "What has to be the same; default: auto, see above."
_MAX = "Refuse to delete more; default: 10%, and at least 20."
_BACKUP = click.option(
    "--backup", metavar="PLACE", default="", help="Keep what is replaced or deleted: a prefix, or of a folder a folder."
)

_sync_options = options(
    click.option("-n", "--dry-run", is_flag=True, help="Show what would be done, and why; do nothing."),
    click.option("--plan", metavar="FILE", default="", help="Write what would be done to FILE, for jsobj apply."),
    click.option("--delete", is_flag=True, help="Delete from DEST what SRC does not have, after all else succeeded."),
    click.option("--max-delete", metavar="N|N%", default="", help=_MAX),
    click.option("--delete-excluded", is_flag=True, help="Delete from DEST what the patterns leave out, too."),
    _BACKUP,
    click.option("--check", type=click.Choice(_CHECKS), default="auto", help=_CHECK),
    click.option("--overwrite-newer", is_flag=True, help="Also where DEST looks like the newer side."),
)


@command("sync")
@click.argument("source", metavar="SRC", required=False, default="", shell_complete=complete_places)
@click.argument("destination", metavar="DEST", required=False, default="", shell_complete=complete_places)
@_sync_options
@filter_options
@links_option
@speed_options
@across_options
@machine_options
@detach_options
def sync(world: World, source: str, destination: str, **words: Any) -> None:
    """Make a folder or prefix like another.

    DEST becomes like SRC. Each is a folder, s3://BUCKET/PREFIX or swift://BUCKET/PREFIX, with all that is in it, or a
    place in another cloud, SRC also at a web server, or public (--no-sign-request; jsobj help clouds); one of the two
    at least is no folder here. Between two of those, one process copies. What is the same stays as it is: by what an
    earlier run remembers; else by size and content, and of large files by the time that travels with them, and by
    content where the times differ (--check auto). --check mtime trusts size and time, --check size the size alone,
    --check exists the name; --check content reads every file.

    Without --delete nothing is deleted. With it, what SRC does not have is deleted from DEST once everything else has
    succeeded, but what patterns leave out stays. Before anything is touched, a run is refused whose source is empty or
    not mounted, that would delete more than --max-delete, or whose SRC and DEST look swapped.

    --plan FILE writes one decision a line, with its reason; jsobj apply FILE does just that. With --backup, jsobj jobs
    undo brings back what was replaced or deleted.

    \b
    Examples:
      jsobj sync run42/ s3://results/run42/
      jsobj sync s3://results/run42/ run42/ --delete --dry-run
      jsobj sync data/ swift://data/ --delete --backup s3://old/data/
      jsobj sync s3://results/ s3://copy/ --cloud here --dest-cloud there
    """
    from jsobj.actions import sync as actions
    from jsobj.actions.sync_ends import place_of
    from jsobj.transfer.sync.comparison import Check
    from jsobj.transfer.sync.guards import DeleteBound

    if not source or not destination:
        raise one_missing(world, "sync", source)
    places = place_of(source), place_of(destination)
    plan = words.pop("plan")
    rules = actions.SyncRules(
        check=Check(words.pop("check")),
        delete=words.pop("delete"),
        delete_excluded=words.pop("delete_excluded"),
        bound=DeleteBound.parse(words.pop("max_delete")),
        newer_too=words.pop("overwrite_newer"),
        links=words.pop("links"),
        backup=words.pop("backup"),
    )
    _require_delete(rules)
    chosen = Chosen.of(words)
    if plan:
        _require_plan_alone(plan, places, rules, chosen)
    if (chosen.dest_cloud or chosen.dest_profile or chosen.dest_endpoint) and str in map(type, places):
        raise BadUsage("--dest-cloud, --dest-profile and --dest-endpoint are for two buckets", hint="--cloud NAME")
    if isinstance(places[0], str):
        chosen.require_signed()
    world.will_change_names()
    if plan:
        _write(world, chosen, places, rules, plan)
        return
    perform(world, chosen, lambda context: actions.sync(context, *places, chosen.options, chosen.filters, rules))


@command("apply")
@click.argument("plan", metavar="FILE", shell_complete=complete_files)
@_BACKUP
@speed_options
@across_options
def apply(world: World, plan: str, backup: str, **words: Any) -> None:
    """Do what a plan says that jsobj sync --plan wrote.

    Just that, and nothing else: each item that is not on both sides as it was when the plan was made is refused, and
    the others are done. The login is the one that the plan was made with, unless options name another.

    \b
    Examples:
      jsobj sync data/ s3://data/ --delete --plan plan.ndjson
      jsobj apply plan.ndjson
    """
    from dataclasses import replace

    from jsobj.actions.apply import apply as run
    from jsobj.actions.apply import head_of

    head = head_of(plan)
    chosen = Chosen.of(words)
    if not (world.cloud or world.profile):
        world = replace(world, cloud=head.cloud, profile=head.profile)
        unsigned = chosen.unsigned or head.unsigned
        chosen = replace(chosen, endpoint=chosen.endpoint or head.endpoint, unsigned=unsigned)
    if not (chosen.dest_cloud or chosen.dest_profile):
        chosen = replace(
            chosen,
            dest_cloud=head.dest_cloud,
            dest_profile=head.dest_profile,
            dest_endpoint=chosen.dest_endpoint or head.dest_endpoint,
        )
    world.will_change_names()
    with transferring(world, chosen) as (context, progress):
        finish(progress, run(context, plan, chosen.options, backup=backup))


def _require_delete(rules: SyncRules) -> None:
    from jsobj.transfer.sync.guards import DEFAULT_BOUND

    if not rules.delete and (rules.delete_excluded or rules.bound != DEFAULT_BOUND):
        raise BadUsage("--max-delete and --delete-excluded go with --delete")


def _require_plan_alone(plan: str, places: tuple[Place, Place], rules: SyncRules, chosen: Chosen) -> None:
    from jsobj.transfer.spread.shard import WHOLE

    if chosen.dry_run:
        raise BadUsage("--plan writes what --dry-run shows: give one of them")
    if chosen.options.shard != WHOLE or chosen.options.dask:
        raise BadUsage("--plan is of all, and written here: leave --shard and --dask out")
    if chosen.detach:
        raise BadUsage("--plan is written here and now: leave --detach out")
    if rules.backup:
        raise BadUsage("--backup goes with what does the plan", hint="jsobj apply FILE --backup PLACE")
    folders = [Path(place).resolve() for place in places if isinstance(place, str)]
    if any(Path(plan).resolve().is_relative_to(folder) for folder in folders):
        raise BadUsage("the plan would be in SRC or DEST, and be synced itself", hint="--plan ../plan.ndjson")


def _write(world: World, chosen: Chosen, places: tuple[Place, Place], rules: SyncRules, plan: str) -> None:
    from jsobj.actions.sync import write_plan
    from jsobj.transfer.sync.plan_file import new_plan

    with transferring(world, chosen) as (context, _), new_plan(Path(plan)) as file:
        totals = write_plan(context, *places, chosen.filters, rules, file)
    counts = ", ".join(f"{count} to {action}" for action, count in sorted(totals.actions.items()) if count)
    world.out.note(f"{plan}: {counts or 'nothing'}; to do it: jsobj apply {shlex.quote(plan)}")
