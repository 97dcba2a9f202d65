"""An archive in Azure's storage: packed, looked into, unpacked."""

from __future__ import annotations

import hashlib
import io
import zipfile

from azure_scene import MIB, AzureScene


def test_packed_and_read(azure: AzureScene) -> None:
    jsobj = azure.jsobj
    files = {"a.txt": b"first" * 100, "raw/big.bin": hashlib.shake_128(b"big").digest(11 * MIB)}
    for name, data in files.items():
        path = jsobj.folder / "src" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
    archive = azure.url("a.zip")
    assert jsobj("upload", "--pack", "src/", archive, "--part-size", "5M", "--json").json["done"] == 1
    made = azure.contents()
    assert set(made) == {"a.zip", "a.zip.index"}
    with zipfile.ZipFile(io.BytesIO(made["a.zip"])) as found:
        assert {name: found.read(name) for name in found.namelist()} == files
    (blob,) = (blob for blob in azure.client.list_blobs() if blob.name == "a.zip")
    assert blob.content_settings.content_md5 == hashlib.md5(made["a.zip"]).digest()
    assert jsobj("ls", "-r", f"{archive}!/").lines == sorted(files)
    assert jsobj("cat", f"{archive}!/a.txt").out.encode() == files["a.txt"]
    assert jsobj("stat", f"{archive}!/a.txt", "--json").json["verifiable_by"] == "sha256"
    jsobj("unpack", archive, "out", "--part-size", "5M")
    assert {name: (jsobj.folder / "out" / name).read_bytes() for name in files} == files
    assert "Nothing to do" in jsobj("upload", "--pack", "src/", archive, "--part-size", "5M").err
