"""``jsobj sync``: two places become alike, the same is left alone, and what looks wrong is refused untouched."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from transfer_scene import (
    IN_PARTS,
    MIB,
    RGW_S3,
    SWIFT_API,
    SWIFT_S3,
    TransferScene,
    add_profile,
    aged,
    on_disk,
    sha,
)

from jsobj.errors import ExitCode

FILES = {"a": b"one", "b/c": b"two", "b/large": os.urandom(6 * MIB), "d": b""}


def _names(summary: dict[str, object], *names: str) -> tuple[object, ...]:
    return tuple(summary[name] for name in names)


def _refused(transfer: TransferScene, reference: str, *argv: str | Path, code: int = ExitCode.REFUSED) -> None:
    """The command ends with this error, and nothing was touched, neither in the bucket nor in any folder."""
    before = transfer.state(), on_disk(transfer.folder)
    found = transfer("sync", *argv, code=code)
    assert reference in found.err
    assert (transfer.state(), on_disk(transfer.folder)) == before


def test_a_folder_goes_up_and_a_round_trip_copies_nothing(anywhere: TransferScene) -> None:
    tree = aged(anywhere.write(FILES))
    first = anywhere.summary("sync", tree, anywhere.url("x"), *IN_PARTS)
    assert _names(first, "verb", "done", "verified", "skipped") == ("sync", 4, 4, 0)
    assert anywhere.digests() == {f"x/{name}": sha(data) for name, data in FILES.items()}
    again = anywhere.summary("sync", tree, anywhere.url("x"))
    assert (again["done"], again["skipped"], again["decided"]) == (0, 4, {"memory": 4})
    fetched = anywhere.summary("sync", anywhere.url("x/"), anywhere.folder / "back")
    assert (fetched["done"], fetched["verified"]) == (4, 4)
    assert on_disk(anywhere.folder / "back") == {name: sha(data) for name, data in FILES.items()}
    assert (anywhere.folder / "back" / "a").stat().st_mtime == (tree / "a").stat().st_mtime
    back = anywhere.summary("sync", anywhere.folder / "back", anywhere.url("x"))
    assert (back["done"], back["skipped"]) == (0, 4)
    (anywhere.jsobj.home / ".cache" / "jsobj" / "fingerprints.db").unlink()
    forgotten = anywhere.summary("sync", anywhere.folder / "back", anywhere.url("x"))
    assert (forgotten["done"], forgotten["skipped"]) == (0, 4)
    assert set(forgotten["decided"]) <= {"content", "time"}


def test_what_differs_is_copied_and_a_touched_file_is_not(transfer: TransferScene) -> None:
    tree = aged(transfer.write(FILES))
    transfer("sync", tree, transfer.url("x"))
    (tree / "a").write_bytes(b"ONE")
    os.utime(tree / "a", (1_700_000_000, 1_700_000_000))  # of the same size and time: only its inode's change tells
    (tree / "b" / "c").touch()
    (tree / "new").write_bytes(b"new")
    found = transfer.summary("sync", tree, transfer.url("x"))
    assert (found["done"], found["skipped"]) == (2, 3)
    assert (transfer.get("x/a"), transfer.get("x/new")) == (b"ONE", b"new")
    assert transfer.summary("sync", tree, transfer.url("x"))["done"] == 0


@pytest.mark.parametrize(("check", "copied"), [("exists", 0), ("size", 0), ("mtime", 1), ("content", 1), ("auto", 1)])
def test_each_check_looks_at_what_it_names(over_s3: TransferScene, check: str, copied: int) -> None:
    """One file has other bytes, and one another time, both of the same size."""
    tree = aged(over_s3.write({"bytes": b"one", "time": b"two", "same": b"three"}))
    over_s3("sync", tree, over_s3.url())
    over_s3.put("bytes", b"ONE", Metadata={"mtime": "1700000000.5" if check == "mtime" else "1700000000"})
    os.utime(tree / "time", (1_600_000_000, 1_600_000_000))
    found = over_s3.summary("sync", tree, over_s3.url(), "--check", check, "--overwrite-newer")
    assert found["done"] == copied
    assert over_s3.get("bytes") == (b"one" if copied else b"ONE")


def test_delete_takes_what_the_source_does_not_have_and_nothing_else(anywhere: TransferScene) -> None:
    tree = aged(anywhere.write(FILES))
    for key in ("x/gone", "x/gone/too", "x/keep.tmp", "xy", "other/gone"):
        anywhere.put(key, b"there")
    anywhere("sync", tree, anywhere.url("x"))
    assert "x/gone" in anywhere.state()
    found = anywhere.summary("sync", tree, anywhere.url("x"), "--delete", "--exclude", "*.tmp")
    assert (found["deleted"], found["done"], found["skipped"]) == (2, 0, 4)
    assert set(anywhere.keys()) == {*(f"x/{name}" for name in FILES), "x/keep.tmp", "xy", "other/gone"}
    found = anywhere.summary("sync", tree, anywhere.url("x"), "--delete", "--delete-excluded", "--exclude", "*.tmp")
    assert found["deleted"] == 1
    assert "x/keep.tmp" not in anywhere.state()


def test_delete_in_a_folder_leaves_links_and_takes_empty_folders(transfer: TransferScene) -> None:
    transfer.put("x/a", b"one")
    tree = transfer.write({"a": b"old", "b/c/d": b"gone", "e": b"gone"}, "down")
    (tree / "link").symlink_to("/etc/passwd")
    (tree / "kept").mkdir()
    found = transfer.summary("sync", transfer.url("x"), tree, "--delete")
    assert (found["deleted"], found["done"]) == (2, 1)
    assert sorted(path.name for path in tree.iterdir()) == ["a", "kept", "link"]
    assert (tree / "a").read_bytes() == b"one"


def test_nothing_is_deleted_where_something_failed(over_s3: TransferScene) -> None:
    tree = aged(over_s3.write({"a": b"one", "b": b"two"}))
    over_s3.put("gone", b"there")
    (tree / "pipe").unlink(missing_ok=True)
    os.mkfifo(tree / "pipe")
    found = over_s3("sync", tree, over_s3.url(), "--delete", code=ExitCode.PARTIAL)
    assert "nothing was deleted" in found.err
    assert set(over_s3.keys()) == {"a", "b", "gone"}


def test_what_a_source_has_and_does_not_give_is_not_deleted(over_s3: TransferScene) -> None:
    """A symbolic link that is not followed, and what is below one."""
    tree = aged(over_s3.write({"a": b"one"}))
    (tree / "link").symlink_to("a")
    (tree / "folder").symlink_to("/etc")
    over_s3.put("link", b"there")
    over_s3.put("folder/file", b"there")
    over_s3.put("gone", b"there")
    assert over_s3.summary("sync", tree, over_s3.url(), "--delete")["deleted"] == 1
    assert set(over_s3.keys()) == {"a", "link", "folder/file"}


def test_a_source_or_target_that_cannot_be_meant_is_refused(over_s3: TransferScene) -> None:
    tree = aged(over_s3.write({f"f{number}": b"data" for number in range(30)}))
    (over_s3.folder / "empty").mkdir()
    over_s3("sync", tree, over_s3.url("x"))
    url = over_s3.url("x")
    _refused(over_s3, "sync-source-empty", over_s3.folder / "empty", url, "--delete")
    _refused(over_s3, "source-missing", over_s3.folder / "missing", url, "--delete", code=ExitCode.LOCAL)
    _refused(over_s3, "usage", tree / "f1", url, code=ExitCode.USAGE)
    _refused(over_s3, "usage", tree, over_s3.folder / "empty", code=ExitCode.USAGE)
    _refused(over_s3, "object-not-found", over_s3.url("nowhere"), tree, "--delete", code=ExitCode.NOT_FOUND)
    _refused(over_s3, "sync-target-home", url, "/", "--delete")
    _refused(over_s3, "sync-target-home", url, over_s3.jsobj.home, "--delete")
    _refused(over_s3, "sync-into-itself", url, over_s3.url("x/y"), code=ExitCode.USAGE)
    _refused(over_s3, "sync-into-itself", url, over_s3.url(), code=ExitCode.USAGE)
    _refused(over_s3, "bucket-not-found", tree, "s3://no-such-bucket-here/x", code=ExitCode.NOT_FOUND)


def test_more_than_max_delete_is_refused_with_the_count(over_s3: TransferScene) -> None:
    tree = aged(over_s3.write({f"f{number:02}": b"data" for number in range(30)}))
    over_s3("sync", tree, over_s3.url())
    for number in range(25):
        (tree / f"f{number:02}").unlink()
    _refused(over_s3, "25 of the 30", tree, over_s3.url(), "--delete")
    _refused(over_s3, "at most 24", tree, over_s3.url(), "--delete", "--max-delete", "24")
    _refused(over_s3, "sync-max-delete", tree, over_s3.url(), "--delete", "--max-delete", "80%")
    _refused(over_s3, "usage", tree, over_s3.url(), "--delete", "--max-delete", "many", code=ExitCode.USAGE)
    _refused(over_s3, "usage", tree, over_s3.url(), "--max-delete", "5", code=ExitCode.USAGE)
    shown = over_s3("sync", tree, over_s3.url(), "--delete", "--dry-run", code=ExitCode.REFUSED)
    assert shown.out.count("delete\t") == 25
    assert over_s3.summary("sync", tree, over_s3.url(), "--delete", "--max-delete", "25")["deleted"] == 25
    assert len(over_s3.keys()) == 5


def test_sides_that_look_swapped_are_refused(over_s3: TransferScene) -> None:
    """The bucket was written to since: it is newer, and has more."""
    tree = aged(over_s3.write({"a": b"first", "b": b"second"}))
    over_s3("sync", tree, over_s3.url())
    over_s3.put("a", b"first, and more")
    _refused(over_s3, "sync-looks-swapped", tree, over_s3.url())
    assert over_s3.summary("sync", over_s3.url(), tree)["done"] == 1
    assert (tree / "a").read_bytes() == b"first, and more"
    (tree / "a").write_bytes(b"old")
    aged(tree)
    assert over_s3.summary("sync", tree, over_s3.url(), "--overwrite-newer")["done"] == 1
    assert over_s3.get("a") == b"old"


def test_a_renamed_file_is_copied_on_the_server(transfer: TransferScene) -> None:
    tree = aged(transfer.write({"a": os.urandom(6 * MIB), "b": b"two"}))
    transfer("sync", tree, transfer.url("x"), *IN_PARTS)
    (tree / "a").rename(tree / "renamed")
    aged(tree)  # a rename is a change of the file, too
    found = transfer.summary("sync", tree, transfer.url("x"), "--delete", *IN_PARTS)
    assert (found["renamed"], found["done"], found["deleted"], found["bytes"]) == (1, 0, 1, 0)
    assert transfer.digests() == {f"x/{name}": digest for name, digest in on_disk(tree).items()}
    assert transfer.summary("sync", tree, transfer.url("x"))["decided"] == {"memory": 2}


def test_a_plan_says_what_is_done_and_apply_does_just_that(transfer: TransferScene) -> None:
    tree = aged(transfer.write(FILES))
    transfer("sync", tree, transfer.url("x"))
    transfer.put("x/gone", b"there")
    (tree / "a").write_bytes(b"changed")
    (tree / "new").write_bytes(b"new")
    shown = transfer("sync", tree, transfer.url("x"), "--delete", "--dry-run")
    actions = dict(reversed(line.split("\t")[:2]) for line in shown.out.splitlines())
    assert {Path(name).name: action for name, action in actions.items() if action != "skip"} == {
        "a": "copy",
        "new": "copy",
        "gone": "delete",
    }
    before = transfer.state()
    transfer("sync", tree, transfer.url("x"), "--delete", "--plan", "plan.ndjson")
    assert transfer.state() == before
    lines = [json.loads(line) for line in (transfer.folder / "plan.ndjson").read_text().splitlines()]
    assert lines[0]["schema"] == "jsobj.sync-plan/1"
    assert {line["name"]: line["reason"] for line in lines[1:-1] if line["action"] != "skip"} == {
        "a": "size differs",
        "new": "new",
        "gone": "not in the source",
    }
    (tree / "later").write_bytes(b"later")
    transfer.put("x/later-too", b"there")
    found = transfer.summary("apply", "plan.ndjson")
    assert (found["done"], found["deleted"]) == (2, 1)
    assert set(transfer.keys()) == {*(f"x/{name}" for name in FILES), "x/new", "x/later-too"}
    again = transfer.summary("apply", "plan.ndjson")
    assert (again["done"], again["skipped"], again["deleted"], again["failed"]) == (0, 2, 0, 0)


def test_apply_refuses_each_item_that_is_not_as_planned(transfer: TransferScene) -> None:
    tree = aged(transfer.write({"a": b"one", "b": b"two", "c": b"three"}))
    transfer.put("x/b", b"older")
    transfer.put("x/gone", b"there")
    transfer("sync", tree, transfer.url("x"), "--delete", "--plan", "plan.ndjson", "--overwrite-newer")
    (tree / "a").write_bytes(b"ONE MORE")
    transfer.put("x/b", b"somebody else's")
    found = transfer("apply", "plan.ndjson", code=ExitCode.PARTIAL)
    assert found.err.count("sync-not-as-planned") == 2
    assert {key: transfer.get(key) for key in transfer.state()} == {
        "x/b": b"somebody else's",
        "x/c": b"three",
        "x/gone": b"there",
    }


@pytest.mark.parametrize("damage", ["cut", "head", "line", "name", "other"])
def test_a_damaged_plan_is_refused_whole(over_s3: TransferScene, damage: str) -> None:
    over_s3.put("a", b"object")
    tree = over_s3.folder / "down"
    over_s3("sync", over_s3.url(), tree, "--plan", "plan.ndjson")
    path = over_s3.folder / "plan.ndjson"
    lines = path.read_text().splitlines(keepends=True)
    changed = {
        "cut": lines[:-1],
        "head": lines[1:],
        "line": [lines[0], "{}\n", *lines[1:]],
        "name": [lines[0], lines[1].replace('"name": "a"', '"name": "../a"'), lines[2]],
        "other": ["nothing\n"],
    }[damage]
    path.write_text("".join(changed))
    found = over_s3("apply", path, code=ExitCode.USAGE)
    assert "plan-damaged" in found.err
    assert not tree.exists()


def test_a_backup_is_put_back(transfer: TransferScene) -> None:
    tree = aged(transfer.write(FILES))
    transfer("sync", tree, transfer.url("x"))
    before = transfer.digests()
    (tree / "a").write_bytes(b"changed")
    (tree / "b" / "large").unlink()
    (tree / "d").unlink()
    (tree / "new").write_bytes(b"new")
    _refused(transfer, "sync-backup-in-target", tree, transfer.url("x"), "--backup", "x/old", code=ExitCode.USAGE)
    found = transfer("sync", tree, transfer.url("x"), "--delete", "--backup", "old")
    (run,) = [word for line in found.err.splitlines() if "jobs undo" in line for word in line.split()[-1:]]
    kept = {key.removeprefix(f"old/{run}/"): digest for key, digest in transfer.digests().items() if "old/" in key}
    assert kept == {name: sha(FILES[name]) for name in ("a", "b/large", "d")}
    transfer.put("x/a", b"somebody else's")
    undone = transfer("jobs", "undo", run, code=ExitCode.PARTIAL)
    assert "undo-refused" in undone.err
    transfer("sync", tree, transfer.url("x"), "--overwrite-newer")
    now = {key: digest for key, digest in transfer.digests().items() if key.startswith("x/")}
    assert now == {**before, "x/a": sha(b"changed"), "x/new": sha(b"new")}
    listed = transfer("jobs", "undo", "--json").json
    assert [row["id"] for row in listed["items"]] == [run]


def test_a_backup_of_a_folder_is_put_back(over_s3: TransferScene) -> None:
    tree = aged(over_s3.write({"a": b"old", "gone/b": b"gone"}, "down"))
    before = on_disk(tree)
    over_s3.put("a", b"new and longer")
    found = over_s3("sync", over_s3.url(), tree, "--delete", "--backup", "kept")
    run = found.err.partition("jobs undo ")[2].split()[0]
    assert on_disk(over_s3.folder / "kept" / run) == before
    assert on_disk(tree) == {"a": sha(b"new and longer")}
    over_s3("jobs", "undo", run[:6])
    assert on_disk(tree) == before
    assert (tree / "a").stat().st_mtime == 1_700_000_000


@pytest.mark.parametrize("grounds", [(RGW_S3, RGW_S3), (SWIFT_API, SWIFT_API), (SWIFT_API, RGW_S3), (RGW_S3, SWIFT_S3)])
def test_a_bucket_becomes_like_another(
    make_scene: Callable[[str], TransferScene],
    endpoint_of: Callable[[str], tuple[str, str]],
    witness_key: tuple[str, str],
    grounds: tuple[str, str],
) -> None:
    """On one server, and from one login to another; also what was sent in parts, whose ETag is another one there."""
    one = make_scene(grounds[0])
    other = replace(one, bucket=f"{one.bucket}-too") if grounds[1] == grounds[0] else make_scene(grounds[1])
    if grounds[1] == grounds[0]:
        other.witness.create_bucket(Bucket=other.bucket)
    aged(one.write(FILES))
    one("upload", "tree/", one.url("x/"), *IN_PARTS)
    other.put("y/gone", b"there")
    other.put("y/a", b"older")
    words = [one.url("x"), f"{'s3' if len(set(grounds)) > 1 else other.dialect}://{other.bucket}/y", "--delete"]
    if len(set(grounds)) > 1:
        add_profile(one, "there", *endpoint_of(grounds[1]), witness_key)
        words += ["--dest-profile", "there"]
    found = one.summary("sync", *words, "--overwrite-newer")
    assert (found["done"], found["deleted"]) == (4, 1)
    assert other.digests() == {f"y/{name}": sha(data) for name, data in FILES.items()}
    again = one.summary("sync", *words)
    assert (again["done"], again["skipped"]) == (0, 4)
    (one.jsobj.home / ".cache" / "jsobj" / "fingerprints.db").unlink()
    assert one.summary("sync", *words)["done"] == 0
