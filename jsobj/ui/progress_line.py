"""Progress for logs and CI: one line at an interval."""

from __future__ import annotations

from jsobj.transfer.events import Event, ItemStarted
from jsobj.ui.output import Output
from jsobj.ui.progress_look import Look, sentence


class Lines:
    """A :class:`jsobj.ui.progress.Display`."""

    first = 2.0
    every = 10.0

    def __init__(self, out: Output) -> None:
        self._out = out

    def draw(self, look: Look, active: tuple[ItemStarted, ...], trouble: str) -> None:
        """One line; with the reason where something had to be tried again since the last one."""
        self._out.note(sentence(look) + (f"; trying again: {trouble}" if trouble else ""))

    def tell(self, event: Event) -> None:
        """Nothing: what has to be said at once is said by the caller."""

    def close(self) -> None:
        """Nothing is left on the screen."""
