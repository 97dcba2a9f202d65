"""Folders: every name round-trips, nothing is sent twice, what differs is, and what cannot be sent is named."""

from __future__ import annotations

import json
import os
import re
import shlex
import socket
from pathlib import Path

import pytest
from rigs import small_disk
from transfer_scene import IN_PARTS, PART, TransferScene, on_disk, sha, shas

# The list of P23: control characters, trailing dots and spaces, what looks like an encoding, and more.
NAMES = (
    "plain.txt",
    "with space",
    " leading",
    "trailing ",
    "trailing.",
    "...",
    "-rf",
    "--delete",
    "%46",
    "a%2Fb",
    "plus+and&amp;",
    "quote'\"`$(x)",
    "back\\slash",
    "question?hash#",
    "star*[a]",
    "tab\there",
    "line\nfeed",
    "carriage\rreturn",
    "escape\x1b]0;title\x07",
    "bell\x01\x7f",
    "\u00e9 composed",
    "e\u0301 decomposed",
    "\u202egnp.exe",
    "line\u2028separator",
    "\U0001f4a9",
    "File",
    "file",
    "n" * 255,
    "\u00fc" * 120,
    "/".join(["deep"] * 60) + "/leaf",
    "empty/file",
    ".hidden/.x",
)


def test_p23_every_name_round_trips(anywhere: TransferScene) -> None:
    files = {name: b"" if name == "empty/file" else os.urandom(17) for name in NAMES}
    tree = anywhere.write(files)
    sent = anywhere.summary("upload", f"{tree}/", anywhere.url("in/"))
    assert (sent["done"], sent["verified"], sent["failed"]) == (len(NAMES), len(NAMES), 0)
    assert anywhere.digests() == {f"in/{name}": sha(data) for name, data in files.items()}
    got = anywhere.summary("download", anywhere.url("in"), "back")
    assert (got["done"], got["failed"]) == (len(NAMES), 0)
    assert on_disk(anywhere.folder / "back") == shas(files)


def test_where_things_go(over_s3: TransferScene) -> None:
    """The rule of the trailing slash, and that of a folder's own name."""
    tree = over_s3.write({"a": b"1", "b/c": b"2"})
    over_s3("upload", tree, over_s3.url())
    over_s3("upload", tree, over_s3.url("as"))
    over_s3("upload", f"{tree}/", over_s3.url("bare/"))
    over_s3("upload", tree / "a", tree / "b", over_s3.url("two/"))
    over_s3("upload", tree / "a", over_s3.url("renamed"))
    wanted = {"tree/a", "tree/b/c", "as/a", "as/b/c", "bare/a", "bare/b/c", "two/a", "two/b/c", "renamed"}
    assert set(over_s3.keys()) == wanted
    over_s3("download", over_s3.url("tree"), "d/")
    over_s3("download", over_s3.url("tree"), "named")
    over_s3("download", over_s3.url("*/a"), "globbed")
    assert set(on_disk(over_s3.folder / "d")) == {"tree/a", "tree/b/c"}
    assert set(on_disk(over_s3.folder / "named")) == {"a", "b/c"}
    assert set(on_disk(over_s3.folder / "globbed")) == {"tree/a", "as/a", "bare/a", "two/a"}


@pytest.mark.parametrize("how", ["lines", "nul", "stdin"])
def test_files_from(over_s3: TransferScene, how: str) -> None:
    files = {"one": b"1", "two words": b"2", "sub/three": b"3", "not/this": b"4"}
    if how == "nul":
        files["new\nline"] = b"5"
    tree = over_s3.write(files)
    names = [name for name in files if name != "not/this"]
    text = "".join(f"./{name}\0" if how == "nul" else f"{name}\n" for name in names)
    listed = over_s3.folder / "list"
    listed.write_text(text)
    source = ("-",) if how == "stdin" else (listed, *(["-0"] if how == "nul" else []))
    words = {"stdin": text} if how == "stdin" else {}
    sent = over_s3.summary("upload", f"{tree}/", over_s3.url(), "--files-from", *source, **words)
    assert sent["done"] == len(names)
    assert over_s3.digests() == {name: sha(files[name]) for name in names}


