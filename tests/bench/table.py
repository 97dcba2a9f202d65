"""The bench's results as a table for the README, and the rows that are not ahead."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timezone

from processes import Spent, median
from rows import Row, Target

Results = dict[str, dict[str, list[list[float]]]]  # row -> tool -> runs of [wall, CPU, bytes]; [] failed
OURS = "jsobj"


def markdown(results: Results, rows: Iterable[Row], names: Sequence[str]) -> str:
    """Medians of all tools ``names`` in those of ``rows`` that were measured."""
    lines = [
        _heading(),
        "",
        f"| row | {' | '.join(names)} | {OURS} : best peer, wall / CPU | asked |",
        "|---|" + "---|" * (len(names) + 2),
    ]
    behind = []
    for row in rows:
        if row.name not in results:
            continue
        spent = _medians(results[row.name])
        cells = [_cell(name, results[row.name], spent) for name in names]
        lines.append(f"| {row.title} | {' | '.join(cells)} | {_ratio(spent)} | {_asked(row.target)} |")
        behind += [f"- {row.title}: {why}" for why in _behind(row, spent)]
    if any(OURS in tools for tools in results.values()):
        lines += ["", "Not ahead:" if behind else "Ahead in every row.", *behind]
    return "\n".join(lines)


def _heading() -> str:
    machine = f"{os.cpu_count()} cores, {binary(_memory())} of memory, client and server on one machine"
    today = f"{datetime.now(timezone.utc):%Y-%m-%d}"
    return f"{today}; {machine}; Python {sys.version.split()[0]}; medians of wall s / CPU s (user + sys) / peak MiB"


def _medians(runs: Mapping[str, Sequence[Sequence[float]]]) -> dict[str, Spent]:
    return {
        tool: median([Spent(wall, cpu, int(rss)) for wall, cpu, rss in found]) for tool, found in runs.items() if found
    }


def binary(size: int) -> str:
    """Bytes in words: ``64 KiB``."""
    for unit, name in ((1 << 30, "GiB"), (1 << 20, "MiB"), (1 << 10, "KiB")):
        if size >= unit:
            return f"{size / unit:.3g} {name}"
    return f"{size} B"


def _memory() -> int:
    return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")


def _cell(name: str, runs: Mapping[str, Sequence[object]], spent: Mapping[str, Spent]) -> str:
    if name not in spent:
        return "failed" if name in runs else "-"
    found = spent[name]
    return f"{found.wall:.2f} / {found.cpu:.2f} / {found.rss / (1 << 20):.0f}"


def _best(spent: Mapping[str, Spent]) -> tuple[float, float] | None:
    """The least wall time and the least CPU time among the peers: not always of the same one."""
    peers = [found for name, found in spent.items() if name != OURS]
    return (min(p.wall for p in peers), min(p.cpu for p in peers)) if peers else None


def _ratio(spent: Mapping[str, Spent]) -> str:
    best = _best(spent)
    if best is None or OURS not in spent:
        return "-"
    return f"{spent[OURS].wall / best[0]:.2f} / {spent[OURS].cpu / best[1]:.2f}"


def _asked(target: Target) -> str:
    ratios = " / ".join(f"{ratio:.1f}" if ratio else "-" for ratio in (target.wall, target.cpu))
    words = [
        ratios if target.wall or target.cpu else "",
        f"{target.seconds:.1f} s" if target.seconds else "",
        f"{target.memory >> 20} MiB" if target.memory else "",
    ]
    return ", ".join(word for word in words if word)


def _behind(row: Row, spent: Mapping[str, Spent]) -> list[str]:
    """What this row misses, in words."""
    ours, best, target = spent.get(OURS), _best(spent), row.target
    if ours is None:
        return ["failed or not measured"]
    wrong = []
    for name, limit, value, least in (
        ("wall", target.wall, ours.wall, best[0] if best else 0.0),
        ("CPU", target.cpu, ours.cpu, best[1] if best else 0.0),
    ):
        if limit and least and value > limit * least:
            wrong.append(f"{name} {value / least:.2f} x the best peer's, {limit:.1f} asked")
    if target.seconds and ours.wall > target.seconds:
        wrong.append(f"{ours.wall:.2f} s, {target.seconds:.1f} s asked")
    if target.memory and ours.rss > target.memory:
        wrong.append(f"{ours.rss >> 20} MiB, {target.memory >> 20} asked")
    return wrong
