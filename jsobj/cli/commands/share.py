"""``jsobj share``: a place given to a project, to a person, or to whoever has a link. One branch for each kind."""

from __future__ import annotations

import click

from jsobj.cli.parsing.command import Entry, Group, command
from jsobj.cli.parsing.shell_complete import complete_places
from jsobj.cli.parsing.world import World
from jsobj.errors import BadUsage

group = Group(
    "share",
    {
        "give": Entry("share:give", "Let somebody else read or write (the default)."),
    },
    help="Let somebody else read or write a bucket, or what is below a prefix.",
    default="give",
    takes_words=True,
)


@command("give")
@click.argument("url", metavar="URL", shell_complete=complete_places)
@click.option("--to", "whom", metavar="WHO", required=True, help="PROJECT or PROJECT:USER, by id or name.")
@click.option("--read/--write", "reads", default=True, help="Whether they may only read (default), or also write.")
@click.option("--expires", metavar="TIME", default="", help="Length (12h, 7d) or date of its end.")
def give(world: World, url: str, whom: str, reads: bool, expires: str) -> None:
    """Let somebody else read or write."""
    raise BadUsage(f"'{whom}' is nobody that something can be given to yet")
