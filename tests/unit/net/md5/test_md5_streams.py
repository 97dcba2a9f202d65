"""Streams give hashlib's digests, whatever comes in whatever order, and one that fails harms no other."""

from __future__ import annotations

import contextlib
import errno
import hashlib
import os
import random
import subprocess
import sys
import tempfile
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from jsobj.net.md5.errors import BecameShorter
from jsobj.net.md5.streams import Md5, engine, md5, together

BYTES = random.Random(5).randbytes(3 * 1024 * 1024)
SOME = settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.too_slow])


def digest_of(data: Any) -> bytes:
    return hashlib.md5(data, usedforsecurity=False).digest()


@contextlib.contextmanager
def a_file(data: bytes = BYTES) -> Iterator[int]:
    with tempfile.TemporaryFile() as file:
        file.write(data)
        file.flush()
        yield file.fileno()


def test_which_engine_is_in_use(request: pytest.FixtureRequest) -> None:
    wanted = request.getfixturevalue("engine")
    assert together() == (wanted == "compiled") == md5().together
    words = "MD5 of 16 streams at once (" if wanted == "compiled" else "hashlib (the compiled helper is switched off)"
    assert engine().startswith(words)


def test_all_lengths_from_0_to_300() -> None:
    streams = [md5() for _ in range(301)]
    for length, stream in enumerate(streams):
        stream.feed(BYTES[:length])
    for length, stream in enumerate(streams):
        assert stream.digest() == digest_of(BYTES[:length])
        assert stream.hexdigest() == digest_of(BYTES[:length]).hex()
        alone = md5()
        alone.update(BYTES[:length])
        assert alone.digest() == digest_of(BYTES[:length])


LENGTHS = st.one_of(st.integers(0, 300), st.integers(0, 70_000), st.integers(1_000_000, 1_200_000))
STEPS = st.tuples(
    st.integers(0, 15),
    st.sampled_from(["update", "feed", "feed", "feed_file", "feed_file", "settle", "digest"]),
    st.integers(0, 300_000),
    LENGTHS,
)


@SOME
@given(count=st.integers(1, 16), steps=st.lists(STEPS, max_size=30))
def test_any_interleaving_of_what_a_stream_can_do(count: int, steps: list[tuple[int, str, int, int]]) -> None:
    """Bytes at any address and of any place of a file; a digest in between; more after it."""
    streams, witnesses = [md5() for _ in range(count)], [hashlib.md5(usedforsecurity=False) for _ in range(count)]
    whole = memoryview(BYTES)
    with a_file() as file:
        for number, what, start, length in steps:
            stream, witness = streams[number % count], witnesses[number % count]
            data = whole[start : start + length]
            if what in {"update", "feed"}:
                getattr(stream, what)(data)
                witness.update(data)
            elif what == "feed_file":
                stream.feed_file(file, start, len(data))
                witness.update(data)
            elif what == "settle":
                stream.settle()
            else:
                assert stream.digest() == witness.digest()
        for stream, witness in zip(streams, witnesses, strict=True):
            assert stream.hexdigest() == witness.hexdigest()


@pytest.mark.parametrize("threads", [2, 3, 4, 9, 24, 40])
def test_many_threads_each_with_streams_of_its_own(threads: int) -> None:
    """They begin each round together: whoever comes first hashes for the others."""
    barrier, wrong = threading.Barrier(threads, timeout=60), []

    def one(seed: int, file: int) -> None:
        chance = random.Random(seed)
        try:
            for _ in range(4):
                stream, witness = md5(), hashlib.md5(usedforsecurity=False)
                barrier.wait()
                for _ in range(chance.randrange(1, 5)):
                    start, length = chance.randrange(200_000), chance.choice([0, 1, 63, 64, 65, 5000, 1_200_000])
                    if chance.random() < 0.5:
                        stream.feed(memoryview(BYTES)[start : start + length])
                    else:
                        stream.feed_file(file, start, length)
                    witness.update(BYTES[start : start + length])
                    if chance.random() < 0.2:
                        stream.settle()
                if stream.digest() != witness.digest():
                    wrong.append(seed)
        except BaseException as error:
            wrong.append(error)
            barrier.abort()
            raise

    with a_file() as file:
        crew = [threading.Thread(target=one, args=(seed, file)) for seed in range(threads)]
        for each in crew:
            each.start()
        for each in crew:
            each.join(100)
    assert not [each for each in crew if each.is_alive()]
    assert wrong == []


def test_more_than_may_wait_is_hashed_meanwhile() -> None:
    stream, witness = md5(), hashlib.md5(usedforsecurity=False)
    with a_file() as file:
        for _ in range(15):
            stream.feed_file(file, 0, len(BYTES))
            witness.update(BYTES)
        assert stream.digest() == witness.digest()


def test_more_may_come_after_a_digest() -> None:
    stream = md5()
    assert stream.digest() == digest_of(b"")
    stream.feed(b"a")
    assert stream.digest() == digest_of(b"a")
    stream.update(b"b")
    stream.feed(b"c")
    assert [stream.digest(), stream.digest()] == [digest_of(b"abc")] * 2


def test_what_is_no_memory_is_refused() -> None:
    for wrong, kind in ((memoryview(b"abcd")[::2], BufferError), (7, TypeError), ("text", TypeError)):
        stream = md5()
        for method in (stream.update, stream.feed):
            with pytest.raises(kind):
                method(wrong)
        assert stream.digest() == digest_of(b"")


