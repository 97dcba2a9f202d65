"""The options that ``upload``, ``download``, ``cp``, ``mv`` and ``verify`` share."""

from __future__ import annotations

import shlex
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, fields, replace
from typing import TYPE_CHECKING, Any

import click

from jsobj.cli.parsing.command import options
from jsobj.cli.parsing.detach import detach_options
from jsobj.cli.parsing.shell_complete import complete_clouds, complete_profiles
from jsobj.cli.parsing.stores import store_options
from jsobj.cli.parsing.world import World
from jsobj.errors import BadUsage
from jsobj.identity.command_hints import same_login

if TYPE_CHECKING:
    from jsobj.transfer.filters import Filters
    from jsobj.transfer.options import Options

_MODES = ("auto", "bar", "line", "json", "none")


@dataclass(frozen=True, slots=True)
class Chosen:
    """The options of a transfer, checked; a command without an option has its default.

    ``across``: it may be from one bucket to another.
    """

    options: Options
    filters: Filters
    dry_run: bool = False
    detach: bool = False
    notify: str = ""
    progress: str = "auto"
    unsigned: bool = False
    endpoint: str = ""
    across: bool = False
    dest_cloud: str = ""
    dest_profile: str = ""
    dest_endpoint: str = ""

    @classmethod
    def of(cls, words: Mapping[str, Any]) -> Chosen:
        """From Click's keyword arguments. Raises :class:`JsobjError` (usage) for values out of range."""
        from jsobj.transfer.filters import Filters
        from jsobj.transfer.options import checked_options

        values = {name: value for name, value in words.items() if name != "recursive"}  # which changes nothing
        own = {field.name: values.pop(field.name) for field in fields(cls) if field.name in values}
        own["across"] = "dest_cloud" in own
        filters = Filters.of(values.pop("include", ()), values.pop("exclude", ()))
        values["part_size"] = values["part_size"] or "16M"
        values["compress"] = values.get("compress") or ""
        values["metadata"] = pairs(values.pop("metadata", ()))
        values["overwrite"] = not values.pop("no_clobber", False)
        values["keep_times"] = not values.pop("no_times", False)
        checked = checked_options(**values, named=lambda name: f"--{name.replace('_', '-')}")
        return cls(checked, filters, **own)

    def at_destination(self, world: World) -> World | None:
        """The login of DEST, where SOURCE has another one, or none: public data are read, and nobody writes so."""
        if self.dest_cloud or self.dest_profile:
            return replace(world, cloud=self.dest_cloud, profile=self.dest_profile)
        return world if self.across and self.unsigned else None

    def require_signed(self) -> None:
        """Raise :class:`JsobjError` (usage) where no bucket is read that could be public."""
        if self.unsigned:
            raise BadUsage("--no-sign-request is for a bucket that is read, and this is a local source")


_PROGRESS = click.option("--progress", type=click.Choice(_MODES), default="auto", help="How progress is shown.")
_PART_SIZE = click.option("--part-size", metavar="SIZE", default="", help="Size of parts; default: 16M.")
_LIMIT_RATE = click.option("--limit-rate", metavar="RATE", default="", help="Bytes a second at most, such as 10M.")
_CHECK = "What counts as unchanged; default: content, by digest."

# How a transfer is done; not what, and not what becomes of what is there.
speed_options = options(
    click.option("--parallel", type=int, metavar="N", help="Requests at once; default: 16, or more."),
    click.option("--processes", type=int, default=0, metavar="N", help="Spread the work over N processes."),
    _PART_SIZE,
    _LIMIT_RATE,
    click.option("--no-times", is_flag=True, help="Do not keep modification times."),
    _PROGRESS,
    store_options,
)

transfer_options = options(
    click.option("-n", "--dry-run", is_flag=True, help="Show what would be done, and why; do nothing."),
    click.option("--check", type=click.Choice(["content", "size"]), default="content", help=_CHECK),
    click.option("--no-clobber", is_flag=True, help="Leave what exists alone, also where it differs."),
    speed_options,
    detach_options,
    click.option("-r", "--recursive", is_flag=True, hidden=True, help="Folders are always taken whole."),
)

_DASK = "Spread the work over this dask scheduler's workers: jsobj help machines."
_SHIP = "Lend the workers a token of this login, over swift://."
# How the work is divided among machines, of ``upload``, ``download``, ``cp`` and ``verify``.
machine_options = options(
    click.option("--shard", metavar="K/N", default="", help="Take the K-th of N shares, for arrays of jobs."),
    click.option("--dask", metavar="ADDRESS", default="", help=_DASK),
    click.option("--ship-credentials", is_flag=True, help=_SHIP),
)


