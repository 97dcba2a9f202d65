"""Walking local trees: the order of a listing, everything named that is not sent, and no depth too deep."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from rigs import lack

from jsobj.errors import ExitCode
from jsobj.transfer.filters import Filters
from jsobj.transfer.local.scan import Found, LocalFile, Passed, named, walk

NOBODY = 65534


def scanned(*sources: Path | str, links: bool = False, filters: Filters | None = None) -> list[Found]:
    return list(walk([str(source) for source in sources], filters=filters or Filters(), follow_symlinks=links))


def relatives(found: list[Found]) -> list[str]:
    return [item.relative for item in found if isinstance(item, LocalFile)]


def passed(found: list[Found]) -> dict[str, str]:
    """What was passed over: its reference, or its reason where that is no error."""
    return {
        item.relative: item.error.reference if item.error is not None else item.reason
        for item in found
        if isinstance(item, Passed)
    }


def grow(root: Path, *names: str) -> Path:
    for name in names:
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(name)
    return root


@pytest.fixture
def plain_user() -> Iterator[Path]:
    """A folder of a user whom permissions bind; root is made one for the time of the test."""
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
        subprocess.run(["chmod", "-R", "u+rwx", str(folder)], check=True, timeout=20)
        shutil.rmtree(folder)


def test_files_come_in_the_order_of_their_keys(tmp_path: Path) -> None:
    grow(tmp_path, "a.b", "a/x", "a-b/y", "a0", "b/c/d", "b/c.d", "Z", "é", "\U0001f600", "\uffee")
    found = relatives(scanned(tmp_path))
    assert found == sorted(found, key=str.encode)
    assert len(found) == 10


@settings(deadline=None, max_examples=60)
@given(
    st.sets(
        st.lists(
            st.text(st.sampled_from("ab-./0é\uffee\U0001f600"), min_size=1, max_size=3), min_size=1, max_size=4
        ).map(lambda parts: "/".join(part.replace("/", "_") for part in parts)),
        max_size=15,
    )
)
def test_the_order_is_that_of_a_listing_for_any_tree(names: set[str]) -> None:
    with tempfile.TemporaryDirectory() as root:
        made = set()
        for name in names:
            parts = name.split("/")
            if not {".", ".."} & set(parts):
                path = Path(root, name)
                try:
                    path.parent.mkdir(parents=True, exist_ok=True)
                    path.touch(exist_ok=False)
                except (FileExistsError, NotADirectoryError):
                    continue  # a folder, or below a file
                made.add(name)
        assert relatives(scanned(root)) == sorted(made, key=str.encode)


def test_names_that_are_no_utf8_stand_where_their_bytes_do(tmp_path: Path) -> None:
    """As code points, the stand-ins of such bytes come after all Korean letters, and before what is newer."""
    names = [b"\xe9", "\ud55c".encode(), "\uffee".encode(), "\U0001f600".encode(), b"\xff", b"a"]
    for name in names:
        Path(os.fsdecode(bytes(tmp_path) + b"/" + name)).touch()
    found = [os.fsencode(each.relative) for each in scanned(tmp_path)]
    assert found == sorted(names)


def test_what_is_told_of_a_file(tmp_path: Path) -> None:
    path = grow(tmp_path, "d/f") / "d" / "f"
    state = path.stat()
    (found,) = scanned(tmp_path)
    assert found == LocalFile(str(path), "d/f", 3, state.st_mtime_ns, state.st_ino, state.st_ctime_ns)


def test_a_file_and_a_link_to_a_file_as_sources_are_sent(tmp_path: Path) -> None:
    grow(tmp_path, "f")
    (tmp_path / "link").symlink_to("f")
    (tmp_path / "links").symlink_to(tmp_path, target_is_directory=True)
    assert relatives(scanned(tmp_path / "f")) == ["f"]
    assert relatives(scanned(tmp_path / "link")) == ["link"]
    assert relatives(scanned(tmp_path / "links")) == ["f"]


def test_b099_links_below_are_named_and_not_followed(tmp_path: Path) -> None:
    grow(tmp_path / "t", "f")
    grow(tmp_path / "o", "secret")
    (tmp_path / "t" / "file").symlink_to("f")
    (tmp_path / "t" / "folder").symlink_to("../o")
    found = scanned(tmp_path / "t")
    assert relatives(found) == ["f"]
    assert set(passed(found)) == {"file", "folder"}
    assert all("--links follow" in reason for reason in passed(found).values())


def test_b099_links_are_followed_on_demand_but_never_in_circles(tmp_path: Path) -> None:
    grow(tmp_path / "t", "d/e/f")
    grow(tmp_path / "o", "x")
    (tmp_path / "t" / "file").symlink_to("d/e/f")
    (tmp_path / "t" / "folder").symlink_to("../o")
    (tmp_path / "t" / "nothing").symlink_to("missing")
    (tmp_path / "t" / "self").symlink_to("self")
    (tmp_path / "t" / "d" / "e" / "up").symlink_to("../..")
    (tmp_path / "t" / "d" / "e" / "twin").symlink_to("../../../o")
    found = scanned(tmp_path / "t", links=True)
    assert relatives(found) == ["d/e/f", "d/e/twin/x", "file", "folder/x"]
    assert passed(found) == {"d/e/up/": "link-loop", "nothing": "link-broken", "self": "file-unreadable"}


def test_b099_special_files_are_named(tmp_path: Path) -> None:
    grow(tmp_path, "f")
    os.mkfifo(tmp_path / "pipe")
    with socket.socket(socket.AF_UNIX) as server:
        server.bind(str(tmp_path / "socket"))
        found = scanned(tmp_path)
    assert relatives(found) == ["f"]
    assert passed(found) == {"pipe": "file-special", "socket": "file-special"}
    assert passed(scanned("/dev/null")) == {"null": "file-special"}
    (pipe,) = scanned(tmp_path / "pipe")
    assert isinstance(pipe, Passed)
    assert "pipe" in pipe.reason
    assert pipe.error is not None
    assert pipe.error.code is ExitCode.LOCAL


def test_b099_a_file_that_hides_its_size_is_not_sent_as_empty(tmp_path: Path) -> None:
    if not os.path.exists("/proc/version"):
        lack("/proc is not mounted")
    assert passed(scanned("/proc/version")) == {"version": "size-untold"}
    (tmp_path / "empty").touch()
    assert relatives(scanned(tmp_path)) == ["empty"]


def test_b099_a_file_that_vanishes_is_named_and_the_others_go_on(tmp_path: Path) -> None:
    grow(tmp_path, "a", "b", "c/x", "d")
    found = walk([str(tmp_path)], filters=Filters())
    first = next(found)
    assert first.relative == "a"
    (tmp_path / "b").unlink()
    (tmp_path / "c" / "x").unlink()
    (tmp_path / "c").rmdir()
    rest = list(found)
    assert relatives(rest) == ["d"]
    assert passed(rest) == {"b": "source-vanished", "c/": "source-vanished"}


def test_a_folder_that_became_a_link_is_not_followed(tmp_path: Path) -> None:
    grow(tmp_path / "t", "a", "d/x")
    grow(tmp_path / "o", "secret")
    found = walk([str(tmp_path / "t")], filters=Filters())
    next(found)
    (tmp_path / "t" / "d").rename(tmp_path / "t" / "e")
    (tmp_path / "t" / "d").symlink_to("../o")
    rest = list(found)
    assert relatives(rest) == []
    assert set(passed(rest)) == {"d/"}


def test_b099_what_may_not_be_read_is_named(plain_user: Path) -> None:
    grow(plain_user, "open/x", "shut/y", "z")
    (plain_user / "shut").chmod(0)
    (plain_user / "none").touch(0)
    found = scanned(plain_user)
    assert relatives(found) == ["open/x", "z"]
    assert passed(found) == {"none": "file-unreadable", "shut/": "file-unreadable"}


def test_b091_a_name_that_is_not_utf8_is_refused_alone(tmp_path: Path) -> None:
    grow(tmp_path, "f")
    (tmp_path / os.fsdecode(b"bad\xff")).touch()
    (tmp_path / os.fsdecode(b"dir\xff")).mkdir()
    (tmp_path / os.fsdecode(b"dir\xff") / "x").touch()
    found = scanned(tmp_path)
    assert relatives(found) == ["f"]
    assert set(passed(found).values()) == {"name-refused"}
    assert len(passed(found)) == 2


def test_b100_a_newline_in_a_name_is_a_name(tmp_path: Path) -> None:
    assert relatives(scanned(grow(tmp_path, "a\nb"))) == ["a\nb"]


def test_unfinished_downloads_are_left_out(tmp_path: Path) -> None:
    found = scanned(grow(tmp_path, ".f.0123456789abcdef.jsobj-part", "x.jsobj-part"))
    assert relatives(found) == ["x.jsobj-part"]
    assert list(passed(found).values()) == ["the unfinished part of a download"]


def test_l06_a_depth_of_500_is_walked(tmp_path: Path) -> None:
    made = tmp_path
    for _ in range(500):
        made = made / "d"
    made.mkdir(parents=True)
    (made / "f").touch()
    assert relatives(scanned(tmp_path)) == ["d/" * 500 + "f"]


def test_l06_what_is_longer_than_any_path_is_named(tmp_path: Path) -> None:
    here = os.open(tmp_path, os.O_RDONLY)
    try:
        for _ in range(40):
            os.mkdir("x" * 200, dir_fd=here)
            here, before = os.open("x" * 200, os.O_RDONLY, dir_fd=here), here
            os.close(before)
    finally:
        os.close(here)
    (reason,) = passed(scanned(tmp_path)).values()
    assert reason == "file-unreadable"


def test_filters_leave_out_files_and_whole_folders(tmp_path: Path) -> None:
    grow(tmp_path, "a.nc", "a.tmp", "cache/x/y", "d/b.nc")
    found = scanned(tmp_path, filters=Filters.of([], ["*.tmp", "cache/"]))
    assert relatives(found) == ["a.nc", "d/b.nc"]
    assert passed(found) == {"a.tmp": "matches --exclude '*.tmp'", "cache/": "matches --exclude 'cache/'"}


def test_several_sources_are_one_tree_and_twins_are_named(tmp_path: Path) -> None:
    grow(tmp_path, "one/a", "one/d/x", "two/b", "two/d/x", "c")
    found = scanned(tmp_path / "one", tmp_path / "two", tmp_path / "c")
    assert relatives(found) == ["a", "b", "c", "d/x"]
    assert passed(found) == {"d/x": "sources-meet"}


@pytest.mark.parametrize("bad", ["missing", "a\0b"])
def test_a_source_that_is_not_there_is_named(tmp_path: Path, bad: str) -> None:
    (found,) = scanned(f"{tmp_path}/{bad}")
    assert isinstance(found, Passed)
    assert found.error is not None


def test_a_list_of_names_is_looked_up_in_its_order(tmp_path: Path) -> None:
    grow(tmp_path, "b", "a", "d/x")
    (tmp_path / "link").symlink_to("a")
    found = list(named(str(tmp_path), ["b", "d/x", "a", "d", "gone", "link"], filters=Filters.of([], ["a"])))
    assert relatives(found) == ["b", "d/x"]
    assert passed(found) == {
        "a": "matches --exclude 'a'",
        "d": "a folder: only the files that are named are sent",
        "gone": "source-missing",
        "link": "a symbolic link: to follow links, add --links follow",
    }
    (followed,) = named(str(tmp_path), ["link"], filters=Filters(), follow_symlinks=True)
    assert isinstance(followed, LocalFile)


def test_a_walk_holds_no_file_open(tmp_path: Path) -> None:
    grow(tmp_path, "a/b/c", "d")
    before = len(os.listdir("/proc/self/fd"))
    found = walk([str(tmp_path)], filters=Filters())
    next(found)
    assert len(os.listdir("/proc/self/fd")) <= before  # what earlier tests left open may close meanwhile
