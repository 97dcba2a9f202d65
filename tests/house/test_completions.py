"""The completion scripts in ``completions/`` are those that the program prints, and the shells take them."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from rigs import need_program

from jsobj.cli.parsing.shells import SHELLS, script

ROOT = Path(__file__).parents[2]


def run(words: list[str], *, env: dict[str, str] | None = None) -> subprocess.CompletedProcess[str]:
    return subprocess.run(words, capture_output=True, text=True, timeout=60, env=env)


@pytest.mark.parametrize("shell", SHELLS)
def test_the_scripts_are_fresh(shell: str) -> None:
    stored = (ROOT / "completions" / f"jsobj.{shell}").read_text()
    assert stored.strip() == script(shell).strip(), f"jsobj completion {shell} > completions/jsobj.{shell}"


@pytest.mark.parametrize("shell", SHELLS)
def test_the_shell_reads_the_script(shell: str) -> None:
    program = need_program(shell)
    ended = run([program, "-n", str(ROOT / "completions" / f"jsobj.{shell}")])
    assert ended.returncode == 0, ended.stderr


def complete(words: str, home: Path) -> list[str]:
    """What Tab offers behind ``words`` in bash."""
    own = {"_JSOBJ_COMPLETE": "bash_complete", "_JSOBJ_LINE": words}
    env = {"HOME": str(home), "PATH": os.environ["PATH"], **own}
    ended = run(
        [sys.executable, "-c", "import sys; sys.argv = ['jsobj']; from jsobj.__main__ import main; main()"], env=env
    )
    assert ended.stderr == ""
    return [line.partition("\t")[2] for line in ended.stdout.splitlines() if line]


def test_commands_are_completed(tmp_path: Path) -> None:
    assert "ec2-creds" in complete("jsobj e", tmp_path)
    assert complete("jsobj bucket cre", tmp_path) == ["create"]
    assert "--overwrite" in complete("jsobj ec2-creds create --ov", tmp_path)


def test_clouds_are_completed(tmp_path: Path) -> None:
    folder = tmp_path / ".config" / "openstack"
    folder.mkdir(parents=True)
    (folder / "clouds.yaml").write_text("clouds:\n  js2-mine: {}\n  js2-other: {}\n  else: {}\n")
    assert complete("jsobj whoami --cloud js2", tmp_path) == ["js2-mine", "js2-other"]


def test_profiles_are_completed(tmp_path: Path) -> None:
    (tmp_path / ".aws").mkdir()
    (tmp_path / ".aws" / "credentials").write_text("[alpha]\naws_access_key_id = a\naws_secret_access_key = b\n")
    assert complete("jsobj whoami --profile a", tmp_path) == ["alpha"]


def test_broken_files_complete_to_nothing(tmp_path: Path) -> None:
    folder = tmp_path / ".config" / "openstack"
    folder.mkdir(parents=True)
    (folder / "clouds.yaml").write_text("clouds: [\n")
    assert complete("jsobj whoami --cloud js", tmp_path) == []


def test_bucket_names_come_from_the_cache(tmp_path: Path) -> None:
    """No server runs in this test: what is offered can only be from the cache."""
    from jsobj.identity.settings import Settings
    from jsobj.store.completion_cache import cache_for

    cache = cache_for(Settings.read({"HOME": str(tmp_path)}), cloud="", profile="")
    for dialect in ("", "s3", "swift"):
        cache.put(f"{dialect}:", ["data-one", "data-two", "more"])
    assert complete("jsobj bucket show data", tmp_path) == ["data-one", "data-two"]
    assert complete("jsobj bucket delete s3://mo", tmp_path) == ["s3://more"]
    assert complete("jsobj bucket show swift://data-t", tmp_path) == ["swift://data-two"]


def test_nothing_is_offered_without_a_login(tmp_path: Path) -> None:
    assert complete("jsobj bucket show x", tmp_path) == []
