"""rclone: its words, and what waits in its cache."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest

from jsobj.ec2_keys.probe import S3Server
from jsobj.errors import JsobjError
from jsobj.export.logins import S3Login
from jsobj.mount.mounters.programs import version_in
from jsobj.mount.mounters.protocol import Ground, Program, Waiting
from jsobj.mount.mounters.rclone import Rclone
from jsobj.mount.mounters.s3fs import S3fs
from jsobj.mount.record import Mount, Places
from jsobj.secret import Secret
from jsobj.urls import require_origin

SECRET = "0123456789abcdef"
ORIGIN = require_origin("https://store.example.org:8080")
KEYS = S3Login("store", "js2", ORIGIN, "us-east-1", "AKID", Secret(SECRET), ca_bundle="/etc/ca.pem")
GROUND = Ground(KEYS, S3Server(ORIGIN, "ceph-rgw", part_limit=1000))
MOUNT = Mount("ab12", "/m", "s3", "data", "a/b", "rclone", True, "1073741824B")
NEW, OLD = Program("/x/rclone", (1, 75, 2)), Program("/x/rclone", (1, 60, 1))


def places(tmp_path: Path) -> Places:
    return Places(tmp_path / "own", tmp_path / "cache")


def test_the_secret_is_in_the_environment_alone(tmp_path: Path) -> None:
    for mounter in (Rclone(), S3fs()):
        start = mounter.start(NEW, GROUND, MOUNT, places(tmp_path), Path("/m"))
        assert SECRET not in " ".join(start.words)
        assert SECRET not in "".join(start.files.values())
        assert Secret(SECRET) in start.environment.values()


def test_what_rclone_is_started_with(tmp_path: Path) -> None:
    start = Rclone().start(NEW, GROUND, MOUNT, places(tmp_path), Path("/m"))
    words = " ".join(start.words)
    assert words.startswith("/x/rclone mount store:data/a/b /m --config rclone.conf")
    assert "--ca-cert /etc/ca.pem" in words
    assert "--vfs-cache-mode full" in words
    assert "unix://control" in words
    conf = start.files["rclone.conf"]
    assert "provider = Ceph\n" in conf
    assert "env_auth = true\n" in conf
    assert "max_upload_parts = 1000\n" in conf


def test_an_old_one_has_no_socket_and_is_not_for_writing(tmp_path: Path) -> None:
    start = Rclone().start(OLD, GROUND, MOUNT, places(tmp_path), Path("/m"))
    assert "--rc" not in start.words
    assert not Rclone().writes(OLD)
    assert Rclone().writes(NEW)


def test_what_waits_is_read_from_the_cache(tmp_path: Path) -> None:
    where = places(tmp_path)
    known = where.cache / "vfsMeta/store/data/a/b"
    data = where.cache / "vfs/store/data/a/b"
    for folder in (known, data):
        (folder / "deep").mkdir(parents=True)
    (data / "sent").write_bytes(b"x" * 5)
    (data / "deep" / "left").write_bytes(b"x" * 7)
    (known / "sent").write_text(json.dumps({"Size": 5, "Dirty": False}))
    (known / "deep" / "left").write_text(json.dumps({"Size": 0, "Dirty": True}))
    (known / "damaged").write_text("{")
    assert Rclone().waiting(MOUNT, where) == (Waiting("damaged", 0), Waiting("deep/left", 7))
    assert Rclone().size(MOUNT, where, "sent") == 5
    assert Rclone().size(MOUNT, where, "no-such") is None


def test_a_colon_in_the_prefix_and_what_lies_elsewhere(tmp_path: Path) -> None:
    """Else what waits would be overlooked, and be lost."""
    where, mount = places(tmp_path), replace(MOUNT, prefix="a:b")
    known = where.cache / "vfsMeta/store/data"
    for folder in ("a:b", "odd"):
        (known / folder).mkdir(parents=True)
        (known / folder / "left").write_text(json.dumps({"Size": 0, "Dirty": True}))
    assert [each.name for each in Rclone().waiting(mount, where)] == ["left", "store/data/odd/left"]
    assert Rclone().size(mount, where, "left") == 0


def test_what_was_cut_is_mended_where_all_bytes_are_there(tmp_path: Path) -> None:
    """rclone was killed while it wrote down what it knows, and would forget the file."""
    where = places(tmp_path)
    known, data = where.cache / "vfsMeta/store/data/a/b", where.cache / "vfs/store/data/a/b"
    for folder in (known, data):
        folder.mkdir(parents=True)
    for name in ("cut", "holes", "never"):
        (known / name).touch()
    (data / "cut").write_bytes(b"x" * 70_000)
    with (data / "holes").open("wb") as stream:
        stream.seek(1 << 20)
        stream.write(b"x")
    with (data / "never").open("wb") as stream:
        stream.truncate(3)
    with pytest.raises(JsobjError, match="only read or is missing"):
        Rclone().prepare(MOUNT, where)
    (known / "holes").unlink()
    Rclone().prepare(MOUNT, where)
    assert not (data / "never").exists()
    about = json.loads((known / "cut").read_text())
    assert (about["Size"], about["Dirty"], about["Rs"]) == (70_000, True, [{"Pos": 0, "Size": 70_000}])
    assert [each.name for each in Rclone().waiting(MOUNT, where)] == ["cut"]


def test_a_dead_one_is_asked_in_vain(tmp_path: Path) -> None:
    where = places(tmp_path)
    where.own.mkdir()
    Rclone().hurry(where, failed=True)
    assert Rclone().failure(where) == ""
    assert Rclone().moved(where) == {}


def test_versions() -> None:
    assert version_in("rclone v1.75.2\n- os/version") == (1, 75, 2)
    assert version_in("Amazon Simple Storage Service File System V1.90 (commit:unknown)") == (1, 90)
    assert version_in("nothing") == ()
