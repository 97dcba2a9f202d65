"""What is typed every day waits for no library to be imported: an SDK takes longer than the request it would make.

``tests/house/test_cold_start.py`` holds the same of ``--help``. No test depends on a machine's speed: what is looked at
is which modules a process has loaded.
"""

from __future__ import annotations

import json
import subprocess
import sys

import pytest
from commands import Jsobj
from fixtures_cloud import Cloud

SDKS = (
    "boto3", "botocore", "s3fs", "s3transfer", "keystoneauth1", "openstack", "swiftclient", "requests", "urllib3",
    "aiobotocore", "fsspec", "rich",
)  # fmt: skip

PROGRAM = """
import json, sys
from jsobj.cli.main import run
commands, sdks = json.loads(sys.argv[1])
for words in commands:
    code = run(words.split())
    print("", json.dumps([words, code, [name for name in sdks if name in sys.modules]]), sep="\\n", file=sys.stderr)
"""


def imported(jsobj: Jsobj, *commands: str) -> list[tuple[str, list[str]]]:
    """The SDKs that one process had loaded after each command, all of which worked."""
    ended = subprocess.run(
        [sys.executable, "-c", PROGRAM, json.dumps([commands, SDKS])],
        env=jsobj.environment(),
        cwd=jsobj.folder,
        capture_output=True,
        text=True,
        timeout=120,
    )
    seen = [json.loads(line) for line in ended.stderr.splitlines() if line.startswith("[")]
    assert [(words, code) for words, code, _ in seen] == [(words, 0) for words in commands], ended.stderr
    return [(words, loaded) for words, _, loaded in seen]


def of_buckets(place: str, name: str) -> list[str]:
    bucket = f"{place}{name}"
    return [
        "ls",
        f"bucket create {bucket}",
        f"bucket list {place}".strip(),
        f"bucket show {bucket}",
        f"bucket public {bucket}",
        f"bucket private {bucket}",
        f"bucket versioning {bucket}",
        f"bucket quota {bucket}",
        f"bucket usage {bucket}",
        f"uploads list {bucket}",
        f"bucket delete {bucket} --recursive --yes",
        "whoami",
    ]


@pytest.mark.parametrize("place", ["", "s3://", "swift://"])
def test_with_keys_and_a_password(keyed: Jsobj, name: str, place: str) -> None:
    commands = [*of_buckets(place, name), "ec2-creds list", f"presign s3://{name}/key", "endpoint", "export rclone"]
    assert imported(keyed, *commands) == [(words, []) for words in commands]


@pytest.mark.parametrize("login", ["openrc-password", "app-cred-restricted", "app-cred-unrestricted"])
def test_with_a_login_alone(jsobj: Jsobj, cloud: Cloud, name: str, login: str) -> None:
    word = ("--password-stdin",) if login == "openrc-password" else ()
    jsobj("login", cloud.rc(login), *word, stdin=cloud.rc("password") if word else "")
    commands = of_buckets("swift://", name)
    assert imported(jsobj, *commands) == [(words, []) for words in commands]
