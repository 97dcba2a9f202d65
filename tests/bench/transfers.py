"""jsobj beside its peers: whole processes in turn against the same server, their bytes checked, a table.

    python tests/bench/transfers.py --quick
    python tests/bench/transfers.py --rows file-up-http,file-down-http --rounds 3
    python tests/bench/transfers.py --curve --rounds 1 --results curve.json

Without --endpoint it starts a Ceph RGW of its own. With one, the secret key comes in BENCH_SECRET.
"""

from __future__ import annotations

import argparse
import contextlib
import os
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))  # the servers that tests and benches share

import storage
from compared import Comparing
from results import OURS, Results
from rows import CURVE, ROWS, groups
from running import Bench, Sizes
from servers import Place, Places, gateway
from session import measure, parser, rounds, say, scratch
from table import curve, markdown
from tools import NAMES, Tool, at_once, missing, tools

SLOW = "aws"  # a second to start, and never the best
AT_ONCE = (0, 1, 2, 4, 8, 16, 32, 64)
SMALLER = Sizes(large=128 << 20, tree=300, many=1000, listed=20_000)
_TRIED = 64 << 20  # bytes, to see what is compared: parts for all but rclone, which sends up to 200 MiB in one
_TRIED_QUICKLY = 24 << 20  # and but s5cmd, whose parts are of 50 MiB


def main() -> None:
    options = _parsed()
    sizes = _sizes(options)
    programs = options.programs.absolute()
    known = tools(programs, options.jsobj, options.beside)
    asked = options.tools or [name for name in NAMES if not (options.quick and name == SLOW)]
    chosen = [tool for name, tool in known.items() if name in asked or name not in NAMES]
    rows = [row.titled(sizes.words()) for row in (CURVE if options.curve else ROWS).values()]
    if options.curve:
        chosen = [at_once(known[OURS], number) for number in options.at_once]
    found = Results.load(options.results)
    if rounds(options):
        present = list(_present(chosen, programs))
        with scratch(options) as (folder, stack):
            place = stack.enter_context(_place(options, folder))
            bench = Bench(folder, Places(folder / "front", place, sizes.listed, stack), programs, sizes)
            stack.callback(bench.close)
            if options.endpoint:
                stack.callback(bench.witness.at_server, storage.remove_bucket)
            wanted = [row for row in rows if row.name in options.rows]
            tried = min(_TRIED_QUICKLY if options.quick else _TRIED, sizes.large)
            if not options.curve:
                comparing = Comparing(folder / "compared", place, bench.witness, tried, stack)
                for tool in present:
                    kinds = dict.fromkeys(row.compared for row in wanted)
                    say(f"what {tool.name} compares")
                    found.compared.setdefault(tool.name, {}).update(comparing.look(tool, kinds, programs))
            measure(found, groups(wanted), present, options, bench.run)
    if options.curve:
        columns = [at_once(known[OURS], number).name for number in AT_ONCE]
        print(curve(found, rows, [name for name in columns if name in found.names()]))
        return
    names = [name for name in known if name in found.names()]
    print(markdown(found, rows, names))
    print("", "What their documentation says of that:", *(f"- {n}: {known[n].says}" for n in names), sep="\n")


@contextlib.contextmanager
def _place(options: argparse.Namespace, folder: Path) -> Iterator[Place]:
    if options.endpoint:
        yield Place(options.endpoint.rstrip("/"), options.access, os.environ["BENCH_SECRET"], options.region)
        return
    with gateway(folder / "ceph") as place:
        yield place


def _present(chosen: Sequence[Tool], programs: Path) -> Iterator[Tool]:
    for tool in chosen:
        if lack := missing(tool, programs):
            say(f"{tool.name} is left out: {lack} is not here")
        else:
            yield tool


def _sizes(options: argparse.Namespace) -> Sizes:
    usual = SMALLER if options.quick else Sizes()
    large = options.large << 20 if options.large else usual.large
    return Sizes(large, options.tree or usual.tree, options.many or usual.many, options.listed or usual.listed)


def _parsed() -> argparse.Namespace:
    made = parser(__doc__, [*ROWS, *CURVE], NAMES, "smaller files and fewer, without aws")
    here = Path(sys.executable).parent
    made.add_argument("--curve", action="store_true", help="jsobj alone, by requests at once and distance; other rows")
    made.add_argument("--at-once", type=_numbers, default=AT_ONCE, metavar="N,N", help="for --curve; 0: the default")
    made.add_argument("--programs", type=Path, default=here, help="folder of s5cmd, aws and the peers' python")
    made.add_argument("--jsobj", default=f"{sys.executable} -m jsobj", help="words that start it, or a working tree")
    made.add_argument("--beside", type=Path, action="append", default=[], help="a working tree, as one more tool")
    made.add_argument("--endpoint", default="", help="S3 over plain http, instead of an RGW of the bench's own")
    made.add_argument("--access", default="", help="access key for --endpoint; the secret comes in BENCH_SECRET")
    made.add_argument("--region", default="us-east-1")
    made.add_argument("--large", type=int, metavar="MIB", help="size of the large file")
    made.add_argument("--tree", type=int, metavar="N", help="files of 64 KiB in the tree")
    made.add_argument("--many", type=int, metavar="N", help="files of 200 B in the other tree")
    made.add_argument("--listed", type=int, metavar="N", help="keys of the long listing")
    return made.parse_args()


def _numbers(text: str) -> list[int]:
    return [int(number) for number in text.split(",")]


if __name__ == "__main__":
    main()
