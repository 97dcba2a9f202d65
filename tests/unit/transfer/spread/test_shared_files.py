"""A file proves that two machines see the same folder."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import pytest

from jsobj.errors import JsobjError
from jsobj.transfer.download.target_folder import TargetFolder
from jsobj.transfer.spread import shared_files
from jsobj.transfer.spread.shared_files import probe_in, seen_below


@pytest.fixture(autouse=True)
def soon(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shared_files, "_SECONDS", 0.0)


def test_the_same_file_is_seen_and_a_copy_is_not(tmp_path: Path) -> None:
    (tmp_path / "data/inner").mkdir(parents=True)
    (tmp_path / "data/link").symlink_to("nowhere")
    file = tmp_path / "data/inner/file"
    file.write_bytes(b"content")
    (landmark,) = seen_below([str(tmp_path / "data")])
    assert landmark.path == str(file)
    landmark.require_seen("w")
    copy = tmp_path / "copy"
    shutil.copy2(file, copy)
    os.replace(copy, file)
    with pytest.raises(JsobjError, match="another file") as caught:
        landmark.require_seen("tcp://w:1")
    assert caught.value.reference == "files-not-shared"
    assert "tcp://w:1" in caught.value.message
    file.unlink()
    with pytest.raises(JsobjError, match="No such file"):
        landmark.require_seen("w")


def test_one_file_is_its_own_landmark_and_no_files_have_none(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"x")
    (tmp_path / "empty").mkdir()
    assert [each.path for each in seen_below([str(tmp_path / "file"), str(tmp_path / "empty")])] == [
        str(tmp_path / "file")
    ]


def test_a_target_folder_is_probed_and_nothing_stays_in_it(tmp_path: Path) -> None:
    folder = TargetFolder(str(tmp_path / "new"))
    with probe_in(folder) as (landmark,):
        landmark.require_seen("w")
        Path(landmark.path).write_bytes(b"other")
        with pytest.raises(JsobjError, match="another file"):
            landmark.require_seen("w")
    assert list((tmp_path / "new").iterdir()) == []
    folder.close()


def test_the_folder_of_a_probe_that_cannot_be_written_is_refused(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("x")
    with pytest.raises(JsobjError), probe_in(TargetFolder(str(tmp_path / "file/below"))):
        pytest.fail("it was made")
