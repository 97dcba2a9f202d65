"""The manual page and the reference are what the program prints, and ``man`` takes the page."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest
from click.testing import CliRunner
from rigs import need_program

from jsobj.cli.main import make_root

ROOT = Path(__file__).parents[2]
PAGE = ROOT / "completions/jsobj.1"


@pytest.mark.parametrize(
    ("option", "stored"), [("--man", PAGE), ("--markdown", ROOT / "jsobj/REFERENCE.md")], ids=["man", "markdown"]
)
def test_the_manual_is_fresh(option: str, stored: Path) -> None:
    printed = CliRunner().invoke(make_root(), ["help", option], catch_exceptions=False).stdout
    assert printed == stored.read_text(), f"jsobj help {option} > {stored.relative_to(ROOT)}"


def test_man_shows_the_page() -> None:
    mandoc = need_program("mandoc")
    lint = subprocess.run([mandoc, "-T", "lint", "-W", "error", str(PAGE)], capture_output=True, text=True, timeout=30)
    assert (lint.returncode, lint.stdout) == (0, "")
    shown = subprocess.run([mandoc, "-T", "utf8", str(PAGE)], capture_output=True, text=True, timeout=30, check=True)
    lines = shown.stdout.splitlines()
    assert "    jsobj upload run42.zarr s3://results/" in lines
    assert "~/.config/openstack/secure.yaml   0600" in lines


def test_the_wheel_installs_the_page() -> None:
    assert '"completions/jsobj.1" = "share/man/man1/jsobj.1"' in (ROOT / "pyproject.toml").read_text()
