"""Lists of addresses: what a line is, and what is said of one that is none."""

from __future__ import annotations

from pathlib import Path

import pytest

from jsobj.errors import ExitCode, JsobjError
from jsobj.transfer.local.url_list import read_urls

MD5, SHA256 = "0A" * 16, "0b" * 32


def test_lines(tmp_path: Path) -> None:
    path = tmp_path / "urls"
    path.write_bytes(
        f"\ufeff# all of it\r\n\r\nhttps://h.org/d/a%20b.nc?id=1\r\n{MD5}  http://h.org/x\n{SHA256} *s3://b/k\n"
        f"SHA256 (gs://b/k l) = {SHA256}\n  az://c/k  \nb/k#1".encode()
    )
    found = list(read_urls(str(path)))
    assert [str(line.location) for line in found] == [
        "s3://h.org/a".replace("h.org", "d").replace("/a", "/a b.nc"),
        "http://h.org/x",
        "s3://b/k",
        "gs://b/k l",
        "az://c/k",
        "b/k#1",
    ]
    assert [(line.kind, line.digest) for line in found[:4]] == [
        ("", ""),
        ("md5", MD5.lower()),
        ("sha256", SHA256),
        ("sha256", SHA256),
    ]
    assert found[0].location.public == "https://h.org"
    assert found[1].where == f"line 4 of {path}"


@pytest.mark.parametrize(
    "line",
    [
        b"file",
        b"https://h.org/d/",
        b"https://h.org/",
        b"ftp://h.org/x",
        b"s3://b/",
        b"0" * 40 + b"  https://h.org/x",
        b"\xff",
        b"a" * 20_000,
    ],
)
def test_a_bad_line_is_named_by_its_number(tmp_path: Path, line: bytes) -> None:
    (tmp_path / "urls").write_bytes(b"https://h.org/d/x\n\n" + line + b"\n")
    with pytest.raises(JsobjError, match="line 3 of") as caught:
        list(read_urls(str(tmp_path / "urls")))
    assert (caught.value.reference, caught.value.code) == ("urls-line", ExitCode.USAGE)


def test_lists_that_cannot_be_read(tmp_path: Path) -> None:
    for path, code in (
        (tmp_path, ExitCode.LOCAL),
        (tmp_path / "none", ExitCode.LOCAL),
        (Path("/dev/null"), ExitCode.USAGE),
    ):
        with pytest.raises(JsobjError) as caught:
            list(read_urls(str(path)))
        assert caught.value.code is code
