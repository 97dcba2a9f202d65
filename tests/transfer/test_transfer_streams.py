"""Streams and encodings: standard input and output of any length, compressed upwards, decoded downwards."""

from __future__ import annotations

import bz2
import gzip
import os
import signal
import subprocess
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import brotli
import pytest
import zstandard
from transfer_scene import IN_PARTS, MIB, PART, TransferScene, aged, on_disk, sha

DECODERS: dict[str, Callable[[bytes], bytes]] = {
    "gzip": gzip.decompress,
    "br": brotli.decompress,
    "zstd": lambda data: zstandard.ZstdDecompressor().decompressobj().decompress(data),
}


def binary(
    scene: TransferScene, *argv: str | Path, stdin: bytes = b"", code: int = 0, env: dict[str, str] | None = None
) -> tuple[bytes, bytes]:
    """A process with pipes for its streams."""
    done = subprocess.run(
        scene.jsobj.command(*argv),
        input=stdin,
        env=scene.jsobj.environment(env),
        cwd=scene.folder,
        capture_output=True,
        timeout=90,
        check=False,
    )
    assert done.returncode == code, done.stderr.decode()
    assert b"Traceback" not in done.stderr
    return done.stdout, done.stderr


@pytest.mark.parametrize("size", [0, 1, PART - 1, PART, 3 * PART + 7])
def test_standard_input_and_output(transfer: TransferScene, size: int) -> None:
    data = os.urandom(size)
    said, _ = binary(transfer, "upload", "-", transfer.url("stream"), *IN_PARTS, "--json", stdin=data)
    assert b'"jsobj.transfer/1"' in said
    assert sha(transfer.get("stream")) == sha(data)
    assert transfer.unfinished() == []
    out, _ = binary(transfer, "download", transfer.url("stream"), "-")
    assert sha(out) == sha(data)
    got = transfer.summary("download", transfer.url("stream"), "file", *IN_PARTS)
    assert (got["verified"], got["unverified"]) == (1, 0)


def test_several_objects_to_standard_output(over_s3: TransferScene) -> None:
    over_s3.put("a", b"one\n")
    over_s3.put("b", b"two\n")
    out, _ = binary(over_s3, "download", over_s3.url("b"), over_s3.url("a"), "-", "--progress", "json")
    assert out == b"two\none\n"


def test_standard_input_of_no_name(over_s3: TransferScene) -> None:
    assert over_s3("upload", "-", over_s3.url(), "--json", code=2).error["reference"] == "stream-needs-key"
    assert over_s3.keys() == []


def test_a_pipe_that_closes_early(over_s3: TransferScene) -> None:
    """B134: whoever reads has enough; no traceback, and nothing else said."""
    over_s3.put("x", os.urandom(3 * MIB))
    command = over_s3.jsobj.command("download", over_s3.url("x"), "-")
    with subprocess.Popen(
        command,
        env=over_s3.jsobj.environment(),
        cwd=over_s3.folder,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    ) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        assert process.stdout.read(10)
        process.stdout.close()
        said = process.stderr.read()
        process.wait(timeout=60)
    assert b"Traceback" not in said
    assert b"Error" not in said


