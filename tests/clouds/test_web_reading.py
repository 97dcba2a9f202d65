"""Plain web servers are read like buckets: listed, looked at, fetched; over http and https, wherever redirects lead."""

from __future__ import annotations

import base64
import hashlib
import io
import os
import shutil
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from commands import Jsobj
from fixtures_places import settle
from listening import answering
from ports import free_port
from web_server import KINDS, WHEN, WebServer

from jsobj.api.connection import connect

DATA = {"a.txt": b"a" * 10, "empty": b"", "in/deep/x.nc": b"x" * 1000, "in/ü b%20.txt": b"bb"}


@pytest.fixture(scope="module", name="folder")
def _folder(web: WebServer) -> Iterator[str]:
    for name, data in DATA.items():
        web.write(f"reading/{name}", data)
    yield "reading"
    shutil.rmtree(web.root / "reading")


@pytest.mark.parametrize("kind", ["index", "rounded", "json", "moved"])
def test_a_folder_with_an_index(reader: Jsobj, web: WebServer, folder: str, kind: str) -> None:
    for url in (f"{web.url}/{kind}/{folder}/", f"{web.secure_url}/{kind}/{folder}"):
        assert reader("ls", url).lines == ["a.txt", "empty", "in/"]
        assert reader("ls", "-r", f"{url.rstrip('/')}/").lines == list(DATA)
        found = reader("du", url, "--json").json
        assert (found["objects"], found["bytes"]) == (4, 1012)
        assert "4 objects" in reader("tree", url).out
    url = f"{web.url}/{kind}/{folder}"
    assert reader("ls", f"{url}/in/deep/").lines == ["x.nc"]
    assert reader("ls", f"{url}/*.txt").lines == ["a.txt"]
    assert reader("ls", f"{url}/**/x.*").out.strip().endswith("x.nc")
    target = reader.folder / "fetched"
    reader("download", f"{url}/", target)
    assert {str(path.relative_to(target)): path.read_bytes() for path in target.rglob("*") if path.is_file()} == DATA
    assert (target / "a.txt").stat().st_mtime == WHEN
    again = reader("download", f"{url}/", target, "--include", "*.txt", "--json").json
    assert again["failed"] == 0
    assert reader("ls", f"{url}/nothing/", "--json", code=5).error["reference"] == "object-not-found"


@pytest.mark.parametrize("kind", sorted(KINDS.keys() - {"secret"}))
def test_a_single_file(reader: Jsobj, web: WebServer, folder: str, kind: str) -> None:
    for url in (
        f"{web.url}/{kind}/{folder}/in/%C3%BC%20b%2520.txt",
        f"{web.secure_url}/{kind}/{folder}/in/ü b%2520.txt",
    ):
        assert reader("cat", url).out == "bb"
        told = reader("stat", url, "--json").json
        assert (told["size"], told["content_encoding"]) == (2, None)
        reader("download", url, "./one/")
        assert (reader.folder / "one/ü b%20.txt").read_bytes() == b"bb"
    assert reader("cat", f"{web.url}/{kind}/{folder}/empty").out == ""
    assert reader("cat", f"{web.url}/{kind}/{folder}/none.txt", "--json", code=5).error


def test_archives_are_unpacked(reader: Jsobj, web: WebServer, monkeypatch: pytest.MonkeyPatch) -> None:
    """In a folder, at the root, behind a redirect; all members, or those behind ``!/``."""
    data = io.BytesIO()
    with zipfile.ZipFile(data, "w") as archive:
        for name in ("a", "in/b"):
            archive.writestr(name, name)
    for name in ("root.zip", "packed/y.zip"):
        web.write(name, data.getvalue())
    everything = {"a": b"a", "in/b": b"in/b"}
    for number, (url, wanted) in enumerate(
        {
            f"{web.url}/root.zip": everything,
            f"{web.url}/root.zip!/": everything,
            f"{web.secure_url}/root.zip!/in/": {"b": b"in/b"},
            f"{web.url}/index/packed/y.zip": everything,
            f"{web.url}/index/packed/y.zip!/a": {"a": b"a"},
            f"{web.url}/upgrade/packed/y.zip": everything,
        }.items()
    ):
        target = reader.folder / f"unpacked{number}"
        assert reader("unpack", url, target, "--json").json["done"] == len(wanted), url
        found = (path for path in target.rglob("*") if path.is_file())
        assert {str(path.relative_to(target)): path.read_bytes() for path in found} == wanted
    settle(monkeypatch, reader.environment())
    assert connect(unsigned=True).unpack(f"{web.url}/root.zip", reader.folder / "by Python").done == 2
    web.write("root.txt", b"")
    assert "is no archive" in reader("unpack", f"{web.url}/root.txt", ".", code=2).err
    silent = reader("unpack", f"http://127.0.0.1:{free_port()}/root.zip", ".", "--json", code=7).error
    assert silent["reference"] == "endpoint-unreachable"


