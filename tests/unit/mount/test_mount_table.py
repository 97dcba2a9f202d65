"""The kernel's table of mounts."""

from __future__ import annotations

from pathlib import Path

from jsobj.mount.table import around, at, parse

TEXT = r"""27 1 254:0 / / rw,relatime shared:1 - ext4 /dev/vda rw
42 27 0:39 / /home/a/my\040data rw,nosuid,nodev shared:7 - fuse.rclone store:data rw,user_id=1000,group_id=1000
43 27 0:40 / /home/a/b ro,nosuid - fuse.s3fs s3fs ro,user_id=0
44 43 0:41 / /home/a/b rw - tmpfs tmpfs rw
a line that is none
"""


def test_what_a_line_says() -> None:
    root, rclone, s3fs, tmpfs = parse(TEXT)
    assert (rclone.id, rclone.device, rclone.folder) == (42, "0:39", Path("/home/a/my data"))
    assert (rclone.kind, rclone.source, rclone.user, rclone.moves) == ("fuse.rclone", "store:data", 1000, True)
    assert (s3fs.read_only, s3fs.moves, s3fs.user) == (True, False, 0)
    assert [each.object_store for each in (root, rclone, s3fs, tmpfs)] == [False, True, True, False]


def test_the_uppermost_of_several_counts() -> None:
    mounts = parse(TEXT)
    there = at(Path("/home/a/b"), mounts)
    assert there is not None
    assert there.kind == "tmpfs"
    assert at(Path("/home/a"), mounts) is None


def test_the_mount_around_a_folder() -> None:
    mounts = parse(TEXT)
    inside, outside = around(Path("/home/a/my data/x/y"), mounts), around(Path("/home/a/my database"), mounts)
    assert inside is not None
    assert outside is not None
    assert (inside.id, outside.id) == (42, 27)
