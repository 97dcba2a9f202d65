"""Each snippet, run as it is printed: private data with the profile, public data without any login, on both servers."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from commands import PROGRAMS
from fixtures_cloud import Cloud
from fixtures_places import PROFILE, Place, settle

from jsobj.export.snippets.registry import LIBRARIES

# What each prints of the data below.
SHOWS = {
    "xarray": "temperature",
    "zarr": "Group",
    "dask.array": "dask.array",
    "dask.dataframe": "281.4",
    "s3fs": "table.parquet",
    "boto3": "table.parquet",
    "obstore": "table.parquet",
    "pandas": "281.4",
    "polars": "281.4",
    "iris": "air_temperature",
    "h5py": "temperature",
    "netcdf": "temperature",
    "icechunk": "Group",
}
URLS = {
    "xarray": "run.zarr",
    "zarr": "run.zarr",
    "zarr-v2": "run.zarr",
    "dask.array": "run.zarr/temperature",
    "dask.dataframe": "table.parquet",
    "pandas": "table.parquet",
    "polars": "table.parquet",
    "iris": "run.nc",
    "h5py": "run.nc",
    "netcdf": "run.nc",
    "icechunk": "ice",
}


def fill(place: Place, folder: Path) -> None:
    """A Zarr of format 2 (both generations of zarr-python read it), a NetCDF file, a table, and a repository."""
    import icechunk
    import numpy as np
    import pandas as pd
    import xarray as xr
    import zarr

    import jsobj

    values = xr.DataArray(
        np.full((4, 6), 281.4), dims=("y", "x"), attrs={"standard_name": "air_temperature", "units": "K"}
    )
    data = xr.Dataset({"temperature": values})
    store = jsobj.connect(PROFILE).zarr_store(place.url("run.zarr"))
    data.to_zarr(store, mode="w", zarr_format=2, consolidated=True)
    data.to_netcdf(folder / "run.nc", engine="h5netcdf")
    place.put("run.nc", (folder / "run.nc").read_bytes())
    pd.DataFrame({"temperature": [281.4, 281.5]}).to_parquet(folder / "table.parquet")
    place.put("table.parquet", (folder / "table.parquet").read_bytes())
    storage = icechunk.s3_storage(
        bucket=place.bucket, prefix="ice", endpoint_url=place.endpoint, region=place.region, allow_http=True,
        force_path_style=True, access_key_id=place.key[0], secret_access_key=place.key[1],
    )  # fmt: skip
    config = icechunk.RepositoryConfig.default()
    config.storage = icechunk.StorageSettings(unsafe_use_conditional_create=False, unsafe_use_conditional_update=False)
    repository = icechunk.Repository.create(storage, config=config)
    session = repository.writable_session("main")
    zarr.create_group(session.store).create_array("temperature", shape=(4,), dtype="f8")[:] = 281.4
    session.commit("first")


def run(place: Place, words: list[str], python: str | Path, folder: Path, *, login: bool) -> str:
    """``jsobj snippet``, and then what it printed."""
    environ = place.environ | {"PATH": f"{PROGRAMS}:{place.environ['PATH']}"}
    told = subprocess.run(
        [PROGRAMS / "jsobj", "snippet", *words], env=environ, capture_output=True, text=True, timeout=60, check=False
    )
    assert told.returncode == 0, told.stderr
    assert place.key[1] not in told.stdout
    script = folder / "script.py"
    script.write_text(told.stdout)
    if not login:
        environ["HOME"] = str(folder / "empty")
    ended = subprocess.run(
        [python, "-W", "ignore", script],
        env=environ,
        cwd=folder,
        capture_output=True,
        text=True,
        timeout=100,
        check=False,
    )
    assert ended.returncode == 0, f"{told.stdout}\n{ended.stderr}"
    return ended.stdout


@pytest.fixture
def filled(place: Place, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Place:
    settle(monkeypatch, place.environ)
    fill(place, tmp_path)
    return place


def test_every_library_is_tested() -> None:
    assert {library.name for library in LIBRARIES} == {*SHOWS, "zarr-v2"}


@pytest.mark.timeout(400)
def test_snippets_read_private_data_with_the_profile(filled: Place, tmp_path: Path) -> None:
    """All in turn on one place: the data are made once."""
    for library, shown in SHOWS.items():
        words = [library, filled.url(URLS.get(library, "")), "--profile", PROFILE]
        assert shown in run(filled, words, sys.executable, tmp_path, login=True), library


@pytest.mark.timeout(400)
def test_snippets_read_public_data_without_a_login(filled: Place, cloud: Cloud, tmp_path: Path) -> None:
    filled.publish()
    for name in filled.names() if filled.server == "rgw" else ():  # there each object has rights of its own
        filled.witness.put_object_acl(Bucket=filled.bucket, Key=name, ACL="public-read")
    public = ["--no-sign-request", "--endpoint", filled.endpoint if filled.server == "rgw" else cloud.swift_url]
    listing = {library.name for library in LIBRARIES if library.lists}
    for library, shown in SHOWS.items():
        if filled.server == "rgw" or library not in listing:
            words = [library, filled.url(URLS.get(library, "")), *public]
            assert shown in run(filled, words, sys.executable, tmp_path, login=False), library


@pytest.fixture(scope="session")
def zarr_two(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The Python of an environment with the last zarr-python 2."""
    folder = tmp_path_factory.mktemp("zarr2")
    subprocess.run([sys.executable, "-m", "venv", folder], check=True, timeout=120)
    words = [folder / "bin/pip", "install", "-q", "zarr<3", "numcodecs<0.16", "s3fs"]
    subprocess.run(words, check=True, timeout=300)
    return folder / "bin/python"


@pytest.mark.timeout(500)
def test_zarr_two_reads_what_is_there(
    place_on: Callable[[str], Place], zarr_two: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    for server in ("swift", "rgw"):
        place = place_on(server)
        settle(monkeypatch, place.environ)
        fill(place, tmp_path)
        words = ["zarr-v2", place.url("run.zarr"), "--profile", PROFILE]
        assert "temperature" in run(place, words, zarr_two, tmp_path, login=True)
