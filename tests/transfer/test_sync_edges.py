"""``jsobj sync`` where it is easy to delete, replace or publish too much or too early."""

from __future__ import annotations

import json
import os
from collections.abc import Iterable
from pathlib import Path

import pytest
from transfer_scene import IN_PARTS, MIB, TransferScene, aged, on_disk, sha

from jsobj.errors import ExitCode


def _run_of(said: str) -> str:
    """The id of the run, as it was told."""
    return said.partition("jobs undo ")[2].split()[0]


def _edited(path: Path, lines: Iterable[dict[str, object]]) -> Path:
    path.write_text("".join(json.dumps(line) + "\n" for line in lines))
    return path


def test_a_source_that_only_marks_folders_is_empty(over_s3: TransferScene) -> None:
    """What web consoles leave of a folder is no reason to delete all that is there."""
    over_s3.put("x/", b"")
    over_s3.put("x/inner/", b"")
    over_s3.put("y/a", b"there")
    tree = aged(over_s3.write({"a": b"one", "inner/b": b"two"}))
    for target in (tree, over_s3.url("y/")):
        assert "sync-source-empty" in over_s3("sync", over_s3.url("x/"), target, "--delete", code=ExitCode.REFUSED).err
    assert sorted(on_disk(tree)) == ["a", "inner/b"]
    assert "y/a" in over_s3.state()


def test_a_marker_of_a_folder_keeps_nothing_below_it(over_s3: TransferScene) -> None:
    over_s3.put("inner/", b"")
    over_s3.put("inner/a", b"one")
    tree = aged(over_s3.write({"inner/gone": b"two"}))
    assert over_s3.summary("sync", over_s3.url(), tree, "--delete")["deleted"] == 1
    assert on_disk(tree) == {"inner/a": sha(b"one")}
    assert over_s3.summary("sync", tree, over_s3.url(), "--delete")["deleted"] == 0
    assert over_s3.keys() == ["inner/", "inner/a"]


def test_what_patterns_leave_out_on_both_sides_is_deleted_only_on_request(over_s3: TransferScene) -> None:
    tree = aged(over_s3.write({"a": b"one", "b.tmp": b"two", "tmp/c": b"three"}))
    over_s3("sync", tree, over_s3.url())
    over_s3.put("gone.tmp", b"there")
    words = ("sync", tree, over_s3.url(), "--delete", "--exclude", "*.tmp", "--exclude", "tmp/")
    assert over_s3.summary(*words)["deleted"] == 0
    assert over_s3.summary(*words, "--delete-excluded")["deleted"] == 3
    assert over_s3.keys() == ["a"]
    assert sorted(on_disk(tree)) == ["a", "b.tmp", "tmp/c"]


def test_names_that_are_no_text_do_not_disturb_the_order(over_s3: TransferScene) -> None:
    """In the target, Latin-1 names: by their bytes they come elsewhere than by Python's order of them."""
    over_s3.put("\ud55c", b"one")
    over_s3.put("\U0001f600", b"two")
    tree = aged(over_s3.write({"\ud55c": b"one", "gone": b"three"}))
    (Path(os.fsdecode(os.fsencode(str(tree)) + b"/\xe9"))).write_bytes(b"old")
    found = over_s3.summary("sync", over_s3.url(), tree, "--delete")
    assert (found["done"], found["skipped"], found["deleted"]) == (1, 1, 1)
    assert {os.fsencode(path.name) for path in tree.iterdir()} == {"\ud55c".encode(), "\U0001f600".encode(), b"\xe9"}


def test_what_the_target_has_that_is_no_file_stays_and_is_no_failure(over_s3: TransferScene) -> None:
    over_s3.put("a", b"one")
    tree = over_s3.write({}, "down")
    os.mkfifo(tree / "pipe")
    assert over_s3.summary("sync", over_s3.url(), tree, "--delete")["done"] == 1
    assert (tree / "pipe").is_fifo()
    over_s3.put("pipe", b"two")
    found = over_s3("sync", over_s3.url(), tree, "--delete", code=ExitCode.PARTIAL)
    assert "in the target: a pipe" in found.err
    assert "was not sent" not in found.err


