"""What pip makes of this folder, with a C compiler and without one: the helper is in the wheel, or nothing is amiss."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tarfile
import uuid
import zipfile
from pathlib import Path

import pytest
from commands import Jsobj
from own_python import INSTALL_SECONDS, CannotBuildError, cache_of, interpreter
from rigs import lack, need_program

pytestmark = pytest.mark.timeout(INSTALL_SECONDS + 120)  # the first builds an environment
ROOT = Path(__file__).parents[2]
HELPER = "jsobj/net/md5/lanes.so"
EDITABLE = "import os, hatchling.build; os.makedirs('out'); print(hatchling.build.build_editable('out'))"


class Builder:
    """Builds a copy of this folder."""

    def __init__(self, python: Path, folder: Path) -> None:
        self._python, self.folder = python, folder
        (folder / "no programs").mkdir(parents=True)
        for name in ("jsobj", "completions", ".ci"):
            shutil.copytree(ROOT / name, folder / name, ignore=shutil.ignore_patterns("__pycache__", "lanes.so"))
        for name in ("pyproject.toml", "README.md", "LICENSE", "CHANGELOG.md"):
            shutil.copy(ROOT / name, folder)

    def __call__(self, *words: str, compiler: bool = True, **more: str) -> Path:
        """The one file that was built."""
        path = os.environ["PATH"] if compiler else str(self.folder / "no programs")
        environment = {"PATH": path, "HOME": str(self.folder), **more}
        words = (str(self._python), *(words or ("-m", "hatchling", "build", "-t", "wheel", "-d", "out")))
        done = subprocess.run(words, cwd=self.folder, env=environment, capture_output=True, text=True, timeout=120)
        assert done.returncode == 0, done.stdout + done.stderr
        (built,) = (self.folder / "out").iterdir()
        return built


@pytest.fixture
def build(request: pytest.FixtureRequest, tmp_path: Path) -> Builder:
    try:
        python = interpreter(
            "hatchling-builds", ["hatchling>=1.18", "editables"], cache_of(request.config, "build"), imports="hatchling"
        )
    except CannotBuildError as error:
        lack(f"hatchling cannot be installed: {error}")
    return Builder(python, tmp_path / "source")


def installed(wheel: Path, into: Path) -> Path:
    """As pip installs it, which refuses a wheel for another system."""
    words = [sys.executable, "-m", "pip", "install", "-q", "--no-deps", "--no-index", "--target", str(into), str(wheel)]
    subprocess.run(words, check=True, timeout=120, capture_output=True)
    return into


def goes_round(user: Jsobj, code: Path, path: str) -> str:
    """Send and fetch with the installed code and no other; what it says of its digests."""
    user.variables = {"PYTHONPATH": str(code), "PATH": path}
    (user.folder / "data").mkdir()
    for number in range(6):
        (user.folder / "data" / f"{number}.bin").write_bytes(os.urandom(70_001 * (number + 1)))
    bucket = f"built-{uuid.uuid4().hex[:8]}"
    user.process("bucket", "create", bucket)
    user.process("upload", "data", f"swift://{bucket}/data/")
    compared = user.process("verify", "data", f"swift://{bucket}/data/", "--json").json["items"]
    assert [item["state"] for item in compared] == ["same"] * 6
    user.process("download", f"swift://{bucket}/data/", "back")
    back = {path.name: path.read_bytes() for path in (user.folder / "back").rglob("*.bin")}
    assert back == {path.name: path.read_bytes() for path in (user.folder / "data").iterdir()}
    user.process("rm", "-r", "--yes", f"swift://{bucket}/")
    user.process("bucket", "delete", bucket, "--yes")
    return user.process("--version", "-v").out


def test_a_wheel_without_a_compiler_is_for_all_systems(build: Builder, member: Jsobj) -> None:
    wheel = build(compiler=False)
    assert wheel.name.endswith("-py3-none-any.whl")
    assert HELPER not in zipfile.ZipFile(wheel).namelist()
    said = goes_round(member, installed(wheel, build.folder / "code"), str(build.folder / "no programs"))
    assert "digests: hashlib (no compiled helper)" in said


def test_a_wheel_with_a_compiler_holds_the_helper(build: Builder, member: Jsobj) -> None:
    need_program("cc")
    wheel = build()
    assert "-py3-none-" in wheel.name
    assert not wheel.name.endswith("-any.whl")
    assert HELPER in zipfile.ZipFile(wheel).namelist()
    assert not (build.folder / HELPER).exists()  # the folder stays as it was
    code = installed(wheel, build.folder / "code")
    assert "digests: MD5 of 16 streams at once" in goes_round(member, code, str(build.folder / "no programs"))


def test_a_compiler_that_fails_stops_nothing(build: Builder) -> None:
    broken = build.folder / "broken"
    broken.write_text("#!/bin/sh\nexit 1\n")
    broken.chmod(0o755)
    assert build(compiler=False, CC=f"{broken} --some-option").name.endswith("-py3-none-any.whl")


def test_an_editable_install_has_the_helper_beside_its_source(build: Builder) -> None:
    need_program("cc")
    build("-c", EDITABLE)
    assert (build.folder / HELPER).stat().st_size > 0
    assert not (build.folder / HELPER).with_suffix(".new").exists()


def test_a_source_distribution_has_the_source_alone(build: Builder) -> None:
    (build.folder / HELPER).write_bytes(b"of this machine")
    with tarfile.open(build("-m", "hatchling", "build", "-t", "sdist", "-d", "out")) as packed:
        names = {name.partition("/")[2] for name in packed.getnames()}
    assert {".ci/hatch_build.py", "jsobj/net/md5/lanes.c"} <= names
    assert not [name for name in names if name.endswith(".so")]


def test_the_helper_is_built_where_all_rigs_are_demanded() -> None:
    """CI, which else would run all tests without it and not notice."""
    from jsobj.net.md5.compiled import absence
    from jsobj.net.md5.streams import md5

    if why := absence():
        lack(f"{why}: apt-get install gcc libc6-dev, then pip install -e . again")
    assert md5().together
