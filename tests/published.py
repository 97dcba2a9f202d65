"""A folder with a page and a list of digests beside the data, and somebody without a login who pastes its URL."""

from __future__ import annotations

import hashlib
import shutil
from pathlib import Path

from commands import Jsobj

FILES = {"a.txt": b"a", "in/\u00fc b%20.txt": b"bb"}
PAGE = b'<!doctype html>\n<html><head><meta name="generator" content="jsobj publish"></head></html>'
FOREIGN = b"<html></html>"


def write(folder: Path) -> Path:
    """``run/`` with the page, and ``foreign/`` with somebody else's, below a new folder."""
    sums = "".join(f"{hashlib.sha256(data).hexdigest()}  {name}\n" for name, data in FILES.items())
    whole = {**FILES, "index.html": PAGE, "MANIFEST.sha256": sums.encode()}
    for name, data in {f"run/{name}": data for name, data in whole.items()}.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(data)
    (folder / "foreign").mkdir()
    (folder / "foreign/index.html").write_bytes(FOREIGN)
    return folder


def read_as_pasted(nobody: Jsobj, url: str) -> None:
    """What the tests assert: each command of a reader, with each form of the URL below ``url``, the bucket's."""
    fetched = nobody.folder / "fetched"
    for form in ("run", "run/", "run/index.html", "run/index.html?utm_source=mail#search=a"):
        place = url + form
        assert nobody("ls", place).lines == ["MANIFEST.sha256", "a.txt", "in/", "index.html"], form
        assert nobody("verify", place, "--manifest", "--extra").err == "2 same\n", form
        nobody("download", place, fetched)
        assert {path.name for path in fetched.rglob("*")} == {
            "MANIFEST.sha256",
            "a.txt",
            "in",
            "index.html",
            "ü b%20.txt",
        }
        assert nobody("verify", fetched, "--manifest", f"{url}run/MANIFEST.sha256", "--extra").err == "2 same\n"
        assert nobody("verify", f"{fetched}/", place, "--json").json["items"][0]["state"] == "same"
        assert nobody("du", place, "--json").json["objects"] == 4
        shutil.rmtree(fetched)
    assert "4 objects" in nobody("tree", f"{url}run/index.html").out
    assert nobody("cat", f"{url}run/index.html").out == PAGE.decode()
    assert nobody("cat", f"{url}run/in/%C3%BC%20b%2520.txt").out == "bb"
    assert nobody("cat", f"<{url}run/in/ü b%2520.txt>").out == "bb"
    assert nobody("ls", f"{url}foreign/index.html").lines == ["index.html"]
    nobody("download", f"{url}foreign/index.html", fetched)
    assert fetched.read_bytes() == FOREIGN
    fetched.unlink()
    nobody("cp", f"{url}run/index.html", "./fetched/")
    assert (fetched / "in/ü b%20.txt").read_bytes() == b"bb"
    shutil.rmtree(fetched)


def read_by_link(nobody: Jsobj, link: str, data: bytes) -> None:
    """What the tests assert: a signed link to ``…/a.txt``, in each command that takes one; it is written nowhere."""
    signature = link.partition("?")[2]
    target = nobody.folder / "a.txt"
    nobody("download", link, ".", shows_secrets=True)
    assert target.read_bytes() == data
    assert nobody("cat", link, shows_secrets=True).out == data.decode()
    assert nobody("stat", link, "--json", shows_secrets=True).json["size"] == len(data)
    assert nobody("verify", target, link, shows_secrets=True).err == "1 same\n"
    nobody("cp", link, "./copied/", shows_secrets=True)
    target.unlink()
    for words in (
        ("download", f"{link}0", "."),
        ("cat", link.replace("Signature=", "Signature=0").replace("_sig=", "_sig=0")),
    ):
        error = nobody(*words, "--json", code=6).error
        assert error["reference"] == "link-refused"
        assert signature not in str(error)
    assert not target.exists()
    for words in (("ls", link), ("verify", link, "--manifest"), ("snippet", "fsspec", link), ("du", link)):
        assert nobody(*words, "--json", code=2).error["reference"] == "location-is-signed"
    cut = link.partition("&")[0]
    if "X-Amz" in cut:
        assert "quotation marks" in nobody("download", cut, ".", "--json", code=2).error["hint"]
    kept = [path for path in nobody.home.rglob("*") if path.is_file() and signature.encode() in path.read_bytes()]
    assert kept == []
