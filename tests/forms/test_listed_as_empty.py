"""Dynamic large objects and links to objects are listed as empty: none of them is taken for an empty file or object."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from forms_scene import FormsScene, random_pieces

SIZES = (1_200_000, 1_200_000, 700_000)
DATA, OTHER = random_pieces(*SIZES), random_pieces(*SIZES)


def folder(forms: FormsScene, name: str, files: dict[str, bytes]) -> Path:
    """A local folder; the time of its files is not that of the objects."""
    path = forms.jsobj.folder / name
    for each, data in files.items():
        (path / each).parent.mkdir(parents=True, exist_ok=True)
        (path / each).write_bytes(data)
        os.utime(path / each, (1_700_000_000, 1_700_000_000))
    return path


def link(forms: FormsScene, key: str, to: str) -> None:
    """A link to an object, which Swift alone has."""
    forms.swift.put_object(forms.bucket, key, b"", headers={"X-Symlink-Target": f"{forms.bucket}/{to}"})


@pytest.mark.parametrize("dialect", ["swift", "s3"])
def test_empty_files_are_not_what_seems_empty(forms: FormsScene, dialect: str) -> None:
    forms.put_dlo("d/large", DATA)
    forms.swift.put_object(forms.bucket, "d/empty", b"")
    names = ["empty", "large"]
    if forms.server == "swift":
        forms.swift.put_object(forms.bucket, "whole", b"".join(DATA))
        link(forms, "d/link", "whole")
        names = ["empty", "large", "link"]
    local = folder(forms, "local", dict.fromkeys(names, b""))
    place = forms.url(dialect, "d/")
    found = forms("verify", f"{local}/", place, "--json", code=8).json["items"]
    states = {item["item"].removeprefix("d/"): item["state"] for item in found}
    assert states == {**dict.fromkeys(names, "differs"), "empty": "same"}
    if dialect == "swift":  # Swift's S3 shows what is no digest as the digest of such an object
        forms("download", place, f"{local}/")
        assert (local / "empty").stat().st_size == 0
        for name in names[1:]:
            assert (local / name).read_bytes() == b"".join(DATA)
            (local / name).write_bytes(b"")
    done = forms("upload", f"{local}/", place, "--json").json
    assert (done["done"], done["skipped"]) == (len(names) - 1, 1)
    assert [len(forms.over_swift(f"d/{name}")[0]) for name in names] == [0] * len(names)


def test_what_is_there_already_is_found_the_same(forms: FormsScene) -> None:
    """By the segments, which are known over Swift alone."""
    forms.put_dlo("d/large", DATA)
    local = folder(forms, "local", {"large": b"".join(DATA)})
    place = forms.url("swift", "d/")
    assert forms("verify", f"{local}/", place).err == "1 same\n"
    for words in (("upload", f"{local}/", place), ("download", place, f"{local}/"), ("sync", f"{local}/", place)):
        done = forms(*words, "--json").json
        assert (done["done"], done["skipped"]) == (0, 1), words
    forms.put_segments(forms.segments, forms.folder("d/large", DATA, slo=""), OTHER)
    assert forms("sync", f"{local}/", place, "--json").json["done"] == 1


@pytest.mark.parametrize("forms", ["swift"], indirect=True)
def test_a_link_to_nothing_is_missing(forms: FormsScene) -> None:
    link(forms, "d/link", "nothing")
    local = folder(forms, "local", {"link": b""})
    assert forms("verify", f"{local}/", forms.url("swift", "d/"), code=5).err == "1 missing\n"


@pytest.mark.parametrize("dialect", ["swift", "s3"])
def test_two_that_seem_empty_are_not_the_same(forms: FormsScene, dialect: str) -> None:
    forms.put_dlo("a/large", DATA)
    forms.put_dlo("a/other", DATA)
    for name in ("a/empty", "b/empty", "b/large"):
        forms.swift.put_object(forms.bucket, name, b"")
    forms.put_dlo("b/other", OTHER[:2])
    names = ["large", "other"]
    if forms.server == "swift":
        forms.swift.put_object(forms.bucket, "whole", b"here")
        link(forms, "a/link", "whole")
        forms.swift.put_object(forms.bucket, "b/link", b"")
        names.append("link")
    words = ("sync", forms.url(dialect, "a/"), forms.url(dialect, "b/"), "--json")
    for check in ("auto", "content", "size"):
        planned = forms(*words, "--check", check, "--dry-run").json["items"]
        copied = [item["item"].rpartition("/")[2] for item in planned if item["action"] == "copy"]
        assert sorted(copied) == sorted(names), check
    if (forms.server, dialect) == ("rgw", "swift"):  # Ceph copies no such object there
        return
    done = forms(*words).json
    assert (done["done"], done["skipped"]) == (len(names), 1)
    for name in ("large", "other"):
        assert forms.over_swift(f"b/{name}")[0] == b"".join(DATA)


@pytest.mark.parametrize("forms", ["swift"], indirect=True)  # Ceph copies no such object, or its manifest
def test_a_sync_tells_changes_of_what_seems_empty(forms: FormsScene) -> None:
    """Its listing is the same when a segment is another one."""
    forms.put_dlo("a/large", DATA)
    words = ("sync", forms.url("swift", "a/"), forms.url("swift", "b/"), "--json")
    assert forms(*words).json["done"] == 1
    assert forms(*words).json["done"] == 0
    longer = [*OTHER[:2], OTHER[2] + b"x"]
    forms.put_segments(forms.segments, forms.folder("a/large", DATA, slo=""), longer)
    assert forms(*words).json["done"] == 1
    assert forms.over_swift("b/large")[0] == b"".join(longer)