def test_files_from_with_a_missing_one(over_s3: TransferScene) -> None:
    tree = over_s3.write({"a": b"1", "b": b"2"})
    sent = over_s3.summary("upload", f"{tree}/", over_s3.url(), "--files-from", "-", stdin="a\ngone\nb\n", code=3)
    assert (sent["done"], sent["failed"]) == (2, 1)
    assert sent["failures"][0]["item"].endswith("gone")
    assert sent["failures"][0]["reference"] == "source-missing"
    assert over_s3.keys() == ["a", "b"]


def test_include_and_exclude(transfer: TransferScene) -> None:
    files = {"a.nc": b"1", "b.nc": b"2", "b.tmp": b"3", "sub/c.nc": b"4", "sub/old/d.nc": b"5"}
    tree = transfer.write(files)
    words = ("--include", "*.nc", "--exclude", "sub/old/")
    transfer("upload", f"{tree}/", transfer.url(), *words)
    assert transfer.keys() == ["a.nc", "b.nc", "sub/c.nc"]
    transfer("download", transfer.url(), "back", "--exclude", "b*")
    assert set(on_disk(transfer.folder / "back")) == {"a.nc", "sub/c.nc"}


def test_dry_run_changes_nothing(transfer: TransferScene) -> None:
    tree = transfer.write({"new": b"1", "same": b"22", "longer": b"333"})
    transfer.put("same", b"22")
    transfer.put("longer", b"3")
    transfer.put("theirs", b"4")
    before, disk = transfer.state(), on_disk(transfer.jsobj.home)
    plan = transfer("upload", f"{tree}/", transfer.url(), "--dry-run", "--json").json
    actions = {Path(row["item"]).name: row["action"] for row in plan["items"]}
    assert (plan["schema"], actions) == ("jsobj.plan/1", {"new": "upload", "same": "skip", "longer": "upload"})
    plan = transfer("download", transfer.url(), "back", "--dry-run", "--json").json
    assert {row["item"]: row["action"] for row in plan["items"]} == dict.fromkeys(before, "download")
    assert transfer.state() == before
    after = on_disk(transfer.jsobj.home)
    assert {name: found for name, found in after.items() if ".cache" not in name} == {
        name: found for name, found in disk.items() if ".cache" not in name
    }


def test_a_second_run_sends_nothing_and_a_change_is_sent(transfer: TransferScene) -> None:
    files = {"a": b"first", "b": b"second"}
    tree = transfer.write(files)
    for name in files:  # long ago, so that the fingerprints may be kept
        os.utime(tree / name, (1_600_000_000, 1_600_000_000))
    transfer("upload", f"{tree}/", transfer.url())
    before = transfer.state()
    again = transfer.summary("upload", f"{tree}/", transfer.url())
    assert (again["done"], again["skipped"], again["bytes"]) == (0, 2, 0)
    assert transfer.state() == before
    (tree / "a").write_bytes(b"FIRST")  # the same size, and the time set back
    os.utime(tree / "a", (1_600_000_000, 1_600_000_000))
    sent = transfer.summary("upload", f"{tree}/", transfer.url())
    assert (sent["done"], sent["skipped"]) == (1, 1)
    assert transfer.get("a") == b"FIRST"


def test_a_second_download_fetches_nothing_and_a_change_is_fetched(transfer: TransferScene) -> None:
    transfer.put("a", b"first")
    transfer.put("b", b"second")
    transfer("download", transfer.url(), "back")
    again = transfer.summary("download", transfer.url(), "back")
    assert (again["done"], again["skipped"], again["bytes"]) == (0, 2, 0)
    transfer.put("a", b"FIRST")
    (transfer.folder / "back/b").write_bytes(b"SECOND")
    got = transfer.summary("download", transfer.url(), "back")
    assert (got["done"], got["skipped"]) == (2, 0)
    assert on_disk(transfer.folder / "back") == shas({"a": b"FIRST", "b": b"second"})


def test_no_clobber_and_check_size(transfer: TransferScene) -> None:
    tree = transfer.write({"a": b"AAAA", "b": b"longer", "c": b"new"})
    transfer.put("a", b"aaaa")
    transfer.put("b", b"b")
    sent = transfer.summary("upload", f"{tree}/", transfer.url(), "--no-clobber")
    assert (sent["done"], sent["skipped"]) == (1, 2)
    assert transfer.digests() == shas({"a": b"aaaa", "b": b"b", "c": b"new"})
    sent = transfer.summary("upload", f"{tree}/", transfer.url(), "--check", "size")
    assert (sent["done"], sent["skipped"]) == (1, 2)
    assert transfer.digests() == shas({"a": b"aaaa", "b": b"longer", "c": b"new"})
    got = transfer.summary("download", transfer.url(), tree, "--no-clobber")
    assert (got["done"], got["skipped"]) == (0, 3)
    assert (tree / "a").read_bytes() == b"AAAA"
    got = transfer.summary("download", transfer.url(), tree)
    assert (got["done"], got["skipped"]) == (1, 2)
    assert (tree / "a").read_bytes() == b"aaaa"


