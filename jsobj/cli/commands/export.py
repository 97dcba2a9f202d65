"""``jsobj export``: a profile, as another tool wants to read it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import click
from click.shell_completion import CompletionItem

from jsobj.cli.parsing.command import command
from jsobj.cli.parsing.shell_complete import complete_files
from jsobj.cli.parsing.world import World
from jsobj.errors import BadUsage, ExitCode, JsobjError
from jsobj.ui.documents import Listing

if TYPE_CHECKING:
    from jsobj.export.configuration import Configuration
    from jsobj.export.logins import Logins
    from jsobj.export.registry import Tool


def complete_tools(ctx: click.Context, param: click.Parameter, incomplete: str) -> list[CompletionItem]:
    from jsobj.export.registry import TOOLS

    return [CompletionItem(tool.name, help=tool.title) for tool in TOOLS if tool.name.startswith(incomplete)]


_FILE = "File to merge it into, instead of the tool's own."


@command("export")
@click.argument("tool", required=False, metavar="[TOOL]", shell_complete=complete_tools)
@click.option("--write", "writing", is_flag=True, help="Merge it into the tool's own file, and show what changes.")
@click.option("--stdout", "whole", is_flag=True, help="Print it with its secrets, also to a terminal.")
@click.option("--all", "everything", is_flag=True, help="Every tool that has a file of its own.")
@click.option("--list", "listing", is_flag=True, help="List the tools.")
@click.option("--as", "name", metavar="NAME", default="", help="Name of the remote, alias or section.")
@click.option("--file", "file", metavar="FILE", default="", help=_FILE, shell_complete=complete_files)
@click.option("--bucket", metavar="NAME", default="", help="Bucket, for tools whose settings name one.")
@click.option("--endpoint", metavar="URL", default="", help="S3 endpoint, instead of the profile's.")
@click.option("--swift", "swift", is_flag=True, help="The login for the Swift API, also where there are S3 keys.")
@click.option("--overwrite", is_flag=True, help="Replace another setup of that name; a backup is kept.")
def export(world: World, tool: str | None, **options: Any) -> None:
    """Configure another tool for this object store.

    Prints what the tool needs. To a terminal secrets are shown as ***; into a pipe or a file, or with --stdout, they
    are there. --write merges it into the tool's own file instead: mode 0600, everything else in it stays, and another
    setup of the same name is never replaced unasked.

    Tools get the S3 keys where there are keys, and the login (OS_* variables, for the Swift API) where there are none
    or with --swift; rclone gets both. --list shows which tools work without keys.

    \b
    Examples:
      jsobj export --list
      jsobj export rclone --write
      eval "$(jsobj export shell)"
      eval "$(jsobj export shell --swift)"
      jsobj export dotenv --write --file .env
    """
    from jsobj.export.registry import find_tool

    if options["listing"]:
        _list(world)
        return
    if (tool is None) == (not options["everything"]):
        raise BadUsage("name one tool, or give --all", hint="see the tools: jsobj export --list")
    if options["writing"] and options["whole"]:
        raise BadUsage("--write and --stdout exclude each other")
    if options["file"] and (options["everything"] or not options["writing"]):
        raise BadUsage("--file goes with one tool and --write")
    made = _configured(world, find_tool(tool) if tool else None, options)
    if options["writing"]:
        _write(world, made, options)
    else:
        _print(world, made, whole=options["whole"])


def _configured(world: World, tool: Tool | None, options: dict[str, Any]) -> list[tuple[Tool, Configuration]]:
    """The tool's configuration; for None, of each tool that has a file of its own and can use what there is."""
    from jsobj.cli.parsing.export_target import logins_for
    from jsobj.ec2_keys.rotate import retired_with
    from jsobj.export.logins import check
    from jsobj.export.registry import TOOLS

    if options["swift"] and tool is not None and not tool.without_keys:
        keyless = ", ".join(each.name for each in TOOLS if each.without_keys)
        raise BadUsage(f"{tool.name} speaks S3 only", hint=f"leave --swift out; these speak Swift: {keyless}")
    given = {name: options[name] for name in ("name", "bucket", "endpoint")}
    logins = check(logins_for(world, **given, keys=not options["swift"]))
    options["dead"] = retired_with(world.settings, logins.s3.access) if logins.s3 else frozenset()
    options["keys"] = logins.s3 is not None
    if tool is not None:
        return [(tool, tool.configure(_completed(world, tool, logins)))]
    candidates = [each for each in TOOLS if not each.variant]
    able = [each for each in candidates if each.can(logins) and each.configure(logins).has_file]
    if logins.s3 is None and not options["swift"]:
        unable = ", ".join(each.name for each in candidates if not each.can(logins))
        world.out.note(f"Left out, since there are no S3 keys: {unable}.")
    return [(each, each.configure(_completed(world, each, logins))) for each in able]


