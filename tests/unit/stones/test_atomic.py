"""Private files: whole or not at all, never shown to others, nobody's changes lost."""

from __future__ import annotations

import os
import resource
import shutil
import stat
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from rigs import lack, need_program, small_disk

import jsobj
from jsobj.atomic import Change, edit_private_file, write_private_file
from jsobj.errors import ExitCode, JsobjError

ROOT = Path(jsobj.__file__).parents[1]
NOBODY = 65534


def mode(path: Path) -> int:
    return stat.S_IMODE(path.lstat().st_mode)


def to(data: bytes) -> Callable[[bytes | None], bytes]:
    return lambda before: data


def refused(path: Path, *, edit: Callable[[bytes | None], bytes] | None = None, wait: float = 10.0) -> JsobjError:
    with pytest.raises(JsobjError) as caught:
        edit_private_file(path, edit or to(b"new"), wait=wait)
    assert caught.value.code is ExitCode.LOCAL
    assert str(path) in caught.value.message
    assert caught.value.hint
    return caught.value


@pytest.fixture(params=[0o000, 0o022, 0o777], ids=oct)
def umask(request: pytest.FixtureRequest) -> Iterator[int]:
    before = os.umask(request.param)
    yield request.param
    os.umask(before)


def test_b101_file_and_folders_are_private_whatever_the_umask(tmp_path: Path, umask: int) -> None:
    path = tmp_path / "a" / "b" / "credentials"
    change = edit_private_file(path, lambda before: b"x" if before is None else b"?")
    assert (change.before, change.after, change.changed, change.backup) == (None, b"x", True, None)
    assert path.read_bytes() == b"x"
    assert [mode(path), mode(path.parent), mode(path.parent.parent)] == [0o600, 0o700, 0o700]
    edit_private_file(path, to(b"y"), backup=True)
    assert {mode(found) for found in path.parent.iterdir()} == {0o600}


def test_nothing_is_left_beside_the_file(tmp_path: Path) -> None:
    edit_private_file(tmp_path / "f", to(b"1"))
    edit_private_file(tmp_path / "f", to(b"2"))
    assert [found.name for found in tmp_path.iterdir()] == ["f"]


def test_an_edit_that_changes_nothing_leaves_the_file_itself(tmp_path: Path) -> None:
    path = tmp_path / "f"
    write_private_file(path, b"same")
    before = path.stat()
    change = edit_private_file(path, to(b"same"), backup=True)
    assert not change.changed
    assert change.notices == ()
    assert (path.stat().st_ino, path.stat().st_mtime_ns) == (before.st_ino, before.st_mtime_ns)
    assert [found.name for found in tmp_path.iterdir()] == ["f"]


@pytest.mark.parametrize("loose", [0o644, 0o640, 0o666, 0o700], ids=oct)
@pytest.mark.parametrize("after", [b"old", b"new"])
def test_b110_a_loose_mode_is_tightened_with_a_notice(tmp_path: Path, loose: int, after: bytes) -> None:
    path = tmp_path / "f"
    path.write_bytes(b"old")
    path.chmod(loose)
    change = edit_private_file(path, to(after))
    assert mode(path) == 0o600
    assert path.read_bytes() == after
    assert any(f"{loose:04o}" in notice and "0600" in notice for notice in change.notices)


def test_b110_a_folder_that_everyone_can_write_to_is_told(tmp_path: Path) -> None:
    folder = tmp_path / "shared"
    folder.mkdir()
    folder.chmod(0o777)
    (notice,) = edit_private_file(folder / "f", to(b"x")).notices
    assert f"chmod o-w {folder}" in notice
    folder.chmod(0o1777)
    assert edit_private_file(folder / "f", to(b"y")).notices == ()


def test_b110_a_file_of_another_owner_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "f"
    path.write_bytes(b"old")
    if os.geteuid() == 0:
        os.chown(path, NOBODY, NOBODY)
    else:
        path = Path("/etc/passwd")
    old = path.read_bytes()
    assert refused(path).reference == "file-foreign-owner"
    assert path.read_bytes() == old


def test_b112_a_read_only_file_is_refused_untouched(tmp_path: Path) -> None:
    path = tmp_path / "f"
    path.write_bytes(b"old")
    path.chmod(0o400)
    error = refused(path)
    assert error.reference == "file-read-only"
    assert "chmod u+w" in error.hint
    assert (path.read_bytes(), mode(path)) == (b"old", 0o400)