def test_a_file_at_the_root_a_query_and_redirects(reader: Jsobj, web: WebServer) -> None:
    web.write("root.nc", b"root")
    web.write("reading/a.txt", DATA["a.txt"])
    assert reader("cat", f"{web.url}/root.nc").out == "root"
    reader("download", f"{web.secure_url}/root.nc", ".")
    assert (reader.folder / "root.nc").read_bytes() == b"root"
    assert reader("cat", f"{web.url}/asked/any?id=root.nc").out == "root"
    reader("download", f"{web.url}/asked/any.nc?id=root.nc", "./asked/")
    assert (reader.folder / "asked/any.nc").read_bytes() == b"root"
    assert reader("cat", f"{web.url}/upgrade/reading/a.txt").out == "a" * 10
    assert reader("ls", f"{web.url}/upgrade/reading/").lines[0] == "a.txt"
    for url, said in ((f"{web.secure_url}/downgrade/root.nc", "https to http"), (f"{web.url}/loop/x", "more than 5")):
        failed = reader("download", url, ".", "--json", code=7).error
        assert failed["reference"] == "web-redirect"
        assert said in failed["message"]


@pytest.mark.parametrize("kind", ["whole", "bare", "dated", "index"])
def test_a_large_file_comes_in_parts_or_as_a_whole(reader: Jsobj, web: WebServer, kind: str) -> None:
    data = os.urandom(6_000_000).hex().encode()
    web.write("large.bin", data)
    url = f"{web.url}/{kind}/large.bin"
    reader("download", url, "large.bin", "--part-size", "5M")
    assert (reader.folder / "large.bin").read_bytes() == data
    assert reader("cat", url).out.encode() == data
    if kind == "whole":
        assert reader("cat", url, "--range", "0-3", "--json", code=6).error["reference"] == "web-no-ranges"
    else:
        assert reader("cat", url, "--range", "0-3").out.encode() == data[:4]


def test_what_is_refused(reader: Jsobj, web: WebServer, folder: str) -> None:
    assert reader("ls", f"{web.url}/none/{folder}/", "--json", code=6).error["reference"] == "web-no-list"
    assert reader("ls", f"{web.url}/none/{folder}/*.txt", "--json", code=6).error["reference"] == "web-no-list"
    hint = reader("download", f"{web.url}/none/{folder}/", "./x/", "--json", code=6).error["hint"]
    assert "--urls-from" in hint
    assert reader("download", f"{web.url}/secret/{folder}/a.txt", ".", "--json", code=6).error["reference"] == (
        "web-forbidden"
    )
    (reader.folder / "f").write_bytes(b"f")
    for words in (("upload", "f", f"{web.url}/index/"), ("cp", "s3://b/k", f"{web.url}/index/k")):
        assert reader(*words, "--json", code=2).error["reference"] == "location-is-web-address"
    assert reader("mv", f"{web.url}/index/{folder}/a.txt", "s3://b/", "--json", code=2).error


def test_folders_without_end(reader: Jsobj) -> None:
    with answering(200, {"Content-Type": "text/html"}, b'<h1>Index of /f/</h1><a href="f/">f</a>') as (url, _):
        assert reader("ls", "-r", f"{url}/f/", "--json", code=6).error["reference"] == "web-list-endless"


@pytest.mark.parametrize(
    ("status", "headers", "body"),
    [
        (403, {"x-amz-request-id": "tx1"}, b""),
        (404, {"x-trans-id": "tx1"}, b""),
        (403, {"content-type": "application/xml"}, b"<?xml version='1.0'?>\n<Error><Code>AccessDenied</Code></Error>"),
    ],
)
def test_an_object_store_stays_one(reader: Jsobj, status: int, headers: dict[str, str], body: bytes) -> None:
    with answering(status, headers, body) as (url, _):
        for place in (f"{url}/bucket/", f"{url}/bucket/key"):
            assert not reader("ls", place, "--json", code=4).error["reference"].startswith("web")
        assert reader("cat", f"{url}/bucket", "--json", code=2).error["reference"] == "location-grammar"
        assert reader("ls", f"{url}/", "--json", code=2).error["reference"] == "location-is-web-address"


def test_digests_that_a_server_tells(reader: Jsobj) -> None:
    body = b"data"
    md5, sha256 = (base64.b64encode(hashlib.new(name, body).digest()).decode() for name in ("md5", "sha256"))
    for name, good, bad in (
        ("Content-MD5", md5, "AAAAAAAAAAAAAAAAAAAAAA=="),
        ("Repr-Digest", f"sha-256=:{sha256}:", f"sha-256=:{'A' * 43}=:"),
    ):
        with answering(200, {"ETag": '"v1"', name: good}, body) as (url, _):
            done = reader("download", f"{url}/f/data", f"right-{name}", "--json").json
            assert (done["done"], done["verified"]) == (1, 1)
        with answering(200, {"ETag": '"v1"', name: bad}, body) as (url, _):
            assert "bytes-differ" in reader("download", f"{url}/f/data", "wrong", code=8).err
        assert not (reader.folder / "wrong").exists()


def test_an_index_that_leads_elsewhere(reader: Jsobj, tmp_path: Path) -> None:
    links = (
        "../",
        "/etc/passwd",
        "http://other/x",
        "javascript:alert(1)",
        "..%2f..%2fx",
        "%2e%2e/",
        "?C=N",
        "ok",
        "a/b",
    )
    page = "<title>Index of /f/</title>" + "".join(f'<a href="{link}">x</a>' for link in links)
    with answering(200, {"Content-Type": "text/html"}, page.encode()) as (url, seen):
        assert reader("ls", f"{url}/f/").lines == ["ok"]
        reader("download", f"{url}/f/", "./got/")
    assert [path.name for path in (reader.folder / "got").rglob("*")] == ["ok"]
    assert {path.split(" ")[1] for path in seen} == {"/f/", "/f/ok"}