def _completed(world: World, tool: Tool, logins: Logins) -> Logins:
    """The same, with what the tool needs to know of a server."""
    from jsobj.cli.parsing.export_target import with_server, with_storage_url

    if tool.asks == "server" and logins.s3:
        return replace(logins, s3=with_server(world, logins.s3))
    if tool.asks == "storage-url" and logins.swift:
        return replace(logins, swift=with_storage_url(world, logins.swift))
    return logins


def _list(world: World) -> None:
    from jsobj.export.registry import TOOLS

    rows = [{"tool": tool.name, "title": tool.title, "without_keys": tool.without_keys} for tool in TOOLS]
    columns: dict[str, str | Callable[[dict[str, Any]], str]] = {
        "Tool": "tool",
        "What": "title",
        "Without S3 keys": lambda row: "works" if row["without_keys"] else "needs keys",
    }
    world.out.show(Listing("jsobj.export-tools/1", rows, columns))


def _print(world: World, made: list[tuple[Tool, Configuration]], *, whole: bool) -> None:
    from jsobj.export.render import part_text, text_of

    if world.out.as_json:
        rows = [
            {
                "tool": tool.name,
                "files": [{"path": part.path, "text": part_text(part, secrets=whole)} for part in made_of.parts],
                "example": made_of.example,
                "note": made_of.note,
            }
            for tool, made_of in made
        ]
        world.out.show(Listing("jsobj.export/1", rows, {}))
        return
    masked = world.out.on_terminal and not whole
    texts = [text_of(configuration, secrets=not masked) for _, configuration in made]
    world.out.data("\n".join(texts).rstrip("\n"))
    _show_use(world, made)
    if masked:
        world.out.note("Secrets are shown as ***: --stdout prints them, --write puts all of it into the tool's file.")


def _show_use(world: World, made: list[tuple[Tool, Configuration]]) -> None:
    for _, configuration in made:
        if configuration.note:
            world.out.note(f"Note: {configuration.note}.")
        world.out.note(f"Then, for example: {configuration.example}")


def _write(world: World, made: list[tuple[Tool, Configuration]], options: dict[str, Any]) -> None:
    rows: list[dict[str, Any]] = []
    failures: list[JsobjError] = []
    for tool, configuration in made:
        try:
            rows += _written(world, tool, configuration, options)
        except JsobjError as error:
            if not options["everything"]:
                raise
            failures.append(error)
            world.out.failed(tool.name, error, hint=True)
    columns = {"Tool": "tool", "File": "path", "State": "state"}
    world.out.show(Listing("jsobj.export-written/1", rows, columns, empty="Nothing was written."))
    if not options["everything"]:
        _show_use(world, made)
    if failures:
        codes = {error.code for error in failures}
        click.get_current_context().exit(int(codes.pop() if len(codes) == 1 and not rows else ExitCode.PARTIAL))


def _written(world: World, tool: Tool, configuration: Configuration, options: dict[str, Any]) -> list[dict[str, Any]]:
    from jsobj.cli.parsing.export_target import place_of
    from jsobj.ec2_keys.other_files import remember
    from jsobj.export import merge as merging

    file, overwrite = options["file"], options["overwrite"]
    if not file and not configuration.has_file:
        raise JsobjError(
            "export-without-file",
            f"{tool.name} has no file of its own to write to",
            code=ExitCode.USAGE,
            hint=f"name one: jsobj export {tool.name} --write --file FILE",
        )
    if file and len({part.path for part in configuration.parts}) > 1:
        raise BadUsage(f"{tool.name} needs several files, and --file names one", hint="leave it out")
    dead = options["dead"]
    merges = merging.plan(configuration, lambda path: place_of(world, path, file), overwrite=overwrite, dead=dead)
    rows = []
    for merge in merges:
        if merge.diff:
            world.out.note(merge.diff)
        change = merging.write(merge, overwrite=overwrite, dead=dead)
        if file and options["keys"]:
            remember(world.settings, tool.name, merge.path)
        for notice in change.notices:
            world.out.note(notice)
        state = "unchanged" if not change.changed else "written" if change.before is None else "changed"
        backup = str(change.backup) if change.backup else None
        rows.append({"tool": tool.name, "path": str(merge.path), "state": state, "backup": backup})
    return rows