def test_b112_an_immutable_file_is_refused_untouched(tmp_path: Path) -> None:
    path = tmp_path / "f"
    write_private_file(path, b"old")
    chattr = need_program("chattr")
    if subprocess.run([chattr, "+i", path], capture_output=True, timeout=20).returncode:
        lack("chattr +i is not allowed here: run the tests as root, on a file system that knows it")
    try:
        refused(path)
        assert path.read_bytes() == b"old"
    finally:
        subprocess.run([chattr, "-i", path], check=True, timeout=20)
    assert [found.name for found in tmp_path.iterdir()] == ["f"]


CHILD = """
import sys
from pathlib import Path
from jsobj.atomic import edit_private_file
from jsobj.errors import JsobjError
try:
    edit_private_file(Path(sys.argv[1]), lambda before: sys.argv[2].encode() * int(sys.argv[3]))
except JsobjError as error:
    sys.stderr.write(f"{error.reference}|{error.message}|{error.context}|{error.hint}")
    sys.exit(int(error.code))
"""


def child(path: Path, text: str, times: int = 1, **options: object) -> subprocess.CompletedProcess[str]:
    return subprocess.run(  # type: ignore[call-overload, no-any-return]  # options are any of subprocess.run's
        [sys.executable, "-c", CHILD, str(path), text, str(times)],
        env={"PYTHONPATH": str(ROOT), "PYTHONDONTWRITEBYTECODE": "1"},
        capture_output=True,
        text=True,
        timeout=60,
        **options,
    )


@pytest.fixture
def plain_user() -> Iterator[Path]:
    """A folder of a user whom permissions stop: root passes every check, so it becomes nobody for the test."""
    folder = Path(tempfile.mkdtemp(prefix="jsobj-test-"))  # not tmp_path: nobody cannot pass pytest's folders
    root = os.geteuid() == 0
    if root:
        os.chown(folder, NOBODY, NOBODY)
        os.seteuid(NOBODY)
    try:
        yield folder
    finally:
        if root:
            os.seteuid(0)
        folder.chmod(0o700)
        shutil.rmtree(folder)


def test_b112_a_folder_without_write_permission_is_named(plain_user: Path) -> None:
    path = plain_user / "f"
    write_private_file(path, b"old")
    plain_user.chmod(0o500)
    error = refused(path)
    assert (error.reference, "Permission denied" in error.message) == ("file-not-written", True)
    assert str(plain_user) in error.hint
    assert path.read_bytes() == b"old"
    assert [found.name for found in plain_user.iterdir()] == ["f"]


def test_b112_an_unreadable_file_is_refused(plain_user: Path) -> None:
    path = plain_user / "f"
    write_private_file(path, b"old")
    path.chmod(0o200)
    assert "Permission denied" in refused(path).message
    path.chmod(0o600)
    assert path.read_bytes() == b"old"


def test_c19_a_limit_on_file_sizes_is_an_error_and_not_a_signal(tmp_path: Path) -> None:
    path = tmp_path / "f"
    write_private_file(path, b"old")

    def limit() -> None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (1024, 1024))

    done = child(path, "x", 5000, preexec_fn=limit)
    assert done.returncode == ExitCode.LOCAL, done.stderr
    assert "ulimit -f" in done.stderr
    assert path.read_bytes() == b"old"
    assert [found.name for found in tmp_path.iterdir()] == ["f"]


def test_b112_a_full_disk_leaves_the_old_file(tmp_path: Path) -> None:
    with small_disk(tmp_path, "64k") as disk:
        path = disk / "f"
        write_private_file(path, b"old")
        error = refused(path, edit=to(b"x" * 200_000))
        assert "No space left" in error.message
        assert "df -h" in error.hint
        assert path.read_bytes() == b"old"
        assert [found.name for found in disk.iterdir()] == ["f"]
        assert edit_private_file(path, to(b"small")).changed


def test_b113_a_hard_link_is_told(tmp_path: Path) -> None:
    path, other = tmp_path / "f", tmp_path / "other"
    write_private_file(path, b"old")
    os.link(path, other)
    change = edit_private_file(path, to(b"new"))
    assert any("hard-linked" in notice for notice in change.notices)
    assert (path.read_bytes(), other.read_bytes()) == (b"new", b"old")


