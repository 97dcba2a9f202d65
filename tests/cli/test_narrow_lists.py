"""Lists on a terminal of 80 columns: one line for each item; a pipe has all of it."""

from __future__ import annotations

import pexpect
from commands import Jsobj
from fixtures_cloud import Cloud


def shown(jsobj: Jsobj, *words: str) -> list[str]:
    with jsobj.terminal(*words, env={"NO_COLOR": "1"}, columns=80) as terminal:
        terminal.expect(pexpect.EOF)
        lines = [line.rstrip() for line in (terminal.before or "").splitlines()]
    assert [line for line in lines if len(line) > 80] == []
    return lines


def test_logins(keyed: Jsobj, cloud: Cloud) -> None:
    keyed("login", cloud.rc("app-cred-restricted"), "--as", "results-of-the-whole-group")
    lines = shown(keyed, "clouds")
    assert len(lines) == 3
    assert lines[1].startswith("*  demo ")
    assert "results-of-the-whole-group" in keyed("clouds").out


def test_application_credentials(member: Jsobj, name: str) -> None:
    long = f"{name}-for-the-nightly-upload-of-results"
    member("app-cred", "create", long, "--expires", "30d", "--as", "nightly")
    try:
        lines = shown(member, "app-cred", "list", "--cloud", "demo")
        found = member("app-cred", "list", "--cloud", "demo")
        assert len(lines) == len(found.lines) + 1
        (line,) = [line for line in lines if line.startswith(name[:8])]
        assert "(30 days)" in line
        assert long in found.out
    finally:
        member("app-cred", "delete", long, "--yes", "--cloud", "demo")


def test_keys(keyed: Jsobj) -> None:
    found = keyed("ec2-creds", "list")
    access = keyed.profile("demo")["aws_access_key_id"]
    lines = shown(keyed, "ec2-creds", "list")
    (line,) = [line for line in lines if line.startswith(access)]
    assert "demo *" in line
    assert lines[-1] == "*: the project of this login"
    assert len(lines) == len(found.lines) + 2
    assert "demo (this login's)" in found.out
