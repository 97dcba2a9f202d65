"""What is no journal is never believed, and never a crash."""

from __future__ import annotations

import random
import sqlite3
from collections.abc import Iterator
from pathlib import Path

import pytest
from journal_cases import KEY, begun, close_all, files, local, opened

from jsobj.transfer.journal.jobs import find_job, list_jobs


@pytest.fixture(autouse=True)
def _none_stays_open() -> Iterator[None]:
    yield
    close_all()


def test_b119_cut_off_at_every_place(tmp_path: Path) -> None:
    """Every byte of the header, then places all over the file; and the same for what SQLite keeps beside it."""
    path = begun(tmp_path / "whole")
    whole = path.read_bytes()
    places = [*range(120), *range(120, len(whole), 397), len(whole) - 1]
    resumed = [_opened_with(tmp_path, {".db": whole[:place]}) for place in places]
    assert not any(resumed[: len(resumed) // 2])
    assert _opened_with(tmp_path, {".db": whole})


def test_b119_cut_off_with_its_log(tmp_path: Path) -> None:
    """A kill leaves the log beside the file; cut anywhere, it gives an earlier state or none, and never a crash."""
    journal = opened(tmp_path / "whole")
    journal.upload_begun("run42/big.nc", local(), "2~id", 16 << 20)
    assert journal.path is not None
    main, log = journal.path.read_bytes(), Path(f"{journal.path}-wal").read_bytes()
    journal.close()
    assert len(log) > 4096
    places = [*range(64), *range(64, len(log), 601)]
    resumed = [_opened_with(tmp_path, {".db": main, ".db-wal": log[:place]}) for place in places]
    assert not resumed[0]
    assert _opened_with(tmp_path, {".db": main, ".db-wal": log})
    for place in places:
        _opened_with(tmp_path, {".db": main[:place], ".db-wal": log})


def test_b119_changed_bytes(tmp_path: Path) -> None:
    """``_opened_with`` asserts: it resumes, or works as a new one, and a damaged file is put aside."""
    whole = begun(tmp_path / "whole").read_bytes()
    chance = random.Random(20261121)
    for _ in range(200):
        data = bytearray(whole)
        for _ in range(chance.choice([1, 1, 4, 64])):
            data[chance.randrange(len(data))] = chance.randrange(256)
        _opened_with(tmp_path, {".db": bytes(data)}, whole=False)


@pytest.mark.parametrize(
    "data", [b"", b"\0", b"SQLite format 3\0", b"{}", b"\xff" * 70_000, b"SQLite format 3\0" * 999]
)
def test_b121_what_is_no_database(tmp_path: Path, data: bytes) -> None:
    assert not _opened_with(tmp_path, {".db": data})


def _opened_with(tmp_path: Path, contents: dict[str, bytes], *, whole: bool = True) -> bool:
    """Whether the journal resumes with files like these. If not, it must work as a new one all the same."""
    state = tmp_path / "tried"
    (state / "jobs").mkdir(parents=True, exist_ok=True)
    for old in (state / "jobs").iterdir():
        old.unlink()
    for ending, data in contents.items():
        (state / "jobs" / f"{KEY.id}{ending}").write_bytes(data)
    journal = opened(state)
    try:
        resumed = journal.resumed
        found = journal.upload("run42/big.nc", local())
        assert found is None or resumed
        if whole and found is not None:  # cut off where it matters to nobody: then it is right
            assert (found.upload_id, found.part_size, found.size) == ("2~id", 16 << 20, 100 << 20)
        if journal.notices:
            assert not resumed
            assert f"{KEY.id}.damaged" in files(state)
        journal.intend_upload("another", local())
        journal.upload_begun("another", local(), "new", 5 << 20)
        assert journal.upload("another", local()).upload_id == "new"  # type: ignore[union-attr]
    finally:
        journal.finish("interrupted")
    assert find_job(state, KEY.id).state == "interrupted"
    return resumed


BAD = {
    "future-version": "PRAGMA user_version = 3",
    "version-0": "PRAGMA user_version = 0",
    "negative-version": "PRAGMA user_version = -1",
    "missing-table": "DROP TABLE leftovers",
    "missing-field": "ALTER TABLE uploads DROP COLUMN part_size",
    "more-tables": "CREATE TABLE more (x)",
    "trigger": "CREATE TRIGGER t AFTER INSERT ON uploads BEGIN DELETE FROM job; END",
    "no-job": "DELETE FROM job",
    "job-no-json": "UPDATE job SET what = 'x'",
    "job-other-json": "UPDATE job SET what = '[]'",
    "job-wrong-field": "UPDATE job SET what = json_set(what, '$.sources', 7)",
    "job-more-fields": "UPDATE job SET what = json_set(what, '$.more', 'x')",
    "job-state": "UPDATE job SET state = 'mine'",
    "text-as-key": "UPDATE uploads SET key = 'text'",
    "number-as-id": "UPDATE uploads SET upload_id = 7",
    "null-id": "PRAGMA writable_schema = ON; UPDATE sqlite_master SET sql = replace(sql, 'NOT NULL', '')",
    "text-as-size": "UPDATE uploads SET size = 'large'",
    "fraction-as-size": "UPDATE uploads SET size = 1.5",
    "negative-size": "UPDATE uploads SET size = -1",
    "huge-size": "UPDATE uploads SET size = 9223372036854775807",
    "text-as-time": "UPDATE uploads SET mtime_ns = 'now'",
    "part-0": "UPDATE upload_parts SET number = 0 WHERE number = 1",
    "negative-part": "UPDATE upload_parts SET number = -1 WHERE number = 1",
    "huge-part": "UPDATE upload_parts SET number = 1000001 WHERE number = 1",
    "part-of-nothing": "PRAGMA foreign_keys = OFF; UPDATE upload_parts SET key = x'00' WHERE number = 1",
    "version-1-with-tables-of-2": "PRAGMA user_version = 1",
    "short-md5-of-a-beginning": "UPDATE download_prefixes SET md5 = x'00'",
    "short-md5": "UPDATE download_parts SET md5 = x'00'",
    "name-no-utf8": "UPDATE uploads SET path = x'ff'",
    "temp-elsewhere": "UPDATE downloads SET temp = CAST('../../etc/passwd' AS BLOB)",
    "name-elsewhere": "UPDATE downloads SET name = CAST('a/../../b' AS BLOB)",
    "name-absolute": "UPDATE downloads SET name = CAST('/etc/passwd' AS BLOB)",
    "temp-nothing": "UPDATE downloads SET temp = x''",
}


@pytest.mark.parametrize("case", BAD)
def test_b121_what_breaks_the_rules_is_rejected(tmp_path: Path, case: str) -> None:
    path = begun(tmp_path / "whole")
    connection = sqlite3.connect(path, isolation_level=None)
    connection.execute("PRAGMA ignore_check_constraints = ON")
    connection.executescript(BAD[case])
    connection.close()
    data = path.read_bytes()
    assert not _opened_with(tmp_path, {".db": data})
    assert f"{KEY.id}.damaged" in files(tmp_path / "tried")
    told: list[str] = []
    assert list(list_jobs(tmp_path / "whole", lambda path, reason: told.append(reason))) == []
    assert len(told) == 1


def test_b121_parts_cannot_be_there_twice(tmp_path: Path) -> None:
    connection = sqlite3.connect(begun(tmp_path), isolation_level=None)
    with pytest.raises(sqlite3.IntegrityError):
        connection.execute("INSERT INTO upload_parts SELECT * FROM upload_parts")
    connection.close()
