"""Reading that ends early, writing that fails, children, Ctrl-C: nothing else breaks, nothing half-done is left."""

from __future__ import annotations

import gzip
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from typing import Any

import fsspec
import pandas as pd
import pytest
from fixtures_cloud import Cloud
from fixtures_places import environ_in
from fs_scene import BOTH, Road

from jsobj.errors import JsobjError

MIB = 1024**2
LARGE = 24 * MIB


@pytest.fixture
def fs(road: Road) -> Any:
    return road.filesystem()


# -- reading


@BOTH
def test_after_a_read_that_ended_early_everything_goes_on(road: Road, fs: Any) -> None:
    data = os.urandom(3 * LARGE)
    road.put("x", data)
    with fs.open(road.url("x")) as file:
        assert file.read(20 * MIB) == data[: 20 * MIB]
        file.seek(5)
        assert file.read(1000) == data[5:1005]
    with fs.open(road.url("x")) as file:
        file.read(5 * MIB)
    dropped = fs.open(road.url("x"))
    dropped.read(5 * MIB)
    del dropped
    assert fs.cat_file(road.url("x")) == data
    assert len(fs.ls(road.bucket, refresh=True)) == 1


@BOTH
def test_a_writer_beside_readers_that_give_up(road: Road, fs: Any) -> None:
    road.put("x", os.urandom(LARGE))
    data = os.urandom(4 * LARGE)
    done = threading.Event()

    def give_up() -> None:
        while not done.is_set():
            with fs.open(road.url("x")) as file:
                file.read(5 * MIB)

    reader = threading.Thread(target=give_up)
    reader.start()
    try:
        with fs.open(road.url("y"), "wb") as file:
            for at in range(0, len(data), 7 * MIB):
                file.write(data[at : at + 7 * MIB])
    finally:
        done.set()
        reader.join()
    assert road.body("y") == data


def test_the_first_rows_of_a_table(keyless: Road) -> None:
    lines = "".join(f"{number},{number * 2}\n" for number in range(1_500_000))
    keyless.put("t.csv", f"a,b\n{lines}".encode())
    for _ in range(2):
        assert len(pd.read_csv(keyless.url("t.csv"), nrows=500_000)) == 500_000


@BOTH
def test_a_long_range_of_an_object_that_was_replaced(road: Road, fs: Any) -> None:
    road.put("x", os.urandom(LARGE))
    fs.cat_file(road.url("x"), 0, 10)
    data = os.urandom(LARGE)
    road.put("x", data)
    assert fs.cat_file(road.url("x"), 1, 20 * MIB) == data[1 : 20 * MIB]


@BOTH
def test_reading_on_after_an_error_is_an_error_again(road: Road, fs: Any) -> None:
    """And no end of the file: lines would seem to be all there."""
    road.put("x", os.urandom(6 * LARGE))
    with fs.open(road.url("x")) as file:
        file.read(3 * MIB)
        road.put("x", os.urandom(6 * LARGE))
        for _ in range(2):
            with pytest.raises(JsobjError) as caught:
                list(iter(lambda: file.read(MIB), b""))
            assert caught.value.reference == "object-changed"


@pytest.mark.filterwarnings("ignore:This process.*is multi-threaded:DeprecationWarning")
def test_a_file_that_is_read_goes_on_in_a_child(keyless: Road) -> None:
    data = os.urandom(3 * LARGE)
    keyless.put("x", data)
    file = keyless.filesystem().open(keyless.url("x"))
    assert file.read(10 * MIB) == data[: 10 * MIB]
    child = os.fork()
    if not child:
        os._exit(0 if file.read(30 * MIB) == data[10 * MIB : 40 * MIB] else 1)
    deadline = time.monotonic() + 60
    while not (ended := os.waitpid(child, os.WNOHANG))[0]:
        if time.monotonic() > deadline:
            os.kill(child, signal.SIGKILL)
        time.sleep(0.05)
    assert ended[1] == 0
    assert file.read() == data[10 * MIB :]
    file.close()


