"""``jsobj --help`` and completion are used many times a day: they load nothing heavy.

If this fails, a module-level import somewhere below ``jsobj.cli`` has grown a heavy library. Import it inside the
function that needs it. (The time itself is measured by ``tests/bench/onboarding.py``; no test depends on a machine's
speed.)
"""

from __future__ import annotations

import json
import subprocess
import sys

import pytest

HEAVY = (
    "boto3", "botocore", "keystoneauth1", "openstack", "swiftclient", "rich", "s3fs", "fsspec", "dask", "requests",
    "urllib3",    "yaml", "keystone", "swift", "jsobj.sandbox", "jsobj.store", "asyncio",
)  # fmt: skip

PROGRAM = """
import json, sys
from jsobj.cli.main import run
code = run(sys.argv[1:])
sys.stderr.write("\\n" + json.dumps({"code": code, "modules": sorted(sys.modules)}))
"""


@pytest.mark.parametrize(
    "words", [["--help"], ["--version"], ["bucket", "--help"], ["ec2-creds", "--help"], ["login", "--help"]]
)
def test_l11_help_loads_nothing_heavy(words: list[str]) -> None:
    ended = subprocess.run([sys.executable, "-c", PROGRAM, *words], capture_output=True, text=True, timeout=60)
    seen = json.loads(ended.stderr.strip().splitlines()[-1])
    assert seen["code"] == 0
    loaded = [name for name in HEAVY if any(m == name or m.startswith(name + ".") for m in seen["modules"])]
    assert loaded == []


def test_the_package_itself_is_light() -> None:
    program = "import sys, jsobj; print(len([m for m in sys.modules if m.startswith('jsobj')]))"
    ended = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=60)
    assert ended.stdout.strip() == "1"