@pytest.mark.parametrize("exists", [True, False])
def test_a_symbolic_link_stays_and_its_target_is_edited(tmp_path: Path, exists: bool) -> None:
    real, link = tmp_path / "dotfiles" / "credentials", tmp_path / "home" / "credentials"
    link.parent.mkdir()
    link.symlink_to("../dotfiles/credentials")
    if exists:
        write_private_file(real, b"old")
    change = edit_private_file(link, to(b"new"), backup=True)
    assert link.is_symlink()
    assert real.read_bytes() == b"new"
    assert change.path == link
    assert change.backup == (tmp_path / "dotfiles" / "credentials.jsobj-backup" if exists else None)


def test_what_is_not_a_file_is_refused_without_hanging(tmp_path: Path) -> None:
    loop, folder, pipe = tmp_path / "loop", tmp_path / "folder", tmp_path / "pipe"
    loop.symlink_to("loop")
    folder.mkdir()
    os.mkfifo(pipe)
    assert refused(loop).reference == "file-link-loop"
    assert refused(folder).reference == "file-is-folder"
    assert refused(pipe).reference == "file-special"
    with pytest.raises(JsobjError) as caught:
        edit_private_file(Path("a\0b"), to(b""))
    assert caught.value.code is ExitCode.USAGE


def test_a_path_through_a_file_is_refused(tmp_path: Path) -> None:
    (tmp_path / "f").write_bytes(b"old")
    assert refused(tmp_path / "f" / "g").reference == "file-not-written"
    assert (tmp_path / "f").read_bytes() == b"old"


def test_check_vetoes_with_the_bytes_from_the_disk(tmp_path: Path) -> None:
    path = tmp_path / "f"
    write_private_file(path, b"old")
    seen = []

    def check(data: bytes) -> None:
        seen.append(data)
        raise JsobjError("bad", "bad", code=ExitCode.LOCAL)

    with pytest.raises(JsobjError, match="bad"):
        edit_private_file(path, to(b"new"), check=check, backup=True)
    assert seen == [b"new"]
    assert path.read_bytes() == b"old"
    assert [found.name for found in tmp_path.iterdir()] == ["f"]


@pytest.mark.parametrize("error", [KeyboardInterrupt, MemoryError, SystemExit])
def test_c13_an_interruption_leaves_no_temp_and_no_lock(tmp_path: Path, error: type[BaseException]) -> None:
    path = tmp_path / "f"
    write_private_file(path, b"old")

    def check(data: bytes) -> None:
        raise error

    with pytest.raises(error):
        edit_private_file(path, to(b"new"), check=check)
    assert [found.name for found in tmp_path.iterdir()] == ["f"]
    assert edit_private_file(path, to(b"new"), wait=0).changed


def test_exclusive_refuses_an_existing_file(tmp_path: Path) -> None:
    path = tmp_path / "f"
    assert write_private_file(path, b"one", exclusive=True).changed
    with pytest.raises(JsobjError) as caught:
        write_private_file(path, b"two", exclusive=True)
    assert caught.value.code is ExitCode.REFUSED
    assert path.read_bytes() == b"one"


def test_b115_backups_are_private_and_bounded(tmp_path: Path) -> None:
    path = tmp_path / "f"
    write_private_file(path, b"0")
    path.chmod(0o644)
    changes = [edit_private_file(path, to(str(number).encode()), backup=True) for number in range(1, 6)]
    assert {change.backup for change in changes} == {tmp_path / "f.jsobj-backup"}
    held = {found.name: found.read_bytes() for found in tmp_path.iterdir()}
    assert held == {"f": b"5", "f.jsobj-backup": b"4", "f.jsobj-backup-2": b"3", "f.jsobj-backup-3": b"2"}
    assert {mode(found) for found in tmp_path.iterdir()} == {0o600}


def test_b140_the_system_temp_folder_does_not_matter(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("TMPDIR", "TEMP", "TMP"):
        monkeypatch.setenv(name, str(tmp_path / "missing"))
    assert edit_private_file(tmp_path / "f", to(b"x")).changed


def test_s01_the_repr_of_a_change_shows_no_content() -> None:
    assert "canary" not in repr(Change(Path("f"), b"canary-old", b"canary-new", (), None))
