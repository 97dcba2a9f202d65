"""The lines of each library that reads through fsspec, plain https or Swift, by the kind of the data.

``$url`` and the other names are the fragments of :class:`jsobj.export.snippets.target.Target`. Libraries that have an
S3 client of their own are in :mod:`jsobj.export.snippets.s3_clients`.
"""

from __future__ import annotations

from dataclasses import dataclass, replace


@dataclass(frozen=True, slots=True)
class CodeLines:
    """``needs`` is for pip; ``fsspec``: with fsspec's filesystem of the URL's protocol."""

    needs: str
    text: str
    fsspec: bool = True


_NETCDF = CodeLines(
    "xarray h5netcdf h5py dask",
    """\
import fsspec
import xarray as xr

${options}file = fsspec.open($url, "rb"$unpacked).open()
data = xr.open_dataset(file, engine="h5netcdf", chunks={})
print(data)
""",
)

# Over https nothing can be listed. Without consolidated metadata xarray would show an empty dataset, so it is told to
# fail instead.
_ZARR = {
    "xarray": CodeLines(
        "xarray zarr dask",
        """\
import xarray as xr

$unlisted${options}data = xr.open_zarr($url$storage$consolidated)
print(data)
""",
    ),
    "zarr": CodeLines(
        "'zarr>=3'",
        """\
import zarr

$unlisted${options}store = zarr.storage.FsspecStore.from_url($url$storage, read_only=True)
data = zarr.open(store, mode="r")
print(data.info)
""",
    ),
    "zarr-v2": CodeLines(
        "'zarr<3' 'numcodecs<0.16'",
        """\
import fsspec
import zarr

$unlisted${options}store = fsspec.get_mapper($url$unpacked)
data = zarr.open(store, mode="r")
print(data.info)
""",
    ),
    "dask.array": CodeLines(
        "'dask[array]' zarr",
        """\
import dask.array as da

${options}data = da.from_zarr($url$storage)
print(data)
""",
    ),
}

_HDF = {
    "netcdf": _NETCDF,
    "xarray": _NETCDF,
    "h5py": CodeLines(
        "h5py",
        """\
import fsspec
import h5py

${options}with fsspec.open($url, "rb"$unpacked) as file, h5py.File(file, "r") as data:
    print(list(data))
""",
    ),
    "iris": CodeLines(  # it reads local files only
        "scitools-iris",
        """\
import fsspec
import iris

${options}path = fsspec.open_local($cached$chained)
cubes = iris.load(path)
print(cubes)
""",
    ),
}


def _tables(kind: str, for_pandas: str) -> dict[str, CodeLines]:
    """pandas, dask.dataframe and polars; ``for_pandas``: what pandas needs for this kind."""
    return {
        "pandas": CodeLines(
            for_pandas,
            f"""\
import pandas as pd

${{options}}data = pd.read_{kind}($url$storage)
print(data)
""",
        ),
        "dask.dataframe": CodeLines(
            "'dask[dataframe]'",
            f"""\
import dask.dataframe as dd

${{options}}data = dd.read_{kind}($url$storage)
print(data.head())
""",
        ),
        "polars": CodeLines(
            "polars",
            f"""\
import fsspec
import polars as pl

${{options}}with fsspec.open($url, "rb"$unpacked) as file:  # pl.scan_{kind} knows no fsspec
    data = pl.read_{kind}(file)
print(data.head())
""",
        ),
    }


# By the kind of the data: who reads it through fsspec.
READERS: dict[str, dict[str, CodeLines]] = {
    "zarr": _ZARR,
    "netcdf": _HDF,
    "csv": _tables("csv", "pandas"),
    "parquet": _tables("parquet", "pandas pyarrow"),
}


# xarray takes a URL with a "+" in its scheme for the name of a local file.
XARRAY_PLUS = CodeLines(
    "xarray zarr dask",
    """\
import fsspec
import xarray as xr

${options}data = xr.open_zarr(fsspec.get_mapper($url$unpacked))
print(data)
""",
)

