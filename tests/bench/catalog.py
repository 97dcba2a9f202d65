"""A catalogue of a million rows in a hundred parts: how soon it answers, beside libraries that read the same parts.

    python tests/bench/catalog.py                        # about half an hour
    python tests/bench/catalog.py --items 100000 --rounds 1 --servers rgw

On a Ceph RGW and on a Swift of its own, near and with 25 ms more each way. jsobj asks by Swift's own API without a key
there; DuckDB (with its extension httpfs), polars and pyarrow read the parts by S3. Each run is a process that asks one
kind of question some times; the first answer is that of a computer which has never seen the catalogue.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import statistics
import subprocess
import sys
import tempfile
from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))  # the servers that tests and benches share

import storage
from catalog_work import QUESTIONS, TOOLS, make, question
from fixtures_cloud import Cloud
from latency import far_away
from processes import FailedRun, Spent, median, spend
from servers import Place, Places, gateway
from session import among, say, scratch
from tools import REPOSITORY, environment

from jsobj.sandbox import lifecycle

_WORK = str(Path(__file__).with_name("catalog_work.py"))
BUCKET = "catalogues"
FIRST, LATER = 1.0, 0.25  # seconds that are asked
COMMAND = "jsobj catalog query"
_AGAIN = 6  # answers of one process


@dataclass(frozen=True)
class Ground:
    """A server with a way to it. ``url``: for jsobj, by ``ours``; ``theirs`` is the environment of the peers."""

    server: str
    way: str
    url: str
    ours: Mapping[str, str]
    theirs: Mapping[str, str]


@dataclass(frozen=True)
class Asked:
    """One process: seconds of its first answer and of the median of the others, CPU of these, its peak in bytes."""

    first: float
    later: float
    cpu: float
    rss: int


class Bench:
    """Asks; all answers are right, or it ends."""

    def __init__(self, folder: Path, peers: str, rows: int) -> None:
        self._folder = folder
        self._peers = peers
        self._rows = rows

    def ask(self, ground: Ground, tool: str, kind: str) -> Asked:
        """``tool`` in a process of its own."""
        ours = tool == "jsobj"
        url = ground.url if ours else f"s3://{BUCKET}/parts/"
        words = [sys.executable if ours else self._peers, _WORK, tool, url, kind, str(_AGAIN), str(self._rows)]
        with self._fresh(ground.ours if ours else ground.theirs) as env, tempfile.NamedTemporaryFile("r") as said:
            spent = spend(words, env=env, stdout=Path(said.name))
            (first, _), *later = json.loads(said.read())
        walls, cpus = zip(*later, strict=True)
        return Asked(first, statistics.median(walls), statistics.median(cpus), spent.rss)

    def command(self, ground: Ground, kind: str) -> Asked:
        """The command line, as whole processes."""
        spent = []
        with self._fresh(ground.ours) as env, tempfile.NamedTemporaryFile("r") as said:
            for number in range(_AGAIN):
                where, expected = question(kind, number, self._rows)
                more = ["--select", "count(*) AS n"] if kind == "scan" else []
                words = [sys.executable, "-m", "jsobj", "catalog", "query", ground.url, where, *more, "--json"]
                spent.append(spend(words, env=env, stdout=Path(said.name)))
                said.seek(0)
                rows = json.loads(said.read())["items"]
                found = rows[0]["n"] if kind == "scan" else len(rows)
                if found != expected:
                    raise FailedRun(f"{found} rows of {expected} where {where}")
        later = median(spent[1:])
        return Asked(spent[0].wall, later.wall, later.cpu, max(s.rss for s in spent))

    @contextlib.contextmanager
    def _fresh(self, env: Mapping[str, str]) -> Iterator[dict[str, str]]:
        """With no cache from before."""
        with tempfile.TemporaryDirectory(dir=self._folder) as cache:
            yield {**env, "XDG_CACHE_HOME": cache, "PYTHONPATH": str(REPOSITORY)}


# -- the servers


def on_rgw(folder: Path, stack: contextlib.ExitStack) -> list[Ground]:
    """S3 with a key, for all."""
    place = stack.enter_context(gateway(folder / "ceph"))
    storage.make_bucket(place, BUCKET)
    places = Places(folder / "ways", place, 0, stack)
    grounds = []
    for way, added in (("near", "http"), ("+25 ms", "http+25")):
        env = environment(places.by(added), _home(folder, f"rgw-{added}"), Path(sys.executable).parent)
        grounds.append(Ground("Ceph RGW", way, f"s3://{BUCKET}/parts/", env, env))
    return grounds


def on_swift(folder: Path, stack: contextlib.ExitStack) -> list[Ground]:
    """jsobj with an application credential by Swift's API, the peers with a key by its S3."""
    cloud = Cloud(lifecycle.start(folder / "sandbox"))
    stack.callback(lifecycle.reset, folder / "sandbox")
    pair, host = cloud.mint_ec2_key("alice"), cloud.s3_endpoint.partition("://")[2]
    storage.make_bucket(Place(cloud.s3_endpoint, *pair, region=cloud.region), BUCKET)
    far = stack.enter_context(far_away(host))
    stack.enter_context(cloud.published("far", f"http://{far}/v1/AUTH_%(project_id)s"))
    grounds = []
    for way, region, endpoint in (("near", cloud.region, cloud.s3_endpoint), ("+25 ms", "far", f"http://{far}")):
        home = _home(folder, f"swift-{region}")
        ours = {"HOME": str(home), "PATH": os.defpath, "PYTHONPATH": str(REPOSITORY), "LANG": "C.UTF-8"}
        words = [sys.executable, "-m", "jsobj", "login", str(cloud.rc("app-cred-restricted")), "--region", region]
        subprocess.run(words, env=ours, check=True, capture_output=True)
        place = Place(endpoint, *pair, region=cloud.region)
        theirs = environment(place, _home(folder, f"keys-{region}"), Path(sys.executable).parent)
        grounds.append(Ground("Swift", way, f"swift://{BUCKET}/parts/", ours, theirs))
    return grounds


