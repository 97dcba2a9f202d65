"""Whether each dask worker can reach the object store, with its own files and variables."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import closing
from dataclasses import dataclass
from typing import Any

from jsobj.errors import ExitCode, JsobjError
from jsobj.store.open import StoreRequest, list_buckets

_CONNECT_SECONDS = 10


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
    try:
        from distributed import Client
    except ImportError as error:
        sentence, hint = "dask.distributed is not installed here", "pip install distributed"
        raise JsobjError("dask-missing", sentence, code=ExitCode.LOCAL, hint=hint) from error
    try:
        client = Client(address, timeout=_CONNECT_SECONDS, set_as_default=False)
    except (OSError, TimeoutError, ValueError) as error:
        sentence, seen = f"no dask scheduler answers at {address}", str(error)[:200]
        hint = "the address is what the scheduler prints: tcp://HOST:8786"
        raise JsobjError("scheduler-unreachable", sentence, code=ExitCode.NETWORK, context=seen, hint=hint) from error
    with closing(client):
        answers: Mapping[str, Any] = client.run(look, profile, cloud, on_error="return")
    if not answers:
        raise JsobjError("no-workers", f"the scheduler at {address} has no workers", code=ExitCode.NOT_FOUND)
    return tuple(_report(worker, answers[worker]) for worker in sorted(answers))


def _report(worker: str, answer: Any) -> WorkerReport:
    if isinstance(answer, dict):
        return WorkerReport(worker, **answer)
    # A worker without jsobj cannot unpickle the function.
    hint = "install the same jsobj where the workers run"
    return WorkerReport(worker, "", 0, f"{type(answer).__name__}: {answer}"[:200], hint)
