"""What was measured: kept as JSON, so that a table can be made in pieces."""

from __future__ import annotations

import dataclasses
import json
from dataclasses import dataclass, field
from pathlib import Path

from processes import Spent

OURS = "jsobj"  # and "jsobj-NAME": other working trees of it, which are no peers
Runs = dict[str, list[Spent]]  # tool -> its runs; [] where it failed


@dataclass
class Results:
    """``rows``: by the row's name; ``compared``: tool -> kind (compared.py) -> "digest", "size" or "nothing"."""

    rows: dict[str, Runs] = field(default_factory=dict)
    compared: dict[str, dict[str, str]] = field(default_factory=dict)

    @classmethod
    def load(cls, file: Path | None) -> Results:
        """What ``file`` has; nothing where there is none."""
        if file is None or not file.exists():
            return cls()
        read = json.loads(file.read_text())
        rows = {
            row: {tool: [Spent(**run) for run in runs] for tool, runs in tools.items()}
            for row, tools in read["rows"].items()
        }
        return cls(rows, read["compared"])

    def save(self, file: Path | None) -> None:
        """Into ``file``, if any."""
        if file is not None:
            file.write_text(json.dumps(dataclasses.asdict(self), indent=1))

    def add(self, row: str, runs: Runs) -> None:
        """Tools measured again replace theirs."""
        self.rows.setdefault(row, {}).update(runs)

    def unproven(self, row: str) -> list[str]:
        """The tools with a run in this row of which nothing says that its result was looked at."""
        return [tool for tool, runs in self.rows[row].items() if not all(run.checked for run in runs)]

    def names(self) -> set[str]:
        """The tools that were measured."""
        return {tool for runs in self.rows.values() for tool in runs}
