"""What the performers of uploads and downloads share: a store, the counting of bytes, and the two ways to end early."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Generic, TypeVar

from jsobj.errors import ExitCode, JsobjError
from jsobj.store.objects import Store
from jsobj.transfer.engine.rate_limit import Meter
from jsobj.transfer.engine.work import Performer

Unit = TypeVar("Unit")


class StorePerformer(Performer[Unit], Generic[Unit]):
    """Performs units with one store. Shared by threads."""

    def __init__(self, store: Store, moved: Meter) -> None:
        super().__init__()
        self._store = store
        self._moved = moved

    def __call__(self, unit: Unit) -> Any:
        """Perform one unit, when a limit of the rate lets it begin."""
        under_way = self._moved.under_way
        if under_way is None:
            return super().__call__(unit)
        with under_way.turn(self.size(unit)):
            if self.winding_down:
                raise JsobjError("stopped", "nothing more is begun", code=ExitCode.INTERRUPTED)
            return super().__call__(unit)

    @property
    def quickest(self) -> float:
        """Seconds that the server's quickest answer took to begin so far."""
        return self._store.session.quickest

    def moved_by(self, thread: int) -> int:
        """The bytes that a thread has moved so far."""
        return self._moved.by(thread)

    def cut(self, threads: Iterable[int]) -> None:
        """Abort what some threads have under way; nothing is retried."""
        self._store.cut(threads)

    def stop(self) -> None:
        """Abort everything that is under way, from another thread."""
        self._store.stop()
        self._moved.stop()
