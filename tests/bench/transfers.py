"""jsobj beside its peers: whole processes in turn against the same server, their bytes checked, a table.

    python tests/bench/transfers.py --rows file-up-http,file-down-http --rounds 3

Without --endpoint it starts a Ceph RGW of its own. With one, the secret key comes in BENCH_SECRET.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import signal
import sys
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))  # the servers that tests and benches share

from rounds import measured, say
from rows import ROWS
from running import Bench, Sizes
from servers import Place, gateway, ways
from table import Results, markdown
from tools import Tool, missing, tools


def main() -> None:
    options = _parsed()
    for number in (signal.SIGINT, signal.SIGTERM):  # also where a shell started it with SIGINT ignored
        signal.signal(number, lambda ended, _: sys.exit(128 + ended))
    programs = options.programs.absolute()
    chosen = _chosen(tools(programs, options.jsobj), options.tools, programs)
    results: Results = json.loads(options.results.read_text()) if options.results and options.results.exists() else {}
    sizes = Sizes(large=options.large << 20, tree=options.tree, many=options.many, listed=options.listed)
    if options.rounds:
        _measure(options, programs, chosen, sizes, results)
    names = [name for name in tools(programs, options.jsobj) if any(name in found for found in results.values())]
    print(markdown(results, [row.titled(sizes.words()) for row in ROWS.values()], names))


def _measure(
    options: argparse.Namespace, programs: Path, chosen: Sequence[Tool], sizes: Sizes, results: Results
) -> None:
    """All rows asked for, into ``results`` (and its file after each row)."""
    with (
        tempfile.TemporaryDirectory(prefix="jsobj-bench-", dir=options.folder) as name,
        contextlib.ExitStack() as stack,
    ):
        folder = Path(name)
        place = stack.enter_context(_place(options, folder))
        (folder / "front").mkdir()
        places = stack.enter_context(ways(folder / "front", place, sizes.listed))
        bench = Bench(folder, places, programs, sizes)
        stack.callback(bench.close)
        for row in options.rows:
            results.setdefault(row, {}).update(measured(ROWS[row], chosen, options.rounds, bench.run))
            if options.results:
                options.results.write_text(json.dumps(results, indent=1))


@contextlib.contextmanager
def _place(options: argparse.Namespace, folder: Path) -> Iterator[Place]:
    if options.endpoint:
        yield Place(options.endpoint.rstrip("/"), options.access, os.environ["BENCH_SECRET"], options.region)
        return
    (folder / "ceph").mkdir()
    with gateway(folder / "ceph") as place:
        yield place


def _chosen(known: dict[str, Tool], names: str, programs: Path) -> list[Tool]:
    chosen = []
    for name in names.split(",") if names else known:
        if name not in known:
            raise SystemExit(f"no tool {name}; there are {', '.join(known)}")
        if lack := missing(known[name], programs):
            say(f"{name} is left out: {lack} is not here")
            continue
        chosen.append(known[name])
    return chosen


def _rows(text: str) -> list[str]:
    names = text.split(",") if text else list(ROWS)
    if unknown := [name for name in names if name not in ROWS]:
        raise argparse.ArgumentTypeError(f"no row {unknown[0]}; there are {', '.join(ROWS)}")
    return names


def _parsed() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    here = Path(sys.executable).parent
    parser.add_argument("--rows", type=_rows, default=list(ROWS), help=f"of {','.join(ROWS)}; default: all")
    parser.add_argument("--tools", default="", help="names by commas; default: all that are here")
    parser.add_argument("--rounds", type=int, default=5, help="runs of each; 0: only the table of --results")
    parser.add_argument("--programs", type=Path, default=here, help="folder of s5cmd, aws and the peers' python")
    parser.add_argument("--jsobj", default=f"{sys.executable} -m jsobj", help="the words that start jsobj")
    parser.add_argument("--folder", type=Path, help="where files are made; default: the system's temporary folder")
    parser.add_argument("--results", type=Path, help="JSON file that keeps all runs; rows measured anew replace theirs")
    parser.add_argument("--endpoint", default="", help="S3 over plain http, instead of an RGW of the bench's own")
    parser.add_argument("--access", default="", help="access key for --endpoint; the secret comes in BENCH_SECRET")
    parser.add_argument("--region", default="us-east-1")
    parser.add_argument("--large", type=int, default=1024, metavar="MIB", help="size of the large file")
    parser.add_argument("--tree", type=int, default=2000, metavar="N", help="files of 64 KiB in the tree")
    parser.add_argument("--many", type=int, default=20_000, metavar="N", help="files of 1 KiB in the finished upload")
    parser.add_argument("--listed", type=int, default=1_000_000, metavar="N", help="keys of the long listing")
    return parser.parse_args()


if __name__ == "__main__":
    main()
