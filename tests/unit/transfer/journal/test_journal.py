"""The journal: what one run writes down, another finds."""

from __future__ import annotations

import dataclasses
import os
import shutil
import sqlite3
import stat
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from journal_cases import KEY, MD5, begun, close_all, files, killed, local, opened

import jsobj
from jsobj.errors import ExitCode, JsobjError
from jsobj.store.values import Part
from jsobj.transfer.journal.jobs import find_job
from jsobj.transfer.journal.journal import FAILURES, LeftoverUpload


@pytest.fixture(autouse=True)
def _none_stays_open() -> Iterator[None]:
    yield
    close_all()


# What is kept.


def test_a_run_with_nothing_to_keep_leaves_nothing(tmp_path: Path) -> None:
    journal = opened(tmp_path)
    assert files(tmp_path) == [f"{KEY.id}.lock"]
    assert journal.upload("k", local()) is None
    assert journal.download("k", "n") is None
    journal.finish("done")
    assert files(tmp_path) == []


def test_f08_what_is_done_leaves_nothing(tmp_path: Path) -> None:
    begun(tmp_path)
    journal = opened(tmp_path)
    assert journal.resumed
    journal.upload_ended("run42/big.nc")
    journal.download_ended("k", "a/b")
    journal.finish("done")
    assert files(tmp_path) == []
    assert not opened(tmp_path).resumed


def test_c01_an_intention_is_found(tmp_path: Path) -> None:
    journal = opened(tmp_path)
    journal.intend_upload("run42/big.nc", local())
    killed(journal)
    found = opened(tmp_path).upload("run42/big.nc", local())
    assert found is not None
    assert (found.upload_id, found.part_size) == ("", 0)


def test_c03_an_upload_is_found(tmp_path: Path) -> None:
    begun(tmp_path)
    journal = opened(tmp_path)
    found = journal.upload("run42/big.nc", local())
    assert found is not None
    assert (found.upload_id, found.part_size, found.parts, found.path) == ("2~id", 16 << 20, 7, "/data/run42/big.nc")
    assert journal.upload("run42/other.nc", local()) is None
    assert journal.notices == []


def test_c08_a_download_is_found(tmp_path: Path) -> None:
    begun(tmp_path)
    found = opened(tmp_path).download("k", "a/b")
    assert found is not None
    assert (found.etag, found.size, found.part_size, found.temp) == ("e-7", 99, 16, ".b.0123.jsobj-part")
    assert found.parts == {3: MD5}


@pytest.mark.parametrize("change", [{"size": 1}, {"mtime_ns": 1}, {"inode": 1}])
def test_b123_the_upload_of_a_changed_file_is_left_over(tmp_path: Path, change: dict[str, int]) -> None:
    begun(tmp_path)
    journal, changed = opened(tmp_path), local(**change)
    assert journal.upload("run42/big.nc", changed) is None
    journal.intend_upload("run42/big.nc", changed)
    assert journal.leftovers() == (LeftoverUpload("run42/big.nc", "2~id"),)
    journal.upload_begun("run42/big.nc", changed, "2~new", 8 << 20)
    journal.upload_ended("run42/big.nc")
    journal.download_ended("k", "a/b")
    journal.finish("done")
    again = opened(tmp_path)  # kept, since the old one is still on the server
    assert again.leftovers() == (LeftoverUpload("run42/big.nc", "2~id"),)
    again.leftover_gone(LeftoverUpload("run42/big.nc", "2~id"))
    again.finish("done")
    assert files(tmp_path) == []


def test_b124_an_upload_begun_anew_leaves_the_old_one_over(tmp_path: Path) -> None:
    begun(tmp_path)
    journal = opened(tmp_path)
    journal.intend_upload("run42/big.nc", local())  # nothing has changed: it goes on
    assert journal.leftovers() == ()
    journal.upload_begun("run42/big.nc", local(), "2~id", 16 << 20)
    found = journal.upload("run42/big.nc", local())
    assert found is not None
    assert found.parts == 7
    journal.upload_begun("run42/big.nc", local(), "2~new", 16 << 20)
    assert journal.leftovers() == (LeftoverUpload("run42/big.nc", "2~id"),)
    found = journal.upload("run42/big.nc", local())
    assert found is not None
    assert (found.upload_id, found.parts) == ("2~new", 0)


def test_an_upload_that_ends_otherwise_can_be_left_over(tmp_path: Path) -> None:
    begun(tmp_path)
    journal = opened(tmp_path)
    journal.upload_ended("run42/big.nc", left=True)
    assert journal.leftovers() == (LeftoverUpload("run42/big.nc", "2~id"),)


