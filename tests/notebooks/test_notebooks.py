"""The scripts that users start from, each run as one: on Swift's S3 and on Ceph RGW."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

from commands import PROGRAMS
from fixtures_cloud import Cloud
from fixtures_places import Place

DASK = """
import threading

import dask.array as da
from dask.distributed import Client, LocalCluster

import jsobj


def threads():
    return sum(each.name == "jsobj-io" for each in threading.enumerate())


if __name__ == "__main__":
    with LocalCluster(n_workers=2, threads_per_worker=2, processes=True, dashboard_address=None) as cluster:
        with Client(cluster) as client:
            store = jsobj.connect("science").zarr_store(f"s3://{bucket}/random.zarr")
            values = da.random.default_rng(7).random((400, 400), chunks=(50, 50))
            da.to_zarr(values, store, mode="w")
            again = da.from_zarr(jsobj.connect("science").zarr_store(f"s3://{bucket}/random.zarr", read_only=True))
            assert abs(float((again - values).sum().compute())) == 0
            # Each task unpickles a store, and they share what is open.
            assert 0 < max(client.run(threads).values()) <= 32
            options = jsobj.connect("science").storage_options()
            assert float(da.from_zarr(f"s3://{bucket}/random.zarr", storage_options=options).mean().compute()) > 0.4
            print(len(client.scheduler_info()["workers"]), "workers")
"""
NETCDF = """
import numpy as np
import xarray as xr

import jsobj

xr.Dataset({"t": (("y", "x"), np.arange(12.0).reshape(3, 4))}).to_netcdf("in.nc", engine="h5netcdf")
with xr.open_dataset("in.nc", engine="h5netcdf") as data:
    data.to_zarr(jsobj.connect("science").zarr_store(f"s3://{bucket}/out.zarr"), mode="w", zarr_format=2)
    back = xr.open_zarr(jsobj.connect("science").zarr_store(f"s3://{bucket}/out.zarr", read_only=True))
    xr.testing.assert_identical(back.load(), data.load())
print("identical")
"""
PUBLIC = """
import s3fs
import zarr

fs = s3fs.S3FileSystem(anon=True, endpoint_url=endpoint, asynchronous=True)
store = zarr.storage.FsspecStore(fs, path=f"{bucket}/public.zarr", read_only=True)
print(float(zarr.open_array(store, mode="r")[:].sum()))
"""
BOTO3 = """
import boto3

s3 = boto3.Session(profile_name="science").client("s3")
s3.put_object(Bucket=bucket, Key="hello.txt", Body=b"hello")
print(s3.get_object(Bucket=bucket, Key="hello.txt")["Body"].read().decode())
print([item["Key"] for item in s3.list_objects_v2(Bucket=bucket)["Contents"]])
s3.delete_object(Bucket=bucket, Key="hello.txt")
"""


def run(place: Place, code: str, folder: Path, *, login: bool = True, endpoint: str = "") -> str:
    """As a process of its own, in the place's HOME or in an empty one."""
    script = folder / "script.py"
    script.write_text(f"bucket, endpoint = {place.bucket!r}, {endpoint!r}\n{code}")
    environ = place.environ | {"PATH": f"{PROGRAMS}:{place.environ['PATH']}"}
    if not login:
        environ["HOME"] = str(folder / "nobody")
    words = [sys.executable, "-W", "ignore", str(script)]
    ended = subprocess.run(words, env=environ, cwd=folder, capture_output=True, text=True, timeout=110, check=False)
    assert ended.returncode == 0, ended.stderr
    assert place.key[1] not in ended.stdout + ended.stderr
    return ended.stdout


def test_two_dask_workers_write_and_read_a_random_array(place: Place, tmp_path: Path) -> None:
    assert run(place, DASK, tmp_path) == "2 workers\n"
    assert len([name for name in place.names() if name.startswith("random.zarr/c/")]) == 64


def test_netcdf_to_zarr_through_xarray(place: Place, tmp_path: Path) -> None:
    assert run(place, NETCDF, tmp_path) == "identical\n"


def test_anybody_reads_a_public_zarr_with_s3fs(place: Place, cloud: Cloud, tmp_path: Path) -> None:
    place.put("public.zarr/.zarray", ZARRAY)
    place.put("public.zarr/0", bytes([1, 2, 3, 4]))
    place.publish()
    for name in place.names() if place.server == "rgw" else ():
        place.witness.put_object_acl(Bucket=place.bucket, Key=name, ACL="public-read")
    endpoint = place.endpoint if place.server == "rgw" else cloud.swift_url
    assert run(place, PUBLIC, tmp_path, login=False, endpoint=endpoint) == "10.0\n"


ZARRAY = (
    b'{"zarr_format": 2, "shape": [4], "chunks": [4], "dtype": "|u1", "compressor": null, "fill_value": 0, '
    b'"order": "C", "filters": null}'
)


def test_the_script_with_boto3_alone(place: Place, tmp_path: Path) -> None:
    assert run(place, BOTO3, tmp_path) == "hello\n['hello.txt']\n"


WORKERS = """
import subprocess
import sys

from dask.distributed import LocalCluster

if __name__ == "__main__":
    with LocalCluster(n_workers=2, threads_per_worker=1, processes=True, dashboard_address=None) as cluster:
        words = ["jsobj", "doctor", "--from-dask", cluster.scheduler_address, "--json"]
        well = subprocess.run([*words, "--profile", "science"], capture_output=True, text=True)
        ill = subprocess.run([*words, "--profile", "nobody"], capture_output=True, text=True)
        print(json.dumps([[well.returncode, json.loads(well.stdout)], [ill.returncode, json.loads(ill.stdout)]]))
"""


def test_the_doctor_asks_each_dask_worker(place_on: Callable[[str], Place], tmp_path: Path) -> None:
    (code, told), (bad_code, bad) = json.loads(run(place_on("swift"), f"import json\n{WORKERS}", tmp_path))
    assert (code, [item["status"] for item in told["items"]]) == (0, ["PASS", "PASS"])
    assert (bad_code, [item["status"] for item in bad["items"]]) == (10, ["FAIL", "FAIL"])
    assert all("profile-without-key" in item["evidence"] for item in bad["items"])


def test_a_scheduler_that_is_not_there(place_on: Callable[[str], Place], tmp_path: Path) -> None:
    place = place_on("swift")
    words = [PROGRAMS / "jsobj", "doctor", "--from-dask", "tcp://127.0.0.1:9"]
    ended = subprocess.run(words, env=place.environ, capture_output=True, text=True, timeout=60, check=False)
    assert ended.returncode == 7
    assert "scheduler-unreachable" in ended.stderr
