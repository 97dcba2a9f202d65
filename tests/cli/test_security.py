"""What jsobj keeps to itself: seen by strace, by another user of the machine, and in what is left when it crashes."""

from __future__ import annotations

import json
import os
import re
import signal
import stat
import subprocess
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from commands import Jsobj, Keys, shows
from fixtures_cloud import Cloud

NOBODY = 65534


def traced(jsobj: Jsobj, calls: str, *argv: str | Path, stdin: Path | None = None, code: int = 0) -> list[str]:
    """The lines that strace writes about a command and all its children, with every argument in full."""
    log = jsobj.home / "strace"
    words = ["strace", "-f", "-v", "-s", "100000", "-qq", "-e", f"trace={calls}", "-o", str(log)]
    with (stdin or Path(os.devnull)).open("rb") as source:
        done = subprocess.run(
            [*words, *jsobj.command(*argv)],
            env=jsobj.environment(),
            cwd=jsobj.folder,
            stdin=source,
            capture_output=True,
            timeout=100,
            check=False,
        )
    assert done.returncode == code, done.stderr.decode()
    lines = log.read_text().splitlines()
    log.unlink()
    return lines


def test_s01_the_search_for_secrets_finds_each_form_of_one() -> None:
    secret = "Canary/of+a mine's"
    planted = ("Canary/of+a mine's", "Q2FuYXJ5L29mK2EgbWluZSdz", "Canary%2Fof%2Ba%20mine%27s", "43616e6172792f6f66")
    for form in (*planted, "nary/of+a mi", '{"a": "Canary/of+a mine\'s"}'):
        assert shows(f"before {form} after", [secret]), form
    assert not shows("Canary of a mine's", [secret])
    assert not shows("nary/of+a m", [secret])


def test_s02_no_secret_is_on_a_command_line_or_in_an_environment(jsobj: Jsobj, cloud: Cloud, keys: Keys) -> None:
    """Of jsobj and of what it starts: the proof with boto3 is a process of its own."""
    words = ("login", cloud.rc("openrc-password"), "--password-stdin")
    lines = traced(jsobj, "execve", *words, stdin=cloud.rc("password"))
    lines += traced(jsobj, "execve", "ec2-creds")
    secrets = cloud.secrets | {jsobj.profile("demo")["aws_secret_access_key"]}
    assert len(lines) > 2
    assert not [line for line in lines if shows(line, secrets)]
    assert len(keys.new) == 1


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("evil-openrc.sh", 'export OS_AUTH_URL="$(touch canary)"\nexport OS_USERNAME=`touch canary`\n'),
        ("evil-openrc.sh", "export OS_AUTH_URL=http://127.0.0.1:1/v3;touch canary\n"),
        ("clouds.yaml", "clouds: {a: !!python/object/apply:os.system [touch canary]}\n"),
    ],
    ids=["substitution", "command", "yaml"],
)
def test_s06_what_is_read_is_never_executed(jsobj: Jsobj, name: str, text: str) -> None:
    (jsobj.folder / name).write_text(text)
    lines = traced(jsobj, "execve,fork,vfork,clone3,clone", "login", name, "--no-input", code=9)
    assert [line for line in lines if "execve(" in line][1:] == []
    assert not (jsobj.folder / "canary").exists()


def test_s18_a_crash_leaves_no_core_file(jsobj: Jsobj, cloud: Cloud) -> None:
    words = jsobj.command("login", cloud.rc("openrc-password"), "--password-stdin")
    unlimited = ["prlimit", "--core=unlimited", *words]
    with subprocess.Popen(
        unlimited,
        env=jsobj.environment(),
        cwd=jsobj.folder,
        stdin=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    ) as process:
        assert process.stdin is not None
        process.stdin.write(cloud.rc("password").read_bytes()[:5])
        process.stdin.flush()
        state, end = Path(f"/proc/{process.pid}"), time.monotonic() + 60
        # Where the tests themselves may leave no core, prlimit begins with 0 as well: its time does not count.
        while b"prlimit" in (state / "cmdline").read_bytes() or not re.search(
            r"core file size +0 ", (state / "limits").read_text()
        ):
            assert time.monotonic() < end, (state / "limits").read_text()
            time.sleep(0.02)
        os.kill(process.pid, signal.SIGSEGV)
    assert process.returncode == -signal.SIGSEGV
    assert list(jsobj.folder.iterdir()) == []


@pytest.fixture
def open_home(cloud: Cloud) -> Iterator[Jsobj]:
    """A HOME that everybody may enter, with a umask that forbids nothing."""
    with tempfile.TemporaryDirectory() as name:
        Path(name).chmod(0o755)
        before = os.umask(0)
        try:
            yield Jsobj(Path(name) / "home", cloud.secrets)
        finally:
            os.umask(before)


