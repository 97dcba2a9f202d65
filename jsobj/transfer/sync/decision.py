"""What is to be done with one name, and why."""

from __future__ import annotations

from dataclasses import dataclass

from jsobj.errors import JsobjError
from jsobj.transfer.sync.comparison import By
from jsobj.transfer.sync.entry import Entry

COPY, RENAME, DELETE = "copy", "rename", "delete"
SKIP, LEAVE_OUT, REFUSE = "skip", "leave-out", "refuse"
TO_DO = frozenset({COPY, RENAME, DELETE})


@dataclass(frozen=True, slots=True)
class Decision:
    """``action``: one of the words above. ``source`` and ``target``: what the plan saw on either side, if anything.

    ``origin``: of a rename, the name under which the target has the bytes, as ``moved``; ``error``: why it is refused;
    ``by``: what decided that it is skipped; ``kind``: of what is left out, as of ``LeftOut``.
    """

    action: str
    name: str
    reason: str
    source: Entry | None = None
    target: Entry | None = None
    moved: Entry | None = None
    error: JsobjError | None = None
    by: By | None = None
    kind: str = "other"

    @property
    def size(self) -> int:
        """Bytes that are moved or deleted."""
        entry = self.target if self.action == DELETE else self.source
        return entry.size if entry is not None else 0
