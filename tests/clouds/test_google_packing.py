"""An archive in Google's storage: packed in parts, looked into, unpacked."""

from __future__ import annotations

import hashlib
import io
import zipfile

from google_scene import MIB, GoogleScene


def test_packed_and_read(google: GoogleScene) -> None:
    files = {"a.txt": b"first" * 100, "raw/big.bin": hashlib.shake_128(b"big").digest(11 * MIB)}
    jsobj, archive = google.jsobj, f"{google.url}/a.zip"
    for name, data in files.items():
        path = jsobj.folder / "src" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
    assert jsobj("upload", "--pack", "src/", archive, "--part-size", "5M", "--json").json["done"] == 1
    assert sorted(google.keys()) == ["a.zip", "a.zip.index"]
    with zipfile.ZipFile(io.BytesIO(google.data("a.zip"))) as found:
        assert {name: found.read(name) for name in found.namelist()} == files
    assert jsobj("ls", "-r", f"{archive}!/").lines == sorted(files)
    assert jsobj("cat", f"{archive}!/a.txt").out.encode() == files["a.txt"]
    jsobj("unpack", archive, "out", "--part-size", "5M")
    assert {name: (jsobj.folder / "out" / name).read_bytes() for name in files} == files
    assert "Nothing to do" in jsobj("upload", "--pack", "src/", archive, "--part-size", "5M").err
