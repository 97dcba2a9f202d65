"""``jsobj jobs undo``: put back what a sync has replaced or deleted."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import click

from jsobj.cli.parsing.command import command
from jsobj.cli.parsing.transfer_options import Chosen, speed_options
from jsobj.cli.parsing.world import World
from jsobj.cli.views.transfer import finish, transferring
from jsobj.errors import ExitCode, JsobjError
from jsobj.ui.documents import Listing


@command("undo")
@click.argument("run", metavar="ID", required=False, default="")
@speed_options
def undo(world: World, run: str, **words: Any) -> None:
    """Put back what a sync has replaced or deleted.

    It is kept where the sync had --backup. ID is the one that the sync has named, or the beginning of it; without it,
    the syncs that can be undone are listed. What was new stays. What somebody has written since is left alone, and
    named. The backup stays, too.

    \b
    Examples:
      jsobj jobs undo
      jsobj jobs undo 6eeecd
    """
    from jsobj.actions.sync_backup import undo as put_back
    from jsobj.actions.sync_backup import undoable

    found = dict(undoable(world.settings.state_dir))
    if not run:
        rows = [{"id": ident, **_row(head)} for ident, head in sorted(found.items(), key=lambda one: one[1].made)]
        columns = {"Run": "id", "Made": "made", "From": "source", "To": "target", "Kept in": "backup"}
        world.out.show(Listing("jsobj.undo-list/1", rows, columns, empty="No sync has kept what it replaced."))
        return
    ids = [ident for ident in found if ident.startswith(run)]
    if len(ids) != 1:
        message = f"no sync with --backup has the id '{run}'" if not ids else f"{len(ids)} ids begin with '{run}'"
        code = ExitCode.USAGE if ids else ExitCode.NOT_FOUND
        raise JsobjError("undo-unknown", message, code=code, hint="see which there are: jsobj jobs undo")
    head = found[ids[0]]
    if not (world.cloud or world.profile):
        two = head.dest_cloud or head.dest_profile
        cloud, profile = (head.dest_cloud, head.dest_profile) if two else (head.cloud, head.profile)
        world = replace(world, cloud=cloud, profile=profile)
    chosen = Chosen.of(words)
    world.will_change_names()
    with transferring(world, chosen) as (context, progress):
        finish(progress, put_back(context, ids[0]))


def _row(head: Any) -> dict[str, str]:
    return {name: getattr(head, name) for name in ("made", "source", "target", "backup")}
