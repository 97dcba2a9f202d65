"""The README's blocks that are marked with ``<!-- command: NAME -->`` work as they are written, on a cloud of our own.

``demo``, ``test`` and ``lint`` are run by ``.ci/run``; the others are typed here, with the application credential
that portals make by default, and a Keystone that gives it no S3 keys.
"""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import pytest
import yaml
from commands import Keys
from fixtures_cloud import Cloud
from readme_folder import fill
from rigs import need_program

from jsobj.identity.auth_source import from_rc
from jsobj.identity.rc.file import read

README = (Path(__file__).parents[2] / "README.md").read_text()
BLOCKS = dict(re.findall(r"(?ms)^<!-- command: (\w+) -->\n```\w+\n(.*?)^```$", README))


@dataclass(frozen=True)
class Reader:
    """Somebody who types what the README says, in a folder with data and the portal's file."""

    home: Path
    folder: Path

    def types(self, block: str, env: Mapping[str, str] | None = None) -> str:
        """The lines behind the prompts, or all where there are none; what they print."""
        lines = BLOCKS[block].splitlines()
        typed = [line.removeprefix("$ ") for line in lines if line.startswith("$ ")] or lines
        return self.run("bash", "-euo", "pipefail", "-c", "\n".join(typed), env=env)

    def run(self, *words: str, env: Mapping[str, str] | None = None, stdin: Path | None = None) -> str:
        path = f"{Path(sys.executable).parent}:/usr/local/bin:/usr/bin:/bin"
        given = stdin.read_bytes() if stdin else b""
        done = subprocess.run(
            words,
            env={"HOME": str(self.home), "PATH": path, "LANG": "C.UTF-8", **(env or {})},
            cwd=self.folder,
            input=given,
            capture_output=True,
            timeout=100,
            check=False,
        )
        said = done.stdout.decode() + done.stderr.decode()
        assert done.returncode == 0, said
        return said


@pytest.fixture(name="folder", scope="module")
def _folder(cloud: Cloud, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What the README takes for granted: the portal's file, a Zarr and a table."""
    folder = tmp_path_factory.mktemp("readme")
    fill(folder, cloud.rc("app-cred-restricted"))
    return folder


@pytest.fixture(name="reader", scope="module")
def _reader(cloud: Cloud, folder: Path) -> Iterator[Reader]:
    """After the first block."""
    home = folder / "home"
    home.mkdir()
    reader = Reader(home, folder)
    before = set(Keys(cloud, "alice").all())
    said = reader.types("main")
    assert "refused to this login" in said
    assert "all verified" in said
    yield reader
    assert set(Keys(cloud, "alice").all()) == before
    reader.run("jsobj", "bucket", "delete", "swift://results-mine", "--recursive", "--yes")


def test_every_marked_block_is_run_by_somebody() -> None:
    assert set(BLOCKS) == {"main", "read", "keys", "fsspec", "connect", "workflow", "demo", "test", "lint"}
    assert len(re.findall("<!-- command: ", README)) == len(BLOCKS)


def test_python_reads_what_was_sent(reader: Reader) -> None:
    said = reader.run("python", "-c", BLOCKS["read"])
    assert "temperature" in said
    assert "Bloomington" in said


@pytest.mark.parametrize("block", ["fsspec", "connect"])
def test_python_with_the_name_that_login_gave(reader: Reader, folder: Path, block: str) -> None:
    """On Jetstream2 that is ``jetstream2``."""
    shutil.copytree(folder / "run42.zarr", folder / "run43.zarr", dirs_exist_ok=True)
    reader.run("jsobj", "login", "app-cred-mine-openrc.sh", "--as", "jetstream2")
    reader.run("python", "-W", "error::UserWarning", "-c", BLOCKS[block])
    listed = reader.run("jsobj", "ls", "-r", "swift://results-mine").splitlines()
    for name in {"fsspec": ["notes.txt"], "connect": ["notes/today.txt", "run43.zarr/.zmetadata"]}[block]:
        assert name in listed


def test_ci_needs_no_more_than_the_secret_store(reader: Reader, cloud: Cloud, folder: Path) -> None:
    need_program("jq")
    source = from_rc(read(folder / "app-cred-mine-openrc.sh"))
    secret = source.secrets["application_credential_secret"][0].reveal()
    home = folder / "runner"
    home.mkdir()
    job = yaml.safe_load(BLOCKS["workflow"])["jobs"]["upload"]
    env = {
        "OS_AUTH_URL": cloud.auth_url,
        "OS_APPLICATION_CREDENTIAL_ID": str(source.auth["application_credential_id"]),
        "OS_APPLICATION_CREDENTIAL_SECRET": secret,
    }
    assert set(job["env"]) == set(env)
    lines = [step["run"] for step in job["steps"] if "run" in step]
    assert lines[0] == "pip install jsobj"  # as every test has it
    runner = Reader(home, folder)
    said = "".join(runner.run("bash", "-e", "-o", "pipefail", "-c", line, env=env) for line in lines[1:])
    assert "ci/run42.zarr/" in said.splitlines()
    assert secret not in said


def test_the_second_road_is_open_to_a_person(reader: Reader, cloud: Cloud, folder: Path) -> None:
    home = folder / "person"
    home.mkdir()
    person = Reader(home, folder)
    keys = Keys(cloud, "alice")
    login = ("jsobj", "login", str(cloud.rc("openrc-password")), "--as", "jetstream2", "--password-stdin")
    person.run(*login, stdin=cloud.rc("password"))
    try:
        assert "PRE run42.zarr/" in person.types("keys")
        assert len(keys.new) == 1
    finally:
        for access in keys.new:
            keys.delete(access)
