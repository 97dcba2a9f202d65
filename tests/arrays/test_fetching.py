"""Every chunk is compared with its digest, in whatever way it was uploaded, before anybody gets it."""

from __future__ import annotations

import hashlib
import itertools
import os
import socket
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from fixtures_places import PROFILE, Place, environ_in, settle
from meddler import Answer, Passing, meddling
from scripted import answer, finish, scripted

import jsobj
from jsobj.arrays.array_memory import ArrayMemory
from jsobj.arrays.object_bytes import fetch
from jsobj.errors import ExitCode, JsobjError
from jsobj.net.body import BytesSink

MIB = 1 << 20
CHUNKED = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
CHUNKED_SHORT = CHUNKED + b"11170\r\n" + b"x" * 70_000
CHUNKED_EMPTY = CHUNKED + b"0\r\n\r\n"
PARTS = {"plain": (MIB,), "even": (5 * MIB, 5 * MIB, 1000), "uneven": (5 * MIB, 6 * MIB, 1000)}


def upload(place: Place, key: str, sizes: tuple[int, ...]) -> bytes:
    """In parts of these sizes, or at once."""
    pieces = [os.urandom(size) for size in sizes]
    if len(pieces) == 1:
        place.put(key, pieces[0])
        return pieces[0]
    s3, where = place.witness, {"Bucket": place.bucket, "Key": key}
    started = s3.create_multipart_upload(**where)["UploadId"]
    done = [
        {"PartNumber": n, "ETag": s3.upload_part(**where, UploadId=started, PartNumber=n, Body=piece)["ETag"]}
        for n, piece in enumerate(pieces, start=1)
    ]
    s3.complete_multipart_upload(**where, UploadId=started, MultipartUpload={"Parts": done})
    return b"".join(pieces)


def damaging(times: int) -> Callable[[Passing], Answer]:
    """Another byte in the first ``times`` bodies of the object, a different one each time."""
    places = itertools.count()

    def spoil(passing: Passing) -> Answer:
        status, headers, body = passing.ask()
        if passing.method == "GET" and passing.path.endswith("/k") and (at := next(places)) < times:
            body = body[:at] + bytes([body[at] ^ 1]) + body[at + 1 :]
        return status, headers, body

    return spoil


@pytest.mark.parametrize("memory", [BytesSink, ArrayMemory])
@pytest.mark.parametrize("parts", PARTS.values(), ids=PARTS.keys())
@pytest.mark.parametrize("times", [0, 1])
def test_damage_on_the_way_is_fetched_again(at_home: Place, parts: tuple[int, ...], memory: Any, times: int) -> None:
    wanted = upload(at_home, "k", parts)
    with meddling(at_home.endpoint) as meddler:
        meddler.spoil = damaging(times)
        objects = jsobj.connect(PROFILE, endpoint=meddler.origin).store(at_home.url())
        assert bytes(objects.fetch("k", memory)) == wanted
        objects.close()
    gets = [seen for seen in meddler.seen if seen[0] == "GET" and seen[1].endswith("/k")]
    # Uneven parts are known by nothing but the same bytes coming twice in a row.
    assert len(gets) == 1 + times + (parts == PARTS["uneven"])


@pytest.mark.parametrize(("kind", "by"), [("plain", "md5"), ("even", "parts"), ("uneven", "twice")])
def test_what_was_compared_is_told(at_home: Place, kind: str, by: str) -> None:
    upload(at_home, "k", PARTS[kind])
    objects = jsobj.connect(PROFILE).store(at_home.url())
    found = fetch(objects.store, "k")
    assert found is not None
    assert found.by == by
    assert fetch(objects.store, "absent") is None
    objects.close()


@pytest.mark.parametrize("parts", PARTS.values(), ids=PARTS.keys())
def test_damage_that_stays_is_an_error(at_home: Place, parts: tuple[int, ...]) -> None:
    upload(at_home, "k", parts)
    with meddling(at_home.endpoint) as meddler:
        meddler.spoil = damaging(99)
        objects = jsobj.connect(PROFILE, endpoint=meddler.origin).store(at_home.url())
        with pytest.raises(JsobjError) as raised:
            objects["k"]
        objects.close()
    assert (raised.value.reference, raised.value.code) == ("bytes-differ", ExitCode.INTEGRITY)


def test_memory_that_is_not_there_is_told() -> None:
    with pytest.raises(JsobjError, match="more than this computer's memory can take") as raised:
        ArrayMemory().room(1 << 60)
    assert raised.value.code is ExitCode.LOCAL


@pytest.mark.parametrize("memory", [BytesSink, ArrayMemory])
@pytest.mark.parametrize("broken", [answer(b"x" * 70_000)[:-1], CHUNKED_SHORT], ids=["length", "chunks"])
@pytest.mark.parametrize("body", [b"", b"ab", CHUNKED_EMPTY], ids=["empty", "shorter", "chunked-empty"])
def test_nothing_stays_of_a_try_that_broke_off(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, memory: Any, broken: bytes, body: bytes
) -> None:
    """The object was replaced by a shorter one between two tries."""
    settle(monkeypatch, environ_in(tmp_path))
    monkeypatch.setattr("jsobj.net.retry._BASE", 0.0)
    short = b"" if body == CHUNKED_EMPTY else body
    etag = f'"{hashlib.md5(short).hexdigest()}"'
    right = (
        CHUNKED_EMPTY.replace(b"\r\n", f"\r\nETag: {etag}\r\n".encode(), 1)
        if body == CHUNKED_EMPTY
        else answer(body, etag=etag)
    )
    old = f'\r\nETag: "{"0" * 32}"\r\n'.encode()

    def break_off(connection: socket.socket) -> None:
        connection.sendall(broken.replace(b"\r\n", old, 1))
        finish(connection)

    with scripted([break_off], [right]) as server:
        objects = jsobj.connect(unsigned=True, endpoint=f"http://127.0.0.1:{server.port}").store("s3://b/")
        assert bytes(objects.fetch("k", memory)) == short
        objects.close()


def test_an_answer_without_a_length_comes_in_pieces() -> None:
    for memory in (ArrayMemory(), BytesSink()):
        memory.room(20)
        for chunk, offset in ((b"a first try", 0), (b"abc", 0), (b"def", 3)):
            memory.write(memoryview(chunk), offset)
        assert bytes(memory.data) == b"abcdef"


FORKED = """
import os, sys
import jsobj

objects = jsobj.connect("science").store(sys.argv[1])
objects["k"]
turns = [objects._open().limit.slot(16 << 20) for _ in range(4)]
for turn in turns:
    turn.__enter__()  # as if four large bodies were on their way
child = os.fork()
if not child:
    os._exit(0 if objects["k"] == b"1" * (17 << 20) else 1)
sys.exit(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))
"""


def test_a_fork_does_not_wait_for_what_its_parent_has_under_way(at_home: Place) -> None:
    at_home.put("k", b"1" * (17 * MIB))
    words = [sys.executable, "-W", "ignore", "-c", FORKED, at_home.url()]
    ended = subprocess.run(words, env=at_home.environ, capture_output=True, text=True, timeout=60, check=False)
    assert ended.returncode == 0, ended.stderr
