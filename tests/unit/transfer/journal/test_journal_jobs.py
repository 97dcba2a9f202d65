"""Cancelling a job: uploads of which the server may be making an object are left alone for a while."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from journal_cases import KEY, begun, close_all, files, killed, local, opened

from jsobj.errors import ExitCode, JsobjError
from jsobj.store.values import Upload
from jsobj.transfer.journal.jobs import Job, cancel, find_job


@pytest.fixture(autouse=True)
def _none_stays_open() -> Iterator[None]:
    yield
    close_all()


def cancelled(state: Path) -> list[Upload]:
    """What the store was asked to abort."""
    aborted: list[Upload] = []

    def store(job: Job) -> Any:
        return SimpleNamespace(place=KEY, abort=aborted.append, close=lambda: None)

    cancel(state, find_job(state, KEY.id), store)
    return aborted


def test_all_parts_of_it_were_sent_a_moment_ago(tmp_path: Path) -> None:
    path = begun(tmp_path)
    with pytest.raises(JsobjError) as caught:
        cancelled(tmp_path)
    assert (caught.value.reference, caught.value.code) == ("upload-completing", ExitCode.REFUSED)
    assert f"jsobj jobs resume {KEY.id}" in caught.value.hint
    assert path.exists()


def test_after_a_few_minutes_it_is_aborted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    begun(tmp_path)
    now = time.time()
    monkeypatch.setattr(time, "time", lambda: now + 200)
    assert cancelled(tmp_path) == [Upload("run42/big.nc", "2~id")]
    assert files(tmp_path) == []


def test_one_that_lacks_a_part_is_aborted_at_once(tmp_path: Path) -> None:
    journal = opened(tmp_path)
    journal.intend_upload("run42/big.nc", local())
    journal.upload_begun("run42/big.nc", local(), "2~id", 16 << 20)
    killed(journal)
    assert cancelled(tmp_path) == [Upload("run42/big.nc", "2~id")]
