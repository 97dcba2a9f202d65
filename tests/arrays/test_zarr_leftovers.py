"""A Zarr that is sent over another one: what the old one had more of is told, since readers take it for data."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import zarr
from commands import Jsobj
from fixtures_places import PROFILE, Place
from meddler import Answer, Passing, meddling, refusal

import jsobj
from jsobj.transfer.events import Noted


def made(folder: Path, arrays: dict[str, int], zarr_format: int) -> Path:
    """A group of arrays of three chunks, of which so many are written."""
    group = zarr.open_group(folder, mode="w", zarr_format=zarr_format)  # type: ignore[arg-type]
    for name, chunks in arrays.items():
        array = group.create_array(name, shape=(30,), chunks=(10,), dtype="i8", fill_value=-1)
        array[: 10 * chunks] = np.arange(10 * chunks)
    return folder


@pytest.fixture
def runner(place: Place, tmp_path: Path) -> Jsobj:
    return Jsobj(place.home, (place.key[1],))


@pytest.mark.parametrize("zarr_format", [2, 3])
def test_what_an_older_zarr_left_is_told_and_found(
    at_home: Place, runner: Jsobj, tmp_path: Path, zarr_format: int
) -> None:
    old = made(tmp_path / "old", {"t": 3, "gone": 1}, zarr_format)
    new = made(tmp_path / "new", {"t": 2}, zarr_format)
    chunk = "t/2" if zarr_format == 2 else "t/c/2"
    upload = ("--profile", PROFILE, "--progress", "none")
    assert "Warning" not in runner("upload", f"{old}/", at_home.url("run.zarr/"), *upload).err
    at_home.put("run.zarr.txt", b"a neighbour")
    count = len(at_home.names())

    said = runner("upload", f"{new}/", at_home.url("run.zarr/"), *upload, "--quiet").err
    left = {name for name in at_home.names() if name.endswith(chunk) or "/gone/" in name}
    assert f"Warning: {len(left)} objects are there already for which this Zarr has no file" in said
    assert at_home.url(min(left)) in said
    assert len(at_home.names()) == count  # told, and left alone

    compare = ("verify", new, at_home.url("run.zarr"), "--profile", PROFILE)
    told = runner(*compare, "--json", code=8).json["items"]
    assert {item["item"] for item in told if item["state"] == "differs"} == left
    runner("rm", *(at_home.url(name) for name in left), "--yes", "--profile", PROFILE)
    runner(*compare)
    connection = jsobj.connect(PROFILE)
    connection.upload(f"{new}/", at_home.url("run.zarr/"))  # a warning would be an error
    at_home.put(f"run.zarr/{chunk}", b"")
    with pytest.warns(UserWarning, match="1 object is there already for which this Zarr has no file") as warned:
        connection.upload(f"{new}/", at_home.url("run.zarr/"))
    assert warned[0].filename == __file__
    connection.store(at_home.url("run.zarr")).delete_many([chunk])
    read = zarr.open_group(jsobj.connect(PROFILE).zarr_store(at_home.url("run.zarr"), read_only=True), mode="r")
    assert list(read["t"][:]) == [*range(20), *[-1] * 10]  # type: ignore[index,arg-type]


def test_what_an_older_zarr_left_in_a_folder_is_told_too(at_home: Place, runner: Jsobj, tmp_path: Path) -> None:
    new, there = made(tmp_path / "new", {"t": 2}, 3), made(tmp_path / "there/run.zarr", {"t": 3, "gone": 1}, 3)
    (tmp_path / "there/notes.txt").write_text("beside")
    jsobj.connect(PROFILE).upload(f"{new}/", at_home.url("run.zarr/"))
    words = ("download", at_home.url("run.zarr"), f"{tmp_path}/there/", "--profile", PROFILE, "--progress", "none")
    said = runner(*words, "--quiet").err
    left = {there / "t/c/2", *(there / "gone").rglob("*")} - {there / "gone/c"}
    assert f"Warning: {len(left)} files are there already for which this Zarr has no object" in said
    assert str(min(left)) in said
    assert all(path.exists() for path in left)  # told, and left alone
    for path in left:
        path.unlink()
    assert "Warning" not in runner(*words).err
    assert "Warning" not in runner(*words[:2], tmp_path / "elsewhere", *words[3:]).err
    assert list(zarr.open_group(there, mode="r")["t"][:]) == [*range(20), *[-1] * 10]  # type: ignore[index,arg-type]


def test_a_look_that_is_refused_at_the_end_fails_nothing(at_home: Place, tmp_path: Path) -> None:
    made(tmp_path / "run.zarr", {"t": 3}, 3)
    connection = jsobj.connect(PROFILE)
    connection.upload(tmp_path / "run.zarr", at_home.url())
    events: list[object] = []
    with meddling(at_home.endpoint) as meddler:

        def spoil(passing: Passing) -> Answer:
            listing = passing.method == "GET" and "?" in passing.path
            return refusal(403, "AccessDenied") if listing and passing.number > listings else passing.ask()

        meddler.spoil, listings = spoil, 99
        behind = jsobj.connect(PROFILE, endpoint=meddler.origin)
        behind.download(at_home.url("run.zarr"), tmp_path / "run.zarr", listen=events.append)
        asked = [path for method, path in meddler.seen if method == "GET" and "?" in path]
        listings = asked.count(asked[-1]) - 1  # all but the last look
        meddler.seen.clear()
        summary = behind.download(at_home.url("run.zarr"), tmp_path / "run.zarr", listen=events.append)
    assert (summary.failed, summary.skipped) == (0, 5)
    (noted,) = (event for event in events if isinstance(event, Noted))
    assert noted.warning
    assert "is not known" in noted.text


def test_what_a_filter_leaves_out_is_no_leftover(at_home: Place, tmp_path: Path) -> None:
    new = made(tmp_path / "run.zarr", {"t": 3, "u": 3}, 3)
    connection, events = jsobj.connect(PROFILE), list[object]()
    connection.upload(new, at_home.url(), listen=events.append)
    connection.upload(new, at_home.url(), exclude=["u/**"], listen=events.append)
    assert [event for event in events if isinstance(event, Noted)] == []


def test_objects_beside_a_zarr_are_nobody_s_data(at_home: Place, tmp_path: Path) -> None:
    made(tmp_path / "runs/one.zarr", {"t": 3}, 3)
    for name in ("runs/notes.txt", "runs/zz.nc", "runs/other.zarr/c/0", "runs/one.zarr/", "runs/one.zarr/../t/c/9"):
        at_home.put(name, b"")
    events: list[object] = []
    jsobj.connect(PROFILE).upload(tmp_path / "runs", at_home.url(), listen=events.append)
    assert [event for event in events if isinstance(event, Noted)] == []
