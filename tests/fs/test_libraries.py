"""Libraries that know nothing of jsobj read and write ``swift://`` with an application credential and no S3 key."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from fixtures_cloud import Cloud
from fixtures_places import environ_in
from fs_scene import CLOUD, Road

ROOT = Path(__file__).parents[2]
KEYLESS = pytest.mark.parametrize("road", ["swift-swift", "swift-rgw"], indirect=True)
pytestmark = [KEYLESS, pytest.mark.timeout(300)]


@pytest.fixture(autouse=True)
def _no_key_comes_to_be(cloud: Cloud, road: Road) -> Iterator[None]:
    path = f"/users/{cloud.user_id('alice')}/credentials/OS-EC2"
    before = cloud.keystone("alice").call("GET", path)["credentials"]
    yield
    assert cloud.keystone("alice").call("GET", path)["credentials"] == before
    assert not (road.home / ".aws").exists()


def run(road: Road, program: str, **more: str) -> str:
    """The program in a process of its own, in the user's HOME; what it printed."""
    ended = subprocess.run(
        [sys.executable, "-W", "error::ResourceWarning", "-c", program],
        env={**environ_in(road.home), "URL": road.url().rstrip("/"), **more},
        capture_output=True,
        text=True,
        timeout=280,
        check=False,
    )
    assert ended.returncode == 0, ended.stderr
    assert "Traceback" not in ended.stderr, ended.stderr
    return ended.stdout


def test_pandas_pyarrow_and_polars(road: Road) -> None:
    out = run(
        road,
        """
import os, fsspec, pandas as pd, polars as pl, pyarrow.dataset as ds, pyarrow.parquet as pq
url, options = os.environ["URL"], {"cloud": "field"}
table = pd.DataFrame({"station": [f"s{n % 7}" for n in range(100_000)], "value": range(100_000)})
table.to_csv(f"{url}/t.csv", index=False, storage_options=options)
table.to_parquet(f"{url}/t.parquet", storage_options=options)
table.to_parquet(f"{url}/parted", partition_cols=["station"], storage_options=options)
assert pd.read_csv(f"{url}/t.csv", storage_options=options).equals(table)
assert pd.read_parquet(f"{url}/t.parquet", storage_options=options).equals(table)
fs = fsspec.filesystem("swift", **options)
path = url.partition("://")[2]
assert ds.dataset(f"{path}/parted", filesystem=fs, partitioning="hive").count_rows() == 100_000
assert pq.read_table(f"{path}/t.parquet", filesystem=fs, columns=["value"]).num_rows == 100_000
with fsspec.open(f"{url}/t.parquet", **options) as file:
    assert pl.read_parquet(file)["value"].sum() == table["value"].sum()
print(len(fs.find(f"{path}/parted")))
""",
    )
    assert out.split() == ["7"]


def test_xarray_zarr_h5py_and_netcdf(road: Road) -> None:
    out = run(
        road,
        """
import os, fsspec, h5py, numpy as np, xarray as xr, zarr
url, options = os.environ["URL"], {"cloud": "field"}
data = xr.Dataset({"t": (("time", "x"), np.random.default_rng(1).random((200, 500)))})
data.to_zarr(f"{url}/run.zarr", storage_options=options, mode="w")
assert xr.open_zarr(f"{url}/run.zarr", storage_options=options).load().equals(data)
store = zarr.storage.FsspecStore.from_url(f"{url}/run.zarr", storage_options=options, read_only=True)
assert np.array_equal(zarr.open(store, mode="r")["t"][:], data["t"].values)
data.to_netcdf(os.path.expanduser("~/run.nc"), engine="h5netcdf")
fs = fsspec.filesystem("swift", **options)
fs.put(os.path.expanduser("~/run.nc"), f"{url}/run.nc")
with fs.open(f"{url}/run.nc") as file, xr.open_dataset(file, engine="h5netcdf") as found:
    assert found.load().equals(data)
with fs.open(f"{url}/run.nc") as file, h5py.File(file) as found:
    assert np.array_equal(found["t"][150:160, 3], data["t"].values[150:160, 3])
print("same")
""",
    )
    assert out.split() == ["same"]


def test_kerchunk_and_intake(road: Road) -> None:
    out = run(
        road,
        """
import io, os, fsspec, h5py, intake, json, numpy as np, xarray as xr
from kerchunk.hdf import SingleHdf5ToZarr
url, options = os.environ["URL"], {"cloud": "field"}
memory = io.BytesIO()
with h5py.File(memory, "w") as made:
    made.create_dataset("v", data=np.arange(50_000.0).reshape(500, 100), chunks=(100, 100))
with fsspec.open(f"{url}/a.h5", "wb", **options) as file:
    file.write(memory.getvalue())
with fsspec.open(f"{url}/a.h5", **options) as file:
    references = SingleHdf5ToZarr(file, f"{url}/a.h5").translate()
with fsspec.open(f"{url}/a.json", "w", **options) as file:
    json.dump(references, file)
found = xr.open_dataset(f"{url}/a.json", engine="kerchunk", storage_options=dict(
    target_options=dict(options), remote_protocol="swift", remote_options=dict(options)))
assert float(found["v"].sum()) == 50_000 * 49_999.0 / 2
with fsspec.open(f"{url}/t.csv", "w", **options) as file:
    print("a,b", "1,2", sep=os.linesep, file=file)
reader = intake.readers.PandasCSV(intake.readers.datatypes.CSV(f"{url}/t.csv", storage_options=options))
assert list(reader.read().columns) == ["a", "b"]
print("same")
""",
    )
    assert out.split() == ["same"]


