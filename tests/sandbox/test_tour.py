"""What shows the sandbox to people: the demo from beginning to end, and what the sandbox's shell says first."""

from __future__ import annotations

import json
import shlex
import subprocess
import sys
from pathlib import Path

import pytest
from fixtures_cloud import Cloud

ROADS = {
    "swift": ["login", "bucket", "upload", "verify", "ls", "fsspec.open", "doctor"],
    "s3": ["ec2-creds", "ls", "download", "boto3", "s3fs", "doctor"],
}


def run(home: Path, *words: str, **more: str) -> subprocess.CompletedProcess[str]:
    home.mkdir(exist_ok=True)
    environ = {"HOME": str(home), "PATH": f"{Path(sys.executable).parent}:/usr/bin:/bin", "SHELL": "/bin/sh"}
    command = [sys.executable, "-m", "jsobj", *words]
    return subprocess.run(command, env=environ, capture_output=True, text=True, timeout=280, check=False, **more)


def test_the_demo_goes_both_roads_and_leaves_nothing(tmp_path: Path) -> None:
    home = tmp_path / "home"
    done = run(home, "demo", "--json")
    assert done.returncode == 0, done.stderr
    steps = json.loads(done.stdout)["steps"]
    for road, words in ROADS.items():
        typed = [step["command"] for step in steps if step["road"] == road]
        assert len(typed) == len(words)
        assert [word for word, command in zip(words, typed, strict=True) if word not in command] == []
    assert [step["command"] for step in steps if step["road"] == "swift" and "s3://" in step["command"]] == []
    assert [line for line in done.stderr.splitlines() if len(line) > 80] == []
    assert list(home.iterdir()) == []


@pytest.mark.parametrize("at_home", [False, True], ids=["--dir", "at-home"])
def test_the_shell_names_the_login_to_begin_with(cloud: Cloud, tmp_path: Path, at_home: bool) -> None:
    home = tmp_path / "home"
    where = ("--dir", str(cloud.folder))
    if at_home:
        link = home / ".local/state/jsobj"
        link.mkdir(parents=True)
        (link / "sandbox").symlink_to(cloud.folder)
        where = ()
    said = run(home, "sandbox", "shell", *where, input="exit").stderr
    first, second = (line for line in said.splitlines() if "jsobj login" in line)
    words = shlex.split(first.partition("(")[0])
    assert words == ["Next:", "jsobj", "login", "../app-cred-restricted-openrc.sh"]
    assert "--password-stdin < ../password" in second
    # Typed in that shell, it logs in.
    done = run(home, "sandbox", "shell", *where, input=f"HOME={home}; {shlex.join(words[1:])} --as tour >&2")
    assert "Stored as cloud 'tour'" in done.stderr
    assert "Next: jsobj bucket create results --unique" in done.stderr
