"""Several places in one command: one that cannot be shown does not keep the others from being shown."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import TYPE_CHECKING, TypeVar

from jsobj.cli.parsing.world import World
from jsobj.errors import BucketNotFound, ExitCode, JsobjError

if TYPE_CHECKING:
    from jsobj.actions.stores import BucketStores
    from jsobj.store.location import Location

T = TypeVar("T")


class Several:
    """Looks at one after the other, and keeps what failed.

    ``count``: the places on the command line. The failure of a place that is alone ends the command as it is.
    """

    def __init__(self, world: World, count: int) -> None:
        self._world = world
        self._alone = count == 1
        self._failures: list[JsobjError] = []

    def attempt(self, url: str, look: Callable[[], T], *, named: bool = True) -> T | None:
        """What ``look`` returns; None after a failure that leaves others to be looked at.

        ``named``: it is on the command line, and not one of the objects that match a pattern.
        """
        try:
            return look()
        except JsobjError as error:
            if (named and self._alone) or _ends(error):
                raise
            first = not self._failures
            self._world.out.flush_stream()
            self._world.out.failed(url, self._explained(error) if first else error, hint=first)
            self._failures.append(error)
            return None

    def _explained(self, error: JsobjError) -> JsobjError:
        """With the hint that a command for one place would end with."""
        import click

        from jsobj.cli.views.unknown_bucket import explained

        bucket = isinstance(error, BucketNotFound)
        return explained(self._world, click.get_current_context(), error) if bucket else error

    def objects(self, opened: BucketStores, place: Location) -> Iterator[Location]:
        """The object that is named, or those that match a pattern; folders that match are left out with a warning."""
        from jsobj.store.selection import named_objects

        def keys() -> Iterator[str]:
            yield from named_objects(opened.of(place), place.key, left)

        def left(folder: str) -> None:
            self._world.out.flush_stream()
            self._world.out.warn(f"the folder {folder} is left out: it is no object")

        found = keys()
        while (key := self.attempt(str(place), lambda: next(found, None))) is not None:
            yield replace(place, key=key)

    def finish(self) -> None:
        """Raise for what failed, with the code that tells most: another one than "not found" where there is one."""
        codes = [error.code for error in self._failures]
        if not codes:
            return
        code = next((code for code in codes if code is not ExitCode.NOT_FOUND), ExitCode.NOT_FOUND)
        what = "1 place or object" if len(codes) == 1 else f"{len(codes)} places or objects"
        raise JsobjError("not-all-shown", f"{what} could not be shown", code=code, hint="the reasons are above")


def _ends(error: JsobjError) -> bool:
    """Whether the others would fail alike, or what was written already is wrong."""
    from jsobj.transfer.outcomes import ends_run

    if isinstance(error, BucketNotFound):
        return False
    return ends_run(error) or error.code in {ExitCode.INTEGRITY, ExitCode.LOCAL}