def test_a_stream_that_is_dropped_lets_go_of_what_it_was_fed() -> None:
    """Else a buffer that came to nothing could not be used again, and would be hashed for nobody."""
    buffers = [bytearray(1000) for _ in range(6)]
    streams: list[Md5] = [md5() for _ in buffers]
    for stream, buffer in zip(streams, buffers, strict=True):
        stream.feed(buffer)
    kept, others = streams[0], streams[1:]
    del streams, stream
    others.clear()
    for buffer in buffers[1:]:
        buffer.extend(b"x")  # a BufferError, while anybody holds it
    assert kept.digest() == digest_of(bytes(1000))


def broken_files(folder: Path) -> Iterator[tuple[int, int]]:
    """(open file, the error that reading it gives)."""
    (folder / "short").write_bytes(BYTES[:10])
    yield os.open(folder / "short", os.O_RDONLY), errno.EIO
    yield os.open(folder, os.O_RDONLY), errno.EISDIR
    yield os.open(folder / "short", os.O_WRONLY), errno.EBADF
    yield os.open("/proc/self/mem", os.O_RDONLY), errno.EIO


def test_one_stream_that_cannot_be_read_harms_no_other(tmp_path: Path) -> None:
    for file, number in broken_files(tmp_path):
        streams = [md5() for _ in range(12)]
        with a_file() as good:
            for each in streams[:11]:
                each.feed_file(good, 1, 1_100_000)
            with pytest.raises(OSError) as told:  # noqa: PT012 - which of both says so is the engine's
                streams[11].feed_file(file, 0, 1_100_000)
                streams[11].settle()
            assert told.value.errno == number
            assert [each.digest() for each in streams[:11]] == [digest_of(BYTES[1:1_100_001])] * 11
        os.close(file)


def test_a_file_that_shrinks_under_us_fails_its_own_stream(tmp_path: Path) -> None:
    path = tmp_path / "shrinks"
    path.write_bytes(BYTES)
    with path.open("rb+") as file, a_file() as good:
        streams = [md5() for _ in range(5)]
        for each in streams[:4]:
            each.feed_file(good, 0, len(BYTES))
        with pytest.raises(BecameShorter, match="became shorter"):  # noqa: PT012 - see above
            if not together():
                file.truncate(len(BYTES) - 1)
            streams[4].feed_file(file.fileno(), 0, len(BYTES))
            file.truncate(len(BYTES) - 1)  # while it waits
            streams[4].settle()
        assert [each.digest() for each in streams[:4]] == [digest_of(BYTES)] * 4
        if together():
            with pytest.raises(BecameShorter):
                streams[4].digest()


def test_a_closed_descriptor_fails_its_own_stream(tmp_path: Path) -> None:
    with a_file() as good:
        closed = os.dup(good)
        os.close(closed)
        streams = [md5() for _ in range(5)]
        for each in streams[:4]:
            each.feed_file(good, 3, 99)
        with pytest.raises(OSError) as told:  # noqa: PT012 - see above
            streams[4].feed_file(closed, 0, 99)
            streams[4].settle()
        assert told.value.errno == errno.EBADF
        assert [each.digest() for each in streams[:4]] == [digest_of(BYTES[3:102])] * 4


FORKS = """
import faulthandler, hashlib, os, sys, threading
faulthandler.dump_traceback_later(60, exit=True)
from jsobj.net.md5.choice import allow_compiled
from jsobj.net.md5.streams import md5
allow_compiled(sys.argv[1] == "compiled")
data = bytes(range(256)) * 500
right = hashlib.md5(data, usedforsecurity=False).digest()
ended = threading.Event()

def hashes():
    while not ended.is_set():
        streams = [md5() for _ in range(6)]
        for each in streams:
            each.feed(data)
        assert [each.digest() for each in streams] == [right] * 6

threads = [threading.Thread(target=hashes) for _ in range(3)]
for each in threads:
    each.start()
left = [md5() for _ in range(5)]  # of the parent, and to be dropped in the child
for each in left:
    each.feed(data)
for _ in range(12):
    child = os.fork()
    if child == 0:
        left.clear()
        streams = [md5() for _ in range(20)]
        for each in streams:
            each.feed(data)
        os._exit(0 if [each.digest() for each in streams] == [right] * 20 else 1)
    assert os.waitpid(child, 0)[1] == 0
ended.set()
for each in threads:
    each.join()
assert [each.digest() for each in left] == [right] * 5
print("done")
"""


def test_children_hash_while_the_parent_does(request: pytest.FixtureRequest) -> None:
    words = [sys.executable, "-W", "ignore", "-c", FORKS, request.getfixturevalue("engine")]
    done = subprocess.run(words, capture_output=True, text=True, timeout=100, check=False)
    assert (done.stdout, done.stderr) == ("done\n", "")


def test_a_program_may_end_with_streams_that_were_never_asked(request: pytest.FixtureRequest) -> None:
    program = (
        "import sys; from jsobj.net.md5.choice import allow_compiled; allow_compiled(sys.argv[1] == 'compiled')\n"
        "from jsobj.net.md5.streams import md5; left = [md5() for _ in range(6)]; ring = [left]; ring.append(ring)\n"
        "[each.feed(bytes(99)) for each in left]"
    )
    words = [sys.executable, "-c", program, request.getfixturevalue("engine")]
    done = subprocess.run(words, capture_output=True, text=True, timeout=60, check=False)
    assert (done.returncode, done.stderr) == (0, "")
