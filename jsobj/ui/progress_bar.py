"""Progress on a terminal: one bar for the whole transfer, with the names of large items below.

Rich is imported by the drawing thread, so that a short transfer does not pay for it.
"""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING

from jsobj.transfer.events import ItemStarted
from jsobj.ui.output import Output
from jsobj.ui.progress_look import Display, Look, human_seconds, troubles
from jsobj.ui.text import safe
from jsobj.units import human_bytes

if TYPE_CHECKING:
    from rich.console import Console, RenderableType
    from rich.live import Live

NAMED = 4  # large items that are named at once
_TROUBLE_SECONDS = 3.0  # for which the reason of a retry stays


class Bar(Display):
    """A bar that is drawn over."""

    first = 0.4
    every = 0.125

    def __init__(self, out: Output) -> None:
        self._out = out
        self._live: Live | None = None
        self._stack = contextlib.ExitStack()
        self._trouble = ""
        self._since = 0  # drawings since then

    def draw(self, look: Look, active: tuple[ItemStarted, ...], trouble: str) -> None:
        """Draw over the last drawing."""
        live = self._live or self._open()
        if trouble:
            self._trouble, self._since = trouble, 0
        self._since += 1
        if self._since * self.every > _TROUBLE_SECONDS:
            self._trouble = ""
        live.update(_picture(look, active, self._trouble, live.console.width), refresh=True)

    def close(self) -> None:
        """Remove the bar; the summary replaces it."""
        self._stack.close()

    def _open(self) -> Live:
        from rich.console import Console
        from rich.live import Live

        console = Console(file=self._out.stderr, highlight=False, no_color=not self._out.colour_err)
        live = Live(console=console, auto_refresh=False, transient=True, redirect_stdout=False, redirect_stderr=False)
        self._stack.enter_context(live)
        self._stack.enter_context(self._out.diverted(lambda text: _say_above(console, text)))
        self._live = live
        return live


def _say_above(console: Console, text: str) -> None:
    # Not Console.print: it would wrap, and take brackets in names for markup.
    console.out(text, end="", highlight=False)


def _picture(look: Look, active: tuple[ItemStarted, ...], trouble: str, width: int) -> RenderableType:
    from rich.console import Group
    from rich.progress_bar import ProgressBar
    from rich.table import Table
    from rich.text import Text

    total, completed = (look.found_size, look.size) if look.found_size else (look.found_items, look.items)
    row = Table.grid(padding=(0, 1), expand=False)
    bar_width = max(10, min(40, width - 78))
    known = look.planned and total > 0
    bar = ProgressBar(total=total if known else None, completed=completed, width=bar_width, pulse=not known)
    row.add_row(bar, Text(_numbers(look), no_wrap=True, overflow="ellipsis"))
    lines: list[RenderableType] = [row]
    for item in active[:NAMED]:
        size = f"  {human_bytes(item.size)}" if item.size is not None else ""
        lines.append(Text(f"  {_shortened(safe(item.item), width - 4 - len(size))}{size}", style="dim", no_wrap=True))
    if len(active) > NAMED:
        lines.append(Text(f"  and {len(active) - NAMED} more large files", style="dim"))
    if trouble:
        lines.append(Text(f"  trying again: {safe(trouble)}", style="yellow", no_wrap=True, overflow="ellipsis"))
    return Group(*lines)


def _numbers(look: Look) -> str:
    more = "" if look.planned else "+"
    parts = []
    if look.planned and look.found_size:
        parts.append(f"{100 * look.size // look.found_size:>3}%")
    if look.found_size:
        parts += [f"{human_bytes(look.size)}/{human_bytes(look.found_size)}{more}", f"{human_bytes(int(look.rate))}/s"]
    if look.left is not None and look.found_size:
        parts.append(f"{human_seconds(look.left)} left")
    if look.found_items != 1:
        parts.append(f"{look.items}/{look.found_items}{more}")
    return "  ".join([*parts, *troubles(look)])


def _shortened(name: str, width: int) -> str:
    """The end of a long path."""
    return name if len(name) <= width else f"...{name[-max(1, width - 3) :]}"
