"""Keys that must not become paths (B080 to B097): refused one by one and named, the others arrive, nothing outside."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from transfer_scene import MIB, TransferScene, on_disk, sha, shas

GOOD = {"good": b"1", "sub/good": b"2"}


def assert_fetched(scene: TransferScene, bad: dict[str, bytes], fine: dict[str, bytes], *words: str) -> str:
    """Fetch everything into ``in/target``: the bad ones are named, the others arrive; what was said."""
    for key, data in {**bad, **fine}.items():
        scene.put(key, data)
    area = scene.folder / "in"
    (area / "target").mkdir(parents=True, exist_ok=True)
    (area / "outside").write_bytes(b"untouched")
    got = scene.summary("download", scene.url(), "in/target", *words, code=3)
    assert {failure["item"] for failure in got["failures"]} == set(bad)
    assert {failure["exit_code"] for failure in got["failures"]} == {9}
    assert (got["done"], got["failed"]) == (len(fine), len(bad))
    assert on_disk(area) == {"outside": sha(b"untouched"), **shas({f"target/{k}": v for k, v in fine.items()})}
    return " ".join(failure["message"] for failure in got["failures"])


def test_b080_s07_0_4_keys_that_lead_out(transfer: TransferScene) -> None:
    bad = ("../x", "a/../x", "a/../../x", "/../x", "//../x", "/etc/x", "..", "sub/..")
    said = assert_fetched(transfer, dict.fromkeys(bad, b"evil"), GOOD)
    assert "'..'" in said
    assert not (transfer.folder / "x").exists()


def test_b080_s07_0_4_a_single_key_that_leads_out(transfer: TransferScene) -> None:
    """Asked for alone, its last part is its name; under a name of the user's choice it is written."""
    transfer.put("a/../x", b"content")
    transfer("download", transfer.url("a/../x"), "mine")
    assert (transfer.folder / "mine").read_bytes() == b"content"
    transfer.put("a/..", b"content")
    transfer("download", transfer.url("a/.."), "in/", code=9)
    assert on_disk(transfer.folder) == {"mine": sha(b"content")}


def test_b082_dots_and_doubled_slashes(transfer: TransferScene) -> None:
    """Refused by name, and the others arrive: ``fetched`` asserts it, here and below."""
    bad = (".", "./x", "a/./b", "a//b", "/lead", "sub/.")
    assert_fetched(transfer, dict.fromkeys(bad, b"odd"), GOOD)


def test_b082_folder_markers(transfer: TransferScene) -> None:
    """An empty one is nothing; one with content would be lost, and is named."""
    transfer.put("sub/", b"")
    assert_fetched(transfer, {"full/": b"content"}, GOOD)


def test_b085_control_characters_arrive_and_are_never_printed(transfer: TransferScene) -> None:
    names = ("esc\x1b]0;x\x07", "new\nline", "cr\rname", "bidi\u202egnp.exe", "sep\u2028x")
    files = {name: name.encode() for name in names}
    for key, data in files.items():
        transfer.put(key, data)
    shown = transfer("download", transfer.url(), "back", "--dry-run")
    assert len(shown.lines) == len(names)
    said = transfer("download", transfer.url(), "back", "-v")
    assert on_disk(transfer.folder / "back") == shas(files)
    said_all = shown.out + shown.err + said.out + said.err
    assert not any(sign in said_all for sign in ("\x1b", "\x07", "\r", "\u202e", "\u2028"))


def test_b087_b088_twins_are_both_kept(transfer: TransferScene) -> None:
    """On a file system that tells them apart, as this one does."""
    files = {
        "\u00e9": b"composed",
        "e\u0301": b"decomposed",
        "File": b"large",
        "file": b"small",
        "SS": b"1",
        "\u00df": b"2",
    }
    for key, data in files.items():
        transfer.put(key, data)
    transfer("download", transfer.url(), "back")
    assert on_disk(transfer.folder / "back") == shas(files)


def test_b089_windows_safe(over_s3: TransferScene) -> None:
    bad = ("CON", "nul.txt", "COM\u00b9", "dot.", "space ", "a:b", "sub/aux.c", "que?stion", 'quo"te')
    assert_fetched(over_s3, dict.fromkeys(bad, b"1"), {**GOOD, "console": b"3", "com10": b"4"}, "--windows-safe")
    over_s3("download", over_s3.url(), "all")
    assert len(on_disk(over_s3.folder / "all")) == len(bad) + 4


