"""What the tests of catalogues share: jsobj of somebody with a key at Swift's S3, and at Ceph RGW."""

from __future__ import annotations

import os
from collections.abc import Iterator

import pytest
from commands import Jsobj
from fixtures_places import PROFILE, Place


@pytest.fixture
def keyholder(place: Place, monkeypatch: pytest.MonkeyPatch) -> Iterator[Jsobj]:
    """jsobj with a profile and nothing else; the current folder is its work folder."""
    runner = Jsobj(place.home, (place.key[1],))
    runner.variables["AWS_PROFILE"] = PROFILE
    monkeypatch.chdir(runner.folder)
    yield runner
    runner.check_no_secret_leaked()


@pytest.fixture
def loaded(place: Place, keyholder: Jsobj) -> Jsobj:
    """The same, with three files and a row without one loaded below ``lab/``, and a page beside them."""
    folder = keyholder.folder / "files"
    folder.mkdir()
    for name in ("a.txt", "b.txt", "c.txt"):
        (folder / name).write_text(f"file {name}\n")
    os.utime(folder / "a.txt", (1_700_000_000, 1_700_000_000))
    rows = "id,path,run\n1,a.txt,x\n2,b.txt,x\n3,c.txt,y\n4,,y\n"
    (keyholder.folder / "t.csv").write_text(rows)
    keyholder("catalog", "load", "t.csv", place.url("lab/"), "--files", "files")
    return keyholder
