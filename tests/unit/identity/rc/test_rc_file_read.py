"""The RC file on disk: owner, mode, folder, kind and size, and what importing the parser costs."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from jsobj.errors import ExitCode, JsobjError
from jsobj.identity.rc.file import read
from jsobj.secret import Secret


@pytest.fixture
def private(tmp_path: Path) -> Path:
    path = tmp_path / "app-cred openrc.sh"
    path.write_text("export OS_PASSWORD=s3cret\n")
    path.chmod(0o600)
    tmp_path.chmod(0o700)
    return path


def test_read_a_private_file(private: Path) -> None:
    file = read(private)
    assert file.name == str(private)
    assert file.secrets["OS_PASSWORD"] == (Secret("s3cret"),)
    assert not file.notices


@pytest.mark.parametrize(("mode", "done"), [(0o644, "read"), (0o640, "read"), (0o620, "changed"), (0o666, "changed")])
def test_a_file_open_to_others_is_warned_of_B037(private: Path, mode: int, done: str) -> None:
    private.chmod(mode)
    (notice,) = read(private).notices
    assert f"can be {done} by other users: chmod 600 '{private}'" in notice


@pytest.mark.parametrize(("mode", "warned"), [(0o777, True), (0o770, True), (0o755, False), (0o1777, False)])
def test_a_folder_open_to_others_is_warned_of_B037(private: Path, mode: int, warned: bool) -> None:
    private.parent.chmod(mode)
    notices = read(private).notices
    private.parent.chmod(0o700)
    assert bool(notices) == warned


def test_another_users_file_needs_force_B037(private: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    someone_else = private.stat().st_uid + 1
    monkeypatch.setattr(os, "geteuid", lambda: someone_else)
    with pytest.raises(JsobjError) as caught:
        read(private)
    assert (caught.value.reference, caught.value.code) == ("rc-other-owner", ExitCode.LOCAL)
    assert "belongs to another user" in read(private, force=True).notices[0]


def test_a_missing_file_is_not_found(tmp_path: Path) -> None:
    for path in (tmp_path / "no", tmp_path / "no" / "where"):
        with pytest.raises(JsobjError) as caught:
            read(path)
        assert (caught.value.reference, caught.value.code) == ("rc-not-found", ExitCode.NOT_FOUND)
        assert str(path) in caught.value.message


def test_what_is_no_file_is_refused_without_waiting(tmp_path: Path) -> None:
    fifo, loop, large = tmp_path / "fifo", tmp_path / "loop", tmp_path / "large"
    os.mkfifo(fifo)
    loop.symlink_to(loop)
    with large.open("wb") as file:
        file.truncate(1 << 40)
    expected = {
        tmp_path: "rc-is-folder",
        fifo: "rc-special-file",
        Path("/dev/zero"): "rc-special-file",
        loop: "rc-unreadable",
        large: "rc-too-large",
    }
    for path, reference in expected.items():
        with pytest.raises(JsobjError) as caught:
            read(path)
        assert (caught.value.reference, caught.value.code) == (reference, ExitCode.LOCAL)


def test_importing_the_parser_imports_nothing_heavy() -> None:
    code = "import sys, jsobj.identity.rc.file; print(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=60)
    assert not {"html", "yaml", "click", "keystoneauth1", "openstack", "subprocess", "socket"} & set(
        done.stdout.split()
    )


def test_a_file_that_asks_for_its_password_may_be_read_by_others(tmp_path: Path) -> None:
    path = tmp_path / "rc.sh"
    path.write_text("export OS_AUTH_URL=https://k/v3\nexport OS_USERNAME=bob\nread -sr OS_PASSWORD\n")
    path.chmod(0o644)
    assert read(path).notices == ()
    path.chmod(0o666)
    assert "can be changed by other users" in read(path).notices[0]
