"""How long onboarding takes, beside what users do today.

ours:   jsobj login RCFILE, jsobj ec2-creds (its proof is the first signed request)
theirs: openstack ec2 credentials create, aws s3 ls (with everything configured already)
"""

from __future__ import annotations

import argparse
import itertools
import os
import sys
import tempfile
from datetime import datetime, timezone
from pathlib import Path

from processes import Spent, in_turn, median, spend

from jsobj.sandbox.lifecycle import reset, start
from jsobj.sandbox.status import SandboxStatus


def environment(home: Path, programs: Path) -> dict[str, str]:
    return {"HOME": str(home), "PATH": f"{programs}:/usr/bin:/bin", "LANG": "C.UTF-8"}


def ours(cloud: SandboxStatus, home: Path, programs: Path) -> Spent:
    home.mkdir()
    env = environment(home, programs)
    rc = str(cloud.files["openrc-password"])
    login = [str(programs / "jsobj"), "login", rc, "--as", "bench", "--password-stdin"]
    return spend(login, env=env, stdin=cloud.files["password"]) + spend([str(programs / "jsobj"), "ec2-creds"], env=env)


def theirs(env: dict[str, str], programs: Path) -> Spent:
    create = [str(programs / "openstack"), "--os-cloud", "bench", "ec2", "credentials", "create"]
    return spend(create, env=env) + spend([str(programs / "aws"), "s3", "ls", "--profile", "bench"], env=env)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--runs", type=int, default=9)
    parser.add_argument(
        "--programs",
        type=Path,
        default=Path(sys.executable).parent,
        help="folder of jsobj, openstack and aws to measure",
    )
    options = parser.parse_args()
    runs, programs = options.runs, options.programs.absolute()
    with tempfile.TemporaryDirectory(prefix="jsobj-bench-") as name:
        folder = Path(name)
        try:
            cloud = start(folder / "cloud")
            homes = (folder / f"home-{number}" for number in itertools.count())
            configured = next(homes)
            ours(cloud, configured, programs)
            env = environment(configured, programs)
            onboarding = in_turn(runs, lambda: ours(cloud, next(homes), programs), lambda: theirs(env, programs))
            helps = in_turn(
                runs,
                lambda: spend([str(programs / "jsobj"), "--help"], env=env),
                lambda: spend([str(programs / "openstack"), "--help"], env=env),
            )
            lists = in_turn(
                runs,
                lambda: spend([str(programs / "jsobj"), "bucket", "list"], env=env),
                lambda: spend([str(programs / "aws"), "s3", "ls", "--profile", "bench"], env=env),
            )
        finally:
            reset(folder / "cloud")
    print(
        f"{datetime.now(timezone.utc):%Y-%m-%d}, {os.cpu_count()} cores, Python {sys.version.split()[0]}, {runs} runs"
    )
    print("| row | jsobj wall / CPU s | theirs wall / CPU s | ratio wall / CPU |")
    print("|---|---|---|---|")
    rows = {
        "login + ec2-creds with proof; openstack ec2 credentials create + aws s3 ls": onboarding,
        "--help; openstack --help": helps,
        "bucket list; aws s3 ls": lists,
    }
    for row, (mine, other) in rows.items():
        a, b = median(mine), median(other)
        print(
            f"| {row} | {a.wall:.2f} / {a.cpu:.2f} | {b.wall:.2f} / {b.cpu:.2f} "
            f"| {a.wall / b.wall:.2f} / {a.cpu / b.cpu:.2f} |"
        )


if __name__ == "__main__":
    main()
