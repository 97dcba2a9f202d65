"""A plan as a file: JSON, one line for its head, one for each decision, one for its end.

The head says what is made like what, by which login; the end how many decisions there are, so that a plan that was cut
is not taken for a whole one.
"""

from __future__ import annotations

import contextlib
import json
import os
import tempfile
from collections.abc import Generator, Iterator, Mapping
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import IO, Any

from jsobj.errors import ExitCode, JsobjError, OutputNotWritten, error_of
from jsobj.transfer.sync.decision import DELETE, REFUSE, RENAME, TO_DO, Decision
from jsobj.transfer.sync.entry import Entry
from jsobj.transfer.sync.sides import Side, in_order

SCHEMA = "jsobj.sync-plan/1"
_LONGEST = 1024 * 1024  # characters of a line; several times the longest key and path
_ACTIONS = TO_DO | {"skip", "leave-out", "refuse"}


@dataclass(frozen=True, slots=True)
class Head:
    """What a plan is for. ``source`` and ``target``: an absolute path, or a URL; ``at_source`` and ``at_target``: where
    such a bucket is (dialect, endpoint, project), "" of a folder.

    ``cloud`` ... ``dest_endpoint``: the login as it was chosen, and whether the source is read without one; ``made``:
    when, as JSON documents write it; ``backup``: where what is replaced or deleted is kept.
    """

    made: str
    source: str
    target: str
    at_source: str = ""
    at_target: str = ""
    cloud: str = ""
    profile: str = ""
    endpoint: str = ""
    unsigned: bool = False
    dest_cloud: str = ""
    dest_profile: str = ""
    dest_endpoint: str = ""
    links: str = "skip"
    backup: str = ""


class PlanWriter:
    """Writes a plan to an open text file."""

    def __init__(self, file: IO[str], head: Head) -> None:
        self._file = file
        self._count = 0
        self._write({"schema": SCHEMA, **asdict(head)})

    def add(self, decision: Decision) -> None:
        """One decision. Raises :class:`OSError`."""
        line: dict[str, Any] = {"action": decision.action, "name": decision.name, "reason": decision.reason}
        if decision.action in TO_DO:
            for side in ("source", "target"):
                entry: Entry | None = getattr(decision, side)
                line[side] = None if entry is None else entry.to_json()
        if decision.moved is not None:
            line["from"], line["moved"] = decision.moved.name, decision.moved.to_json()
        if decision.error is not None:
            line["error"] = decision.error.to_json()
        self._write(line)
        self._count += 1

    def end(self) -> None:
        """The plan is complete. Raises :class:`OSError`."""
        self._write({"end": True, "decisions": self._count})
        self._file.flush()

    def _write(self, values: Mapping[str, Any]) -> None:
        self._file.write(json.dumps(values) + "\n")


@contextlib.contextmanager
def new_plan(path: Path) -> Generator[IO[str]]:
    """A file that has its name only once it is complete. Raises :class:`JsobjError` (local)."""
    try:
        descriptor, temp = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
        try:
            with os.fdopen(descriptor, "w", encoding="ascii") as file:
                yield file
                file.flush()
                os.fsync(file.fileno())
            os.replace(temp, path)
        except BaseException:
            os.unlink(temp)
            raise
    except OSError as error:
        raise OutputNotWritten(
            f"cannot write the plan {path}",
            context=error.strerror or "",
            hint="choose another file, or free some space",
        ) from error


def read_head(file: IO[str], name: str) -> Head:
    """The first line. Raises :class:`JsobjError` (usage) where it is not one of a plan."""
    values = _line(file, name, 1)
    if values.get("schema") != SCHEMA:
        raise damaged(name, f"it does not begin as a plan does, with the schema {SCHEMA}")
    kinds = {field.name: bool if field.type == "bool" else str for field in fields(Head)}
    known = {key: value for key, value in values.items() if key in kinds}
    if {key: type(value) for key, value in known.items()} != kinds:
        raise damaged(name, "its first line is not that of a plan")
    return Head(**known)


def read_decisions(file: IO[str], name: str, source: Side, target: Side) -> Iterator[Decision]:
    """The decisions, after the head.

    Raises :class:`JsobjError` (usage) for a damaged line, with its number, and where the end is missing.
    """
    number, count = 1, 0
    last: bytes | None = None
    while True:
        number += 1
        values = _line(file, name, number)
        if values.get("end") is True:
            if values.get("decisions") != count:
                raise damaged(name, f"it has {count} decisions, and says that there are {values.get('decisions')}")
            return
        try:
            decision = _decision(values, source, target)
            if decision.action in TO_DO | {REFUSE}:  # what is there now is merged with them
                if last is not None and in_order(decision.name) <= last:
                    raise damaged(name, f"line {number} is not in the order of the names")
                last = in_order(decision.name)
        except (KeyError, ValueError, TypeError, OverflowError, StopIteration) as error:
            raise damaged(name, f"line {number} is not a decision") from error
        count += 1
        yield decision


def _decision(values: Mapping[str, Any], source_side: Side, target_side: Side) -> Decision:
    action, name, reason = values["action"], values["name"], values["reason"]
    if action not in _ACTIONS or not isinstance(name, str) or not isinstance(reason, str):
        raise ValueError("not a decision")
    if action not in TO_DO:
        return Decision(action, name, reason, error=_error(values["error"]) if action == REFUSE else None)
    source, target, moved = values["source"], values["target"], None
    places = source_side.place(name), target_side.place(name)
    if (target if action == DELETE else source) is None:
        raise ValueError("one side is missing")
    if action == RENAME:
        moved = Entry.of_json(values["from"], target_side.place(values["from"]), values["moved"])
    return Decision(
        action,
        name,
        reason,
        None if source is None else Entry.of_json(name, places[0], source),
        None if target is None else Entry.of_json(name, places[1], target),
        moved,
    )


def _error(values: Mapping[str, Any]) -> JsobjError:
    texts = {key: str(values[key]) for key in ("reference", "message", "context", "hint")}
    return error_of(**texts, code=next(code for code in ExitCode if code == values["exit_code"]))


def _line(file: IO[str], name: str, number: int) -> dict[str, Any]:
    try:
        text = file.readline(_LONGEST)
        values = json.loads(text) if text.endswith("\n") else None
    except (ValueError, RecursionError):
        values = None
        text = "?"
    if not text:
        raise damaged(name, f"it ends after line {number - 1}, without the line that ends a plan")
    if not isinstance(values, dict):
        raise damaged(name, f"line {number} is not a line of a plan")
    return values


def damaged(name: str, reason: str) -> JsobjError:
    """The error for a file that is not a whole plan."""
    return JsobjError(
        "plan-damaged",
        f"{name} cannot be applied: {reason}",
        code=ExitCode.USAGE,
        hint="make it again: jsobj sync SRC DEST --plan FILE",
    )
