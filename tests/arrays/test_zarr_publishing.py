"""A Zarr as upload and verify see it: metadata come last, and chunks are told apart."""

from __future__ import annotations

import json
import pickle
from pathlib import Path

import numpy as np
import pytest
import zarr
from commands import Jsobj
from fixtures_places import PROFILE, Place

import jsobj
from jsobj.api.results import TransferFailed
from jsobj.arrays.parallel import SomeFailed
from jsobj.errors import ExitCode
from jsobj.transfer.events import Done, LeftOut, Skipped

CHUNKS = 6


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    """A local Zarr: a group, an inner group and an array in it."""
    folder = tmp_path / "run.zarr"
    root = zarr.open_group(folder, mode="w", zarr_format=2)
    inner = root.create_group("inner")
    inner.create_array("t", shape=(CHUNKS, 4), chunks=(1, 4), dtype="i4", fill_value=-1)[:] = 7
    return folder


@pytest.fixture
def runner(place: Place, tmp_path: Path) -> Jsobj:
    return Jsobj(place.home, (place.key[1],))


def test_metadata_come_last_and_the_outermost_at_the_very_end(at_home: Place, tree: Path) -> None:
    events: list[object] = []
    summary = jsobj.connect(PROFILE).upload(tree, at_home.url(), listen=events.append)
    keys = [event.destination for event in events if isinstance(event, Done)]
    assert summary.done == len(keys) == len(at_home.names())
    metadata = [key.rpartition("/")[2].startswith(".z") for key in keys]
    assert metadata == sorted(metadata)
    depths = [key.count("/") for key, held in zip(keys, metadata, strict=True) if held]
    assert depths == sorted(depths, reverse=True)
    assert keys[-1].count("/") == 1


def test_metadata_stay_back_where_a_chunk_fails(at_home: Place, tree: Path) -> None:
    chunk = sorted((tree / "inner/t").glob("[0-9]*"))[2]
    events: list[object] = []
    connection = jsobj.connect(PROFILE)
    reader = connection.store(at_home.url("run.zarr"))
    with pytest.MonkeyPatch.context() as patch:
        refuse_one(patch, chunk.name)
        with pytest.raises(TransferFailed) as failed:
            connection.upload(tree, at_home.url(), listen=events.append)
    assert failed.value.code is ExitCode.PARTIAL
    assert not [name for name in reader if name.rpartition("/")[2].startswith(".z")]
    held = [event for event in events if isinstance(event, Skipped | LeftOut)]
    assert held
    assert all("held back" in event.reason for event in held)
    connection.upload(tree, at_home.url())
    assert ".zgroup" in reader


def refuse_one(patch: pytest.MonkeyPatch, name: str) -> None:
    """One file that cannot be read, also by root."""
    import jsobj.transfer.upload.worker as sending
    from jsobj.errors import JsobjError

    real = sending.opened

    def opened(file):  # type: ignore[no-untyped-def]
        if file.path.endswith(f"/{name}"):
            raise JsobjError("file-unreadable", f"{file.path} cannot be read", code=ExitCode.LOCAL)
        return real(file)

    patch.setattr(sending, "opened", opened)


@pytest.mark.parametrize("zarr_format", [2, 3])
def test_verify_tells_chunks_apart(at_home: Place, runner: Jsobj, zarr_format: int) -> None:
    store = jsobj.connect(PROFILE).zarr_store(at_home.url("a.zarr"))
    array = zarr.create_array(
        store, shape=(CHUNKS, 4), chunks=(1, 4), dtype="i4", fill_value=-1, zarr_format=zarr_format
    )
    array[:] = np.arange(24).reshape(CHUNKS, 4)
    words = ("verify", at_home.url("a.zarr"), "--profile", PROFILE, "--json")
    told = runner(*words).json["items"]
    assert [item["state"] for item in told] == ["intact"] * (CHUNKS + 1)
    gone = told[3]["item"]
    at_home.witness.delete_object(Bucket=at_home.bucket, Key=gone)
    again = runner(*words, code=ExitCode.NOT_FOUND).json["items"]
    assert [item["item"] for item in again if item["state"] == "missing"] == [gone]
    if at_home.server == "rgw":
        closed = told[4]["item"]
        for key in at_home.names():
            acl = "private" if key == closed else "public-read"
            at_home.witness.put_object_acl(Bucket=at_home.bucket, Key=key, ACL=acl)
        at_home.publish()
        public = ("verify", at_home.url("a.zarr"), "--no-sign-request", "--endpoint", at_home.endpoint, "--json")
        third = runner(*public, code=ExitCode.REFUSED).json["items"]
        assert [item["item"] for item in third if item["state"] == "forbidden"] == [closed]
        assert [item["item"] for item in third if item["state"] == "missing"] == [gone]


def test_many_keys_and_each_failure_by_name(at_home: Place) -> None:
    connection = jsobj.connect(PROFILE)
    values = {f"k/{number:03}": str(number).encode() for number in range(50)}
    assert connection.put_many(at_home.url(), values) == 50
    assert dict(connection.get_many(at_home.url(), values)) == values
    found = {}
    with pytest.raises(SomeFailed) as failed:
        found.update(connection.get_many(at_home.url(), [*list(values)[:3], "absent"]))
    assert set(pickle.loads(pickle.dumps(failed.value)).failures) == {"absent"}
    objects = connection.store(at_home.url())
    assert objects.getitems(["k/001", "absent"]) == {"k/001": b"1"}
    with pytest.raises(KeyError):
        objects.getitems(["k/001", "absent"], on_error="raise")
    assert objects.listdir("") == ["k"]
    objects.delitems(["k/001"])
    assert "k/001" not in objects
    objects.rmdir("k")
    assert list(objects) == []
    assert at_home.key[1] not in json.dumps(connection.storage_options())
    assert pickle.loads(pickle.dumps(objects)) == objects


def test_download_brings_back_what_upload_sent(at_home: Place, tree: Path, tmp_path: Path) -> None:
    connection = jsobj.connect(PROFILE)
    connection.upload(tree, at_home.url())
    summary = connection.download(at_home.url("run.zarr"), tmp_path / "back")
    assert summary.verified == summary.done
    np.testing.assert_array_equal(zarr.open_array(tmp_path / "back/inner/t", mode="r")[:], 7)