# -- writing


def _own(url: str) -> Any:
    fs, path = fsspec.url_to_fs(url)
    return fs.open(path, "wb")


def _text(url: str) -> Any:
    fs, path = fsspec.url_to_fs(url)
    return fs.open(path, "w")


def _compressed(url: str) -> Any:
    fs, path = fsspec.url_to_fs(url)
    return fs.open(path, "wb", compression="gzip")


WRAPPINGS: dict[str, Callable[[str], Any]] = {
    "own": _own,
    "text": _text,
    "compressed": _compressed,
    "fsspec": lambda url: fsspec.open(url, "wb"),
    "fsspec-text": lambda url: fsspec.open(url, "wt"),
    "fsspec-compressed": lambda url: fsspec.open(url, "wb", compression="gzip"),
}


@pytest.mark.parametrize("size", [10, 40 * MIB])
@pytest.mark.parametrize("wrapping", WRAPPINGS)
def test_however_a_file_is_wrapped_a_failing_body_replaces_nothing(keyless: Road, wrapping: str, size: int) -> None:
    keyless.put("x", b"before")
    data: Any = "x" * size if "text" in wrapping else os.urandom(size)

    def write(error: BaseException | None) -> None:
        with WRAPPINGS[wrapping](keyless.url("x")) as file:
            file.write(data)
            if error is not None:
                raise error

    for error in (ValueError("the program's own"), KeyboardInterrupt()):
        with pytest.raises(type(error)):
            write(error)
        assert keyless.body("x") == b"before"
    write(None)
    found = keyless.body("x")
    if "compressed" in wrapping:
        found = gzip.decompress(found)
    assert found == (data.encode() if isinstance(data, str) else data)


def test_a_table_that_cannot_be_written_replaces_nothing(keyless: Road) -> None:
    class Unwritable:
        def __str__(self) -> str:
            raise ValueError("no text")

    keyless.put("t.csv", b"before")
    with pytest.raises(ValueError, match="no text"):
        pd.DataFrame({"a": [1, Unwritable()]}).to_csv(keyless.url("t.csv"))
    assert keyless.body("t.csv") == b"before"


def test_a_file_that_is_written_while_an_error_is_handled_is_written(keyless: Road) -> None:
    fs = keyless.filesystem()
    early = fs.open(keyless.url("early"), "wb")
    try:
        raise ValueError("reported in a file")
    except ValueError as error:
        early.write(str(error).encode())
        early.close()
        with fs.open(keyless.url("late"), "w") as file:
            file.write(str(error))
    assert keyless.body("early") == keyless.body("late") == b"reported in a file"


def test_appending_keeps_what_is_kept_with_the_object(keyless: Road) -> None:
    keyless.witness.put_object(
        Bucket=keyless.bucket, Key="log", Body=b"1", ContentType="text/x-log", Metadata={"run": "42"}
    )
    with keyless.filesystem().open(keyless.url("log"), "ab") as file:
        file.write(b"2")
    held = keyless.witness.head_object(Bucket=keyless.bucket, Key="log")
    assert (held["ContentType"], held["Metadata"], held["ContentLength"]) == ("text/x-log", {"run": "42"}, 2)


PROGRAMS = {
    "put": "fs.put_file(source, url)",
    "pipe": "fs.pipe_file(url, open(source, 'rb').read())",
    "open": "file = fs.open(url, 'wb')\nfor _ in range(150): file.write(bytes(8 << 20))",
}