# Who reads https without fsspec.
WEB_READERS: dict[str, dict[str, CodeLines]] = {
    kind: {
        "pandas": replace(READERS[kind]["pandas"], fsspec=False),
        "polars": CodeLines(
            "polars",
            f"""\
import polars as pl

data = pl.scan_{kind}($url)
print(data.head().collect())
""",
            fsspec=False,
        ),
    }
    for kind in ("csv", "parquet")
}

_SWIFTCLIENT = """\
import openstack
import swiftclient

cloud = $connect
swift = swiftclient.Connection(session=cloud.session, os_options={"region_name": cloud.config.region_name}$cacert)
for item in swift.get_container($bucket, prefix=$key, full_listing=True)[1]:
    print(item["name"], item["bytes"])
"""
_LISTED = "fs = fsspec.filesystem($protocol$unpacked)\nprint(fs.ls($path))\n"

# What takes the place of S3 where a login has no S3 keys: each works with an application credential alone.
SWIFT_CLIENTS = {
    "fsspec": CodeLines("", f"import fsspec\n\n${{options}}{_LISTED}"),
    "swiftclient": CodeLines("python-swiftclient openstacksdk", _SWIFTCLIENT, fsspec=False),
    "s3fs": CodeLines(
        "",
        f"""\
import fsspec

# s3fs speaks S3 only, which needs S3 keys. jsobj's filesystem has the same methods and speaks Swift.
${{options}}{_LISTED}""",
    ),
    "boto3": CodeLines(
        "python-swiftclient openstacksdk",
        f"# boto3 speaks S3 only, which needs S3 keys. python-swiftclient lists and reads over Swift.\n{_SWIFTCLIENT}",
        fsspec=False,
    ),
    "obstore": CodeLines(
        "obstore openstacksdk",
        """\
import openstack
from obstore.store import HTTPStore

# obstore does not speak Swift, and its S3 client needs S3 keys. It reads over HTTP with the login's token, until that
# expires. HTTP has no listings: openstacksdk lists.
cloud = $connect
store = HTTPStore.from_url(
    cloud.endpoint_for("object-store") + $slash_bucket,
    client_options={"default_headers": {"X-Auth-Token": cloud.auth_token}, "allow_http": True},
)
for item in cloud.object_store.objects($bucket, prefix=$key):
    print(item.name, store.head(item.name)["size"])
""",
        fsspec=False,
    ),
    "icechunk": CodeLines(
        "icechunk",
        """\
import tempfile

import fsspec
import icechunk
import zarr

# icechunk does not speak Swift, and its S3 client needs S3 keys. This reads a local copy; commits to it stay there.
${options}fs = fsspec.filesystem($protocol$unpacked)
folder = tempfile.mkdtemp()
fs.get($folder, folder, recursive=True)
repository = icechunk.Repository.open(icechunk.local_filesystem_storage(folder))
data = zarr.open(repository.readonly_session("main").store, mode="r")
print(data.info)
""",
    ),
}

# One public object. Over plain https nothing is listed.
WEB_CLIENTS = {
    "fsspec": CodeLines(
        "",
        """\
import fsspec

with fsspec.open($url, "rb") as file:
    print(file.read(100))
""",
    ),
    "obstore": CodeLines(
        "obstore",
        """\
from obstore.store import HTTPStore

store = HTTPStore.from_url($container_url, client_options={"allow_http": True})
print(store.get($key).bytes()[:100])
""",
        fsspec=False,
    ),
}

# A public container's list, which Swift gives to anybody where its read ACL has .rlistings.
WEB_LISTING = CodeLines(
    "python-swiftclient",
    """\
import swiftclient

found = swiftclient.client.get_container(
    $account,
    "",
    $container_slash,  # Ceph would redirect without the slash
    prefix=$key,
    full_listing=True,
)
for item in found[1]:
    print(item["name"], item["bytes"])
""",
    fsspec=False,
)
