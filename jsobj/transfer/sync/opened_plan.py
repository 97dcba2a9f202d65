"""A plan that lies in a file and is read again for each step of a run."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from contextlib import closing
from dataclasses import dataclass, replace
from typing import IO

from jsobj.store.objects import Store
from jsobj.transfer.sync.decision import REFUSE, RENAME, TO_DO, Decision
from jsobj.transfer.sync.plan import Totals
from jsobj.transfer.sync.plan_file import Head, PlanWriter, read_decisions, read_head
from jsobj.transfer.sync.renames import Orphans, with_renames
from jsobj.transfer.sync.sides import Side

KEPT = (*sorted(TO_DO), REFUSE)


@dataclass(frozen=True, slots=True)
class OpenedPlan:
    """``file`` is open for reading and writing; ``name`` for messages. One step reads it at a time."""

    file: IO[str]
    name: str
    head: Head
    source: Side
    target: Side
    totals: Totals

    @classmethod
    def written(
        cls,
        file: IO[str],
        name: str,
        head: Head,
        source: Side,
        target: Side,
        decisions: Iterable[Decision],
        is_ours: Callable[[Decision], bool] = lambda decision: True,
    ) -> OpenedPlan:
        """A plan with those of ``decisions`` that a run acts on, as far as they are its own; its totals are of all.

        Raises :class:`OSError`, and what making the decisions raises.
        """
        writer, totals = PlanWriter(file, head), Totals()
        for decision in decisions:
            totals.count(decision)
            if decision.action in KEPT and is_ours(decision):
                writer.add(decision)
        writer.end()
        return cls(file, name, head, source, target, totals)

    def renaming(self, file: IO[str], orphans: Orphans, store: Store) -> OpenedPlan:
        """The same plan in another file, with what the target has under other names. Raises :class:`OSError`."""
        writer = PlanWriter(file, self.head)
        with closing(with_renames(self.decisions(*KEPT), orphans, store)) as decisions:
            for decision in decisions:
                if decision.action == RENAME:
                    self.totals.rename(decision)
                writer.add(decision)
        writer.end()
        return replace(self, file=file)

    @classmethod
    def read(cls, file: IO[str], name: str, source: Side, target: Side) -> OpenedPlan:
        """A plan that was written before, read once to its end. Raises :class:`JsobjError` (usage): it is damaged."""
        file.seek(0)
        head, totals = read_head(file, name), Totals()
        for decision in read_decisions(file, name, source, target):
            totals.count(decision)
        return cls(file, name, head, source, target, totals)

    def decisions(self, *actions: str) -> Iterator[Decision]:
        """Those with one of these actions, in order."""
        self.file.seek(0)
        read_head(self.file, self.name)
        for decision in read_decisions(self.file, self.name, self.source, self.target):
            if decision.action in actions:
                yield decision
