"""jsobj's fsspec filesystem over swift:// (an application credential, no S3 key) beside s3fs (a key), on one Ceph RGW.

    python tests/bench/filesystem.py --rounds 5

It starts a Keystone and a Ceph RGW of its own. Each run is a whole process that reads with zarr or pandas, and ends
with the sum of what it read, which has to be right.
"""

from __future__ import annotations

import contextlib
import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))  # the servers that tests and benches share

import ceph_cluster
from filesystem_work import COUNT, CSV, SIZE, SMALL
from fixtures_cloud import Cloud
from fixtures_rgw import GLOBAL, Rgw
from processes import FailedRun, Spent, spend
from results import Results
from rows import Row, Target
from servers import MEMORY, Place
from session import measure, parser, rounds, scratch
from table import binary, markdown
from tools import REPOSITORY, Tool, environment

from jsobj.sandbox import lifecycle

_WORK = str(Path(__file__).with_name("filesystem_work.py"))
_LEVEL = Target(wall=1.0)
BUCKET = "bench"
ROWS = (
    Row("zarr-open", "Zarr opened, nothing read", "open", SMALL),
    Row("zarr-read", f"Zarr of {COUNT} x {binary(SIZE)} opened and read", "read", SMALL, target=_LEVEL),
    Row("csv-read", f"pandas.read_csv of {binary(CSV)}", "csv", "t.csv", target=_LEVEL),
    Row("stream", f"{binary(CSV)} read through a file in pieces of 256 KiB", "stream", "t.csv", target=_LEVEL),
)


def main() -> None:
    options = parser(__doc__, [row.name for row in ROWS], ("jsobj", "s3fs"), "the same data").parse_args()
    chosen = [tool for tool in _tools() if tool.name in (options.tools or tool.name)]
    found = Results.load(options.results)
    if rounds(options):
        with scratch(options) as (folder, stack):
            homes, place, expected = _servers(folder, stack)

            def run(rows: Sequence[Row], tool: Tool, number: int) -> Iterator[tuple[str, Spent]]:
                env = {**environment(place, homes[tool.name], Path(sys.executable).parent), **tool.env}
                if tool.name == "jsobj":  # what it reads with is the login alone
                    env = {name: value for name, value in env.items() if not name.startswith("AWS_")}
                for row in rows:
                    with tempfile.NamedTemporaryFile("r") as said:
                        spent = spend(tool.verbs[row.verb]("", BUCKET, row.stuff), env=env, stdout=Path(said.name))
                        if said.read() != expected[row.verb]:
                            raise FailedRun(f"{tool.name}: what it read is not what was written")
                    yield row.name, replace(spent, checked="the sum of what was read")

            measure(found, ([row] for row in ROWS if row.name in options.rows), chosen, options, run)
    print(markdown(found, ROWS, [tool.name for tool in chosen if tool.name in found.names()]))


def _tools() -> list[Tool]:
    def tool(name: str, env: dict[str, str]) -> Tool:
        verbs = ("open", "read", "csv", "stream")
        return Tool(
            name, {verb: lambda _, bucket, key, verb=verb: _words(name, verb, bucket, key) for verb in verbs}, env=env
        )

    return [tool("jsobj", {"PYTHONPATH": str(REPOSITORY)}), tool("s3fs", {})]


def _words(name: str, verb: str, bucket: str, key: str) -> list[str]:
    return [sys.executable, _WORK, name, verb, bucket, key]


def _servers(folder: Path, stack: contextlib.ExitStack) -> tuple[dict[str, Path], Place, dict[str, str]]:
    """A HOME for each (jsobj's has a login and no key), the way in for s3fs, and what each verb has to print."""
    ceph_cluster.MEMORY = MEMORY
    cloud = Cloud(lifecycle.start(folder / "sandbox"))
    stack.callback(lifecycle.reset, folder / "sandbox")
    (folder / "rgw").mkdir()
    gateway = stack.enter_context(Rgw(cloud, folder / "rgw", stack).published(GLOBAL))
    homes = {name: folder / f"home-{name}" for name in ("jsobj", "s3fs")}
    for home in homes.values():
        home.mkdir()
    access, secret = cloud.mint_ec2_key("alice")
    place = Place(gateway.endpoint, access, secret)
    env = {**environment(place, homes["s3fs"], Path(sys.executable).parent), "PYTHONPATH": str(REPOSITORY)}
    login = {"HOME": str(homes["jsobj"]), "PATH": os.defpath, "PYTHONPATH": str(REPOSITORY)}
    words = ["-m", "jsobj", "login", str(cloud.rc("app-cred-restricted")), "--region", GLOBAL, "--json"]
    answer = json.loads(_python(words, login))
    print(f"login of jsobj: {answer['application_credential']}", file=sys.stderr)
    made = json.loads(_python([_WORK, "s3fs", "make", BUCKET, ""], env))
    return homes, place, {verb: f"{number}\n" for verb, number in made.items()}


def _python(words: list[str], env: dict[str, str]) -> str:
    return subprocess.run([sys.executable, *words], env=env, stdout=subprocess.PIPE, text=True, check=True).stdout


if __name__ == "__main__":
    main()
