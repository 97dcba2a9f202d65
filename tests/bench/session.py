"""What the benches share: their options, and tools that take turns."""

from __future__ import annotations

import argparse
import contextlib
import signal
import sys
import tempfile
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path

from processes import FailedRun, Spent
from results import Results, Runs
from rows import Row
from tools import Tool

Run = Callable[[Sequence[Row], Tool, int], Iterator[tuple[str, Spent]]]
QUICK = 3  # rounds


def parser(doc: str | None, rows: Sequence[str], tools: Sequence[str], quick: str) -> argparse.ArgumentParser:
    """The options that all have. ``quick``: what that option makes smaller."""
    made = argparse.ArgumentParser(description=doc, formatter_class=argparse.RawDescriptionHelpFormatter)
    made.add_argument("--quick", action="store_true", help=f"{QUICK} rounds, {quick}: a few minutes")
    made.add_argument("--rows", type=among(rows), default=list(rows), help=f"by commas, of {','.join(rows)}")
    made.add_argument("--tools", type=among(tools), help=f"by commas, of {','.join(tools)}; default: all that are here")
    made.add_argument("--rounds", type=int, help="runs of each; default: 5; 0: only the table of --results")
    made.add_argument("--folder", type=Path, help="where files are made; default: the system's temporary folder")
    made.add_argument("--results", type=Path, help="JSON file that keeps all runs; rows measured anew replace theirs")
    return made


def rounds(options: argparse.Namespace) -> int:
    """How many were asked for."""
    return options.rounds if options.rounds is not None else QUICK if options.quick else 5


def among(known: Sequence[str]) -> Callable[[str], list[str]]:
    """A parser of names by commas."""

    def parse(text: str) -> list[str]:
        names = text.split(",")
        if unknown := [name for name in names if name not in known]:
            raise argparse.ArgumentTypeError(f"no {unknown[0]}; there are {', '.join(known)}")
        return names

    return parse


@contextlib.contextmanager
def scratch(options: argparse.Namespace) -> Iterator[tuple[Path, contextlib.ExitStack]]:
    """A folder, and what is open; both are gone afterwards, also where the bench is ended by a signal."""
    for number in (signal.SIGINT, signal.SIGTERM):  # also where a shell started it with SIGINT ignored
        signal.signal(number, lambda ended, _: sys.exit(128 + ended))
    with (
        tempfile.TemporaryDirectory(prefix="jsobj-bench-", dir=options.folder) as name,
        contextlib.ExitStack() as stack,
    ):
        yield Path(name), stack


def measure(
    found: Results, groups: Iterable[Sequence[Row]], tools: Sequence[Tool], options: argparse.Namespace, run: Run
) -> None:
    """All rows into ``found``, and its file after each."""
    for group in groups:
        for name, runs in measured(group, tools, rounds(options), run).items():
            found.add(name, runs)
        found.save(options.results)


def measured(group: Sequence[Row], tools: Sequence[Tool], rounds: int, run: Run) -> dict[str, Runs]:
    """All tools in turn, each round beginning with another one. A tool that fails is left out from then on."""
    found: dict[str, Runs] = {row.name: {t.name: [] for t in tools if row.verb in t.verbs} for row in group}
    able = [tool for tool in tools if any(tool.name in runs for runs in found.values())]
    for number in range(rounds):
        turn = number % max(1, len(able))
        for tool in (*able[turn:], *able[:turn]):
            try:
                for name, spent in run([row for row in group if row.verb in tool.verbs], tool, number):
                    found[name][tool.name].append(spent)
                    say(f"{name} {tool.name}: {spent.wall:.2f} s, CPU {spent.cpu:.2f} s, {spent.rss >> 20} MiB")
            except FailedRun as error:
                say(f"{group[0].name}: {error}")
                able = [other for other in able if other is not tool]
                for runs in found.values():
                    if len(runs.get(tool.name, ())) <= number:
                        runs[tool.name] = []
    return found


def say(text: str) -> None:
    """To the person who waits."""
    print(text, file=sys.stderr, flush=True)
