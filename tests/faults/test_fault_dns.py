"""Names that cannot be found, are found late, or lead to places that cannot be reached (F26, F27)."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from commands import Jsobj
from dns_world import AAAA, A
from tls_front import make_certificates

WORLD = Path(__file__).with_name("dns_world.py")
ENDPOINT = "https://localhost.example:8443"


def in_world(how: str, folder: Path) -> Any:
    """``jsobj ls`` of public data, where names are answered like that."""
    make_certificates(folder, "localhost.example")
    jsobj = Jsobj(folder / "home", ())
    command = jsobj.command("ls", "s3://bucket/", "--no-sign-request", "--endpoint", ENDPOINT, "--json")
    done = subprocess.run(
        ["unshare", "-rmn", sys.executable, str(WORLD), how, str(folder), *command],
        env=jsobj.environment({"AWS_CA_BUNDLE": str(folder / "authority.pem")}),
        cwd=jsobj.folder,
        capture_output=True,
        text=True,
        timeout=110,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


@pytest.mark.parametrize("how", ["nxdomain", "servfail", "silent"])
def test_F26_P31_a_name_that_is_not_found_is_told_soon(tmp_path: Path, how: str) -> None:
    """Asked for once (by each resolver's rules: both kinds of address, and what it appends), not for minutes."""
    found = in_world(how, tmp_path)
    assert found["code"] == 7, found
    error = json.loads(found["err"].splitlines()[-1])
    assert "localhost.example" in error["message"]
    assert error["hint"]
    assert 1 <= len(found["asked"]) <= 12
    assert found["seconds"] < 15


def test_F27_P31_an_address_without_a_route_is_told_soon(tmp_path: Path) -> None:
    found = in_world("no-route", tmp_path)
    assert found["code"] == 7, found
    error = json.loads(found["err"].splitlines()[-1])
    assert "localhost.example" in error["message"]
    assert "unreachable" in error["context"]
    assert found["seconds"] < 15


def test_F26_a_dead_ipv6_address_beside_a_living_one_does_no_harm(tmp_path: Path) -> None:
    found = in_world("dead-aaaa", tmp_path)
    assert found["code"] == 0, found
    assert "there" in found["out"]
    assert {A, AAAA} <= set(found["asked"])


def test_F26_an_address_that_changes_is_asked_for_again(tmp_path: Path) -> None:
    found = in_world("moves", tmp_path)
    assert found["code"] == 0, found
    assert "there" in found["out"]
    assert found["asked"].count(A) >= 2
