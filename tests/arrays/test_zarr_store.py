"""zarr-python's own tests of stores, on Swift's S3 and on Ceph RGW; and that only absence reads as fill value."""

from __future__ import annotations

import pickle
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import zarr
from fixtures_places import PROFILE, Place, settle
from latency import far_away
from zarr.core.buffer import Buffer, cpu
from zarr.testing.store import StoreTests

import jsobj
from jsobj.arrays.zarr_store import ZarrStore
from jsobj.errors import ExitCode, JsobjError
from jsobj.identity.aws_files.profile import AwsFiles, AwsProfile, write_profile
from jsobj.secret import Secret


class TestZarrStore(StoreTests[ZarrStore, cpu.Buffer]):
    store_cls = ZarrStore
    buffer_cls = cpu.Buffer

    @pytest.fixture(autouse=True)
    def _place(self, at_home: Place) -> None:
        self.place = at_home

    @pytest.fixture
    def store_kwargs(self, at_home: Place) -> dict[str, Any]:
        return {"objects": jsobj.connect(PROFILE).store(at_home.url("below/this"))}

    async def set(self, store: ZarrStore, key: str, value: Buffer) -> None:
        self.place.put(f"below/this/{key}", value.to_bytes())

    async def get(self, store: ZarrStore, key: str) -> Buffer:
        return cpu.Buffer.from_bytes(self.place.body(f"below/this/{key}"))

    def test_store_repr(self, store: ZarrStore) -> None:
        assert repr(store) == f"ZarrStore('{self.place.url('below/this/')}')"

    def test_store_supports_writes(self, store: ZarrStore) -> None:
        assert store.supports_writes

    def test_store_supports_listing(self, store: ZarrStore) -> None:
        assert store.supports_listing

    async def test_a_stretch_beyond_the_end_is_cut(self, store: ZarrStore) -> None:
        from zarr.abc.store import OffsetByteRequest, RangeByteRequest, SuffixByteRequest

        self.place.put("below/this/c/0", b"0123456789")
        wanted = [
            RangeByteRequest(8, 20),
            OffsetByteRequest(10),
            SuffixByteRequest(99),
            RangeByteRequest(12, 20),
        ]
        prototype = zarr.core.buffer.default_buffer_prototype()
        found = [await store.get("c/0", prototype, byte_range=each) for each in wanted]
        assert [value.to_bytes() for value in found if value is not None] == [b"89", b"", b"0123456789", b""]


def test_an_array_there_and_back_and_through_pickle(at_home: Place) -> None:
    store = jsobj.connect(PROFILE).zarr_store(at_home.url("a.zarr"))
    array = zarr.create_array(store, shape=(40, 30), chunks=(10, 10), dtype="f8", fill_value=-1)
    values = np.random.default_rng(1).normal(size=(40, 30))
    array[:] = values
    sent = pickle.dumps(store)
    assert not any(secret.encode() in sent for secret in at_home.key)
    again = zarr.open_array(pickle.loads(sent), mode="r")
    np.testing.assert_array_equal(again[:], values)


def test_a_forbidden_chunk_raises_and_an_absent_one_is_fill_value(
    at_home: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With a foreign reader, who may read all but one object."""
    store = jsobj.connect(PROFILE).zarr_store(at_home.url("a.zarr"))
    array = zarr.create_array(store, shape=(30,), chunks=(10,), dtype="i4", fill_value=-1)
    array[:] = np.arange(30)
    at_home.witness.delete_object(Bucket=at_home.bucket, Key="a.zarr/c/2")
    if at_home.server == "rgw":
        for key in at_home.names():
            acl = "private" if key.endswith("c/1") else "public-read"
            at_home.witness.put_object_acl(Bucket=at_home.bucket, Key=key, ACL=acl)
        at_home.publish()
        public = jsobj.connect(unsigned=True, endpoint=at_home.endpoint).zarr_store(
            at_home.url("a.zarr"), read_only=True
        )
    else:  # Swift's rights are those of the whole container: nothing of it is public here
        public = jsobj.connect(unsigned=True, endpoint=at_home.endpoint).zarr_store(
            at_home.url("a.zarr"), read_only=True
        )
        with pytest.raises(JsobjError) as refused:
            zarr.open_array(public, mode="r")
        assert refused.value.code in {ExitCode.REFUSED, ExitCode.AUTH}
        assert list(zarr.open_array(store, mode="r")[20:]) == [-1] * 10
        return
    seen = zarr.open_array(public, mode="r")
    assert list(seen[:10]) == list(range(10))
    assert list(seen[20:]) == [-1] * 10
    with pytest.raises(JsobjError) as refused:
        seen[10:20]
    assert refused.value.code in {ExitCode.REFUSED, ExitCode.AUTH}


def test_zarr_is_told_how_many_chunks_to_ask_for(at_home: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("jsobj.arrays.concurrency._ours", 10)
    store = jsobj.connect(PROFILE).zarr_store(at_home.url("a.zarr"), parallel=32)
    with zarr.config.set({"async.concurrency": 10}):
        zarr.create_array(store, shape=(30,), chunks=(10,), dtype="i4")
        assert zarr.config.get("async.concurrency") == 32
    with zarr.config.set({"async.concurrency": 10}):
        zarr.open_array(store, mode="r")
        assert zarr.config.get("async.concurrency") == 32


def test_over_a_long_way_there_are_as_many_at_once_as_cover_it(
    place_on: Callable[[str], Place], monkeypatch: pytest.MonkeyPatch
) -> None:
    """60 ms there and back: 75 and more, of small chunks; through the mapping too."""
    place = place_on("rgw")
    monkeypatch.setattr("jsobj.arrays.concurrency._ours", 10)
    settle(monkeypatch, place.environ)
    with far_away(place.host, seconds=0.03) as way, zarr.config.set({"async.concurrency": 10}):
        far = AwsProfile("far", place.key[0], Secret(place.key[1]), f"http://{way}", place.region)
        write_profile(AwsFiles(place.home / ".aws/credentials", place.home / ".aws/config"), far)
        store = jsobj.connect("far").zarr_store(place.url("a.zarr"))
        array = zarr.create_array(store, shape=(200,), chunks=(1,), dtype="i4")
        assert 70 <= zarr.config.get("async.concurrency") <= 128
        array[:] = np.arange(1, 201)
        assert 70 <= store.objects.at_once <= 128
        np.testing.assert_array_equal(zarr.open_array(store, mode="r")[:], np.arange(1, 201))
        assert len(store.objects.getitems([f"c/{n}" for n in range(200)])) == 200
        store.close()
