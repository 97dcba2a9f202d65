"""Which key a file gets and which path an object gets: the rules of cp -r."""

from __future__ import annotations

from pathlib import Path

import pytest

from jsobj.errors import ExitCode, JsobjError
from jsobj.store.patterns import compiled
from jsobj.transfer.targets import object_target, prefix_target, upload_sources


@pytest.fixture
def tree(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    (tmp_path / "run.zarr").mkdir()
    (tmp_path / "a.nc").write_text("a")
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.mark.parametrize(
    ("source", "key", "prefix", "exact"),
    [
        ("a.nc", "", "", "a.nc"),
        ("a.nc", "raw/", "", "raw/a.nc"),
        ("a.nc", "raw/b.nc", "", "raw/b.nc"),
        ("run.zarr", "", "run.zarr/", ""),
        ("run.zarr", "raw/", "raw/run.zarr/", ""),
        ("run.zarr", "other.zarr", "other.zarr/", ""),
        ("run.zarr/", "", "", ""),
        ("run.zarr/", "raw/", "raw/", ""),
        ("run.zarr/", "raw", "raw/", ""),
        (".", "raw/", "raw/", ""),
    ],
)
def test_upload(tree: Path, source: str, key: str, prefix: str, exact: str) -> None:
    (found,) = upload_sources([source], key)
    assert (found.prefix, found.exact) == (prefix, exact)


def test_several_sources_need_a_folder(tree: Path) -> None:
    with pytest.raises(JsobjError) as caught:
        upload_sources(["a.nc", "run.zarr"], "one")
    assert caught.value.code is ExitCode.USAGE
    assert [found.prefix + found.exact for found in upload_sources(["a.nc", "run.zarr"], "p/")] == [
        "p/a.nc",
        "p/run.zarr/",
    ]


def test_a_missing_source_is_named(tree: Path) -> None:
    with pytest.raises(JsobjError, match=r"nowhere\.nc") as caught:
        upload_sources(["nowhere.nc"], "")
    assert caught.value.code is ExitCode.LOCAL


def test_download_of_an_object(tree: Path) -> None:
    assert object_target("p/a.nc", "run.zarr").folder == "run.zarr"
    assert object_target("p/a.nc", "run.zarr").file == "a.nc"
    assert (object_target("p/a.nc", "new/").folder, object_target("p/a.nc", "new/").file) == ("new/", "a.nc")
    assert (object_target("p/a.nc", "b.nc").folder, object_target("p/a.nc", "b.nc").file) == (".", "b.nc")
    assert (object_target("p/a.nc", "/b.nc").folder, object_target("p/a.nc", "/b.nc").file) == ("/", "b.nc")


def test_download_of_a_prefix(tree: Path) -> None:
    inside = prefix_target("p/data.zarr", "run.zarr/")
    assert (inside.folder, inside.prefix, inside.cut) == ("run.zarr/data.zarr", "p/data.zarr/", "p/data.zarr/")
    assert prefix_target("p/data.zarr", ".").folder == "./data.zarr"
    assert prefix_target("p/data.zarr", "copy.zarr").folder == "copy.zarr"
    assert prefix_target("p/data.zarr", "run.zarr").folder == "run.zarr"  # it is there: makes no difference
    assert prefix_target("p/", "run.zarr").folder == "run.zarr"
    assert prefix_target("", "run.zarr").prefix == ""


@pytest.mark.parametrize(
    ("pattern", "matching", "other"),
    [
        ("raw/*.nc", ["raw/a.nc", "raw/.nc"], ["raw/x/a.nc", "raw/a.nc4"]),
        ("raw/**.nc", ["raw/a.nc", "raw/x/a.nc"], ["a.nc"]),
        ("a?c", ["abc", "aéc"], ["ac", "a/c"]),
        ("a[bc]d", ["abd", "acd"], ["aed"]),
        ("a[!b]d", ["acd"], ["abd"]),
        ("a.b[", ["a.b["], ["axb["]),
        ("a^$+b", ["a^$+b"], ["ab"]),
    ],
)
def test_globs(pattern: str, matching: list[str], other: list[str]) -> None:
    for key in matching:
        assert compiled([pattern]).fullmatch(key), key
    for key in other:
        assert not compiled([pattern]).fullmatch(key), key
