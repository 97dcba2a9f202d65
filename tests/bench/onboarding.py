"""How long onboarding takes, beside what users do today with everything configured already.

    python tests/bench/onboarding.py --rounds 9

jsobj: login RCFILE, ec2-creds (its proof is the first signed request). The others: openstack, aws.
"""

from __future__ import annotations

import itertools
import sys
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))  # the servers that tests and benches share

from processes import Spent, spend
from results import Results
from rows import Row
from session import measure, parser, rounds, scratch
from table import markdown
from tools import Tool

from jsobj.sandbox.lifecycle import reset, start
from jsobj.sandbox.status import SandboxStatus

OURS, THEIRS = "jsobj", "others"
ROWS = (
    Row("onboarding", "login, ec2-creds with proof; openstack ec2 credentials create, aws s3 ls", "login", ""),
    Row("help", "--help; openstack --help", "help", ""),
    Row("whoami", "whoami; openstack token issue", "whoami", ""),
    Row("list", "bucket list; aws s3 ls", "list", ""),
    Row("create", "bucket create; aws s3 mb", "create", ""),
)
_OPENSTACK, _AWS = ["openstack", "--os-cloud", "bench"], ["aws", "s3", "--profile", "bench"]
_WORDS: dict[str, dict[str, Callable[[str], list[list[str]]]]] = {
    OURS: {
        "help": lambda _: [["jsobj", "--help"]],
        "whoami": lambda _: [["jsobj", "whoami"]],
        "list": lambda _: [["jsobj", "bucket", "list"]],
        "create": lambda name: [["jsobj", "bucket", "create", f"s3://{name}"]],
    },
    THEIRS: {
        "login": lambda _: [[*_OPENSTACK, "ec2", "credentials", "create"], [*_AWS, "ls"]],
        "help": lambda _: [["openstack", "--help"]],
        "whoami": lambda _: [[*_OPENSTACK, "token", "issue"]],
        "list": lambda _: [[*_AWS, "ls"]],
        "create": lambda name: [[*_AWS, "mb", f"s3://{name}"]],
    },
}


def login(cloud: SandboxStatus, home: Path, programs: Path) -> Spent:
    """A first login with new keys, in a HOME of its own."""
    home.mkdir()
    env = _environment(home, programs)
    rc = str(cloud.files["openrc-password"])
    words = [str(programs / "jsobj"), "login", rc, "--as", "bench", "--password-stdin"]
    return spend(words, env=env, stdin=cloud.files["password"]) + spend([str(programs / "jsobj"), "ec2-creds"], env=env)


def _environment(home: Path, programs: Path) -> dict[str, str]:
    return {"HOME": str(home), "PATH": f"{programs}:/usr/bin:/bin", "LANG": "C.UTF-8"}


def main() -> None:
    made = parser(__doc__, [row.name for row in ROWS], (OURS, THEIRS), "as many of each")
    made.add_argument("--programs", type=Path, default=Path(sys.executable).parent, help="of jsobj, openstack and aws")
    options = made.parse_args()
    programs = options.programs.absolute()
    tools = [Tool(name, {row.verb: lambda *_: [] for row in ROWS}) for name in options.tools or (OURS, THEIRS)]
    found = Results.load(options.results)
    if rounds(options):
        with scratch(options) as (folder, stack):
            stack.callback(reset, folder / "cloud")
            cloud = start(folder / "cloud")
            numbers = itertools.count()
            configured = folder / "home"
            login(cloud, configured, programs)

            def run(rows: Sequence[Row], tool: Tool, number: int) -> Iterator[tuple[str, Spent]]:
                for row in rows:
                    name = f"new-{next(numbers)}"
                    if tool.name == OURS and row.verb == "login":
                        spent = login(cloud, folder / name, programs)
                    else:
                        spent = Spent(0.0, 0.0)
                        for words in _WORDS[tool.name][row.verb](name):
                            spent += spend(words, env=_environment(configured, programs))
                    yield row.name, replace(spent, checked="its exit code: no content is moved")

            measure(found, ([row] for row in ROWS if row.name in options.rows), tools, options, run)
    print(markdown(found, ROWS, [tool.name for tool in tools if tool.name in found.names()]))


if __name__ == "__main__":
    main()
