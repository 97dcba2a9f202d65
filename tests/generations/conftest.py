"""The same cloud three times, with a Keystone of each generation, and jsobj's user in it."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from commands import Jsobj
from fixtures_cloud import Cloud, need_sandbox
from keystones import Generation, Keys
from older_keystone import BEFORE_OSSA_2026_005, WITH_OSSA_2026_005, Release, python_of
from own_python import CannotBuildError, cache_of
from rigs import lack

from jsobj.sandbox import lifecycle
from jsobj.sandbox.options import SandboxOptions

# Generation 3 is the Keystone of the extra "sandbox", the one of every other test.
OLDER = {1: BEFORE_OSSA_2026_005, 2: WITH_OSSA_2026_005}


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """The first test of a generation also pays for its installation."""
    for item in items:
        if Path(__file__).parent in item.path.parents:
            item.add_marker(pytest.mark.timeout(600))


# For the session, not the module: pytest then runs all tests of one generation before it makes the next.
@pytest.fixture(name="generation", scope="session", params=[1, 2, 3], ids="generation{}".format)
def _generation(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Generation]:
    number: int = request.param
    if number not in OLDER:
        yield Generation(number, request.getfixturevalue("cloud"))
        return
    need_sandbox()
    python = _interpreter(OLDER[number], request.config)
    folder = tmp_path_factory.mktemp(f"generation{number}") / "sandbox"
    try:
        yield Generation(number, Cloud(lifecycle.start(folder, SandboxOptions(keystone_python=python))))
    finally:
        lifecycle.reset(folder)


def _interpreter(release: Release, config: pytest.Config) -> Path:
    try:
        return python_of(release, cache_of(config, "older-keystones"))
    except CannotBuildError as error:
        lack(f"Keystone {release.keystone} cannot be installed: {error}")


@pytest.fixture
def keys_of(generation: Generation) -> Iterator[Callable[[str], Keys]]:
    """``keys_of("alice")``: the user's keys; those made in the test are deleted after it."""
    found: dict[str, Keys] = {}

    def of(user: str) -> Keys:
        if user not in found:
            found[user] = Keys(generation.cloud, user)
        return found[user]

    yield of
    for keys in found.values():
        for access in keys.new:
            keys.delete(access)


@pytest.fixture
def jsobj(generation: Generation, tmp_path: Path) -> Iterator[Jsobj]:
    """jsobj for a newcomer: an empty HOME. What it printed and wrote is searched for secrets at the end."""
    cloud = generation.cloud
    record = json.loads((cloud.folder / "state/record.json").read_text())
    secrets = {cloud.password(user) for user in ("alice", "rita", "otto", "admin")}
    runner = Jsobj(tmp_path / "home", secrets | {secret for _, secret in record["app_credentials"].values()})
    yield runner
    runner.check_no_secret_leaked()