def test_a_part_that_comes_late_is_of_no_interest(tmp_path: Path) -> None:
    begun(tmp_path)
    journal = opened(tmp_path)
    journal.upload_ended("run42/big.nc")
    journal.download_ended("k", "a/b")
    journal.upload_part("run42/big.nc", Part(9, 1, MD5))
    journal.download_part("k", "a/b", 9, MD5)
    journal.finish("done")
    assert files(tmp_path) == []


def test_b130_parts_of_another_version_are_forgotten(tmp_path: Path) -> None:
    begun(tmp_path)
    journal = opened(tmp_path)
    journal.download_begun("k", "a/b", etag="e-7", size=99, part_size=16, temp=".b.0123.jsobj-part")
    assert journal.download("k", "a/b").parts == {3: MD5}  # type: ignore[union-attr]
    journal.download_begun("k", "a/b", etag="other-7", size=99, part_size=16, temp=".b.9.jsobj-part")
    assert journal.download("k", "a/b").parts == {}  # type: ignore[union-attr]


def test_the_beginning_of_a_part_is_kept_until_all_of_it_is_there(tmp_path: Path) -> None:
    begun(tmp_path)
    journal = opened(tmp_path)
    assert journal.download("k", "a/b").prefixes == {4: (5, MD5)}  # type: ignore[union-attr]
    journal.download_prefix("k", "a/b", 4, 7, MD5)
    assert journal.download("k", "a/b").prefixes == {4: (7, MD5)}  # type: ignore[union-attr]
    journal.download_part("k", "a/b", 4, MD5)
    assert journal.download("k", "a/b").prefixes == {}  # type: ignore[union-attr]
    assert journal.download("k", "a/b").parts == {3: MD5, 4: MD5}  # type: ignore[union-attr]


def test_a_journal_of_version_1_is_gone_on_with(tmp_path: Path) -> None:
    with sqlite3.connect(begun(tmp_path)) as connection:
        connection.execute("DROP TABLE download_prefixes")
        connection.execute("PRAGMA user_version = 1")
    connection.close()
    journal = opened(tmp_path)
    assert journal.resumed
    assert journal.notices == []
    assert journal.download("k", "a/b").parts == {3: MD5}  # type: ignore[union-attr]
    journal.download_prefix("k", "a/b", 4, 7, MD5)
    assert journal.download("k", "a/b").prefixes == {4: (7, MD5)}  # type: ignore[union-attr]


def test_b091_names_that_are_no_unicode(tmp_path: Path) -> None:
    key = "a\udcff\ud800/\n\x1b[0m"
    journal = opened(tmp_path, dataclasses.replace(KEY, sources=(key,)))
    journal.download_begun(key, key, etag="e", size=1, part_size=1, temp=".t.jsobj-part")
    journal.failed(key, JsobjError("r", key, code=ExitCode.LOCAL))
    assert journal.download(key, key) is not None
    journal.finish("failed")
    job = find_job(tmp_path, journal.id)
    assert (job.downloads[0].key, job.key.sources, job.failures[0].item) == (key, (key,), key)


def test_the_last_failures_are_kept_until_the_next_run(tmp_path: Path) -> None:
    journal = opened(tmp_path)
    for number in range(FAILURES + 50):
        journal.failed(f"item-{number}", JsobjError("r", "m" * 10_000, code=ExitCode.NETWORK))
    journal.finish("failed")
    failures = find_job(tmp_path, journal.id).failures
    assert [failures[0].item, failures[-1].item] == ["item-50", f"item-{FAILURES + 49}"]
    assert len(failures) == FAILURES
    assert len(failures[0].message) == 4096
    opened(tmp_path).finish("done")
    assert files(tmp_path) == []


