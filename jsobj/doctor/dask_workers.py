"""Whether each dask worker can reach the object store, with its own files and variables."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import closing
from dataclasses import dataclass
from typing import Any

from jsobj.errors import JsobjError
from jsobj.store.open import StoreRequest, list_buckets
from jsobj.transfer.spread.crew import connected, no_workers


@dataclass(frozen=True, slots=True)
class WorkerReport:
    """One worker's answer. ``error`` is "" where it could list its buckets; ``hint`` says what to do there."""

    worker: str
    version: str
    buckets: int
    error: str = ""
    hint: str = ""


def look(profile: str, cloud: str) -> dict[str, Any]:
    """Runs in a worker: one listing of buckets with what is there. Never raises, and returns no secret."""
    from jsobj import __version__
    from jsobj.identity.settings import Settings

    found: dict[str, Any] = {"version": __version__, "buckets": 0, "error": "", "hint": ""}
    try:
        found["buckets"] = sum(1 for _ in list_buckets(Settings.read(), "", StoreRequest(cloud, profile)))
    except JsobjError as error:
        found |= {"error": f"{error.message} [{error.reference}]", "hint": error.hint}
    return found


def ask_workers(address: str, *, profile: str, cloud: str) -> tuple[WorkerReport, ...]:
    """Every worker of the scheduler at ``address`` (``tcp://HOST:PORT``), by name.

    Raises :class:`JsobjError`: local without dask.distributed, network where the scheduler does not answer, not found
    where it has no worker.
    """
    with closing(connected(address)) as client:
        answers: Mapping[str, Any] = client.run(look, profile, cloud, on_error="return")
    if not answers:
        raise no_workers(address)
    return tuple(_report(worker, answers[worker]) for worker in sorted(answers))


def _report(worker: str, answer: Any) -> WorkerReport:
    if isinstance(answer, dict):
        return WorkerReport(worker, **answer)
    # A worker without jsobj cannot unpickle the function.
    hint = "install the same jsobj where the workers run"
    return WorkerReport(worker, "", 0, f"{type(answer).__name__}: {answer}"[:200], hint)
