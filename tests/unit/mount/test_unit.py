"""The unit for systemd: names with blanks and signs that mean something there."""

from __future__ import annotations

from pathlib import Path

from jsobj.mount.unit import unit, unit_name


def test_words_are_quoted_as_systemd_wants_it() -> None:
    text = unit(("/usr/bin/python", "-m", "jsobj"), ["s3://b/$x", "/m/a b"], "s3://b/100%", Path("/m/a b"))
    assert 'ExecStart=/usr/bin/python -m jsobj mount s3://b/$$x "/m/a b" --foreground\n' in text
    assert 'ExecStop=/usr/bin/python -m jsobj umount "/m/a b" --timeout 540\n' in text
    assert "Description=s3://b/100%% on /m/a b (jsobj)\n" in text
    assert unit_name(Path("/m/a b")) == "jsobj-m-a_b.service"
