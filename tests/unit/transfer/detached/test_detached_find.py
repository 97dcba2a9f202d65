"""One namespace: a run and the journals that it opened are one job."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from jsobj.errors import JsobjError
from jsobj.transfer.detached import record
from jsobj.transfer.detached.find import find, find_run, list_all
from jsobj.transfer.journal.journal import JobKey, Journal
from jsobj.transfer.local.scan import LocalFile


def journal(state: Path, bucket: str) -> str:
    """A journal of a run that was cut."""
    key = JobKey("upload", ("/data",), f"s3://{bucket}/", "s3", bucket, "http://127.0.0.1:1")
    opened = Journal.open(state, key)
    opened.intend_upload("key", LocalFile("/data/big", "big", 100, 1, 2))
    opened.finish("interrupted")
    return opened.id


def run(folder: Path, **values: Any) -> str:
    made = replace(record.new_run("upload", ("upload", "a", "b"), "/", cloud="", profile="", notify=""), **values)
    record.create(folder, made)
    return made.id


def test_a_journal_belongs_to_the_latest_run_that_opened_it(tmp_path: Path) -> None:
    own, alone = journal(tmp_path, "own"), journal(tmp_path, "alone")
    earlier = run(tmp_path, journals=(own,), created=1.0, state="cancelled")
    later = run(tmp_path, journals=(own, "0123456789ab"), created=2.0, state="interrupted")
    jobs = {job.id: job for job in list_all(tmp_path, lambda *_: None)}
    assert set(jobs) == {earlier, later, alone}
    assert [each.id for each in jobs[later].journals] == [own]
    assert jobs[earlier].journals == ()
    assert jobs[alone].run is None
    for typed in (own, later):
        found = find(tmp_path, typed)
        assert (found.id, [each.id for each in found.journals]) == (later, [own])
        assert find_run(tmp_path, typed).id == later
    assert find(tmp_path, earlier).journals == ()
    assert find(tmp_path, alone).id == alone
    with pytest.raises(JsobjError) as caught:
        find_run(tmp_path, alone)
    assert caught.value.reference == "job-not-detached"


def test_the_beginning_of_an_id(tmp_path: Path) -> None:
    run(tmp_path, id="aaaa00000000", state="done")
    run(tmp_path, id="aaab00000000", state="done")
    assert find(tmp_path, "aaaa").id == "aaaa00000000"
    for typed, reference in (("aaa", "ambiguous"), ("b", "not-found"), ("", "not-found"), ("*", "not-found")):
        with pytest.raises(JsobjError) as caught:
            find(tmp_path, typed)
        assert caught.value.reference == f"job-{reference}"


def test_a_damaged_record_hides_no_other(tmp_path: Path) -> None:
    good, bad = run(tmp_path, state="done"), run(tmp_path)
    (record.runs_folder(tmp_path) / f"{bad}.json").write_text("{")
    said: list[str] = []
    assert [job.id for job in list_all(tmp_path, lambda what, why: said.append(what))] == [good]
    assert bad in said[0]
