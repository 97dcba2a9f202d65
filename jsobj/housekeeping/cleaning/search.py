"""What takes space in a bucket that no listing of objects shows, found and removed."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from jsobj.errors import BadUsage, ExitCode, JsobjError
from jsobj.housekeeping.cleaning.folder_marks import folder_marks
from jsobj.housekeeping.cleaning.leftovers import FOLDER, MARKER, SEGMENTS, UPLOAD, VERSION, Leftover, Limits, Search
from jsobj.housekeeping.cleaning.old_versions import old_versions
from jsobj.housekeeping.cleaning.orphans import PARTS
from jsobj.housekeeping.cleaning.orphans import SEGMENTS as SEGMENTS_ENDING
from jsobj.housekeeping.cleaning.unfinished import resumable, unfinished
from jsobj.store.bucket_name import with_project

if TYPE_CHECKING:
    from jsobj.housekeeping.sides import Sides


@dataclass(frozen=True, slots=True)
class Removal:
    """What became of a leftover: ``left`` why it stays, "" if it is gone; ``error``: why it could not be deleted."""

    leftover: Leftover
    left: str = ""
    error: JsobjError | None = None

    @property
    def state(self) -> str:
        """``removed``, ``left`` or ``failed``."""
        return "failed" if self.error is not None else "left" if self.left else "removed"


def require_bucket(name: str) -> None:
    """Raise usage for a container of segments, which is looked at with the bucket that it belongs to, and for another
    project's bucket, whose project alone sees all manifests."""
    if with_project(name)[0]:
        raise BadUsage(
            f"{name} is named by its project, and a bucket is cleaned by its own project's login",
            hint="log in there, and name it without its project: jsobj bucket clean NAME",
        )
    for ending in (SEGMENTS_ENDING, PARTS):
        if name.endswith(ending) and name != ending:
            base = name.removesuffix(ending)
            raise BadUsage(
                f"{name} holds the segments of {base}", hint=f"clean it with its bucket: jsobj bucket clean {base}"
            )


def search(sides: Sides, limits: Limits, state_dir: Path, kinds: Collection[str]) -> Search:
    """What may go, of these kinds. Nothing is changed."""
    found, state = Search(), "unknown"
    if {UPLOAD, SEGMENTS} & set(kinds):
        found += unfinished(sides, limits, resumable(state_dir, sides.bucket))
    if {FOLDER, MARKER, VERSION} & set(kinds):
        versions, state = old_versions(sides, limits)
        found += versions
    if FOLDER in kinds:
        found += folder_marks(sides, limits, state)
    return Search(tuple(each for each in found.leftovers if each.kind in kinds), found.kept, found.unseen)


def remove(leftovers: Iterable[Leftover]) -> Iterator[Removal]:
    """Each is looked at once more and then deleted. Raises auth, which no other would survive."""
    for leftover in leftovers:
        try:
            yield Removal(leftover, left=leftover.remove())
        except JsobjError as error:
            if error.code is ExitCode.AUTH:
                raise
            yield Removal(leftover, error=error)