def test_threads_write_at_the_same_time(tmp_path: Path) -> None:
    journal = opened(tmp_path)
    errors: list[BaseException] = []

    def write(key: str) -> None:
        try:
            journal.intend_upload(key, local())
            journal.upload_begun(key, local(), key, 5 << 20)
            for number in range(1, 50):
                journal.upload_part(key, Part(number, 5 << 20, MD5))
            found = journal.upload(key, local())
            assert found is not None
            assert found.parts == 49
        except BaseException as error:  # noqa: BLE001 - shown below
            errors.append(error)

    threads = [threading.Thread(target=write, args=(f"key-{n}",)) for n in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert errors == []
    journal.finish("interrupted")
    assert len(find_job(tmp_path, journal.id).uploads) == 8


@pytest.mark.parametrize("umask", [0, 0o777])
def test_s05_nobody_else_can_read_it(tmp_path: Path, umask: int) -> None:
    before = os.umask(umask)
    try:
        journal = opened(tmp_path / "state")
        journal.intend_upload("k", local())
    finally:
        os.umask(before)
    modes = {found.name: stat.S_IMODE(found.stat().st_mode) for found in (tmp_path / "state/jobs").iterdir()}
    assert {name.partition(".")[2] for name in modes} == {"lock", "db", "db-wal", "db-shm"}
    assert set(modes.values()) == {0o600}
    for folder in ("state", "state/jobs"):
        assert stat.S_IMODE((tmp_path / folder).stat().st_mode) == 0o700
    journal.close()


# Whose it is.


@pytest.mark.parametrize(
    "other",
    [
        {"endpoint": "https://other.example"},
        {"bucket": "other"},
        {"project": "p2"},
        {"options": ("part_size=8388608",)},
        {"destination": "s3://results/run43/"},
        {"sources": ("/data/run43",)},
        {"dialect": "swift"},
        {"verb": "download"},
    ],
)
def test_b122_the_journal_of_another_job_is_not_used(tmp_path: Path, other: dict[str, Any]) -> None:
    path, key = begun(tmp_path), dataclasses.replace(KEY, **other)
    assert key.id != KEY.id
    assert not opened(tmp_path, key).resumed
    shutil.copy(path, path.with_name(f"{key.id}.db"))  # as somebody who renames files could
    (tmp_path / "jobs" / f"{key.id}.lock").unlink()
    journal = opened(tmp_path, key)
    assert journal.upload("run42/big.nc", local()) is None
    assert "another job" in journal.notices[0]


def test_how_a_command_was_typed_does_not_matter(tmp_path: Path) -> None:
    begun(tmp_path)
    assert opened(tmp_path, dataclasses.replace(KEY, words=("upload", "./run42"), cwd="/", cloud="x")).resumed


HOLDER = """
import sys
from pathlib import Path
from journal_cases import opened
journal = opened(Path(sys.argv[1]))
print("held", flush=True)
sys.stdin.read()
"""


def test_b126_two_processes_do_not_work_on_one_job(tmp_path: Path) -> None:
    path = os.pathsep.join([str(Path(jsobj.__file__).parents[1]), str(Path(__file__).parent)])
    holder = subprocess.Popen(
        [sys.executable, "-c", HOLDER, str(tmp_path)],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env={**os.environ, "PYTHONPATH": path},
    )  # fmt: skip
    with holder:
        assert holder.stdin is not None
        assert holder.stdout is not None
        assert holder.stdout.readline() == "held\n"
        with pytest.raises(JsobjError, match=rf"pid {holder.pid}\)") as caught:
            opened(tmp_path)
        assert (caught.value.reference, caught.value.code) == ("job-in-progress", ExitCode.LOCAL)
        holder.kill()
    opened(tmp_path).finish("done")  # the lock of a dead process is free
    assert files(tmp_path) == []


def test_b126_the_same_process_neither(tmp_path: Path) -> None:
    journal = opened(tmp_path)
    with pytest.raises(JsobjError, match="another jsobj"):
        opened(tmp_path)
    journal.finish("interrupted")
    opened(tmp_path).finish("done")


def test_a_lock_that_was_removed_meanwhile_is_not_taken_for_one(tmp_path: Path) -> None:
    """Many threads open and finish the same job: never are two of them inside."""
    inside, most, done = 0, 0, 0
    guard = threading.Lock()

    def work() -> None:
        nonlocal inside, most, done
        while done < 200:
            try:
                journal = opened(tmp_path)
            except JsobjError:
                continue
            with guard:
                inside, done = inside + 1, done + 1
                most = max(most, inside)
            with guard:
                inside -= 1
            journal.finish("done")

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert most == 1


# Where it cannot be.


def test_b140_without_a_folder_the_run_goes_on_and_says_so(tmp_path: Path) -> None:
    (tmp_path / "state").write_text("a file is in the way")
    journal = opened(tmp_path / "state")
    assert "cannot be continued" in journal.notices[0]
    journal.intend_upload("k", local())
    journal.upload_begun("k", local(), "id", 5 << 20)
    assert journal.upload("k", local()).upload_id == "id"  # type: ignore[union-attr]
    journal.finish("interrupted")


def test_c19_a_full_disk_is_told(tmp_path: Path) -> None:
    journal = opened(tmp_path)
    journal.intend_upload("k", local())
    assert journal._connection is not None
    journal._connection.execute("PRAGMA max_page_count = 1")  # SQLite's own "database or disk is full"

    def write_much() -> None:
        for number in range(1000):
            journal.failed(f"{number}", JsobjError("r", "m" * 4000, code=ExitCode.NETWORK))

    with pytest.raises(JsobjError, match="cannot be written") as caught:
        write_much()
    assert caught.value.code is ExitCode.LOCAL
    assert "full" in caught.value.context
    journal.close()