def test_a_renamed_zarr_publishes_its_metadata_last(over_s3: TransferScene) -> None:
    chunks = {f"{number}.0": os.urandom(50) for number in range(20)}
    tree = aged(over_s3.write({f"old.zarr/{name}": data for name, data in {**chunks, ".zarray": b"{}"}.items()}))
    over_s3("sync", tree, over_s3.url())
    (tree / "old.zarr").rename(tree / "new.zarr")
    (tree / "new.zarr" / "more").write_bytes(b"not there yet")
    aged(tree)
    found = over_s3("sync", tree, over_s3.url(), "--delete", "--max-delete", "50")
    assert over_s3.summary("sync", tree, over_s3.url())["skipped"] == 22
    times = {key: over_s3.head(key)["LastModified"] for key in over_s3.state()}
    assert len(times) == 22
    assert times["new.zarr/.zarray"] == max(times.values())
    assert "20 renamed on the server" in found.err


def test_an_object_that_changes_meanwhile_is_not_taken_for_a_renamed_file(over_s3: TransferScene) -> None:
    """Of a plan that was made before, or edited: what is there now is looked at."""
    tree = aged(over_s3.write({"new": b"the same bytes"}))
    over_s3.put("old", b"the same bytes")
    over_s3("sync", tree, over_s3.url(), "--plan", "plan.ndjson")
    path = over_s3.folder / "plan.ndjson"
    lines = [json.loads(line) for line in path.read_text().splitlines()]
    (copy,) = [line for line in lines if line.get("action") == "copy"]
    copy.update(action="rename", **{"from": "old", "moved": {"size": 14, "etag": "0" * 32, "modified": None}})
    over_s3.put("new", b"somebody else's")
    found = over_s3("apply", _edited(path, lines), code=ExitCode.REFUSED)
    assert "sync-not-as-planned" in found.err
    assert over_s3.get("new") == b"somebody else's"


def test_a_plan_whose_lines_were_put_in_another_order_is_refused(over_s3: TransferScene) -> None:
    tree = aged(over_s3.write({"a": b"one", "b": b"two"}))
    over_s3("sync", tree, over_s3.url(), "--plan", "plan.ndjson")
    path = over_s3.folder / "plan.ndjson"
    head, one, other, end = (json.loads(line) for line in path.read_text().splitlines())
    for lines in ([head, other, one, end], [head, one, one, end]):
        assert "order" in over_s3("apply", _edited(path, lines), code=ExitCode.USAGE).err
    assert over_s3.keys() == []


def test_a_plan_of_two_buckets_is_done_once(over_s3: TransferScene) -> None:
    for name in ("a", "b", "z/.zarray", "z/0"):
        over_s3.put(f"x/{name}", name.encode())
    over_s3("sync", over_s3.url("x/"), over_s3.url("y/"), "--plan", "plan.ndjson")
    found = over_s3.summary("apply", "plan.ndjson")
    assert (found["done"], found["skipped"], found["failed"]) == (4, 0, 0)
    again = over_s3.summary("apply", "plan.ndjson")
    assert (again["done"], again["skipped"], again["failed"]) == (0, 4, 0)


def test_a_plan_without_deletions_may_be_for_the_home_folder(over_s3: TransferScene) -> None:
    over_s3.put("a", b"one")
    home = over_s3.jsobj.home
    plan = home.parent / "plan.ndjson"
    over_s3("sync", over_s3.url(), home, "--plan", plan)
    over_s3("apply", plan)
    assert (home / "a").read_bytes() == b"one"


def test_options_that_a_plan_would_lose_are_refused(over_s3: TransferScene) -> None:
    tree = aged(over_s3.write({"a": b"one"}))
    over_s3("sync", tree, over_s3.url(), "--plan", "p", "--backup", "old", code=ExitCode.USAGE)
    over_s3("sync", tree, over_s3.url(), "--plan", tree / "p", code=ExitCode.USAGE)
    over_s3("sync", over_s3.url(), tree, "--plan", tree / "p", code=ExitCode.USAGE)
    assert sorted(on_disk(tree)) == ["a"]


