"""What goes wrong midway: no mixture, no half file, nothing left over, and the exit code says what it was."""

from __future__ import annotations

import json
import os
import socket
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from transfer_scene import IN_PARTS, PART, TransferScene, on_disk, sha, shas

from jsobj.transfer.download.worker import FetchPart, Receiver
from jsobj.transfer.upload.worker import Sender, SendPart


@pytest.fixture
def before_second_part(monkeypatch: pytest.MonkeyPatch) -> Callable[[Callable[[], Any]], None]:
    """Have something done once, after the first part of a transfer and before its second."""

    def arrange(act: Callable[[], Any]) -> None:
        waiting = [act]
        for performer, kind in ((Receiver, FetchPart), (Sender, SendPart)):
            plain = performer.__call__

            def called(self: Any, unit: object, plain: Any = plain, kind: Any = kind) -> Any:
                if isinstance(unit, kind) and unit.stretch.number == 2 and waiting:  # type: ignore[attr-defined]
                    waiting.pop()()
                return plain(self, unit)

            monkeypatch.setattr(performer, "__call__", called)

    return arrange


def test_p11_an_object_that_changes_meanwhile(
    transfer: TransferScene, before_second_part: Callable[[Callable[[], Any]], None]
) -> None:
    """P02 too: the file that was there stays; no temporary file stays; the next run has the new version."""
    old, new = os.urandom(2 * PART + 5), os.urandom(2 * PART + 5)
    transfer.put_in_parts("x", old, PART)
    (transfer.folder / "back").mkdir()
    (transfer.folder / "back/x").write_bytes(b"precious")
    before_second_part(lambda: transfer.put_in_parts("x", new, PART))
    words = ("download", transfer.url("x"), "back/x", *IN_PARTS, "--parallel", "1")
    got = transfer.summary(*words, code=8)
    assert [failure["reference"] for failure in got["failures"]] == ["object-changed"]
    assert on_disk(transfer.folder / "back") == shas({"x": b"precious"})
    transfer(*words)
    assert on_disk(transfer.folder / "back") == shas({"x": new})


def test_an_object_that_goes_away_meanwhile(
    transfer: TransferScene, before_second_part: Callable[[Callable[[], Any]], None]
) -> None:
    transfer.put_in_parts("x", os.urandom(PART + 5), PART)
    transfer.put("y", b"1")
    before_second_part(lambda: transfer.witness.delete_object(Bucket=transfer.bucket, Key="x"))
    got = transfer.summary("download", transfer.url(), "back", *IN_PARTS, "--parallel", "1", code=3)
    assert [failure["exit_code"] for failure in got["failures"]] in ([5], [8])
    left = on_disk(transfer.folder / "back")
    assert left == shas({"y": b"1"})


@pytest.mark.parametrize("how", ["longer", "shorter", "rewritten", "gone"])
def test_p13_a_source_that_changes_meanwhile(
    over_s3: TransferScene, before_second_part: Callable[[Callable[[], Any]], None], how: str
) -> None:
    """The object that was there stays, and no upload is left."""
    path = over_s3.write({"x": os.urandom(2 * PART + 5)}) / "x"
    over_s3.put("x", b"precious")

    def change() -> None:
        if how == "gone":
            path.unlink()
        elif how == "longer":
            with path.open("ab") as file:
                file.write(b"more")
        elif how == "shorter":
            os.truncate(path, PART)
        else:
            path.write_bytes(os.urandom(2 * PART + 5))

    before_second_part(change)
    sent = over_s3.summary(
        "upload", path, over_s3.url("x"), *IN_PARTS, "--parallel", "1", code=9 if how == "gone" else 8
    )
    wanted = "source-vanished" if how == "gone" else "source-changed"
    assert [failure["reference"] for failure in sent["failures"]] == [wanted]
    assert over_s3.get("x") == b"precious"
    assert over_s3.unfinished() == []
    if how != "gone":
        over_s3("upload", path, over_s3.url("x"), *IN_PARTS)
        assert sha(over_s3.get("x")) == sha(path.read_bytes())
        assert over_s3.jsobj("jobs", "list", "--json").json["items"] == []


def test_b099_a_file_that_vanishes_before_its_turn(over_s3: TransferScene, monkeypatch: pytest.MonkeyPatch) -> None:
    tree = over_s3.write({"a": b"1", "b": b"2", "c": b"3"})
    plain = Sender.__call__

    def called(self: Sender, unit: Any) -> Any:
        if unit.item.key == "b":
            (tree / "b").unlink()
        return plain(self, unit)

    monkeypatch.setattr(Sender, "__call__", called)
    sent = over_s3.summary("upload", f"{tree}/", over_s3.url(), code=3)
    assert [Path(failure["item"]).name for failure in sent["failures"]] == ["b"]
    assert over_s3.digests() == shas({"a": b"1", "c": b"3"})


