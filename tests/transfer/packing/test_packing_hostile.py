"""Archives of other tools, and archives that mean harm: the good members arrive, the others are refused one by one."""

from __future__ import annotations

import io
import json
import shutil
import struct
import subprocess
import zipfile
import zlib
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest
from transfer_scene import MIB, TransferScene, on_disk, sha, shas

GOOD = {"good": b"1", "sub/good": b"2" * 5000}


def zipped(files: Mapping[str, bytes], method: int = zipfile.ZIP_DEFLATED) -> bytes:
    """As Python's ``zipfile`` writes it."""
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w", method) as archive:
        for name, data in files.items():
            archive.writestr(name, data)
    return target.getvalue()


def unpacked(scene: TransferScene, data: bytes, bad: int, *words: str) -> list[str]:
    """Unpack it beside a file that nothing may touch: ``GOOD`` arrives, and why the others do not."""
    scene.put("z.zip", data)
    area = scene.folder / "in"
    shutil.rmtree(area, ignore_errors=True)
    area.mkdir()
    (area / "outside").write_bytes(b"untouched")
    got = scene.summary("unpack", scene.url("z.zip"), "in/target", *words, code=3 if bad else 0)
    assert on_disk(area) == {"outside": sha(b"untouched"), **shas({f"target/{k}": v for k, v in GOOD.items()})}
    assert (got["done"], got["failed"], got["verified"]) == (len(GOOD), bad, len(GOOD))
    return [failure["message"] for failure in got["failures"]]


def refused(scene: TransferScene, data: bytes) -> str:
    """An archive that cannot be read at all: one error, nothing written."""
    scene.put("z.zip", data)
    said = scene("unpack", scene.url("z.zip"), "out", "--json", code=8).error
    assert said["reference"] == "archive-damaged"
    assert not (scene.folder / "out").exists() or not on_disk(scene.folder / "out")
    return str(said["message"])


@pytest.mark.parametrize("method", [zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED])
def test_of_python(transfer: TransferScene, method: int) -> None:
    assert unpacked(transfer, zipped(GOOD, method), 0) == []


