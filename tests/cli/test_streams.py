"""Standard output that takes no more, and a locale without the letters of names."""

from __future__ import annotations

import subprocess

import pytest
from commands import Jsobj


@pytest.mark.parametrize("words", [("--help",), ("help", "files"), ("explain",), ("explain", "--json")])
def test_a_full_disk_behind_standard_output_is_named(jsobj: Jsobj, words: tuple[str, ...]) -> None:
    with open("/dev/full", "wb") as full:
        done = subprocess.run(
            jsobj.command(*words), env=jsobj.environment(), stdout=full, stderr=subprocess.PIPE, text=True, timeout=60
        )
    assert done.returncode == 9
    assert "standard output: no space left" in done.stderr
    assert ".py" not in done.stderr


def test_letters_that_the_locale_lacks_are_shown_escaped(keyed: Jsobj, name: str) -> None:
    file = keyed.folder / "Zürich-Ω.txt"
    file.write_text("x")
    keyed("bucket", "create", name)
    keyed("upload", file, f"s3://{name}/")
    ascii_only = {"LC_ALL": "POSIX", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"}
    for words in (("ls", f"s3://{name}"), ("du", f"s3://{name}", "-v"), ("rm", "-r", f"s3://{name}/", "--dry-run")):
        done = subprocess.run(
            keyed.command(*words), env={**keyed.environment(), **ascii_only}, capture_output=True, timeout=60
        )
        assert done.returncode == 0, done.stderr
        assert (b"Z\\xfcrich-\\u03a9.txt" in done.stdout) == (words[0] != "du")
