"""How a run ends: which failure ends all of it, and which exit code a run of many items has."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from jsobj.errors import (
    BucketNotFound,
    ClockSkew,
    DiskFull,
    EndpointUnreachable,
    ExitCode,
    JsobjError,
    NotObjectStore,
    StoreRedirects,
    TlsFailed,
)
from jsobj.transfer.events import Summary

# Causes that every other item would meet too: going on would only repeat them. A quota is not among them: a smaller
# item may fit.
_ENDS = (EndpointUnreachable, TlsFailed, BucketNotFound, DiskFull, ClockSkew, NotObjectStore, StoreRedirects)


def ends_run(error: JsobjError) -> bool:
    """Whether the cause is one of the whole run, not of one item."""
    return error.code is ExitCode.AUTH or isinstance(error, _ENDS)


def exit_code(succeeded: int, failures: Sequence[JsobjError]) -> ExitCode:
    """0 where nothing failed; 3 where some did; the common cause's code where all did, 3 where causes differ."""
    if not failures:
        return ExitCode.OK
    codes = {failure.code for failure in failures}
    return codes.pop() if not succeeded and len(codes) == 1 else ExitCode.PARTIAL


@dataclass(frozen=True, slots=True)
class Result:
    """How a run ended. ``code`` is 0 only where everything is done, and verified or reported as unverified."""

    summary: Summary
    code: ExitCode
    failures: tuple[JsobjError, ...] = ()

    @classmethod
    def of(cls, summary: Summary, failures: Sequence[JsobjError] = ()) -> Result:
        """The result of a run over many items."""
        return cls(summary, exit_code(summary.done + summary.skipped, failures), tuple(failures))