@pytest.mark.timeout(300)
@pytest.mark.parametrize("verb", PROGRAMS)
def test_ctrl_c_leaves_no_segments_behind(keyless: Road, verb: str, tmp_path: Any) -> None:
    source = tmp_path / "large"
    with source.open("wb") as file:
        file.truncate(1200 * MIB)
    program = (
        "import fsspec, os, signal\nsignal.signal(signal.SIGINT, signal.default_int_handler)\n"
        f"fs, source, url = fsspec.filesystem('swift'), {str(source)!r}, {keyless.url('x')!r}\n"
    )
    process = subprocess.Popen(
        [sys.executable, "-c", program + PROGRAMS[verb]],
        env=environ_in(keyless.home),
        stderr=subprocess.PIPE,
        text=True,
    )
    fs = keyless.filesystem(use_listings_cache=False)
    deadline = time.monotonic() + 120
    while process.poll() is None and not (fs.exists(f"{keyless.bucket}_segments") and _segments(fs, keyless)):
        assert time.monotonic() < deadline
        time.sleep(0.05)
    process.send_signal(signal.SIGINT)
    said = process.communicate(timeout=120)[1]
    assert "KeyboardInterrupt" in said
    assert process.returncode != 0
    assert list(fs.objects(keyless.bucket).store.uploads()) == []


def _segments(fs: Any, road: Road) -> list[str]:
    found: list[str] = fs.find(f"{road.bucket}_segments")
    return found


# -- names, accounts, instances


def test_a_name_with_brackets_is_no_pattern_where_it_is_there(keyless: Road) -> None:
    for key in ("br[1].txt", "br1.txt", "br2.txt"):
        keyless.put(key, b"")
    fs = keyless.filesystem()
    fs.rm(keyless.url("br[1].txt"))
    assert keyless.names() == ["br1.txt", "br2.txt"]
    fs.rm(keyless.url("br[12].txt"))
    assert keyless.names() == []


def test_the_longest_name_can_be_fetched(keyless: Road, tmp_path: Any) -> None:
    name = 84 * "日" + ".nc"
    keyless.put(name, b"1")
    keyless.filesystem().get_file(keyless.url(name), str(tmp_path / name))
    assert [path.name for path in tmp_path.iterdir()] == [name]


def test_buckets_of_others_are_not_made_or_deleted_in_ones_own_account(keyless: Road, cloud: Cloud) -> None:
    other = f"{cloud.swift_url.partition('://')[2].partition('/')[0]}/AUTH_{'0' * 32}/{keyless.bucket}"
    public = keyless.filesystem(unsigned=True, endpoint=f"{cloud.swift_url}x")
    fs = keyless.filesystem()
    calls: list[Callable[[], Any]] = [
        lambda: fs.rmdir(other),
        lambda: fs.mkdir(f"{other}-new"),
        lambda: fs.ls(other.rpartition("/")[0]),
        lambda: public.mkdir(f"{keyless.bucket}-new"),
        lambda: public.rmdir(keyless.bucket),
    ]
    for call in calls:
        with pytest.raises(JsobjError) as caught:
            call()
        assert caught.value.reference == "not-own-account"
    names = fs.ls("", detail=False)
    assert keyless.bucket in names
    assert f"{keyless.bucket}-new" not in names
    own = cloud.swift_url.partition("://")[2].replace("/v1/", "/")
    assert f"{own}/{keyless.bucket}" in fs.ls(own, detail=False)


def test_another_instance_sees_what_was_written(keyless: Road) -> None:
    one, other = keyless.filesystem(), keyless.filesystem(cloud="field")
    assert one.ls(keyless.bucket) == other.ls(keyless.bucket) == []
    one.pipe_file(keyless.url("z"), b"1")
    assert other.info(keyless.url("z"))["size"] == 1
    other.pipe_file(keyless.url("z"), b"22")
    assert one.info(keyless.url("z"))["size"] == 2


def test_find_with_a_prefix_on_one_level(keyless: Road) -> None:
    for key in ("stations.csv", "stale/x", "other"):
        keyless.put(key, b"")
    fs = keyless.filesystem()
    assert fs.find(keyless.bucket, maxdepth=1, prefix="sta") == [f"{keyless.bucket}/stations.csv"]
    assert fs.find(keyless.bucket, prefix="sta") == [f"{keyless.bucket}/{key}" for key in ("stale/x", "stations.csv")]
