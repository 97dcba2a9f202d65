"""What ``upload``, ``download``, ``cp``, ``mv`` and ``verify`` share: their options, and the frame around a run."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, fields
from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from jsobj.transfer.filters import Filters
    from jsobj.transfer.options import Options

_MODES = ("auto", "bar", "line", "json", "none")


@dataclass(frozen=True, slots=True)
class Chosen:
    """The options as typed; those that a command does not have keep these values."""

    dry_run: bool = False
    part_size: str = ""
    parallel: int | None = None
    processes: int = 0
    limit_rate: str = ""
    progress: str = "auto"
    check: str = "content"
    no_clobber: bool = False
    no_times: bool = False
    no_sign_request: bool = False
    endpoint: str = ""
    include: tuple[str, ...] = ()
    exclude: tuple[str, ...] = ()
    files_from: str = ""
    null: bool = False
    links: str = "skip"
    compress: str | None = None
    content_type: str = ""
    raw: bool = False
    windows_safe: bool = False

    @classmethod
    def of(cls, words: Mapping[str, Any]) -> Chosen:
        """From click's keyword arguments."""
        known = {field.name for field in fields(cls)}
        return cls(**{name: value for name, value in words.items() if name in known})

    def options(self) -> Options:
        """As the transfer room takes them. Raises :class:`JsobjError` (usage) for values out of range."""
        from jsobj.transfer.options import GROWN, MOST_PARALLEL, PARALLEL, Options
        from jsobj.units import parse_size

        return Options(
            part_size=parse_size(self.part_size or "16M", "--part-size", smallest=5 * 1024**2, largest=5 * 1024**3),
            parallel=_within(PARALLEL if self.parallel is None else self.parallel, "--parallel", MOST_PARALLEL),
            most=_affordable(GROWN) if self.parallel is None else 0,
            processes=_within(self.processes, "--processes", 64, smallest=0),
            limit_rate=parse_size(self.limit_rate, "--limit-rate", smallest=1024, largest=1024**5)
            if self.limit_rate
            else 0,
            compress=self.compress or "",
            raw=self.raw,
            overwrite=not self.no_clobber,
            windows_safe=self.windows_safe,
            content_type=self.content_type,
            keep_times=not self.no_times,
            check=self.check,
        )

    def other_job(self) -> tuple[str, ...]:
        """What makes it another job, besides the options and patterns that change what is sent or where it goes."""
        return (f"files-from={self.files_from}", f"links={self.links}")

    def filters(self) -> Filters:
        """Which relative paths take part."""
        from jsobj.transfer.filters import Filters

        return Filters.of(self.include, self.exclude)


def _affordable(wanted: int) -> int:
    """As many requests at once as the limit of open files (``ulimit -n``) allows; each needs up to three."""
    import resource

    soft, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    return wanted if soft == resource.RLIM_INFINITY else max(1, min(wanted, (soft - 32) // 3))


def _within(value: int, option: str, largest: int, *, smallest: int = 1) -> int:
    from jsobj.errors import ExitCode, JsobjError

    if not smallest <= value <= largest:
        raise JsobjError("usage", f"{option} is a number from {smallest} to {largest}", code=ExitCode.USAGE)
    return value


def transfer_options(function: Callable[..., None]) -> Callable[..., None]:
    """The options of every transfer."""
    for option in reversed(
        (
            click.option("-n", "--dry-run", is_flag=True, help="Show what would be done, and why; do nothing."),
            click.option("--parallel", type=int, metavar="N", help="Requests at once; default: 16, or more."),
            click.option("--processes", type=int, default=0, metavar="N", help="Spread the work over N processes."),
            click.option("--part-size", metavar="SIZE", default="", help="Size of parts; default: 16M."),
            click.option("--limit-rate", metavar="RATE", default="", help="Bytes a second at most, such as 10M."),
            click.option(
                "--check",
                type=click.Choice(["content", "size"]),
                default="content",
                help="What counts as unchanged; default: content, by digest.",
            ),
            click.option("--no-clobber", is_flag=True, help="Leave what exists alone, also where it differs."),
            click.option("--no-times", is_flag=True, help="Do not keep modification times."),
            click.option("--progress", type=click.Choice(_MODES), default="auto", help="How progress is shown."),
            click.option("--no-sign-request", is_flag=True, help="Work on public data, without any login."),
            click.option("--endpoint", metavar="URL", default="", help="S3 endpoint, instead of the profile's."),
            click.option("-r", "--recursive", is_flag=True, hidden=True, help="Folders are always taken whole."),
        )
    ):
        function = option(function)
    return function


def copy_options(function: Callable[..., None]) -> Callable[..., None]:
    """The options of ``cp`` and ``mv``."""
    for option in reversed(
        (
            click.option("-n", "--dry-run", is_flag=True, help="Show what would be done; do nothing."),
            click.option("--parallel", type=int, metavar="N", help="Requests at once; default: 16."),
            click.option("--part-size", metavar="SIZE", default="", help="Size of parts; default: 16M."),
            click.option("--no-clobber", is_flag=True, help="Leave objects alone that exist under the new key."),
            click.option("--progress", type=click.Choice(_MODES), default="auto", help="How progress is shown."),
            click.option("-r", "--recursive", is_flag=True, hidden=True, help="Prefixes are always taken whole."),
        )
    ):
        function = option(function)
    return function


def filter_options(function: Callable[..., None]) -> Callable[..., None]:
    """``--include`` and ``--exclude``."""
    for option in (
        click.option("--exclude", metavar="GLOB", multiple=True, help="Leave out what matches; wins over --include."),
        click.option("--include", metavar="GLOB", multiple=True, help="Take only what matches (any of them)."),
    ):
        function = option(function)
    return function