def test_modification_times_travel(anywhere: TransferScene) -> None:
    tree = anywhere.write({"a": b"1"})
    moment = 1_234_567_890_123_456_789
    os.utime(tree / "a", ns=(moment, moment))
    anywhere("upload", f"{tree}/", anywhere.url())
    assert anywhere.head("a")["Metadata"]["mtime"] == "1234567890.123456789"
    anywhere("download", anywhere.url(), "back")
    assert (anywhere.folder / "back/a").stat().st_mtime_ns == moment
    anywhere("download", anywhere.url("a"), "without", "--no-times")
    assert (anywhere.folder / "without").stat().st_mtime_ns != moment
    assert sha((anywhere.folder / "without").read_bytes()) == sha(anywhere.get("a"))


def test_b099_what_cannot_be_sent_is_named_and_the_rest_arrives(over_s3: TransferScene) -> None:
    tree = over_s3.write({"good": b"1", "sub/good": b"2"})
    os.mkfifo(tree / "fifo")
    with socket.socket(socket.AF_UNIX) as listener:
        here = Path.cwd()
        os.chdir(tree)  # a socket's path is short
        listener.bind("socket")
        os.chdir(here)
    (tree / "link").symlink_to("good")
    (tree / "loop").symlink_to(".")
    (tree / "dangling").symlink_to("nowhere")
    (Path(os.fsdecode(os.fsencode(tree) + b"/latin-\xe9"))).write_bytes(b"3")
    sent = over_s3.summary("upload", f"{tree}/", over_s3.url(), code=3)
    assert sent["done"] == 2
    assert over_s3.digests() == shas({"good": b"1", "sub/good": b"2"})
    named = " ".join(failure["item"] for failure in sent["failures"])
    assert all(name in named for name in ("fifo", "socket", "latin-")), named
    followed = over_s3.summary("upload", f"{tree}/", over_s3.url("f/"), "--links", "follow", code=3)
    assert {"f/good", "f/link", "f/sub/good"} <= set(over_s3.keys())
    named = " ".join(failure["item"] for failure in followed["failures"])
    assert all(name in named for name in ("loop", "dangling")), named


def test_links_that_are_left_out_are_told_and_counted(transfer: TransferScene) -> None:
    tree = transfer.write({"good": b"1", "sub/good": b"2"})
    (tree / "link").symlink_to("good")
    (tree / "folder").symlink_to("sub")
    warning = "2 symbolic links were left out: --links follow takes them"
    planned = transfer("upload", f"{tree}/", transfer.url(), "--dry-run")
    assert warning in planned.err
    assert sum(line.startswith("leave-out") for line in planned.lines) == 2
    for again in (False, True):
        told = transfer("upload", f"{tree}/", transfer.url())
        assert warning in told.err
        assert "skipped" not in told.err
        assert "2 symbolic links left out" in told.err
        assert ("2 the same already" in told.err) == again
        assert "Nothing to do" not in told.err
    found = transfer.summary("upload", f"{tree}/", transfer.url())
    assert (found["links"], found["same"], found["skipped"], found["left_out"]) == (2, 2, 2, 0)
    compared = transfer("verify", f"{tree}/", transfer.url())
    assert warning in compared.err
    assert "2 same" in compared.err
    missing = transfer("verify", f"{tree}/", transfer.url(), "--links", "follow", code=5)
    assert warning not in missing.err
    transfer("upload", f"{tree}/", transfer.url(), "--links", "follow")
    assert "4 same" in transfer("verify", f"{tree}/", transfer.url(), "--links", "follow").err


