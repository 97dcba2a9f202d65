"""A HOME that is logged in and has keys, for the doctor to look at; made once, copied for each test."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest
from commands import Jsobj
from doctor_scene import Scene
from fixtures_cloud import Cloud


def _secrets(cloud: Cloud) -> set[str]:
    record = json.loads((cloud.folder / "state/record.json").read_text())
    passwords = {cloud.password(user) for user in ("alice", "rita", "otto", "admin")}
    return passwords | {secret for _, secret in record["app_credentials"].values()}


@pytest.fixture(name="healthy_home", scope="session")
def _healthy_home(cloud: Cloud, tmp_path_factory: pytest.TempPathFactory) -> Path:
    runner = Jsobj(tmp_path_factory.mktemp("healthy") / "home", ())
    runner("login", cloud.rc("openrc-password"), "--password-stdin", stdin=cloud.rc("password"))
    runner("ec2-creds")
    return runner.home


@pytest.fixture
def patient(cloud: Cloud, healthy_home: Path, tmp_path: Path) -> Iterator[Jsobj]:
    """jsobj in such a HOME, with cloud and profile ``demo``. Nothing that it prints or writes may hold a secret."""
    cloud.sweep("alice")  # a healthy account has nothing left over; tests that came before may have left some
    runner = Jsobj(tmp_path / "home", _secrets(cloud))
    shutil.copytree(healthy_home, runner.home, dirs_exist_ok=True)
    ledger = runner.home / ".local/state/jsobj/ledger.json"
    ledger.write_text(ledger.read_text().replace(str(healthy_home), str(runner.home)))
    yield runner
    runner.check_no_secret_leaked()


@pytest.fixture
def scene(patient: Jsobj, cloud: Cloud, tmp_path: Path) -> Iterator[Scene]:
    """The same, with a place for what a fault needs."""
    folder = tmp_path / "faults"
    folder.mkdir()
    with ExitStack() as stack:
        yield Scene(patient, cloud, stack, folder, patient.profile("demo"))