def test_not_found(anywhere: TransferScene) -> None:
    where = anywhere.url().replace(anywhere.bucket, "t-no-such-bucket")
    path = anywhere.write({"x": b"1"}) / "x"
    for words in (
        ("download", anywhere.url("nothing"), "back/"),
        ("download", where, "back/"),
        ("download", f"{where}key", "back/"),
        ("download", anywhere.url("nothing"), "-"),
        ("upload", path, f"{where}x"),
        ("upload", path.parent, where),
        ("upload", "-", f"{where}x"),
    ):
        said = anywhere(*words, "--json", code=5)
        assert said.error["exit_code"] == 5
        assert not said.out
    assert not list((anywhere.folder).glob("back/*"))


def test_a_source_that_is_not_there(over_s3: TransferScene) -> None:
    assert over_s3("upload", "nowhere", over_s3.url(), "--json", code=9).error["reference"] == "source-missing"


def test_a_wrong_key(over_s3: TransferScene) -> None:
    text = over_s3.jsobj.credentials.read_text()
    over_s3.jsobj.credentials.write_text(text[:-3] + ("aa\n" if text[-3:] != "aa\n" else "bb\n"))
    path = over_s3.write({"x": b"1"}) / "x"
    assert over_s3("upload", path, over_s3.url("x"), "--json", code=4).error["exit_code"] == 4
    assert over_s3("download", over_s3.url("x"), "back", "--json", code=4).error["exit_code"] == 4
    assert over_s3.keys() == []


def test_no_server(over_s3: TransferScene) -> None:
    """Nobody listens there; told in time, by a cause that ends the run."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        words = ("--endpoint", f"http://127.0.0.1:{taken.getsockname()[1]}", "--json")
        tree = over_s3.write({str(number): b"1" for number in range(40)})
        began = time.monotonic()
        assert over_s3("upload", f"{tree}/", over_s3.url(), *words, code=7).error["exit_code"] == 7
        assert over_s3("download", over_s3.url("x"), "back", *words, code=7).error["exit_code"] == 7
        assert time.monotonic() - began < 60  # two commands of at most 15 s each, on a machine that is busy


@pytest.mark.parametrize(
    "words",
    [
        ("--parallel", "-1"),
        ("--parallel", "1000000000"),
        ("--parallel", "abc"),
        ("--parallel", "0"),
        ("--processes", "65"),
        ("--part-size", "1"),
        ("--part-size", "5G1"),
        ("--part-size", "6G"),
        ("--part-size", "0"),
        ("--part-size", "NaN"),
        ("--part-size", "-5M"),
        ("--limit-rate", "0"),
        ("--limit-rate", "fast"),
        ("--check", "luck"),
        ("--progress", "loud"),
        ("--include", ""),
    ],
)
def test_b132_values_out_of_range(over_s3: TransferScene, words: tuple[str, str]) -> None:
    path = over_s3.write({"x": b"1"}) / "x"
    said = over_s3("upload", path, over_s3.url("x"), *words, "--json", code=2)
    assert said.error["exit_code"] == 2
    assert not said.out
    assert over_s3.keys() == []


def test_progress_as_json_lines(over_s3: TransferScene) -> None:
    data = os.urandom(PART + 1)
    tree = over_s3.write({"a": b"1", "big": data})
    said = over_s3("upload", f"{tree}/", over_s3.url(), *IN_PARTS, "--progress", "json")
    events = [json.loads(line) for line in said.lines]
    assert {event["schema"] for event in events} == {"jsobj.event/1"}
    kinds = [event["event"] for event in events]
    assert kinds[0] == "started"
    assert kinds.count("done") == 2
    assert kinds[-1] == "summary"
    assert sha(over_s3.get("big")) == sha(data)


def test_what_is_said_in_words(over_s3: TransferScene) -> None:
    tree = over_s3.write({"a": b"1", "b": b"2"})
    said = over_s3("upload", f"{tree}/", over_s3.url())
    assert "all verified" in said.err
    assert over_s3("upload", f"{tree}/", over_s3.url(), "--quiet").err == ""


def test_no_permission_on_the_target(over_s3: TransferScene) -> None:
    over_s3.put("x", b"1")
    (over_s3.folder / "file").write_bytes(b"precious")
    assert over_s3("download", over_s3.url(), "file/below", "--json", code=9).error["exit_code"] == 9
    assert (over_s3.folder / "file").read_bytes() == b"precious"
    over_s3("download", over_s3.url("x"), "/proc/nothing/x", code=9)


def test_two_sources_of_one_name_are_refused_before_anything_is_fetched(over_s3: TransferScene) -> None:
    over_s3.put("a/x", b"1")
    over_s3.put("b/x", b"2")
    said = over_s3("download", over_s3.url("a/x"), over_s3.url("b/x"), "in/", "--json", code=2).error
    assert said["reference"] == "sources-meet"
    assert not (over_s3.folder / "in").exists()
