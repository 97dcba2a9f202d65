"""Tools taking turns in one row."""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence

from processes import FailedRun, Spent
from rows import Row
from tools import Tool


def measured(
    row: Row, chosen: Sequence[Tool], rounds: int, run: Callable[[Row, Tool, int], Spent]
) -> dict[str, list[list[float]]]:
    """All tools in turn, each round beginning with another one. A tool that fails is left out from then on."""
    runs: dict[str, list[list[float]]] = {tool.name: [] for tool in chosen if row.verb in tool.verbs}
    failed: set[str] = set()
    for number in range(rounds):
        turn = number % len(chosen)
        for tool in (*chosen[turn:], *chosen[:turn]):
            if tool.name not in runs or tool.name in failed:
                continue
            try:
                spent = run(row, tool, number)
            except FailedRun as error:
                say(f"{row.name}: {error}")
                failed.add(tool.name)
                runs[tool.name] = []
                continue
            runs[tool.name].append([spent.wall, spent.cpu, spent.rss])
            say(f"{row.name} {tool.name}: {spent.wall:.2f} s, CPU {spent.cpu:.2f} s, {spent.rss >> 20} MiB")
    return runs


def say(text: str) -> None:
    """To the person who waits."""
    print(text, file=sys.stderr, flush=True)
