"""Progress of a transfer, as the user chose: ``auto``, ``bar``, ``line``, ``json`` or ``none``.

``auto`` is a bar where stderr is a terminal and a line every ten seconds where it is not (logs, CI); ``--quiet`` is
``none``. ``json`` writes one JSON document per line and event to stdout (``jsobj.event/1``), or to stderr where stdout
has the data itself. Every mode reports failures, the first ones on a line each. A failing write of progress never ends
a transfer: it only ends the progress.
"""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Callable, Iterator

from jsobj.transfer.events import (
    Done,
    Event,
    Failed,
    ItemStarted,
    LeftOut,
    Noted,
    Retried,
    Skipped,
    Started,
    Summary,
    Tally,
)
from jsobj.transfer.outcomes import ends_run
from jsobj.ui.output import Output
from jsobj.ui.progress_look import Display, Look, Pace, sentence
from jsobj.ui.progress_summary import summary_record, summary_sentence

SAID = 20  # failures, and notes, that are shown; the others are counted
KEPT = 100  # failures in the summary's document


class LogLines(Display):
    """For logs and CI: one line at an interval."""

    first = 5.0  # what is over by then shows its summary alone, and counts nothing ahead
    every = 10.0

    def __init__(self, out: Output) -> None:
        self._out = out

    def draw(self, look: Look, active: tuple[ItemStarted, ...], trouble: str) -> None:
        """One line, with the reason of the last retry."""
        self._out.note(sentence(look) + (f"; trying again: {trouble}" if trouble else ""))


class Progress:
    """A :data:`jsobj.transfer.events.Listener` that shows and counts. Made by :func:`open_progress`."""

    def __init__(self, out: Output, tally: Tally, display: Display | None) -> None:
        self._out = out
        self._pace = Pace(tally)
        tally.first_look = display.first if display is not None else None
        self._display = display
        self._thread: threading.Thread | None = None
        self._over = threading.Event()
        self._active: dict[str, ItemStarted] = {}
        self._trouble = ""
        self._noted = 0
        self._silent = False
        self._complete = False  # the run came to its end, whatever became of its items
        self.failures: list[Failed] = []
        self.failed = 0
        self.summary: Summary | None = None

    def __call__(self, event: Event) -> None:
        """Handle an event; called from one thread at a time."""
        # Not on the first event: worker processes are forked after it, from a process without threads.
        if self._thread is None and self._display is not None and not isinstance(event, Started | Summary):
            self._thread = threading.Thread(target=self._draw_regularly, name="progress", daemon=True)
            self._thread.start()
        self._remember(event)
        if self._display is not None:
            self._attempt(self._display.handle, event)
        self._attempt(self._say, event)

    def close(self, *, finished: bool) -> None:
        """Stop drawing and show the summary; ``finished`` is False after Ctrl-C or an error."""
        self._over.set()
        if self._thread is not None:
            self._thread.join()
        if self._display is not None:
            self._attempt(self._display.close)
        self._attempt(self._say_end, finished)

    def show_result(self) -> None:
        """With ``--json``, the document ``jsobj.transfer/1``."""
        self._complete = True
        if self.summary is not None and self._out.as_json:
            self._out.show(summary_record(self.summary, self.failures))

    def _say_end(self, finished: bool) -> None:
        if self.failed > SAID:
            self._out.warn(f"{self.failed - SAID} more failed")
        if self._noted > SAID:
            self._out.note(f"{self._noted - SAID} more notes were left out")
        # Where an error ends the run, it says all there is to say, unless something had arrived before.
        summary = self.summary
        if summary is not None and (finished or self._complete or summary.interrupted or summary.done):
            self._out.note(summary_sentence(summary))

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
            if self.failed <= SAID and not ends_run(event.error):  # which is raised, and said at the end
                # The hint once for each kind of error, and not for each file.
                repeated = sum(each.error.reference == event.error.reference for each in self.failures) > 1
                self._out.failed(event.item, event.error, hint=not repeated)
        elif isinstance(event, Noted):
            self._noted += 1
            if self._noted <= SAID:
                (self._out.warn if event.warning else self._out.note)(event.text)
        elif isinstance(event, Skipped):
            self._out.detail(f"skipped {event.item}: {event.reason}")
        elif isinstance(event, LeftOut):
            self._out.detail(f"left out {event.item}: {event.reason}")
        elif isinstance(event, Done):
            self._out.detail(f"done {event.item} ({f'verified: {event.verified}' if event.verified else 'size only'})")
        elif isinstance(event, Retried):
            self._out.detail(f"again in {event.wait:.1f} s: {event.item}: {event.reason}")

    # -- drawing

    def _draw_regularly(self) -> None:
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
        except (OSError, ValueError):  # the terminal or the log's reader is gone: the transfer continues
            self._silent = True


@contextlib.contextmanager
def open_progress(out: Output, mode: str, tally: Tally, *, data_on_stdout: bool = False) -> Iterator[Progress]:
    """Show the transfer in the body; the value is its listener. ``data_on_stdout``: events go to stderr."""
    if mode == "auto":
        mode = "none" if out.quiet else "bar" if out.can_draw else "line"
    progress = Progress(out, tally, _display(out, mode, data_on_stdout))
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
        return LogLines(out)
    if mode == "json":
        from jsobj.ui.progress_events import JsonLines

        return JsonLines(out.stderr if data_on_stdout else out.stdout)
    return None
