"""What a sync refuses before anything is touched: a source or a target that is probably not what is meant."""

from __future__ import annotations

import os
import re
from dataclasses import dataclass

from jsobj.errors import BadUsage, ExitCode, JsobjError
from jsobj.transfer.local.mounts import unmounted
from jsobj.transfer.sync.decision import DELETE
from jsobj.transfer.sync.plan import Totals
from jsobj.units import human_bytes

_LEAST, _PERCENT = 20, 10
_BOUND = re.compile(r"(\d{1,12})(%?)")


@dataclass(frozen=True, slots=True)
class DeleteBound:
    """How much may be deleted: so many entries, or a part of what the target has. ``least`` is always allowed."""

    number: int = _PERCENT
    percent: bool = True
    least: int = _LEAST

    @classmethod
    def parse(cls, text: str) -> DeleteBound:
        """``100`` or ``25%``; "" for the default. Raises :class:`JsobjError` (usage)."""
        if not text:
            return cls()
        found = _BOUND.fullmatch(text.strip())
        if found is None or (found[2] and int(found[1]) > 100):
            raise BadUsage(f"--max-delete takes a number or a percentage, and '{text[:40]}' is neither", hint="25%")
        return cls(int(found[1]), bool(found[2]), 0)

    def allowed(self, there: int) -> int:
        """Of so many that are there."""
        return max(self.least, there * self.number // 100) if self.percent else self.number

    def __str__(self) -> str:
        """For messages."""
        least = f", and at least {self.least}" if self.least else ""
        return f"{self.number}{'%' if self.percent else ''}{least}"


DEFAULT_BOUND = DeleteBound()


def require_mounted(folder: str) -> None:
    """Raise :class:`JsobjError` (refused) where a file system that belongs at, above or in a folder is not mounted."""
    if place := unmounted(folder):
        raise JsobjError(
            "sync-source-unmounted",
            f"nothing is mounted at {place}, where /etc/fstab has a file system: {folder} may lack what is on it",
            code=ExitCode.REFUSED,
            hint=f"mount it first: mount {place}",
        )


def require_harmless(folder: str, home: str) -> None:
    """Raise :class:`JsobjError` (refused) for a folder that holds much beside data: ``/``, ``$HOME``, or above it."""
    real, own = os.path.realpath(folder), os.path.realpath(home)
    if own == real or own.startswith(real if real.endswith("/") else f"{real}/"):
        raise JsobjError(
            "sync-target-home",
            f"with --delete, {folder} would lose everything that the source does not have, your home folder included",
            code=ExitCode.REFUSED,
            hint="name the folder of the data",
        )


def require_plausible(totals: Totals, source: str, target: str, *, bound: DeleteBound, newer_too: bool) -> None:
    """Judge a whole plan. Raises :class:`JsobjError` (refused)."""
    deleted = totals.actions[DELETE]
    if deleted and not totals.source:
        raise JsobjError(
            "sync-source-empty",
            f"{source} has nothing, and {target} would lose all that it has: {deleted} of {totals.target}",
            code=ExitCode.REFUSED,
            hint="check the source; to empty the target on purpose: jsobj rm -r",
        )
    swapped = totals.replaced and totals.replaced_newer == totals.replaced and totals.target_bytes > totals.source_bytes
    if swapped and not newer_too:
        raise JsobjError(
            "sync-looks-swapped",
            f"source and target look swapped: all {totals.replaced} that would be replaced in {target} are newer than "
            f"in {source}, and it has {human_bytes(totals.target_bytes)} where the source has "
            f"{human_bytes(totals.source_bytes)}",
            code=ExitCode.REFUSED,
            hint=("check which is which", "if it is meant: add --overwrite-newer"),
        )
    allowed = bound.allowed(totals.target)
    if deleted > allowed:
        raise JsobjError(
            "sync-max-delete",
            f"{deleted} of the {totals.target} in {target} would be deleted, and at most {allowed} may be ({bound})",
            code=ExitCode.REFUSED,
            hint=("see which: add --dry-run", f"if it is meant: add --max-delete {deleted}"),
        )