def text_of(size: int) -> bytes:
    """Text that compresses well, but not into nothing."""
    words = [os.urandom(3).hex() for _ in range(size // 64)]
    return "\n".join(f"{word} lies in the shade of {word}, {word[::-1]}" for word in words).encode()[:size]


@pytest.mark.parametrize("encoding", DECODERS)
def test_compressed_up_and_decoded_down(transfer: TransferScene, encoding: str) -> None:
    files = {"a.csv": text_of(300_000), "empty": b"", "sub/b": b"short"}
    tree = aged(transfer.write(files))
    words = ("--compress", encoding)
    sent = transfer.summary("upload", f"{tree}/", transfer.url(), *words)
    assert (sent["done"], sent["verified"]) == (3, 3)
    for name, data in files.items():
        stored, head = transfer.get(name), transfer.head(name)
        assert head["ContentEncoding"] == encoding
        assert head["Metadata"]["mtime"] == "1700000000.000000000"
        assert DECODERS[encoding](stored) == data
    assert transfer.head("a.csv")["ContentType"] == "text/csv"
    assert transfer.head("a.csv")["ContentLength"] < 200_000
    assert sent["bytes"] == sum(len(transfer.get(name)) for name in files)
    before = transfer.state()
    again = transfer.summary("upload", f"{tree}/", transfer.url(), *words)
    assert (again["done"], again["skipped"]) == (0, 3)
    assert transfer.state() == before
    transfer("download", transfer.url(), "back")
    assert on_disk(transfer.folder / "back") == {name: sha(data) for name, data in files.items()}
    assert (transfer.folder / "back/a.csv").stat().st_mtime == 1_700_000_000
    transfer("download", transfer.url(), "raw", "--raw")
    assert on_disk(transfer.folder / "raw") == transfer.digests()
    assert binary(transfer, "download", transfer.url("a.csv"), "-")[0] == files["a.csv"]
    assert binary(transfer, "download", transfer.url("a.csv"), "-", "--raw")[0] == transfer.get("a.csv")


def test_a_change_is_compressed_and_sent_again(transfer: TransferScene) -> None:
    tree = transfer.write({"a": b"one"})
    transfer("upload", f"{tree}/", transfer.url(), "--compress", "gzip")
    (tree / "a").write_bytes(b"two")
    assert transfer.summary("upload", f"{tree}/", transfer.url(), "--compress", "gzip")["done"] == 1
    assert gzip.decompress(transfer.get("a")) == b"two"


def test_what_is_compressed_already_is_sent_as_it_is(transfer: TransferScene) -> None:
    packed = bz2.compress(text_of(100_000))
    files = {"a.bz2": packed, "b.gz": gzip.compress(b"x"), "large.gz": b"\x1f\x8b" + os.urandom(17 * MIB)}
    tree = transfer.write(files)
    assert transfer.summary("upload", f"{tree}/", transfer.url(), "--compress", "zstd")["done"] == 3
    for name, data in files.items():
        assert sha(transfer.get(name)) == sha(data)
        assert "ContentEncoding" not in transfer.head(name)
    got = transfer.summary("download", transfer.url(), "back")
    assert (got["done"], got["verified"]) == (3, 3)
    assert on_disk(transfer.folder / "back") == {name: sha(data) for name, data in files.items()}


def test_a_large_file_is_compressed_in_parts(transfer: TransferScene) -> None:
    """It does not shrink: several parts, and every one of them verified on its way back."""
    data = os.urandom(17 * MIB)
    path = transfer.write({"noise": data}) / "noise"
    sent = transfer.summary("upload", path, transfer.url("noise"), "--compress", "gzip")
    assert (sent["done"], sent["verified"]) == (1, 1)
    assert sha(gzip.decompress(transfer.get("noise"))) == sha(data)
    assert transfer.unfinished() == []
    got = transfer.summary("download", transfer.url("noise"), "back", *IN_PARTS)
    assert (got["done"], got["verified"]) == (1, 1)
    assert sha((transfer.folder / "back").read_bytes()) == sha(data)


def test_standard_input_compressed(transfer: TransferScene) -> None:
    data = text_of(500_000)
    binary(transfer, "upload", "-", transfer.url("s"), "--compress", "zstd", stdin=data)
    assert transfer.head("s")["ContentEncoding"] == "zstd"
    assert DECODERS["zstd"](transfer.get("s")) == data


def test_content_that_is_not_what_it_says(transfer: TransferScene) -> None:
    """Damaged encodings leave no file; the bytes as they are can be had."""
    transfer.put("bad", b"this is no gzip", ContentEncoding="gzip")
    transfer.put("cut", gzip.compress(os.urandom(1000))[:-20], ContentEncoding="gzip")
    transfer.put("good", gzip.compress(b"fine"), ContentEncoding="gzip")
    got = transfer.summary("download", transfer.url(), "back", code=3)
    assert {failure["item"] for failure in got["failures"]} == {"bad", "cut"}
    assert {failure["exit_code"] for failure in got["failures"]} == {8}
    assert on_disk(transfer.folder / "back") == {"good": sha(b"fine")}
    transfer("download", transfer.url("bad"), "bad", "--raw")
    assert (transfer.folder / "bad").read_bytes() == b"this is no gzip"


def _seconds(document: Any) -> float:
    return float(document["seconds"])


def test_limit_rate(over_s3: TransferScene) -> None:
    """2 MiB at 1 MiB/s take more than a second, whatever the machine; how much longer is not asked."""
    data = os.urandom(2 * MIB)
    path = over_s3.write({"x": data}) / "x"
    assert _seconds(over_s3.summary("upload", path, over_s3.url("x"), "--limit-rate", "1M")) >= 1
    assert sha(over_s3.get("x")) == sha(data)
    assert _seconds(over_s3.summary("download", over_s3.url("x"), "back", "--limit-rate", "1M")) >= 1
    assert sha((over_s3.folder / "back").read_bytes()) == sha(data)


def test_ctrl_c_ends_a_stream_soon_and_leaves_nothing(over_s3: TransferScene) -> None:
    """P05: the parts under way are cut, not waited for; the upload is taken back."""
    words = ("upload", "-", over_s3.url("cut"), *IN_PARTS, "--limit-rate", "2M", "--progress", "line")
    process = subprocess.Popen(
        over_s3.jsobj.command(*words),
        env=over_s3.jsobj.environment(),
        cwd=over_s3.folder,
        stdin=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
    )
    assert process.stdin is not None
    process.stdin.write(os.urandom(4 * PART))
    process.stdin.flush()
    deadline = time.monotonic() + 60
    while not over_s3.unfinished() and time.monotonic() < deadline:
        time.sleep(0.05)
    began = time.monotonic()
    process.send_signal(signal.SIGINT)
    _, said = process.communicate(timeout=60)
    assert process.returncode == 130, said
    assert time.monotonic() - began < 15  # 5 on a computer with nothing else to do
    assert over_s3.unfinished() == []
    assert over_s3.keys() == []
