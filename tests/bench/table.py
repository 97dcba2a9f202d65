"""The results as tables, and the rows that miss their aim. A row whose bytes were not checked is not printed."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timezone

from processes import Spent, median
from results import OURS, Results
from rows import Row, Target


def markdown(results: Results, rows: Iterable[Row], names: Sequence[str]) -> str:
    """Medians of all tools ``names`` in those of ``rows`` that were measured."""
    ours = [name for name in names if name.startswith(f"{OURS}-")]
    columns = [*names, f"{OURS} : best peer, wall, CPU", *(f"{OURS} : {name}" for name in ours), "aim"]
    lines = [_heading("wall s / CPU s / peak MiB, and what was compared of the bytes"), "", *_head(columns)]
    behind, refused = [], []
    for row in rows:
        if row.name not in results.rows:
            continue
        if unproven := results.unproven(row.name):
            refused.append(f"- {row.title}: the bytes of {', '.join(unproven)} were not checked")
            continue
        spent = _medians(results.rows[row.name])
        cells = [_cell(name, row, results, spent) for name in names]
        ratios = [_beside_peers(spent), *(_ratio(spent, spent.get(name)) for name in ours)]
        lines.append(_line([row.title, *cells, *ratios, _asked(row.target)]))
        behind += [f"- {row.title}: {why}" for why in _behind(row, spent)]
    if OURS in results.names():
        lines += ["", "Behind its aim:" if behind else "No row is behind its aim.", *behind]
    return "\n".join([*lines, *(["", "Not printed:", *refused] if refused else [])])


def curve(results: Results, rows: Iterable[Row], names: Sequence[str]) -> str:
    """MB/s and CPU seconds per GB, for each number of requests at once."""
    lines = [_heading("MB/s / CPU s for each GB, by requests at once; the fastest is bold"), "", *_head(names)]
    for row in rows:
        if row.name not in results.rows or results.unproven(row.name):
            continue
        runs = {tool: found for tool, found in results.rows[row.name].items() if found}
        moved = {tool: found[0].moved / 1e9 for tool, found in runs.items()}  # pieces may be of other sizes
        spent = _medians(runs)
        cells = {tool: f"{moved[tool] * 1000 / s.wall:.0f} / {s.cpu / moved[tool]:.2f}" for tool, s in spent.items()}
        fastest = max(spent, key=lambda tool: moved[tool] / spent[tool].wall, default="")
        cells |= {fastest: f"**{cells.get(fastest)}**"}
        lines.append(_line([row.title, *(cells.get(name, "-") for name in names)]))
    return "\n".join(lines)


def binary(size: int) -> str:
    """Bytes in words: ``64 KiB``."""
    for unit, name in ((1 << 30, "GiB"), (1 << 20, "MiB"), (1 << 10, "KiB")):
        if size >= unit:
            return f"{size / unit:.3g} {name}"
    return f"{size} B"


def _head(columns: Sequence[str]) -> list[str]:
    return [_line(["row", *columns]), "|---" * (len(columns) + 1) + "|"]


def _line(cells: Sequence[str]) -> str:
    return f"| {' | '.join(cells)} |"


def _heading(what: str) -> str:
    memory = binary(os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES"))
    machine = f"{os.cpu_count()} cores, {memory} of memory, client and server on one machine"
    python = sys.version.split()[0]
    return f"{datetime.now(timezone.utc):%Y-%m-%d}; {machine}; Python {python}; medians of {what}"


def _medians(runs: Mapping[str, Sequence[Spent]]) -> dict[str, Spent]:
    return {tool: median(found) for tool, found in runs.items() if found}


def _cell(name: str, row: Row, results: Results, spent: Mapping[str, Spent]) -> str:
    if name not in spent:
        return "failed" if name in results.rows[row.name] else "-"
    found = spent[name]
    compared = results.compared.get(name, {}).get(row.compared, "")
    return f"{found.wall:.2f} / {found.cpu:.2f} / {found.rss / (1 << 20):.0f}" + f", {compared}" * bool(compared)


def _peers(spent: Mapping[str, Spent]) -> dict[str, Spent]:
    return {name: found for name, found in spent.items() if not name.startswith(OURS)}


def _beside_peers(spent: Mapping[str, Spent]) -> str:
    """Beside the least wall time and the least CPU time among the peers: not always of the same one."""
    peers = _peers(spent)
    if not peers or OURS not in spent:
        return "-"
    wall, cpu = (min(peers, key=lambda name, of=of: getattr(peers[name], of)) for of in ("wall", "cpu"))  # type: ignore[misc]
    ours = spent[OURS]
    return f"{ours.wall / peers[wall].wall:.2f} ({wall}), {ours.cpu / peers[cpu].cpu:.2f} ({cpu})"


def _ratio(spent: Mapping[str, Spent], other: Spent | None) -> str:
    ours = spent.get(OURS)
    return f"{ours.wall / other.wall:.2f}, {ours.cpu / other.cpu:.2f}" if ours and other else "-"


def _asked(target: Target) -> str:
    ratios = ", ".join(f"{ratio:.1f}" if ratio else "-" for ratio in (target.wall, target.cpu))
    words = [
        ratios if target.wall or target.cpu else "",
        f"{target.seconds:.1f} s" if target.seconds else "",
        f"{target.memory >> 20} MiB" if target.memory else "",
    ]
    return "; ".join(word for word in words if word)


def _behind(row: Row, spent: Mapping[str, Spent]) -> list[str]:
    """What this row misses, in words."""
    ours, peers, target = spent.get(OURS), _peers(spent).values(), row.target
    if ours is None:
        return ["failed or not measured"]
    wrong = []
    for name, limit, value, least in (
        ("wall", target.wall, ours.wall, min((peer.wall for peer in peers), default=0.0)),
        ("CPU", target.cpu, ours.cpu, min((peer.cpu for peer in peers), default=0.0)),
    ):
        if limit and least and value > limit * least:
            wrong.append(f"{name} {value / least:.2f} x the best peer's, {limit:.1f} asked")
    if target.seconds and ours.wall > target.seconds:
        wrong.append(f"{ours.wall:.2f} s, {target.seconds:.1f} s asked")
    if target.memory and ours.rss > target.memory:
        wrong.append(f"{ours.rss >> 20} MiB, {target.memory >> 20} asked")
    return wrong
