"""``mode="w"`` deletes what is there: a Zarr goes, and what is none stays."""

from __future__ import annotations

import numpy as np
import pytest
import zarr
from fixtures_places import PROFILE, Place

import jsobj
from jsobj.arrays.zarr_store import ZarrStore
from jsobj.errors import ExitCode, JsobjError


def store_at(url: str) -> ZarrStore:
    return jsobj.connect(PROFILE).zarr_store(url)


def write(url: str, count: int = 3) -> None:
    """As xarray and dask do it with ``mode="w"``."""
    zarr.open_array(store_at(url), mode="w", shape=(count,), dtype="i8")[:] = np.arange(count)


@pytest.mark.parametrize("zarr_format", [2, 3])
def test_a_zarr_is_replaced_by_another(at_home: Place, zarr_format: int) -> None:
    store = store_at(at_home.url("a.zarr"))
    group = zarr.create_group(store, zarr_format=zarr_format)  # type: ignore[arg-type]
    group.create_array("old", shape=(3,), dtype="i4")[:] = 1
    at_home.put("a.zarr.nc", b"a neighbour")
    write(at_home.url("a.zarr"))
    assert list(zarr.open_array(store, mode="r")[:]) == [0, 1, 2]
    assert not any("old" in name for name in at_home.names())
    assert at_home.body("a.zarr.nc") == b"a neighbour"


@pytest.mark.parametrize("folder", ["", "runs"])
def test_what_is_no_zarr_is_not_deleted_for_one(at_home: Place, folder: str) -> None:
    """Also not where Zarrs lie in it."""
    inside = f"{folder}/" if folder else ""
    write(at_home.url(f"{inside}one.zarr"))
    at_home.put(f"{inside}notes.txt", b"of years")
    before = at_home.names()
    with pytest.raises(JsobjError) as refused:
        write(at_home.url(folder))
    assert (refused.value.reference, refused.value.code) == ("would-delete-others", ExitCode.REFUSED)
    assert f"{at_home.url(folder).rstrip('/')}/NAME.zarr" in refused.value.hint
    assert at_home.names() == before
    store_at(at_home.url(folder)).objects.rmdir()  # asked for by name
    assert at_home.names() == []


def test_the_empty_object_that_a_portal_makes_for_a_folder_is_no_content(at_home: Place) -> None:
    at_home.put("run.zarr/", b"")
    at_home.put("run.zarr/a/", b"")
    store = store_at(at_home.url("run.zarr"))
    zarr.open_group(store, mode="w-").create_array("a", shape=(3,), dtype="i8")[:] = 1
    write(at_home.url("run.zarr"), 4)
    assert list(zarr.open_array(store, mode="r")[:]) == [0, 1, 2, 3]
    assert "run.zarr/" in at_home.names()
