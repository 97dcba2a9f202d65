"""What ``jsobj verify`` says at its end, and which files and objects take part in it."""

from __future__ import annotations

import os
import signal

import pytest
from fault_proxy import Rule, fault_proxy
from transfer_scene import PART, TransferScene, sha

SMALL = os.urandom(1000)


def test_patterns_that_match_nothing_are_not_found(transfer: TransferScene) -> None:
    tree = transfer.write({"a.txt": b"a", "sub/b.txt": b"b"})
    transfer("upload", f"{tree}/", transfer.url("t/"))
    (transfer.folder / "SUMS").write_text(f"{sha(b'a')}  a.txt\n")
    for words in (
        (f"{tree}/", transfer.url("t/"), "--include", "*.nc"),
        (f"{tree}/", transfer.url("t/"), "--include", "*.txt", "--exclude", "*"),
        (tree / "a.txt", transfer.url("t/a.txt"), "--include", "*.nc"),
        (transfer.url("t/"), "--manifest", "SUMS", "--include", "*.nc"),
    ):
        found = transfer("verify", *words, "--json", code=5)
        assert (found.error["reference"], found.out) == ("nothing-matches", "")
    assert transfer("verify", f"{tree}/", transfer.url("t/"), "--include", "a.*").err == "1 same\n"
    there = transfer("verify", f"{tree}/", transfer.url(), "--include", "t", code=0)
    assert there.err == "2 more in the bucket\n"


def test_patterns_need_files_or_a_list(over_s3: TransferScene) -> None:
    error = over_s3("verify", over_s3.url("x.zarr"), "--include", "*.nc", "--json", code=2).error
    assert "they need LOCAL or --manifest" in error["message"]


def test_a_list_of_digests_by_patterns_and_with_extra(transfer: TransferScene) -> None:
    for name in ("a.txt", "b.txt", "c.nc"):
        transfer.put(f"t/{name}", name.encode())
    (transfer.folder / "SUMS").write_text(f"{sha(b'a.txt')}  a.txt\n{sha(b'other')}  c.nc\n")
    words = ("verify", transfer.url("t/"), "--manifest", "SUMS")
    transfer(*words, code=8)
    found = transfer(*words, "--include", "*.txt")
    assert (found.out, found.err) == ("", "1 same, 1 more in the bucket\n")
    extra = transfer(*words, "--include", "*.txt", "--extra", code=8)
    assert extra.out == "extra\tt/b.txt\tnot in the list\n"
    assert extra.err == "1 same, 1 more in the bucket\n"


@pytest.mark.parametrize("count", [1, 2])
def test_the_closing_line(over_s3: TransferScene, count: int) -> None:
    files = {f"{state}{number}": os.urandom(9) for state in ("same", "differs", "missing") for number in range(count)}
    tree = over_s3.write(files)
    over_s3("upload", f"{tree}/", over_s3.url("t/"))
    for number in range(count):
        over_s3.put(f"t/differs{number}", b"123456789")
        over_s3.witness.delete_object(Bucket=over_s3.bucket, Key=f"t/missing{number}")
        over_s3.put(f"t/more{number}", b"x")
        (tree / f"link{number}").symlink_to("same0")
    words = ("verify", f"{tree}/", over_s3.url("t/"))
    s, were, them = ("", "was", "it") if count == 1 else ("s", "were", "them")
    warning = f"Warning: {count} symbolic link{s} {were} left out: --links follow takes {them}\n"
    differ = "1 differs" if count == 1 else "2 differ"
    line = f"{count} same, {differ}, {count} missing, {count} more in the bucket, {count} symbolic link{s} left out\n"
    assert over_s3(*words, code=8).err == warning + line
    assert over_s3(*words, "--quiet", code=8).err == warning
    found = over_s3(*words, "--json", code=8)
    assert found.err == warning + line
    assert {item["state"] for item in found.json["items"]} == {"same", "differs", "missing", "extra", "link"}


def test_the_closing_line_where_there_is_nothing_but_links(over_s3: TransferScene) -> None:
    tree = over_s3.write({})
    assert over_s3("verify", f"{tree}/", over_s3.url("t/")).err == "There is nothing to compare.\n"
    (tree / "link").symlink_to("/etc/hostname")
    assert over_s3("verify", f"{tree}/", over_s3.url("t/")).err.splitlines()[1:] == ["1 symbolic link left out"]


@pytest.mark.parametrize(
    "words",
    [
        ("verify", "tree/", "t/"),
        ("verify", "--manifest", "SUMS", "t/"),
        ("verify", "t/"),
        ("upload", "--dry-run", "tree/", "t/"),
        ("download", "--dry-run", "t/", "tree/"),
        ("rm", "--dry-run", "t/a", "t/b"),
        ("rm", "t/a", "t/b"),
    ],
)
def test_ctrl_c_waits_for_no_answer_about_an_object(over_s3: TransferScene, words: tuple[str, ...]) -> None:
    tree = over_s3.write(dict.fromkeys(("a", "b"), SMALL))
    (over_s3.folder / "SUMS").write_text("".join(f"{sha(SMALL)}  {name}\n" for name in ("a", "b")))
    for name in ("a", "b"):
        over_s3.put_in_parts(f"t/{name}", SMALL, PART)
        os.utime(tree / name, (1, 1))
    over_s3.put("t/zarr.json", b"{}")
    stall = Rule("stall", path="/t/", times=0)
    with fault_proxy(over_s3.endpoint, [stall]) as proxy:
        said = [over_s3.url(word) if word.startswith("t/") else word for word in words]
        process = over_s3.jsobj.start(*said, "--endpoint", proxy.url)
        try:
            stall.wait()
            process.send_signal(signal.SIGINT)
            assert process.wait(20) == 130, (over_s3.jsobj.home / "output").read_text()
        finally:
            process.kill()
            process.wait()