@pytest.mark.parametrize("encoding", ["gzip", "br", "zstd"])
def test_verify_compares_what_was_compressed_on_its_way(transfer: TransferScene, encoding: str) -> None:
    files = {"t.csv": b"a,b\n1,2\n" * 9999, "sub/empty": b"", "sub/noise": os.urandom(50_000)}
    tree, there = transfer.write(files), transfer.url("c/")
    transfer("upload", f"{tree}/", there, "--compress", encoding)
    for more in ((), ("--deep",)):
        assert "3 same" in transfer("verify", f"{tree}/", there, *more).err
        assert "1 same" in transfer("verify", tree / "t.csv", transfer.url("c/t.csv"), *more).err
    sums = "".join(f"{sha(data)}  {name}\n" for name, data in files.items())
    (transfer.folder / "SUMS").write_text(sums)
    assert "3 same" in transfer("verify", there, "--manifest", "SUMS").err
    (transfer.folder / "WRONG").write_text(sums.replace(sha(files["t.csv"]), sha(b"")))
    transfer("verify", there, "--manifest", "WRONG", code=8)
    (tree / "t.csv").write_bytes(files["t.csv"][:-1] + b"!")
    unsure = transfer("verify", f"{tree}/", there, code=3)
    assert "--deep" in unsure.out
    assert "differs" in transfer("verify", f"{tree}/", there, "--deep", code=8).out


def planned_and_done(
    scene: TransferScene, *argv: str | Path, code: int
) -> tuple[set[tuple[str, str]], set[tuple[str, str]]]:
    """What --dry-run says of each item, and what a run then does with it, in the same words."""
    plan = scene(*map(str, argv), "--dry-run", "--json").json["items"]
    told = {(item["action"].replace("upload", "done").replace("download", "done"), item["item"]) for item in plan}
    words = {"done": "done", "skipped": "skip", "left-out": "leave-out", "failed": "refuse"}
    ran = scene.jsobj(*map(str, argv), "--progress", "json", code=code)
    events = [json.loads(line) for line in ran.lines]
    return told, {(words[event["event"]], event["item"]) for event in events if event["event"] in words}


def test_a_dry_run_says_what_the_run_does(transfer: TransferScene) -> None:
    tree = transfer.write({"same": b"12", "other": b"34", "new": b"5", "t.csv": b"a,b\n" * 500, "d/x.tmp": b"6"})
    (tree / "link").symlink_to("same")
    os.mkfifo(tree / "pipe")
    transfer.put("u/same", b"12")
    transfer.put("u/other", b"43")  # of the same size
    for more in (
        ("--exclude", "*.tmp"),
        (),
        ("--compress", "zstd", "--include", "*.csv"),
        ("--no-clobber", "--links", "follow"),
        ("--check", "size"),
    ):
        told, ran = planned_and_done(
            transfer, "upload", f"{tree}/", transfer.url("u/"), *more, code=0 if "*.csv" in more else 3
        )
        assert told == ran, more
    back = transfer.folder / "back"
    (back / "d").mkdir(parents=True)
    (back / "same").write_bytes(b"12")
    (back / "other").write_bytes(b"xx")
    (back / "new").mkdir()
    (back / "link").write_bytes(b"")
    transfer.put("u/d/x.tmp/y", b"7")  # below a file
    for more in (("--no-clobber",), ("--exclude", "*.csv"), (), ("--raw",)):
        told, ran = planned_and_done(transfer, "download", transfer.url("u/"), back, *more, code=3)
        assert told == ran, more


def test_patterns_that_match_nothing_fail_in_run_and_plan(transfer: TransferScene) -> None:
    tree = transfer.write({"a/x.csv": b"1", "b/y.csv": b"2"})
    for more in ((), ("--dry-run",)):
        up = transfer("upload", f"{tree}/", transfer.url(), "--include", "nothing*", *more, code=5)
        assert "matches --include 'nothing*' [nothing-matches]" in up.err
        assert "Nothing to do" not in up.err
    assert transfer.keys() == []
    transfer("upload", f"{tree}/", transfer.url("in/"))
    for more in ((), ("--dry-run",)):
        down = transfer("download", transfer.url("in/*/nothing*"), "to/", *more, code=5)
        assert "matches 'in/*/nothing*' [nothing-matches]" in down.err
        transfer("download", transfer.url("in/"), "to/", "--include", "*.nc", *more, code=5)
    assert transfer("jobs", "list", "--json").json["items"] == []
    some = transfer.summary("upload", f"{tree}/", transfer.url("in/"), "--include", "a/*")
    assert (some["same"], some["left_out"]) == (1, 1)


