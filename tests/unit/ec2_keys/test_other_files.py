"""Files of other tools that hold a key: which are found, and what is never written into them."""

from __future__ import annotations

from pathlib import Path

from jsobj.ec2_keys.other_files import holders, switch
from jsobj.identity.settings import Settings
from jsobj.net.sigv4 import KeyPair
from jsobj.secret import Secret

TEXT = "[demo]\ntype = s3\naccess_key_id = OLDKEY\nsecret_access_key = old-secret\n"


def rclone(home: Path) -> Path:
    path = home / ".config/rclone/rclone.conf"
    path.parent.mkdir(parents=True)
    path.write_text(TEXT)
    return path


def test_both_halves_are_replaced_and_nothing_else(tmp_path: Path) -> None:
    path, settings = rclone(tmp_path), Settings.read({"HOME": str(tmp_path)})
    assert [holder.tool for holder in holders(settings, "OLDKEY")] == ["rclone"]
    assert holders(settings, "OTHER") == ()
    changed, left = switch(settings, KeyPair("OLDKEY", Secret("old-secret")), KeyPair("NEW", Secret("new-secret")))
    assert [holder.path for holder in changed] == [path]
    assert left == ()
    assert path.read_text() == TEXT.replace("OLDKEY", "NEW").replace("old-secret", "new-secret")


def test_a_key_without_its_secret_is_named_and_left(tmp_path: Path) -> None:
    """A profile may hold an access key alone: nothing can be found by an empty secret."""
    path, settings = rclone(tmp_path), Settings.read({"HOME": str(tmp_path)})
    for secret in ("", "another"):
        changed, left = switch(settings, KeyPair("OLDKEY", Secret(secret)), KeyPair("NEW", Secret("new-secret")))
        assert changed == ()
        assert [holder.path for holder in left] == [path]
        assert path.read_text() == TEXT
