"""How many chunks are under way at once: by their size, as the metadata and the chunks before them tell it."""

from __future__ import annotations

import threading
import time

import numpy as np
import pytest
import zarr

from jsobj.arrays import concurrency
from jsobj.arrays.concurrency import ByteLimit, largest_chunk, set_zarr_concurrency

MIB = 1 << 20


def metadata(zarr_format: int, chunks: tuple[int, ...], dtype: str, *, consolidated: bool = False) -> bytes:
    store = zarr.storage.MemoryStore()
    group = zarr.create_group(store, zarr_format=zarr_format)  # type: ignore[arg-type]
    group.create_array("t", shape=tuple(10 * size for size in chunks), chunks=chunks, dtype=dtype)
    group.create_array("time", shape=(5,), chunks=(5,), dtype="i4")
    key = {2: "t/.zarray", 3: "t/zarr.json"}[zarr_format]
    if consolidated:
        zarr.consolidate_metadata(store)
        key = {2: ".zmetadata", 3: "zarr.json"}[zarr_format]
    return store._store_dict[key].to_bytes()


@pytest.mark.filterwarnings("ignore:Consolidated metadata")
@pytest.mark.parametrize("consolidated", [False, True])
@pytest.mark.parametrize("zarr_format", [2, 3])
@pytest.mark.parametrize(("dtype", "size"), [("u1", 1), ("f4", 4), ("f8", 8), ("c16", 16), ("bool", 1)])
def test_the_largest_chunk_is_read_from_the_metadata(
    zarr_format: int, dtype: str, size: int, consolidated: bool
) -> None:
    assert largest_chunk(metadata(zarr_format, (100, 200), dtype, consolidated=consolidated)) == 100 * 200 * size


@pytest.mark.parametrize(
    "text",
    [
        *(b"", b"no", b"[]", b"7", b"{}", b"[" * 100_000),
        *(b'{"node_type": "group"}', b'{"chunks": 3, "dtype": "<f4"}', b'{"metadata": {"x": 1}}'),
        b'{"chunk_grid": {"name": "other"}, "data_type": "int8"}',
    ],
)
def test_what_is_no_metadata_says_nothing(text: bytes) -> None:
    assert largest_chunk(text) == 0


@pytest.mark.parametrize(
    ("before", "parallel", "chunk", "then"),
    [
        (10, 32, 64 << 10, 32),  # small ones: as many as the store can
        (10, 32, 16 * MIB, 10),  # large ones: no fewer than zarr's own ten
        (10, 32, 6 * MIB, 21),
        (10, 4, 64 << 10, 10),
        (7, 64, 64 << 10, 7),  # the user's own numbers stay
        (100, 128, 64 << 10, 100),
    ],
)
def test_zarr_asks_for_as_many_as_make_sense(
    monkeypatch: pytest.MonkeyPatch, before: int, parallel: int, chunk: int, then: int
) -> None:
    monkeypatch.setattr(concurrency, "_ours", 10)
    text = metadata(3, (chunk,), "u1")
    with zarr.config.set({"async.concurrency": before}):
        set_zarr_concurrency(parallel, text)
        assert zarr.config.get("async.concurrency") == then
        set_zarr_concurrency(parallel, metadata(3, (64 * MIB,), "u1"))  # the next array may want fewer
        assert zarr.config.get("async.concurrency") == (before if before != 10 else 10)


def run_through(gauge: ByteLimit, sizes: list[int | None]) -> int:
    """The most bytes that were inside at once (an unknown size counts 16 MiB)."""
    lock, inside, most = threading.Lock(), [0], [0]

    def one(size: int | None) -> None:
        with gauge.slot(size):
            with lock:
                inside[0] += 16 * MIB if size is None else size
                most[0] = max(most[0], inside[0])
            time.sleep(0.002)
            with lock:
                inside[0] -= 16 * MIB if size is None else size

    threads = [threading.Thread(target=one, args=(size,)) for size in sizes]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
        assert not thread.is_alive()
    return most[0]


def test_large_bodies_wait_for_one_another_and_one_always_passes() -> None:
    assert run_through(ByteLimit(32), [20 * MIB] * 20) <= 128 * MIB
    assert run_through(ByteLimit(32), [None] * 20) <= 128 * MIB
    assert run_through(ByteLimit(32), [200 * MIB, 100 * MIB, 200 * MIB]) == 200 * MIB


def test_what_came_is_what_is_expected() -> None:
    gauge = ByteLimit(32, 64 * MIB)
    for _ in range(8):
        gauge.observe(64 << 10)
    assert run_through(gauge, [None] * 32) > 64 * MIB  # by count alone: they are small, and nobody waits
    gauge.observe(64 * MIB)
    assert run_through(gauge, [None] * 4) == 16 * MIB  # one by one


def test_a_turn_ends_with_an_error_too() -> None:
    gauge = ByteLimit(1)
    for _ in range(3):
        with pytest.raises(ZeroDivisionError), gauge.slot(64 * MIB):
            np.int64(1).item() // 0
    assert run_through(gauge, [64 * MIB]) == 64 * MIB
