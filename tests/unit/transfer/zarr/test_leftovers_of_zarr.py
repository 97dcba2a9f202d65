"""Which objects a reader would take for part of a Zarr that has no file for them."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from jsobj.store.values import Listed
from jsobj.transfer.filters import Filters
from jsobj.transfer.local.scan import walk
from jsobj.transfer.upload.work import LeftoverObject, merged
from jsobj.transfer.zarr.leftovers import Leftovers, files_left


@pytest.fixture
def root(tmp_path: Path) -> Path:
    for name in ("run.zarr/zarr.json", "run.zarr/t/zarr.json", "run.zarr/t/c/0", "plain/x", "v2/.zgroup"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_bytes(b"1")
    return tmp_path


@pytest.mark.parametrize(
    ("name", "left"),
    [
        ("run.zarr/t/c/1", True),
        ("run.zarr/gone/c/0/0/0", True),
        ("v2/.zattrs", True),
        (f"v2/{'a/' * 510}x", True),
        ("run.zarr/t/c/0", False),  # there is a file
        ("run.zarr/t/", False),  # the empty object of a portal
        ("run.zarr/index.html", False),  # a published page, and what is beside it
        ("run.zarr/stac-item.json", False),
        ("run.zarr/MANIFEST.sha256", False),
        ("run.zarr/.jsobj/publish.json", False),
        ("plain/y", False),
        ("beside", False),
        ("run.zarr2/c/0", False),
        ("run.zarr/../run.zarr/t/c/1", False),
        ("/run.zarr/t/c/1", False),
        ("run.zarr//c", False),
        ("run.zarr/\udcff", True),
        ("plain/\udcff\0", False),
    ],
)
def test_what_is_left_over(root: Path, name: str, left: bool) -> None:
    assert Leftovers(str(root), "a/b/")(f"a/b/{name}") is left


def test_a_folder_that_is_a_zarr_itself(root: Path) -> None:
    left = Leftovers(f"{root}/run.zarr", "")
    assert left("gone/zarr.json")
    assert not left("zarr.json")


@pytest.mark.parametrize("folder", ["run.zarr", "plain"])
def test_the_listing_is_read_to_its_end_for_a_zarr_alone(root: Path, folder: str) -> None:
    """Elsewhere nobody needs what comes behind the last file."""
    names = ["a", "b", "t/c/0", "t/c/1", "t/zarr.json", "x", "zarr.json", "zz"]
    taken: list[str] = []

    def listing() -> Iterator[Listed]:
        for name in names:
            taken.append(name)
            yield Listed(name, 1)

    files = walk([f"{root}/{folder}"], filters=Filters())
    planned = list(merged(files, listing(), "", Leftovers(f"{root}/{folder}", ""), "s3://b/{}".format))
    if folder == "plain":
        assert taken[-1] == "x"
        return
    assert taken == names
    assert [each.url for each in planned if isinstance(each, LeftoverObject)] == [
        f"s3://b/{name}" for name in ("a", "b", "t/c/1", "x", "zz")
    ]


def test_of_a_folder_only_zarrs_are_looked_through(root: Path) -> None:
    """Outermost ones, each once; a listing of each."""
    (root / "run.zarr/gone").mkdir()
    (root / "run.zarr/gone/zarr.json").write_bytes(b"1")
    asked: list[str] = []

    def listed(prefix: str) -> list[Listed]:
        asked.append(prefix)
        return [Listed(f"{prefix}{name}", 1) for name in ("t/c/0", "t/zarr.json", "zarr.json")]

    found = list(files_left(f"{root}/", {"run.zarr", "run.zarr/t"}, listed, "a/"))
    assert (found, asked) == ([f"{root}/run.zarr/gone/zarr.json"], ["a/run.zarr/"])
    assert list(files_left(f"{root}/run.zarr", {"", "t"}, listed, "")) == found
