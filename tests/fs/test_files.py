"""Files that are read in any order and written piece by piece."""

from __future__ import annotations

import os
from typing import Any

import pytest
from fs_scene import BOTH, Road

from jsobj.errors import JsobjError


@pytest.fixture
def fs(road: Road) -> Any:
    return road.filesystem()


@BOTH
def test_an_open_file_is_of_one_version(road: Road, fs: Any) -> None:
    road.put("x", os.urandom(9 * 1024**2))
    with fs.open(road.url("x")) as file:
        file.seek(5_000_000)
        file.read(10)
        road.put("x", os.urandom(9 * 1024**2))
        file.seek(0)
        with pytest.raises(JsobjError) as caught:
            file.read(10)
    assert caught.value.reference == "object-changed"


@pytest.mark.parametrize("size", [0, 1, 2 * 1024**2, 2 * 1024**2 + 1, 20 * 1024**2 + 7])
def test_reading_in_any_order(keyless: Road, size: int) -> None:
    fs, data = keyless.filesystem(), os.urandom(size)
    keyless.put("x", data)
    with fs.open(keyless.url("x")) as file:
        assert b"".join(iter(lambda: file.read(777_777), b"")) == data
        assert file.read(1) == b""
        file.seek(size // 3)
        assert file.read() == data[size // 3 :]
        for place in (size - 5, 0, size // 2, size // 2 + 5, 3):
            file.seek(max(0, place))
            assert file.read(1_000) == data[max(0, place) :][:1_000]
        assert file.seek(0, 2) == size
    assert fs.cat_file(keyless.url("x")) == data


def test_lines_of_a_text(keyless: Road) -> None:
    text = "".join(f"line {number}: {'ü' * (number % 90)}\n" for number in range(40_000))
    keyless.put("x.txt", text.encode())
    fs = keyless.filesystem()
    with fs.open(keyless.url("x.txt"), "r", encoding="utf-8") as file:
        assert list(file) == text.splitlines(keepends=True)
    with fs.open(keyless.url("x.txt")) as file:
        assert file.readline() == b"line 0: \n"
        assert file.readline(4) == b"line"
        assert file.readline() == b" 1: \xc3\xbc\n"
        assert next(iter(file)).startswith(b"line 2")


@pytest.mark.parametrize("kind", ["none", "bytes", "readahead", "blockcache", "all"])
def test_fsspecs_own_caches_can_be_asked_for(keyless: Road, kind: str) -> None:
    data = os.urandom(3_000_000)
    keyless.put("x", data)
    with keyless.filesystem().open(keyless.url("x"), cache_type=kind, block_size=100_000) as file:
        file.seek(1_000_000)
        assert file.read(500_000) == data[1_000_000:1_500_000]


# -- writing


@pytest.mark.parametrize("size", [0, 5, 5 * 1024**2, 40 * 1024**2 + 3])
def test_a_written_file_is_there_when_it_is_closed_and_not_before(road: Road, fs: Any, size: int) -> None:
    data = os.urandom(size)
    with fs.open(road.url("made.csv"), "wb") as file:
        for at in range(0, size, 3_000_000):
            file.write(data[at : at + 3_000_000])
        assert file.tell() == size
        assert road.names() == []
    assert road.names() == ["made.csv"]
    assert road.body("made.csv") == data
    assert road.witness.head_object(Bucket=road.bucket, Key="made.csv")["ContentType"] == "text/csv"
    with fs.open(road.url("made.csv")) as file:
        assert file.read() == data


@pytest.mark.parametrize("size", [5, 40 * 1024**2])
def test_a_file_whose_writer_fails_makes_no_object(road: Road, fs: Any, size: int) -> None:
    road.put("x", b"before")

    def write() -> None:
        with fs.open(road.url("x"), "wb") as file:
            file.write(bytes(size))
            raise ValueError("the program's own error")

    with pytest.raises(ValueError, match="the program's"):
        write()
    assert road.body("x") == b"before"
    uploads = road.witness.list_multipart_uploads(Bucket=road.bucket).get("Uploads", [])
    assert uploads == []
    if road.dialect == "swift":
        assert not fs.exists(f"{road.bucket}_segments") or fs.find(f"{road.bucket}_segments") == []


def test_appending_and_refusing_to_replace(road: Road, fs: Any) -> None:
    first = os.urandom(18 * 1024**2)
    with fs.open(road.url("log"), "ab") as file:
        file.write(first)
    with fs.open(road.url("log"), "ab") as file:
        assert file.tell() == len(first)
        file.write(b"more")
    assert road.body("log") == first + b"more"
    with pytest.raises(FileExistsError):
        fs.open(road.url("log"), "xb")
    with pytest.raises(FileExistsError):
        fs.pipe_file(road.url("log"), b"", mode="create")
    late = fs.open(road.url("late"), "xb")
    late.write(b"1")
    road.put("late", b"another program's")
    with pytest.raises(FileExistsError):
        late.close()
    assert road.body("late") == b"another program's"
    with fs.open(road.url("once"), "xb") as file:
        file.write(b"1")
    assert road.body("once") == b"1"


def test_transactions(road: Road, fs: Any) -> None:
    with fs.transaction:
        for name, size in (("small", 3), ("large", 20 * 1024**2)):
            with fs.open(road.url(name), "wb") as file:
                file.write(bytes(size))
        assert road.names() == []
    assert road.names() == ["large", "small"]
    fs.start_transaction()
    with fs.open(road.url("other"), "wb") as file:
        file.write(b"1")
    fs.transaction.complete(commit=False)
    assert road.names() == ["large", "small"]


def test_writing_to_a_bucket_that_is_not_there(road: Road, fs: Any) -> None:
    for size in (3, 20 * 1024**2):
        with pytest.raises(FileNotFoundError), fs.open(f"{road.bucket}-nowhere/x", "wb") as file:
            file.write(bytes(size))