def test_two_dask_workers_write_and_read_a_zarr(road: Road) -> None:
    """Each worker process reads its own files: nothing but the login's name travels."""
    program = road.home / "workers.py"
    program.write_text(
        """
import os
import dask.array as da
from distributed import Client, LocalCluster

if __name__ == "__main__":
    url, options = os.environ["URL"] + "/dask.zarr", {"cloud": "field"}
    with LocalCluster(n_workers=2, threads_per_worker=2, processes=True, dashboard_address=None) as cluster:
        with Client(cluster) as client:
            made = da.arange(400_000, chunks=10_000).reshape(400, 1000)
            da.to_zarr(made, url, storage_options=options)
            found = da.from_zarr(url, storage_options=options)
            assert int(found.sum().compute()) == 400_000 * 399_999 // 2
            print(len(client.scheduler_info()["workers"]))
"""
    )
    ended = subprocess.run(
        [sys.executable, str(program)],
        env={**environ_in(road.home), "URL": road.url().rstrip("/")},
        capture_output=True,
        text=True,
        timeout=280,
        check=False,
    )
    assert ended.returncode == 0, ended.stderr
    assert ended.stdout.split() == ["2"]
    assert len([name for name in road.names() if "/c/" in name]) == 40


def test_the_api_needs_no_keys_either(road: Road) -> None:
    import jsobj
    from jsobj.fs import S3FileSystem, SwiftFileSystem

    js2 = jsobj.connect(cloud=CLOUD)
    assert js2.storage_options("swift://x/y") == {"cloud": CLOUD}
    assert isinstance(js2.filesystem(), SwiftFileSystem)
    assert isinstance(js2.filesystem("jsobj+s3://x"), S3FileSystem)
    js2.filesystem().pipe_file(f"{road.bucket}/x", b"1")
    assert js2.filesystem("swift://").cat_file(road.url("x")) == b"1"
    with pytest.raises(jsobj.errors.JsobjError) as caught:
        js2.filesystem("s3://x")
    assert caught.value.reference == "no-s3-keys"


def test_ours_and_swiftspec_side_by_side(road: Road, tmp_path: Path) -> None:
    """Whoever fsspec finds first has ``swift``; ours is had by its own name, or by importing it."""
    other = tmp_path / "other"
    (other / "swiftspec_stand_in-0.0.4.dist-info").mkdir(parents=True)
    (other / "swiftspec_stand_in-0.0.4.dist-info/entry_points.txt").write_text(
        "[fsspec.specs]\nswift = swiftspec_stand_in.Other\n"
    )
    (other / "swiftspec_stand_in-0.0.4.dist-info/METADATA").write_text("Name: swiftspec-stand-in\nVersion: 0.0.4\n")
    (other / "swiftspec_stand_in.py").write_text(
        "from fsspec.implementations.memory import MemoryFileSystem\nclass Other(MemoryFileSystem):\n    pass\n"
    )
    out = run(
        road,
        """
import fsspec
for name in ("swift", "jsobj+swift"):
    print(fsspec.get_filesystem_class(name).__module__)
import jsobj.fs
print(fsspec.get_filesystem_class("swift").__module__)
""",
        PYTHONPATH=f"{other}{os.pathsep}{ROOT}",
    )
    assert out.split() == ["swiftspec_stand_in", "jsobj.fs", "jsobj.fs"]


def test_a_chunk_that_is_forbidden_is_no_fill_value(road: Road, cloud: Cloud) -> None:
    out = run(
        road,
        """
import os, json, zarr, fsspec, numpy as np
url, options = os.environ["URL"], {"cloud": "field"}
made = zarr.create_array(f"{url}/z.zarr", shape=(4,), chunks=(2,), dtype="i4", storage_options=options, fill_value=7)
made[:2] = 1
print(json.dumps(zarr.open(f"{url}/z.zarr", mode="r", storage_options=options)[:].tolist()))
""",
    )
    assert json.loads(out) == [1, 1, 7, 7]
    stranger: dict[str, Any] = {"unsigned": True, "endpoint": road.account}
    with pytest.raises(Exception, match=r"401|403|not logged in|login|read") as caught:
        __import__("zarr").open(road.url("z.zarr"), mode="r", storage_options=stranger)
    assert not isinstance(caught.value, FileNotFoundError)
