"""The record of a detached run: a private file that begins before the run and stays after its end.

Nothing of the environment is in it, and no secret. The process that does the work beats: it writes the time, and how
far it has come. Where the state folder is shared by several machines, that is what the others know of it.
"""

from __future__ import annotations

import contextlib
import json
import os
import secrets
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import asdict, dataclass, field, fields, replace
from pathlib import Path
from typing import Any

from jsobj.atomic import edit_private_file
from jsobj.errors import ExitCode, JsobjError, TypedError
from jsobj.processes import Process
from jsobj.transfer.journal.records import no_such

BEAT_SECONDS = 5.0
_SILENT_SECONDS = 90.0  # after which a run of another machine counts as dead
ACTIVE = frozenset({"queued", "running", "cancelling"})
ENDED = frozenset({"done", "failed", "cancelled"})


class RecordDamaged(TypedError, reference="job-record-damaged", code=ExitCode.LOCAL):
    """The record of a run cannot be read."""


@dataclass(frozen=True, slots=True)
class DetachedRun:
    """A run as it was recorded. Times in seconds since 1970.

    ``words``: what to run, without the program's name; ``state``: queued, running, cancelling, done, failed, cancelled
    or interrupted; ``code``: the exit code once it ended. ``journals``: ids of the journals that it opened.
    ``notify``: the command line that is run at the end.
    """

    id: str
    words: tuple[str, ...]
    cwd: str
    created: float
    state: str = "queued"
    code: int | None = None
    begun: float | None = None
    ended: float | None = None
    beat: float = 0.0
    host: str = ""
    process: Process | None = None
    cloud: str = ""
    profile: str = ""
    notify: str = ""
    verb: str = ""
    sources: tuple[str, ...] = ()
    destination: str = ""
    journals: tuple[str, ...] = ()
    counts: Mapping[str, int] = field(default_factory=dict)

    @property
    def active(self) -> bool:
        """Whether it waits or works."""
        return self.state in ACTIVE

    @property
    def exit_code(self) -> int:
        """Its own; of one that was killed, that of work that remains."""
        return int(ExitCode.PARTIAL) if self.code is None else self.code

    def to_json(self) -> bytes:
        """As it is stored: ASCII, also for names that are not valid Unicode."""
        return json.dumps(asdict(self), indent=1).encode() + b"\n"

    @classmethod
    def of_json(cls, data: bytes) -> DetachedRun:
        """Raises :class:`ValueError` for what :meth:`to_json` did not make."""
        values: Any = json.loads(data)
        if not isinstance(values, dict) or not {"id", "words", "cwd", "created"} <= set(values):
            raise ValueError("not the record of a job")
        known = {each.name for each in fields(cls)}  # a later release may have written more
        values = {name: value for name, value in values.items() if name in known}
        for name in ("words", "journals", "sources"):
            values[name] = tuple(map(str, values.get(name, ())))
        try:
            values["process"] = Process(**values["process"]) if values.get("process") else None
            return cls(**values)
        except TypeError as error:
            raise ValueError("not the record of a job") from error


def new_run(verb: str, words: tuple[str, ...], cwd: str, *, cloud: str, profile: str, notify: str) -> DetachedRun:
    """A run that nobody does yet, under a new id."""
    now = time.time()
    return DetachedRun(
        secrets.token_hex(6),
        words,
        cwd,
        now,
        beat=now,
        host=this_host(),
        cloud=cloud,
        profile=profile,
        notify=notify,
        verb=verb,
    )


def this_host() -> str:
    """The name of this machine."""
    return os.uname().nodename


def runs_folder(state_dir: Path) -> Path:
    """Where records and logs are."""
    return state_dir / "detached"


def log_path(state_dir: Path, run_id: str) -> Path:
    """What the run has said."""
    return runs_folder(state_dir) / f"{run_id}.log"


def create(state_dir: Path, run: DetachedRun) -> None:
    """Write a new record. Raises :class:`JsobjError` (local)."""
    edit_private_file(_path(state_dir, run.id), lambda _: run.to_json())


def change(state_dir: Path, run_id: str, edit: Callable[[DetachedRun], DetachedRun]) -> DetachedRun:
    """Replace a record; ``edit`` is called with the newest, alone. Raises what it raises, and not found, local."""
    made: list[DetachedRun] = []

    def whole(before: bytes | None) -> bytes:
        if before is None:
            no_such(run_id)
        made[:] = [edit(_seen(DetachedRun.of_json(before)))]
        return made[0].to_json()

    path = _path(state_dir, run_id)
    if not path.exists():  # else its folder would be made
        no_such(run_id)
    edit_private_file(path, whole)
    return made[0]


def read(state_dir: Path, run_id: str) -> DetachedRun:
    """A record, with the state that is true now. Raises :class:`JsobjError`: not found, local (damaged)."""
    path = _path(state_dir, run_id)
    try:
        return _seen(DetachedRun.of_json(path.read_bytes()))
    except FileNotFoundError:
        no_such(run_id)
    except (OSError, ValueError) as error:
        raise RecordDamaged(
            f"the record {path} cannot be used",
            context=str(error),
            hint=f"run the command again; to remove the record: jsobj jobs forget {run_id}",
        ) from error


def run_ids(state_dir: Path) -> Iterator[str]:
    """The ids of all records, by the names of their files alone."""
    with contextlib.suppress(FileNotFoundError), os.scandir(runs_folder(state_dir)) as entries:
        for entry in entries:
            name, dot, ending = entry.name.partition(".")
            if dot and ending == "json" and name:
                yield name


def remove(state_dir: Path, run_id: str) -> None:
    """Remove record and log. Raises :class:`JsobjError` (local)."""
    try:
        for path in (log_path(state_dir, run_id), _path(state_dir, run_id)):
            path.unlink(missing_ok=True)
    except OSError as error:
        raise JsobjError(
            "job-not-forgotten",
            f"{error.filename} cannot be removed",
            code=ExitCode.LOCAL,
            context=error.strerror or "",
            hint=f"look at the owner of the folder: ls -la {runs_folder(state_dir)}",
        ) from error


def require_not_active(run: DetachedRun) -> None:
    """Raise :class:`JsobjError` (local) where somebody works on it."""
    if run.active:
        at = "" if run.host == this_host() else f" on {run.host}"
        pid = f", pid {run.process.pid}" if run.process else ""
        raise JsobjError(
            "job-in-progress",
            f"job {run.id} is {run.state}{at}{pid}",
            code=ExitCode.LOCAL,
            hint=f"wait for it: jsobj jobs wait {run.id}; or stop it: jsobj jobs cancel {run.id}",
        )


def _path(state_dir: Path, run_id: str) -> Path:
    return runs_folder(state_dir) / f"{run_id}.json"


def _seen(run: DetachedRun) -> DetachedRun:
    """A run whose process is gone was interrupted, whatever it wrote last."""
    if not run.active or _alive(run):
        return run
    return replace(run, state="interrupted")


def _alive(run: DetachedRun) -> bool:
    if run.host != this_host():
        return time.time() - run.beat < _SILENT_SECONDS
    return run.process is not None and run.process.alive()