def test_of_python_as_a_stream(over_s3: TransferScene) -> None:
    """Sizes stand behind the bytes: data descriptors."""

    class Pipe(io.RawIOBase):
        def __init__(self) -> None:
            self.data = bytearray()

        def writable(self) -> bool:
            return True

        def write(self, data: bytes) -> int:  # type: ignore[override]
            self.data += data
            return len(data)

    pipe = Pipe()
    with zipfile.ZipFile(pipe, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in GOOD.items():
            archive.writestr(name, data)
    assert unpacked(over_s3, bytes(pipe.data), 0) == []


def test_of_zip(over_s3: TransferScene) -> None:
    base = over_s3.write(GOOD, "zipped")
    (base / "link").symlink_to("good")
    subprocess.run(["zip", "-qry", "../z.zip", "."], cwd=base, check=True)
    said = unpacked(over_s3, (over_s3.folder / "z.zip").read_bytes(), 1)
    assert "a symbolic link" in said[0]


def test_names_that_lead_out(over_s3: TransferScene) -> None:
    bad = ("../x", "/etc/x", "a/../../x", "C:\\x", "c:/x", "sub//x", "./x", "good/x", "..")
    said = unpacked(over_s3, zipped({**GOOD, **dict.fromkeys(bad, b"evil")}, zipfile.ZIP_STORED), len(bad))
    assert sum("drive" in each for each in said) == 2


def test_names_with_a_nul_and_twice(over_s3: TransferScene) -> None:
    data = zipped({**GOOD, "n_l": b"x", "one": b"1", "two": b"2"}, zipfile.ZIP_STORED)
    said = unpacked(over_s3, data.replace(b"n_l", b"n\0l").replace(b"two", b"one"), 2)
    assert any("NUL" in each for each in said)
    assert any("several members of this name" in each for each in said)


def test_members_that_are_not_given_out(over_s3: TransferScene) -> None:
    """Encrypted, compressed in another way, a flipped bit, a wrong size."""
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w") as archive:
        for name, data in GOOD.items():
            archive.writestr(name, data)
        archive.writestr(zipfile.ZipInfo("lz"), b"x" * 100, zipfile.ZIP_LZMA)
        archive.writestr("flip", b"FLIPPED-BYTES")
        archive.writestr("secret", b"encrypted")
        archive.writestr("longer", b"y" * 1000, zipfile.ZIP_DEFLATED)
    data = bytearray(target.getvalue().replace(b"FLIPPED-BYTES", b"FLIPPED-BITES"))
    for name, at, value in ((b"secret", 8, struct.pack("<H", 1)), (b"longer", 24, struct.pack("<L", 10))):
        where = data.rfind(b"PK\1\2", 0, data.rfind(name))
        data[where + at : where + at + len(value)] = value
    said = unpacked(over_s3, bytes(data), 4)
    for words in ("encrypted", "lzma (method 14)", "CRC-32", "more comes out of it than the 10 bytes"):
        assert any(words in each for each in said), words
    assert "CRC-32" in over_s3("cat", over_s3.url("z.zip!/flip"), code=8).err


def test_a_flipped_bit_in_a_packed_member(over_s3: TransferScene) -> None:
    """With its index: the SHA-256 tells, and the others arrive. A new ETag makes the index one of another archive."""
    over_s3.write({**GOOD, "flip": b"FLIPPED-BYTES"})
    over_s3("upload", "--pack", "tree/", over_s3.url("z.zip"))
    said = unpacked(over_s3, over_s3.get("z.zip").replace(b"FLIPPED-BYTES", b"FLIPPED-BITES"), 1)
    assert "CRC-32" in said[0]
    inside = over_s3.url("z.zip!/")
    rest = {f"z.zip!/{name}": "same" for name in GOOD}
    found = over_s3("verify", "tree/", inside, "--deep", "--json", code=8)
    items = {item["item"]: item for item in found.json["items"]}
    assert {key: item["state"] for key, item in items.items()} == {"z.zip!/flip": "differs", **rest}
    assert "CRC-32" in items["z.zip!/flip"]["by"]
    assert found.err.endswith("1 differs\n")
    assert "given out" not in found.err
    (over_s3.folder / "list").write_text("".join(f"{sha(d)}  {n}\n" for n, d in {"flip": b"", **GOOD}.items()))
    found = over_s3("verify", inside, "--manifest", "list", "--json", code=8)
    assert {item["item"]: item["state"] for item in found.json["items"]} == {"z.zip!/flip": "differs", **rest}
    assert over_s3("verify", "tree/", over_s3.url("z.zip!/"), "--deep", "--exclude", "flip").code == 0


def test_a_member_whose_header_is_gone_is_compared_as_different(over_s3: TransferScene) -> None:
    over_s3.write(GOOD)
    over_s3.put("z.zip", zipped(GOOD, zipfile.ZIP_STORED).replace(b"PK\3\4", b"PK\0\0", 1))
    found = over_s3("verify", "tree/", over_s3.url("z.zip!/"), "--deep", code=8)
    assert [line.split("\t")[:2] for line in found.lines] == [["differs", "z.zip!/good"]]
    assert found.err.endswith("1 same, 1 differs\n")


def test_an_index_of_another_archive_or_none(over_s3: TransferScene) -> None:
    over_s3.write({"x": b"other"}, "other")
    over_s3("upload", "--pack", "other/", over_s3.url("o.zip"))
    index = over_s3.get("o.zip.index")
    for wrong in (index, b"", b"no index", index[:-5]):
        over_s3.put("z.zip.index", wrong)
        assert unpacked(over_s3, zipped(GOOD), 0) == []


def test_archives_that_are_not_whole(over_s3: TransferScene) -> None:
    data = zipped({**GOOD, "more": bytes(100_000)}, zipfile.ZIP_STORED)
    end = data.rfind(b"PK\5\6")
    directory = data.find(b"PK\1\2")
    assert "missing" in refused(over_s3, data[:-30])
    assert "missing" in refused(over_s3, b"")
    assert "missing" in refused(over_s3, b"no zip at all")
    assert "comment" in refused(over_s3, data[:-2] + b"\5\0")
    assert "where a zip has none" in refused(over_s3, b"#!/bin/sh\n" + data)
    assert "cut at its beginning" in refused(over_s3, data[1000:])
    assert "garbled" in refused(over_s3, data[:directory] + b"XX" + data[directory + 2 :])
    assert "should have" in refused(over_s3, data[: end + 8] + b"\2\0\2\0" + data[end + 12 :])
    assert "volumes" in refused(over_s3, data[: end + 4] + b"\1\0" + data[end + 6 :])


def test_a_comment_is_fine(over_s3: TransferScene) -> None:
    target = io.BytesIO(zipped(GOOD))
    with zipfile.ZipFile(target, "a") as archive:
        archive.comment = b"PK\5\6 is in here" * 100
    assert unpacked(over_s3, target.getvalue(), 0) == []


def bomb(count: int, kernel: bytes) -> bytes:
    """David Fifield's first kind: all members are one."""
    packer = zlib.compressobj(9, zlib.DEFLATED, -15)
    body = packer.compress(kernel) + packer.flush()
    crc, out = zlib.crc32(kernel), bytearray(zipped(GOOD))
    directory, end = out.find(b"PK\1\2"), out.rfind(b"PK\5\6")
    known, central = bytes(out[directory:end]), bytearray()
    start = directory
    data = out[:directory] + struct.pack("<4s5H3L2H", b"PK\3\4", 20, 0, 8, 0, 33, crc, len(body), len(kernel), 1, 0)
    data += b"0" + body
    for number in range(count):
        name = b"%d" % number
        central += struct.pack(
            "<4s6H3L5H2L", b"PK\1\2", 20, 20, 0, 8, 0, 33, crc, len(body), len(kernel), len(name), 0, 0, 0, 0, 0, start
        )
        central += name
    directory_all = known + bytes(central)
    total = count + len(GOOD)
    tail = struct.pack("<4s4H2LH", b"PK\5\6", 0, 0, total, total, len(directory_all), len(data), 0)
    return bytes(data) + directory_all + tail


def test_members_that_overlap(over_s3: TransferScene) -> None:
    said = unpacked(over_s3, bomb(5, b"z" * 10_000), 5)
    assert all("Zip bomb" in each for each in said)


def test_a_total_that_is_too_much(over_s3: TransferScene, make_zeros: Callable[[int], bytes]) -> None:
    """Not one member of it is written, unless it is wanted so."""
    over_s3.put("z.zip", make_zeros(1100))
    said = over_s3("unpack", over_s3.url("z.zip"), "out", "--json", code=6).error
    assert said["reference"] == "archive-too-much"
    assert not (over_s3.folder / "out").exists()
    words = ("--max-ratio", "2000", "--dry-run", "--json")
    assert len(over_s3("unpack", over_s3.url("z.zip"), "out", *words).json["items"]) == 11
    over_s3("unpack", over_s3.url("z.zip!/5"), "out")  # a part of it is not too much
    assert (over_s3.folder / "out/5").stat().st_size == 100 * MIB
    (over_s3.folder / "out/5").unlink()


@pytest.fixture(name="make_zeros")
def _make_zeros() -> Callable[[int], bytes]:
    """An archive of so many MiB of zeros, in members of 100 MiB; each is compressed once."""

    def make(mib: int) -> bytes:
        piece = 100 * MIB
        packer = zlib.compressobj(9, zlib.DEFLATED, -15)
        body = packer.compress(bytes(piece)) + packer.flush()
        crc, out, central = zlib.crc32(bytes(piece)), bytearray(), bytearray()
        for number in range(mib // 100):
            name, at = b"%d" % number, len(out)
            sizes = (crc, len(body), piece, len(name), 0)
            out += struct.pack("<4s5H3L2H", b"PK\3\4", 20, 0, 8, 0, 33, *sizes) + name + body
            central += struct.pack("<4s6H3L5H2L", b"PK\1\2", 20, 20, 0, 8, 0, 33, *sizes, 0, 0, 0, 0, at) + name
        count = mib // 100
        tail = struct.pack("<4s4H2LH", b"PK\5\6", 0, 0, count, count, len(central), len(out), 0)
        return bytes(out + central + tail)

    return make


def test_hostile_indexes(over_s3: TransferScene) -> None:
    """What is written beside an archive is believed no more than its directory."""
    import zstandard

    over_s3.write(GOOD)
    over_s3("upload", "--pack", "tree/", over_s3.url("z.zip"))
    lines = zstandard.ZstdDecompressor().decompress(over_s3.get("z.zip.index")).decode().split("\n")
    head = json.loads(lines[0])
    names = json.loads(lines[1 + head["columns"].index("name")])
    assert names == sorted(GOOD)
    changed = lines.copy()
    changed[1] = json.dumps(["../x", "C:\\x"])
    over_s3.put("z.zip.index", zstandard.ZstdCompressor().compress("\n".join(changed).encode()))
    area = over_s3.folder / "in"
    got = over_s3.summary("unpack", over_s3.url("z.zip"), "in/target", code=3)
    assert got["failed"] == 2
    assert not Path(area / "x").exists()