def test_the_end_is_told_where_items_failed_and_each_is_named_once(over_s3: TransferScene) -> None:
    tree = over_s3.write({"good": b"1"})
    os.mkfifo(tree / "pipe [1]")
    told = over_s3("upload", "tree", over_s3.url(), code=3)
    assert "1 file, 1 B uploaded" in told.err
    assert "1 verified; 1 failed" in told.err
    failed = next(line for line in told.err.splitlines() if line.startswith("Failed:"))
    assert failed.count("pipe [1]") == 1
    assert "leave it out: --exclude '/pipe [[]1]'" in told.err
    assert over_s3.summary("upload", "tree", over_s3.url(), "--exclude", "/pipe [[]1]")["failed"] == 0


@pytest.mark.parametrize("name", [b"bad\xff\xfe*", b"two\nlines"])
def test_the_hint_for_a_name_that_cannot_be_typed_works_when_it_is_pasted(over_s3: TransferScene, name: bytes) -> None:
    tree = over_s3.write({"good": b"1"})
    os.mkfifo(os.fsencode(tree) + b"/" + name)
    failed = over_s3("upload", "tree", over_s3.url(), code=3).err
    hint = re.search(r"--exclude .+", failed)
    assert hint is not None
    assert over_s3.summary("upload", "tree", over_s3.url(), *shlex.split(hint[0]))["failed"] == 0


def test_a_disk_that_is_full_in_the_middle_is_told_once(over_s3: TransferScene, tmp_path: Path) -> None:
    for number in range(4):
        over_s3.put(f"in/{number}", bytes(PART))
    with small_disk(tmp_path, f"{5 * PART // 2 // 1024}k") as disk:
        told = over_s3("download", over_s3.url("in/"), str(disk / "to"), "--parallel", "1", code=9)
    lines = told.err.splitlines()
    assert re.search(r"^2 files, .* downloaded .*; 1 failed$", lines[0])
    assert sum("the disk is full" in line for line in lines) == 1
    assert sum("df -h" in line for line in lines) == 1


def test_a_run_that_never_began_leaves_no_job(over_s3: TransferScene) -> None:
    tree = over_s3.write({"good": b"1", "more": b"2", "large": bytes(2 * PART)})
    (over_s3.folder / "file").write_bytes(b"")
    told = over_s3("upload", f"{tree}/", "s3://there-is-no-such-bucket/", *IN_PARTS, code=5)
    assert told.err.count("there is no bucket") == 1
    over_s3("upload", f"{tree}/", over_s3.url(), *IN_PARTS, "--endpoint", "http://127.0.0.1:1", code=7)
    over_s3("upload", f"{tree}/", over_s3.url())
    blocked = over_s3("download", over_s3.url(), "file", code=9)
    assert blocked.err.count("a file is where a folder is needed") == 1
    assert "Failed:" not in blocked.err
    for more in ((), ("--dry-run",)):
        for target in ("file/", "file/below/", "file/below/more"):
            refused = over_s3("download", over_s3.url(), target, *more, "--json", code=9)
            assert (refused.error["reference"], refused.out) == ("target-blocked", "")
    assert over_s3("jobs", "list", "--json").json["items"] == []


def test_b100_a_name_with_a_newline_is_printed_escaped(over_s3: TransferScene) -> None:
    tree = over_s3.write({"new\nline\x1b[31m": b"1"})
    out = over_s3("upload", f"{tree}/", over_s3.url(), "--dry-run")
    assert "\x1b" not in out.out + out.err
    assert len(out.lines) == 1
    over_s3("upload", f"{tree}/", over_s3.url())
    assert over_s3.keys() == ["new\nline\x1b[31m"]


@pytest.mark.parametrize("size", [1000, 2 * PART + 1])
def test_two_sources_never_become_one_object(transfer: TransferScene, size: int) -> None:
    """The first is sent, the second is refused and named: their parts must never be mixed."""
    one, two = os.urandom(size), os.urandom(size)
    transfer.write({"file": one}, below="one")
    transfer.write({"file": two}, below="two")
    got = transfer.summary("upload", "one/file", "two/file", transfer.url("to/"), *IN_PARTS, code=3)
    assert (got["done"], got["failed"]) == (1, 1)
    assert got["failures"][0]["reference"] == "sources-meet"
    assert transfer.digests() == {"to/file": sha(one)}
    assert transfer.unfinished() == []
