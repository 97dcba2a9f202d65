"""Lists of digests: what the programs of this machine write is read, and what is written here they read."""

from __future__ import annotations

import hashlib
import shutil
import subprocess
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jsobj.errors import ExitCode, JsobjError
from jsobj.transfer.local.digest_list import DigestLine, read_manifest, written

DIGEST = hashlib.sha256(b"x").hexdigest()
NAMES = (
    "a",
    "a b",
    " lead",
    "trail ",
    "-",
    "#x",
    "we\\ird",
    "new\nline",
    "cr\rx",
    "\\n",
    "ünï",
    "*x",
    "(x) = y",
    "%0A",
)


@pytest.mark.parametrize("name", NAMES)
def test_what_is_written_is_what_sha256sum_writes_and_checks(tmp_path: Path, name: str) -> None:
    (tmp_path / name).write_bytes(b"x")
    line = written(name, DIGEST)
    (tmp_path / "SUMS").write_bytes(line.encode())
    subprocess.run(["sha256sum", "-c", "--strict", "SUMS"], cwd=tmp_path, check=True, capture_output=True)
    theirs = subprocess.run(["sha256sum", "--", f"./{name}"], cwd=tmp_path, check=True, capture_output=True).stdout
    assert line.replace("  ./", "  ") == theirs.decode().replace("  ./", "  ")


@pytest.mark.parametrize(
    "words", [["sha256sum"], ["sha256sum", "--tag"], ["md5sum", "-b"], ["sha512sum"], ["sha224sum"]]
)
def test_what_coreutils_write_is_read(tmp_path: Path, words: list[str]) -> None:
    for name in NAMES:
        (tmp_path / name).write_bytes(b"x")
    found = subprocess.run([*words, "--", *NAMES[:4], "./-", *NAMES[5:]], cwd=tmp_path, check=True, capture_output=True)
    lines = list(read_manifest(found.stdout.decode().split("\n"), "SUMS"))
    assert [line.name for line in lines] == list(NAMES)
    kind = words[0].removesuffix("sum")
    assert {(line.kind, line.digest) for line in lines} == {(kind, hashlib.new(kind, b"x").hexdigest())}


@pytest.mark.parametrize("words", [["openssl", "sha256"], ["openssl", "md5"], ["shasum", "-a", "384"]])
def test_what_others_write_is_read(tmp_path: Path, words: list[str]) -> None:
    if shutil.which(words[0]) is None:
        pytest.skip(f"{words[0]} is not installed")
    (tmp_path / "a b.txt").write_bytes(b"x")
    found = subprocess.run([*words, "a b.txt"], cwd=tmp_path, check=True, capture_output=True, text=True).stdout
    kind = {"sha256": "sha256", "md5": "md5", "-a": "sha384"}[words[1]]
    assert list(read_manifest([found], "SUMS")) == [DigestLine("a b.txt", kind, hashlib.new(kind, b"x").hexdigest())]


def test_comments_blank_lines_line_ends_of_windows_and_a_byte_order_mark() -> None:
    text = f"\ufeff# made by hand\r\n\r\n{DIGEST.upper()} *a b\r\n{DIGEST} ./c\r\n"
    assert [line.name for line in read_manifest(text.split("\n"), "S")] == ["a b", "c"]


def test_the_manifest_of_a_bag_has_other_rules() -> None:
    """RFC 8493, section 2.1.3: only line ends and the percent sign are encoded, and any blanks stand between."""
    line = f"{DIGEST} \t data/100%25 of%0Ait %41\\n"
    assert [each.name for each in read_manifest([line], "bag/manifest-sha256.txt")] == ["data/100% of\nit %41\\n"]
    assert [each.name for each in read_manifest([f"{DIGEST}  %0A"], "SUMS")] == ["%0A"]


@pytest.mark.parametrize("name", ["/etc/passwd", "../x", "a/../../x", "a/..", "./../x", "nul\0", "//x"])
@pytest.mark.parametrize("form", [f"{DIGEST}  {{}}", f"SHA256 ({{}}) = {DIGEST}"])
def test_names_that_lead_elsewhere_are_refused(name: str, form: str) -> None:
    with pytest.raises(JsobjError, match="line 2") as caught:
        list(read_manifest([f"{DIGEST}  fine", form.format(name)], "S"))
    assert (caught.value.reference, caught.value.code) == ("manifest-path", ExitCode.REFUSED)


@pytest.mark.parametrize(
    "line", ["x", DIGEST, f"{DIGEST[:50]}  a", f"{DIGEST}0  a", "SHA256 (a) =", f"SHA3-256 (a) = {DIGEST}"]
)
def test_what_is_no_line_is_named(line: str) -> None:
    with pytest.raises(JsobjError, match="S, line 1") as caught:
        list(read_manifest([line], "S"))
    assert caught.value.reference == "manifest-line"


@given(st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), min_size=1))
def test_every_name_comes_back(name: str) -> None:
    if name.startswith(("/", "./")) or ".." in name.split("/"):
        return
    assert list(read_manifest([written(name, DIGEST)], "S")) == [DigestLine(name, "sha256", DIGEST)]