def test_s05_s19_another_user_of_the_machine_reads_and_changes_nothing(
    open_home: Jsobj, cloud: Cloud, keys: Keys
) -> None:
    open_home("login", cloud.rc("openrc-password"), "--password-stdin", stdin=cloud.rc("password"))
    open_home("ec2-creds")
    files = [path for path in open_home.home.rglob("*") if path.is_file()]
    assert {"secure.yaml", "clouds.yaml", "credentials", "config", "ledger.json"} <= {path.name for path in files}
    for path in files:
        assert stat.S_IMODE(path.stat().st_mode) & 0o077 == 0, path
    if os.geteuid() == 0:  # otherwise the modes are all that can be looked at
        other = ["setpriv", f"--reuid={NOBODY}", f"--regid={NOBODY}", "--clear-groups"]
        for path in files:
            for command in (["cat", str(path)], ["truncate", "-s", "0", str(path)], ["rm", "-f", str(path)]):
                assert subprocess.run([*other, *command], capture_output=True, check=False).returncode != 0, command
        assert all(path.exists() for path in files)
    assert len(keys.new) == 1


def test_s22_the_keyring_of_the_environment_is_not_touched(member: Jsobj) -> None:
    program = (
        "import sys; from jsobj.cli.main import run; code = run(['whoami']); print('keyring' in sys.modules, code)"
    )
    done = subprocess.run(
        [member.command()[0], "-c", program],
        env=member.environment({"PYTHON_KEYRING_BACKEND": "no.such.backend"}),
        cwd=member.folder,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.stdout.splitlines()[-1] == "False 0", done.stderr


def test_s23_s25_only_the_cloud_is_connected_to(keyed: Jsobj, cloud: Cloud, name: str) -> None:
    """No telemetry, no look for updates, no metadata service of a virtual machine; ``credential_process`` stays."""
    keyed.config.write_text(f"{keyed.config.read_text()}credential_process = touch {keyed.home / 'canary'}\n")
    (keyed.folder / "data").write_bytes(b"x" * 1000)
    commands: tuple[tuple[str, ...], ...] = (
        ("whoami",),
        ("bucket", "create", name),
        ("upload", "data", f"s3://{name}/data"),
        ("ls", f"swift://{name}/"),
        ("rm", "--yes", f"s3://{name}/data"),
        ("bucket", "delete", name),
    )
    ports = {urlsplit(url).port for url in (cloud.auth_url, cloud.swift_url, cloud.s3_endpoint)}
    lines = [line for words in commands for line in traced(keyed, "connect,sendto", *words)]
    found = [re.search(r'sin6?_port=htons\((\d+)\).*"([^"]+)"', line) for line in lines if "AF_INET" in line]
    places = {(match[2], int(match[1])) for match in found if match}
    assert len(found) >= len(commands)
    assert None not in found
    assert places <= {("127.0.0.1", port) for port in ports}
    assert not (keyed.home / "canary").exists()


def failing(jsobj: Jsobj, code: int, *argv: str) -> Any:
    error = jsobj(*argv, "--json", code=code).error
    assert (error["schema"], error["exit_code"]) == ("jsobj.error/1", code)
    assert error["message"]
    assert error["hint"], error
    return error


def test_s24_each_error_says_what_where_and_what_next(keyed: Jsobj, name: str) -> None:
    """With the server's id of the request wherever it answered: what an operator asks for."""
    (keyed.folder / "data").write_bytes(b"x")
    requests = re.compile(r"tx[0-9a-f]{21}|req-[0-9a-f-]{36}")
    missing = failing(keyed, 5, "upload", "data", f"s3://{name}/data")
    assert requests.search(missing["context"]), missing
    assert name in missing["message"]
    missing = failing(keyed, 5, "download", f"swift://{name}/data", "back")
    assert requests.search(missing["context"]), missing
    assert "nowhere" in failing(keyed, 9, "upload", "nowhere", f"s3://{name}/data")["message"]
    unreachable = failing(keyed, 7, "ls", f"s3://{name}/", "--endpoint", "http://127.0.0.1:9")
    assert "127.0.0.1:9" in json.dumps(unreachable)
    text = keyed.credentials.read_text()
    secret = keyed.profile("demo")["aws_secret_access_key"]
    keyed.credentials.write_text(text.replace(secret, secret[::-1]))
    wrong = failing(keyed, 4, "ls", f"s3://{name}/")
    assert requests.search(wrong["context"]), wrong
    keyed.credentials.write_text(text)


def test_s24_a_refusal_says_who_may(jsobj: Jsobj, cloud: Cloud, name: str) -> None:
    words = ("login", cloud.rc("openrc-reader"), "--password-stdin")
    jsobj(*words, stdin=cloud.rc("password-reader"))
    refused = failing(jsobj, 6, "bucket", "create", name)
    assert re.search(r"tx[0-9a-f]{21}|req-[0-9a-f-]{36}", refused["context"]), refused
