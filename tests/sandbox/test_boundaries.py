"""What the sandbox refuses to touch, and what it says when it cannot run. No server is started here."""

from __future__ import annotations

import errno
import os
import sys
from pathlib import Path

import pexpect
import pytest

from jsobj.errors import ExitCode, JsobjError
from jsobj.sandbox import lifecycle, requirements
from jsobj.sandbox.layout import mounts_under
from jsobj.sandbox.options import SandboxOptions
from jsobj.sandbox.rcfiles import quoted
from jsobj.sandbox.services.memory_cache import MemoryCache
from jsobj.sandbox.shell import shell_environment, write_prompts


@pytest.mark.parametrize("act", [lifecycle.start, lifecycle.stop, lifecycle.reset])
def test_a_folder_of_somebody_else_is_refused(act: object, tmp_path: Path) -> None:
    precious = tmp_path / "precious.txt"
    precious.write_text("years of work")
    assert callable(act)
    with pytest.raises(JsobjError) as caught:
        act(tmp_path)
    assert caught.value.reference == "sandbox-folder-not-ours"
    assert caught.value.code is ExitCode.REFUSED
    assert [path.name for path in tmp_path.iterdir()] == ["precious.txt"]


@pytest.mark.parametrize("content", ["", "{}", "[]", "not json", '{"schema": "another"}'])
def test_a_marker_that_is_not_ours_does_not_count(tmp_path: Path, content: str) -> None:
    (tmp_path / ".jsobj-sandbox").write_text(content)
    (tmp_path / "precious.txt").write_text("years of work")
    with pytest.raises(JsobjError, match="no sandbox"):
        lifecycle.reset(tmp_path)
    assert (tmp_path / "precious.txt").exists()


def test_reset_does_not_follow_links_out_of_the_folder(tmp_path: Path) -> None:
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "precious.txt").write_text("years of work")
    folder = tmp_path / "sandbox"
    folder.mkdir()
    (folder / ".jsobj-sandbox").write_text('{"schema": "jsobj.sandbox-folder/1"}')
    (folder / "link").symlink_to(outside)
    lifecycle.reset(folder)
    assert not folder.exists()
    assert (outside / "precious.txt").read_text() == "years of work"


def test_mounts_inside_the_folder_are_seen() -> None:
    lines = (
        "22 1 254:0 / / rw,relatime - ext4 /dev/vda rw",
        "30 22 0:30 / /x/sand\\040box/home/m rw - fuse.s3fs s3fs rw",
        "31 22 0:31 / /x/sand\\040box2 rw - tmpfs none rw",
        "32 22 0:32 / /x/sand\\040box rw - tmpfs none rw",
    )
    assert mounts_under(Path("/x/sand box"), "\n".join(lines)) == ["/x/sand box/home/m"]


def test_a_missing_folder_is_not_running_and_stays_missing(tmp_path: Path) -> None:
    folder = tmp_path / "none"
    assert lifecycle.status(folder).running is False
    assert lifecycle.stop(folder) is False
    lifecycle.reset(folder)
    assert not folder.exists()
    with pytest.raises(JsobjError) as caught:
        lifecycle.password(folder, "alice")
    assert caught.value.code is ExitCode.NOT_FOUND


def test_status_of_a_foreign_folder_is_not_running(tmp_path: Path) -> None:
    (tmp_path / "state").mkdir()
    (tmp_path / "state" / "record.json").write_text("not json")
    document = lifecycle.status(tmp_path).to_json()
    assert document["schema"] == "jsobj.sandbox/1"
    assert document["running"] is False


def test_a_missing_extra_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(requirements, "missing", lambda elsewhere: () if elsewhere else ("keystone",))
    with pytest.raises(JsobjError) as caught:
        lifecycle.start(tmp_path / "new")
    assert caught.value.reference == "sandbox-not-installed"
    assert caught.value.hint == "pip install 'jsobj[sandbox]'"
    assert caught.value.code is ExitCode.LOCAL
    assert not (tmp_path / "new").exists()
    requirements.check_packages(keystone_python=Path("/another/python"))


def test_a_file_system_without_attributes_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object) -> None:
        raise OSError(errno.ENOTSUP, os.strerror(errno.ENOTSUP))

    monkeypatch.setattr(os, "setxattr", refuse)
    with pytest.raises(JsobjError) as caught:
        lifecycle.start(tmp_path / "new")
    assert caught.value.reference == "sandbox-no-xattrs"


def test_a_folder_that_cannot_be_made_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(JsobjError) as caught:
        lifecycle.start(tmp_path / "file" / "sandbox")
    assert caught.value.reference == "sandbox-folder"
    assert str(tmp_path / "file" / "sandbox") in caught.value.message


def test_options_have_the_documented_defaults() -> None:
    assert SandboxOptions() == SandboxOptions(token_seconds=3600, location="RegionOne", keystone_python=None)


def test_the_shell_sees_no_other_cloud(tmp_path: Path) -> None:
    base = {
        "PATH": "/bin",
        "HOME": "/home/me",
        "POS_X": "kept",
        "JSOBJ_SANDBOX": "/old",
        "OS_CLOUD": "js2",
        "AWS_PROFILE": "p",
        "XDG_CONFIG_HOME": "/x",
        "S3_ENDPOINT_URL": "u",
    }
    assert shell_environment(tmp_path, base) == {
        "PS1": "(sandbox) $ ",
        "PATH": f"{Path(sys.executable).parent}:/bin",
        "POS_X": "kept",
        "HOME": str(tmp_path / "home"),
        "JSOBJ_SANDBOX": str(tmp_path),
        "no_proxy": "127.0.0.1,localhost",
        "NO_PROXY": "127.0.0.1,localhost",
    }
    assert base["OS_CLOUD"] == "js2"


def test_the_shell_keeps_what_goes_past_the_proxy_already(tmp_path: Path) -> None:
    found = shell_environment(tmp_path, {"http_proxy": "http://proxy:3128", "no_proxy": ".example.org"})
    assert found["no_proxy"] == ".example.org,127.0.0.1,localhost"


def test_quoting_escapes_as_the_portal_does() -> None:
    assert quoted("""a'b"c$d!e`f\\g h""") == """a\\'b\\"c\\$d\\!e\\`f\\\\g h"""


def test_the_cache_forgets_counts_and_keeps_types() -> None:
    cache = MemoryCache()
    cache.set("a", ({"h": 1}, "x"), time=60)
    assert cache.get("a") == [{"h": 1}, "x"]
    cache.set("gone", 1, time=-1)
    assert cache.get("gone") is None
    assert [cache.incr("n", 5), cache.decr("n", 2), cache.decr("n", 9)] == [5, 3, 0]
    cache.set_multi({"x": b"1", "y": [1]}, "server")
    assert cache.get_multi(["x", "y", "z"], "server") == ["1", [1], None]
    cache.delete("x")
    assert cache.get("x") is None


@pytest.mark.parametrize("shell", ["bash", "sh"])
def test_the_prompt_says_where_one_is(tmp_path: Path, shell: str) -> None:
    environ = {**shell_environment(tmp_path, {"PATH": os.defpath, "TERM": "dumb"}), "HOME": str(tmp_path)}
    write_prompts(tmp_path)
    child = pexpect.spawn(shell, ["-i"], env=environ, cwd=str(tmp_path), encoding="utf-8", timeout=30)
    try:
        child.expect_exact("(sandbox) ")
    finally:
        child.close(force=True)


def test_a_prompt_of_ones_own_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / ".bashrc").write_text("mine\n")
    write_prompts(tmp_path)
    assert (tmp_path / ".bashrc").read_text() == "mine\n"
