"""Who works on a run says so in its record, alone."""

from __future__ import annotations

import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from jsobj.errors import JsobjError
from jsobj.processes import Process
from jsobj.transfer.detached import record
from jsobj.transfer.detached.keeper import Keeper
from jsobj.transfer.detached.stop import stop
from jsobj.transfer.events import Started, Tally


def made(state: Path) -> str:
    run = record.new_run("upload", ("upload", "a", "s3://b/"), "/", cloud="", profile="", notify="")
    record.create(state, run)
    return run.id


@pytest.mark.parametrize(
    ("code", "state"), [(0, "done"), (3, "failed"), (5, "failed"), (130, "interrupted"), (143, "interrupted")]
)
def test_from_the_beginning_to_the_end(tmp_path: Path, code: int, state: str) -> None:
    run_id = made(tmp_path)
    assert record.read(tmp_path, run_id).state == "interrupted"  # nobody works on it yet
    keeper = Keeper.claim(tmp_path, run_id)
    with keeper.beating():
        assert record.read(tmp_path, run_id).state == "queued"
        keeper.begins()
        found = record.read(tmp_path, run_id)
        assert (found.state, found.process) == ("running", Process.of(os.getpid()))
        tally, seen = Tally(), []
        listener = keeper.listening(seen.append, tally, [])
        tally.found(100)
        tally.item_done(100, verified=True)
        listener(Started("copy", "s3://a/", "s3://b/"))
        assert seen == [Started("copy", "s3://a/", "s3://b/")]
    ended = keeper.ended(code)
    assert ended == record.read(tmp_path, run_id)
    assert (ended.state, ended.code, ended.verb, ended.sources) == (state, code, "copy", ("s3://a/",))
    assert (ended.counts["done"], ended.counts["found_items"]) == (1, 1)


def test_only_one_process_works_on_a_run(tmp_path: Path) -> None:
    run_id = made(tmp_path)
    Keeper.claim(tmp_path, run_id)
    with pytest.raises(JsobjError) as caught:
        Keeper.claim(tmp_path, run_id)
    assert caught.value.reference == "job-in-progress"
    assert f"jobs cancel {run_id}" in caught.value.hint


def test_a_record_that_is_gone_does_not_end_the_work(tmp_path: Path) -> None:
    run_id = made(tmp_path)
    keeper = Keeper.claim(tmp_path, run_id)
    record.remove(tmp_path, run_id)
    keeper.begins()
    with pytest.raises(JsobjError):
        keeper.ended(0)
    assert list(record.run_ids(tmp_path)) == []


def test_what_ended_by_itself_before_it_could_be_stopped_has_its_own_code(tmp_path: Path) -> None:
    run_id = made(tmp_path)
    Keeper.claim(tmp_path, run_id).ended(0)
    assert stop(tmp_path, record.read(tmp_path, run_id)).state == "done"


def test_a_run_is_stopped_as_by_ctrl_c(tmp_path: Path) -> None:
    run_id = made(tmp_path)
    program = (
        "import sys, time; from pathlib import Path; from jsobj.transfer.detached.keeper import Keeper\n"
        "keeper = Keeper.claim(Path(sys.argv[1]), sys.argv[2]); keeper.begins()\n"
        "try: print('+', flush=True); time.sleep(60)\n"
        "except KeyboardInterrupt: keeper.ended(130)\n"
    )
    command = [sys.executable, "-c", program, str(tmp_path), run_id]
    with subprocess.Popen(command, stdout=subprocess.PIPE) as child:
        assert child.stdout is not None
        child.stdout.readline()
        found = stop(tmp_path, record.read(tmp_path, run_id))
    assert (found.state, found.code) == ("cancelled", 130)


def test_a_run_of_another_machine_is_not_stopped_from_here(tmp_path: Path) -> None:
    run_id = made(tmp_path)
    Keeper.claim(tmp_path, run_id)
    run = record.change(tmp_path, run_id, lambda found: replace(found, host="elsewhere"))
    with pytest.raises(JsobjError, match="runs on elsewhere"):
        stop(tmp_path, run)