def test_undo_looks_at_bytes_and_may_be_done_twice(over_s3: TransferScene) -> None:
    """The file that replaces another has its size and time."""
    tree = aged(over_s3.write({"a": b"one", "private": b"secret"}, "down"))
    (tree / "private").chmod(0o600)
    over_s3.put("a", b"two", Metadata={"mtime": "1700000000"})
    over_s3.put("b", b"three")
    run = _run_of(over_s3("sync", over_s3.url(), tree, "--delete", "--backup", "kept").err)
    kept = over_s3.folder / "kept" / run / "private"
    assert kept.stat().st_mode & 0o777 == 0o600
    assert (tree / "a").read_bytes() == b"two"
    assert over_s3.summary("jobs", "undo", run)["done"] == 2
    assert on_disk(tree) == {"a": sha(b"one"), "private": sha(b"secret"), "b": sha(b"three")}
    assert (tree / "private").stat().st_mode & 0o777 == 0o600
    again = over_s3.summary("jobs", "undo", run)
    assert (again["done"], again["skipped"], again["failed"]) == (0, 2, 0)


@pytest.mark.parametrize("up", [True, False])
def test_a_run_that_could_note_nothing_is_undone_too(over_s3: TransferScene, *, up: bool) -> None:
    """As after ``kill -9`` between a write and its note: what has the bytes of its source is of this run."""
    tree = aged(over_s3.write({"a": b"one", "b": b"two"}))
    for name in ("a", "b"):
        over_s3.put(name, b"other")
    before = {name: sha(b"other") for name in ("a", "b")} if up else on_disk(tree)
    ends = (tree, over_s3.url()) if up else (over_s3.url(), tree)
    backup = f"s3://{over_s3.bucket}-old/" if up else "old"
    if up:
        over_s3.witness.create_bucket(Bucket=f"{over_s3.bucket}-old")
    run = _run_of(over_s3("sync", *ends, "--overwrite-newer", "--backup", backup).err)
    (over_s3.jsobj.home / ".local" / "state" / "jsobj" / "undo" / run / "results.ndjson").unlink()
    assert over_s3.summary("jobs", "undo", run)["done"] == 2
    assert (over_s3.digests() if up else on_disk(tree)) == before


def test_large_objects_are_kept_deleted_and_put_back(transfer: TransferScene) -> None:
    """Over Swift the segments of one go with it: what is kept has its own."""
    tree = aged(transfer.write({"a": b"one", "large": os.urandom(6 * MIB)}))
    before = on_disk(tree)
    transfer("sync", tree, transfer.url("x"), *IN_PARTS)
    transfer.put_in_parts("x/others", b"5" * (6 * MIB), 5 * MIB)
    (tree / "large").unlink()
    run = _run_of(transfer("sync", tree, transfer.url("x"), "--delete", "--backup", "old").err)
    assert [key for key in transfer.state() if key.startswith("x/")] == ["x/a"]
    assert transfer.summary("jobs", "undo", run)["done"] == 2
    assert transfer.digests()["x/large"] == before["large"]
    assert transfer.digests()["x/others"] == sha(b"5" * (6 * MIB))
    again = transfer.summary("jobs", "undo", run)
    assert (again["done"], again["skipped"], again["failed"]) == (0, 2, 0)


def test_nothing_is_recorded_where_nothing_is_replaced(over_s3: TransferScene) -> None:
    tree = aged(over_s3.write({"a": b"one"}))
    assert "jobs undo" not in over_s3("sync", tree, over_s3.url("x"), "--delete", "--backup", "old").err
    assert over_s3("jobs", "undo", "--json").json["items"] == []


def test_what_cannot_be_kept_is_not_replaced(over_s3: TransferScene) -> None:
    over_s3.put("a", b"two, and longer")
    tree = aged(over_s3.write({"a": b"one", "b": b"gone"}, "down"))
    (over_s3.folder / "kept").write_bytes(b"a file, and no folder")
    found = over_s3("sync", over_s3.url(), tree, "--delete", "--backup", "kept", code=ExitCode.LOCAL)
    assert found.err.count("target-blocked") == 1
    assert on_disk(tree) == {"a": sha(b"one"), "b": sha(b"gone")}