def refuse_machines(words: Mapping[str, Any], what: str) -> None:
    """Raise :class:`JsobjError` (usage) where ``what`` cannot be divided, and was to be."""
    for name in ("shard", "dask"):
        if words[name]:
            raise BadUsage(f"{what} cannot be divided among machines: leave --{name} out")


# The other login of what reads from one bucket and writes to another.
across_options = options(
    click.option("--dest-cloud", metavar="NAME", default="", help="Cloud of DEST.", shell_complete=complete_clouds),
    click.option(
        "--dest-profile", metavar="NAME", default="", help="AWS profile of DEST.", shell_complete=complete_profiles
    ),
    click.option("--dest-endpoint", metavar="URL", default="", help="S3 endpoint of DEST, not its profile's."),
)

# Those of ``cp`` and ``mv``.
copy_options = options(
    click.option("-n", "--dry-run", is_flag=True, help="Show what would be done; do nothing."),
    click.option("--parallel", type=int, metavar="N", help="Requests at once; default: 16, or more."),
    _PART_SIZE,
    _LIMIT_RATE,
    click.option("--no-clobber", is_flag=True, help="Leave objects alone that exist under the new key."),
    across_options,
    _PROGRESS,
    detach_options,
    click.option("-r", "--recursive", is_flag=True, hidden=True, help="Prefixes are always taken whole."),
)

_KEPT = (
    ("--content-type", "TYPE", "Media type; default: by the file's name."),
    ("--content-encoding", "NAME", "How the files are compressed already, such as gzip."),
    ("--content-disposition", "TEXT", "Under which name browsers save it."),
    ("--content-language", "TAG", "The language of the content, such as en."),
    ("--cache-control", "TEXT", "How long caches may keep it, such as max-age=3600."),
)
# What is kept with each object, of ``upload``.
kept_options = options(
    click.option("--metadata", metavar="NAME=VALUE", multiple=True, help="Kept with each object; may be repeated."),
    *(click.option(word, metavar=value, default="", help=text) for word, value, text in _KEPT),
)


def pairs(words: Iterable[str]) -> dict[str, str]:
    """``NAME=VALUE``, as often as it was given. Raises :class:`JsobjError` (usage)."""
    found: dict[str, str] = {}
    for word in words:
        name, equals, value = word.partition("=")
        if not equals:
            raise BadUsage(f"--metadata takes NAME=VALUE, and '{word}' has no '='", hint="--metadata run=42")
        if name in found:
            raise BadUsage(f"--metadata has '{name}' twice")
        found[name] = value
    return found


_LINKS = "Symbolic links in folders; default: skip, with a warning."
links_option = click.option("--links", type=click.Choice(["skip", "follow"]), default="skip", help=_LINKS)


def one_missing(world: World, verb: str, typed: str) -> BadUsage:
    """The error for SOURCE and DEST of which only one was ``typed``, or none. One that has ``://`` is a place."""
    if not typed:
        return BadUsage("SOURCE and DEST are missing", hint=f"see the examples: jsobj {verb} --help")
    login, word = same_login(cloud=world.cloud, profile=world.profile), shlex.quote(typed)
    if verb == "download":
        return BadUsage("DEST is missing: a file or folder, or '-'", hint=f"jsobj download {word} .{login}")
    if verb == "sync":
        return BadUsage("DEST is missing: what becomes like SRC", hint=f"jsobj sync {word} s3://BUCKET/PREFIX/{login}")
    if verb in {"cp", "mv"}:
        return BadUsage("DEST is missing: another key, or a bucket", hint=f"jsobj {verb} {word} s3://BUCKET/{login}")
    if "://" in typed:
        return BadUsage("SOURCE is missing: what to send", hint=f"jsobj upload FILE {word}{login}")
    hint = (f"jsobj upload {word} s3://BUCKET/{login}", f"or: jsobj upload {word} swift://BUCKET/{login}")
    return BadUsage("DEST is missing: where to send it", hint=hint)


filter_options = options(
    click.option("--include", metavar="GLOB", multiple=True, help="Take only what matches (any of them)."),
    click.option("--exclude", metavar="GLOB", multiple=True, help="Leave out what matches; wins over --include."),
)