SERVERS = {"rgw": on_rgw, "swift": on_swift}


def _home(folder: Path, name: str) -> Path:
    home = folder / f"home-{name}"
    home.mkdir()
    return home


# -- what is measured


def loads(ground: Ground, tables: list[Path], whole: Path) -> tuple[list[Spent], Spent]:
    """Each table by a command, then all rows at once into another catalogue."""
    each = [_load(ground, table, ground.url) for table in tables]
    return each, _load(ground, whole, ground.url.replace("/parts/", "/whole/"))


def _load(ground: Ground, table: Path, url: str) -> Spent:
    words = ["catalog", "load", str(table), url, "--delimiter", "|", "--key", "experiment_id", "--row", "item_id"]
    return spend([sys.executable, "-m", "jsobj", *words], env={**ground.ours, "PYTHONPATH": str(REPOSITORY)})


def measured(bench: Bench, ground: Ground, tools: list[str], rounds: int) -> dict[tuple[str, str], list[Asked]]:
    """By kind of question and tool, in turn."""
    found: dict[tuple[str, str], list[Asked]] = defaultdict(list)
    for kind in QUESTIONS:
        for number in range(rounds):
            turn = number % len(tools)
            for tool in (*tools[turn:], *tools[:turn]):
                asked = bench.command(ground, kind) if tool == COMMAND else bench.ask(ground, tool, kind)
                found[kind, tool].append(asked)
                say(f"{ground.server}, {ground.way}, {kind}, {tool}: {asked.first:.2f} then {asked.later:.3f} s")
    return found


def table(ground: Ground, found: Mapping[tuple[str, str], list[Asked]], tools: list[str]) -> list[str]:
    """Lines of the table, and what misses its aim."""
    lines = []
    for kind in QUESTIONS:
        cells = []
        for tool in tools:
            runs = found[kind, tool]
            first, later, cpu = (statistics.median(getattr(run, n) for run in runs) for n in ("first", "later", "cpu"))
            cells.append(f"{first:.2f} / {later:.2f} / {cpu:.2f} / {max(run.rss for run in runs) >> 20}")
        lines.append(f"| {ground.server}, {ground.way}: {kind} | {' | '.join(cells)} |")
    return lines


def misses(ground: Ground, found: Mapping[tuple[str, str], list[Asked]]) -> list[str]:
    """Where jsobj in Python takes longer than is asked."""
    wrong = []
    for kind in QUESTIONS:
        for name, limit in (("first", FIRST), ("later", LATER)):
            value = statistics.median(getattr(run, name) for run in found[kind, "jsobj"])
            if value > limit:
                wrong.append(f"- {ground.server}, {ground.way}: {kind}, {name}: {value:.2f} s, {limit} asked")
    return wrong


def main() -> None:
    """Print the tables."""
    words = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    words.add_argument("--items", type=int, default=1_000_000, help="rows")
    words.add_argument("--parts", type=int, default=100)
    words.add_argument("--rounds", type=int, default=3)
    words.add_argument("--servers", type=among(list(SERVERS)), default=list(SERVERS))
    words.add_argument("--tools", type=among([*TOOLS, COMMAND]), default=["jsobj", COMMAND, *list(TOOLS)[1:]])
    words.add_argument("--peers", default=sys.executable, help="the Python that has the peers")
    words.add_argument("--folder", type=Path, help="where files are made")
    options = words.parse_args()
    lines, loaded, behind = [], [], []
    with scratch(options) as (folder, stack):
        (folder / "tables").mkdir()
        tables = make(folder / "tables", options.items, options.parts)
        whole = make(_home(folder, "whole"), options.items, 1)[0]
        bench = Bench(folder, options.peers, options.items)
        for name in options.servers:
            (folder / name).mkdir()
            grounds = SERVERS[name](folder / name, stack)
            each, once = loads(grounds[0], tables, whole)
            middle = median(each)
            loaded.append(
                f"| {grounds[0].server} | {middle.wall:.2f} / {middle.cpu:.2f} / {max(s.rss for s in each) >> 20} |"
                f" {once.wall:.1f} / {once.cpu:.1f} / {once.rss >> 20} |"
            )
            say(loaded[-1])
            for ground in grounds:
                found = measured(bench, ground, options.tools, options.rounds)
                lines += table(ground, found, options.tools)
                behind += misses(ground, found) if "jsobj" in options.tools else []
    print(f"{options.items} rows in {options.parts} parts; first answer s / later one s / its CPU s / peak MiB\n")
    print(f"| | {' | '.join(options.tools)} |\n{'|---' * (len(options.tools) + 1)}|")
    print("\n".join(lines))
    piece = f"{options.items // options.parts} rows, of {options.parts}"
    print(f"\n| load, wall s / CPU s / peak MiB | {piece} | all at once |")
    print("|---|---|---|\n" + "\n".join(loaded))
    print("\n" + "\n".join(["Behind their aims:", *behind] if behind else ["No answer of jsobj is behind its aim."]))


if __name__ == "__main__":
    main()
