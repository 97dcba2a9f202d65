"""The record of a mount."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from jsobj.identity.settings import Settings
from jsobj.mount import record
from jsobj.mount.record import Mount

MOUNT = Mount("ab12", "/m", "s3", "data", "a/b", "rclone", True, "1G", host=os.uname().nodename)


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings.read({"HOME": str(tmp_path)})


def test_it_is_read_as_it_was_written(settings: Settings) -> None:
    record.write(settings, MOUNT)
    assert list(record.all_mounts(settings)) == [MOUNT]
    assert record.places(settings, MOUNT.id).record.stat().st_mode & 0o777 == 0o600
    record.forget(settings, MOUNT)
    assert list(record.all_mounts(settings)) == []
    assert not (settings.state_dir / "mounts").exists()


def test_names(settings: Settings) -> None:
    assert MOUNT.url == "s3://data/a/b"
    assert MOUNT.key("x/y") == "a/b/x/y"


def test_a_damaged_record_and_one_of_a_later_release(settings: Settings) -> None:
    record.write(settings, MOUNT)
    path = record.places(settings, MOUNT.id).record
    path.write_text(path.read_text().replace('"id"', '"new": 1, "id"'))
    assert record.read(settings, MOUNT.id) == MOUNT
    path.write_text("[]")
    assert record.read(settings, MOUNT.id) is None


def test_forgetting_removes_nothing_below_the_folder_that_is_mounted_on(settings: Settings) -> None:
    """It may be a bucket."""
    record.write(settings, MOUNT)
    where = record.places(settings, MOUNT.id)
    where.private.mkdir()
    (where.private / "object").touch()
    record.forget(settings, MOUNT)
    assert (where.private / "object").exists()


def test_the_lock_says_whether_the_mounter_lives(settings: Settings) -> None:
    import fcntl

    record.write(settings, MOUNT)
    assert not record.alive(settings, MOUNT)
    descriptor = os.open(record.places(settings, MOUNT.id).lock, os.O_RDWR | os.O_CREAT)
    fcntl.flock(descriptor, fcntl.LOCK_EX)
    assert record.alive(settings, MOUNT)
    os.close(descriptor)
    assert not record.alive(settings, MOUNT)