def test_b090_leading_dashes(transfer: TransferScene) -> None:
    files = {"-rf": b"1", "--delete": b"2", "-/x": b"3"}
    for key, data in files.items():
        transfer.put(key, data)
    transfer("download", transfer.url(), "back")
    assert on_disk(transfer.folder / "back") == shas(files)
    transfer("download", transfer.url("--delete"), "one/")
    assert on_disk(transfer.folder / "one") == shas({"--delete": b"2"})


def test_b093_s07_a_link_in_the_target_is_not_followed(transfer: TransferScene) -> None:
    outside = transfer.folder / "outside"
    outside.mkdir()
    target = transfer.folder / "target"
    target.mkdir()
    (target / "sub").symlink_to(outside)
    (target / "final").symlink_to(outside / "victim")
    (outside / "victim").write_bytes(b"untouched")
    for key, data in {"sub/x": b"evil", "final": b"new", "good": b"1"}.items():
        transfer.put(key, data)
    got = transfer.summary("download", transfer.url(), "target", code=3)
    assert [failure["item"] for failure in got["failures"]] == ["sub/x"]
    assert on_disk(outside) == {"victim": sha(b"untouched")}
    assert not (target / "final").is_symlink()
    assert (target / "final").read_bytes() == b"new"
    assert (target / "good").read_bytes() == b"1"
    assert sorted(os.listdir(target)) == ["final", "good", "sub"]


def test_b093_a_target_that_is_itself_a_link_is_the_users_wish(over_s3: TransferScene) -> None:
    real = over_s3.folder / "real"
    real.mkdir()
    (over_s3.folder / "target").symlink_to(real)
    over_s3.put("x", b"1")
    over_s3("download", over_s3.url(), "target")
    assert on_disk(real) == shas({"x": b"1"})


def test_a_key_that_is_file_and_folder(transfer: TransferScene) -> None:
    assert_fetched(transfer, {"a/b": b"below", "a/c/d": b"below"}, {**GOOD, "a": b"file", "a-b": b"beside"})


def test_a_folder_stands_where_a_file_should(transfer: TransferScene) -> None:
    (transfer.folder / "back/a").mkdir(parents=True)
    (transfer.folder / "back/b").write_bytes(b"old")
    transfer.put("a", b"1")
    transfer.put("b/c", b"2")
    transfer.put("good", b"3")
    got = transfer.summary("download", transfer.url(), "back", code=3)
    assert {failure["item"] for failure in got["failures"]} == {"a", "b/c"}
    assert on_disk(transfer.folder / "back") == shas({"b": b"old", "good": b"3"})


def test_b095_names_that_jsobj_keeps_for_itself(transfer: TransferScene) -> None:
    bad = (".jsobj/x", "sub/.jsobj/y", ".good.0123456789abcdef.jsobj-part")
    assert_fetched(transfer, dict.fromkeys(bad, b"1"), {**GOOD, "x.jsobj-part": b"2", ".jsobjx": b"3"})


@pytest.mark.parametrize("moment", ["nan", "-1", "1e12", "inf", "99999999999999999999", "", "12.5.6", "0x10"])
def test_b097_times_that_are_none(over_s3: TransferScene, moment: str) -> None:
    over_s3.put("x", b"1", Metadata={"mtime": moment, "mode": "7777", "uid": "0"})
    over_s3("download", over_s3.url("x"), "x")
    state = (over_s3.folder / "x").stat()
    assert abs(state.st_mtime - Path(over_s3.folder).stat().st_mtime) < 3600
    assert not state.st_mode & 0o7111
    assert (over_s3.folder / "x").read_bytes() == b"1"


def test_b098_sizes_around_the_part(transfer: TransferScene) -> None:
    files = {f"s{size}": os.urandom(size) for size in (0, 5 * MIB - 1, 5 * MIB, 5 * MIB + 1)}
    for key, data in files.items():
        transfer.put(key, data)
    got = transfer.summary("download", transfer.url(), "back", "--part-size", "5M")
    assert (got["done"], got["verified"]) == (4, 4)
    assert on_disk(transfer.folder / "back") == shas(files)
