"""Progress of a transfer, as the user wants it: ``auto``, ``bar``, ``line``, ``json`` or ``none``.

``auto`` is a bar where stderr is a terminal and a line every ten seconds where it is not (logs, CI); ``--quiet`` is
``none``. ``json`` writes one JSON document per line and event to stdout (``jsobj.event/1``), or to stderr where stdout
carries the data itself. Failures are said in every mode, the first ones in a line each. What is said during a transfer
never ends it: where nobody reads any longer, nothing more is said.
"""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Callable, Iterator
from typing import Protocol

from jsobj.transfer.events import (
    Done,
    Event,
    Failed,
    ItemStarted,
    Noted,
    Retried,
    Skipped,
    Started,
    Summary,
    Tally,
)
from jsobj.ui.output import Output
from jsobj.ui.progress_look import Look, Pace
from jsobj.ui.progress_summary import summary_record, summary_sentence

MODES = ("auto", "bar", "line", "json", "none")
SAID = 20  # failures, and notes, that are said in a line each; the others are counted
KEPT = 100  # failures that the document of the summary names


class Display(Protocol):
    """One way of showing how far it is. ``first`` and ``every``: seconds to the first drawing and between two."""

    first: float
    every: float

    def draw(self, look: Look, active: tuple[ItemStarted, ...], trouble: str) -> None:
        """Show how it stands. ``active``: large items under way; ``trouble``: why something is tried again, or ""."""
        ...

    def tell(self, event: Event) -> None:
        """Something happened."""
        ...

    def close(self) -> None:
        """Leave the screen tidy."""
        ...


class Progress:
    """A :data:`jsobj.transfer.events.Listener` that shows and counts. Made by :func:`open_progress`."""

    def __init__(self, out: Output, tally: Tally, display: Display | None) -> None:
        self._out = out
        self._pace = Pace(tally)
        self._display = display
        self._thread: threading.Thread | None = None
        self._over = threading.Event()
        self._active: dict[str, ItemStarted] = {}
        self._trouble = ""
        self._noted = 0
        self._silent = False
        self.failures: list[Failed] = []
        self.failed = 0
        self.summary: Summary | None = None

    def __call__(self, event: Event) -> None:
        """Hear of an event; called from one thread at a time."""
        # Not with the first event: worker processes are forked after it, which wants a process without threads.
        if self._thread is None and self._display is not None and not isinstance(event, Started | Summary):
            self._thread = threading.Thread(target=self._draw_again_and_again, name="progress", daemon=True)
            self._thread.start()
        self._remember(event)
        if self._display is not None:
            self._attempt(self._display.tell, event)
        self._attempt(self._say, event)

    def close(self, *, finished: bool) -> None:
        """Stop drawing; say the end, also of what was ``finished`` only by Ctrl-C or an error."""
        self._over.set()
        if self._thread is not None:
            self._thread.join()
        if self._display is not None:
            self._attempt(self._display.close)
        self._attempt(self._say_end, finished)

    def show_result(self) -> None:
        """With ``--json``, the document ``jsobj.transfer/1``; without, nothing: the sentence was said already."""
        if self.summary is not None and self._out.as_json:
            self._out.show(summary_record(self.summary, self.failures))

    def _say_end(self, finished: bool) -> None:
        if self.failed > SAID:
            self._out.warn(f"{self.failed - SAID} more failed")
        if self._noted > SAID:
            self._out.note(f"{self._noted - SAID} more notes were left out")
        if self.summary is not None and (finished or self.summary.interrupted):
            self._out.note(summary_sentence(self.summary))

    # -- what happened

    def _remember(self, event: Event) -> None:
        if isinstance(event, ItemStarted):
            self._active[event.item] = event
        elif isinstance(event, Done | Skipped):
            self._active.pop(event.item, None)
        elif isinstance(event, Failed):
            self._active.pop(event.item, None)
            self.failed += 1
            if len(self.failures) < KEPT:
                self.failures.append(event)
        elif isinstance(event, Retried):
            self._trouble = event.reason
        elif isinstance(event, Summary):
            self.summary = event

    def _say(self, event: Event) -> None:
        if isinstance(event, Failed):
            if self.failed <= SAID:
                # What to do is told once for each kind of trouble, and not behind each of its files.
                told = sum(each.error.reference == event.error.reference for each in self.failures) > 1
                self._out.failed(event.item, event.error, hint=not told)
        elif isinstance(event, Noted):
            self._noted += 1
            if self._noted <= SAID:
                (self._out.warn if event.warning else self._out.note)(event.text)
        elif self._out.verbose:
            self._say_more(event)

    def _say_more(self, event: Event) -> None:
        if isinstance(event, Skipped):
            self._out.detail(f"skipped {event.item}: {event.reason}")
        elif isinstance(event, Done):
            self._out.detail(f"done {event.item} ({f'verified: {event.verified}' if event.verified else 'size only'})")
        elif isinstance(event, Retried):
            self._out.detail(f"again in {event.wait:.1f} s: {event.item}: {event.reason}")

    # -- drawing

    def _draw_again_and_again(self) -> None:
        display = self._display
        assert display is not None
        wait = display.first
        while not self._over.wait(wait):
            trouble, self._trouble = self._trouble, ""
            self._attempt(display.draw, self._pace.look(), tuple(self._active.copy().values()), trouble)
            wait = display.every

    def _attempt(self, show: Callable[..., None], *args: object) -> None:
        if self._silent:
            return
        try:
            show(*args)
        except (OSError, ValueError):  # the terminal went away, or the log's reader: the transfer goes on
            self._silent = True


@contextlib.contextmanager
def open_progress(out: Output, mode: str, tally: Tally, *, data_on_stdout: bool = False) -> Iterator[Progress]:
    """Show a transfer that is run inside; the value is its listener. ``data_on_stdout``: events go to stderr then."""
    chosen = mode
    if mode == "auto":
        chosen = "none" if out.quiet else "bar" if out.can_draw else "line"
    progress = Progress(out, tally, _display(out, chosen, data_on_stdout))
    finished = False
    try:
        yield progress
        finished = True
    finally:
        progress.close(finished=finished)


def _display(out: Output, mode: str, data_on_stdout: bool) -> Display | None:
    if mode == "bar":
        from jsobj.ui.progress_bar import Bar

        return Bar(out)
    if mode == "line":
        from jsobj.ui.progress_line import Lines

        return Lines(out)
    if mode == "json":
        from jsobj.ui.progress_events import Events

        return Events(out.stderr if data_on_stdout else out.stdout)
    return None
