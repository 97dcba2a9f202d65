"""Deleting from the target what the source does not have, after everything else has succeeded.

Only what the plan names is deleted, and only if neither side has changed there since. Metadata of a Zarr go first: what
is left of it then is not taken for a whole one.
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterator
from contextlib import closing
from dataclasses import dataclass

from jsobj.errors import JsobjError
from jsobj.parallel_map import parallel_map
from jsobj.transfer.delete import ToDelete, delete_all
from jsobj.transfer.download.target_folder import TargetFolder
from jsobj.transfer.events import Done, Event, Failed, Listener, Tally
from jsobj.transfer.outcomes import ends_run
from jsobj.transfer.sync.backup import Keeper, kept
from jsobj.transfer.sync.checked import as_planned, not_as_planned
from jsobj.transfer.sync.decision import DELETE, Decision
from jsobj.transfer.sync.opened_plan import OpenedPlan
from jsobj.transfer.sync.sides import BucketSide, FolderSide, Side
from jsobj.transfer.zarr.order import is_metadata

_KEEPING = 8  # entries that are kept at once


@dataclass(frozen=True, slots=True, kw_only=True)
class Removal:
    """Deletes for one run. ``folder``: of a target that is one; ``keeper``: keeps what is deleted, if it is to be."""

    plan: OpenedPlan
    source: Side
    target: Side
    tally: Tally
    emit: Listener
    stop: Callable[[], None]
    folder: TargetFolder | None = None
    keeper: Keeper | None = None

    def __call__(self) -> list[JsobjError]:
        """Delete; the failures. Raises :class:`JsobjError` for a cause that ends the run."""
        failures: list[JsobjError] = []
        for metadata in (True, False):
            with closing(self._ready(failures, metadata=metadata)) as ready:
                self._delete(ready, failures)
            if failures and metadata:
                break  # the rest of such a Zarr would look whole, with fill values
        return failures

    def _ready(self, failures: list[JsobjError], *, metadata: bool) -> Generator[Decision]:
        """What may be deleted: still as planned, and kept where it is to be."""
        named = (each for each in self.plan.decisions(DELETE) if is_metadata(each.name) is metadata)

        def look(decision: Decision) -> tuple[Decision, JsobjError | None]:
            if decision.action != DELETE or self.keeper is None or decision.target is None:
                return decision, decision.error
            return decision, kept(self.keeper, decision.target)

        looked = parallel_map(
            look, as_planned(named, self.source, self.target, lambda *_: False), _KEEPING, stop=self.stop
        )
        with closing(looked):
            for decision, error in looked:
                if error is None:
                    if decision.action == DELETE:  # else it is gone already
                        yield decision
                elif ends_run(error):
                    raise error
                else:
                    failures.append(error)
                    self.tally.item_failed()
                    self.emit(Failed(self.target.shown(decision.name), error))

    def _delete(self, ready: Iterator[Decision], failures: list[JsobjError]) -> None:
        if isinstance(self.target, BucketSide):
            store = self.target.store
            objects = (ToDelete(store, each.target.object.key, each.size) for each in ready if each.target is not None)
            failures += delete_all(objects, tally=Tally(), emit=self._told, stop=self.stop)
            return
        assert isinstance(self.target, FolderSide)
        assert self.folder is not None
        for decision in ready:
            file = decision.target.file if decision.target is not None else None
            try:
                if file is None or not self.folder.remove(file):
                    raise not_as_planned(self.target.shown(decision.name), "it was written to a moment ago")
                self._told(Done(file.path, "", 0, ""))
            except JsobjError as error:
                failures.append(error)
                self._told(Failed(self.target.shown(decision.name), error))

    def _told(self, event: Event) -> None:
        if isinstance(event, Done):
            self.tally.item_deleted()
        elif isinstance(event, Failed):
            self.tally.item_failed()
        self.emit(event)
