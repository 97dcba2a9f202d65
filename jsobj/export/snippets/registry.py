"""Every library that there is a snippet for."""

from __future__ import annotations

import shlex
from dataclasses import dataclass

from jsobj.errors import ExitCode, JsobjError, did_you_mean
from jsobj.export.snippets.target import Target
from jsobj.export.snippets.templates import TEMPLATES, Code, render

_TITLES = {"zarr": "Zarr", "netcdf": "NetCDF", "csv": "CSV", "parquet": "Parquet"}
# Who reads a kind that the library which was named does not read.
_STAND_INS = {"zarr": "xarray", "netcdf": "netcdf", "csv": "pandas", "parquet": "pandas"}


@dataclass(frozen=True, slots=True)
class Library:
    """``title`` says what the URL must be; ``kinds``: what it reads, the first where the kind is unknown.

    A library without kinds lists objects, or has a format of its own.
    """

    name: str
    title: str
    kinds: tuple[str, ...] = ()

    @property
    def lists(self) -> bool:
        """Whether its lines always ask for a listing."""
        return self.name in {"s3fs", "boto3", "swiftclient", "icechunk"}

    def needs(self, way: str) -> str:
        """What pip is to install for private data over ``s3`` or ``swift``."""
        return self.code(Target(way, "", ""), "").needs

    def code(self, target: Target, kind: str) -> Code:
        """The lines for a target of this kind ("" if unknown).

        Raises :class:`JsobjError` (usage) where it cannot be read that way.
        """
        name, notes = self.name, tuple[str, ...]()
        if name == "obstore" and target.way == "swift" and target.tenant:
            notes = ("over Swift obstore does not reach another project's container: these are lines for swiftclient",)
            return render("list", "swiftclient", target, notes)
        if not self.kinds:
            if target.member and not target.public and name != "fsspec":
                notes = (f"{name} does not look into archives: these are lines for fsspec",)
                return render("list", "fsspec", target, notes)
            return render(self._list_or_object(target), name, target)
        if kind not in _TITLES:
            kind = self.kinds[0]
        if f"{kind} {name}" not in TEMPLATES:
            name = _STAND_INS[kind]
        notes = ()
        if kind not in self.kinds:
            lines = f"its lines for {_TITLES[kind]}" if name == self.name else f"lines for {name}"
            notes = (f"this is {_TITLES[kind]}, and not {self.title}: these are {lines}",)
        if target.public and not target.object and kind in {"csv", "parquet"}:
            raise _no_listing(name, target)
        return render(kind, name, target, notes)

    def _list_or_object(self, target: Target) -> str:
        if target.public and self.name != "swiftclient":
            if target.object and f"object {self.name} https" in TEMPLATES:
                return "object"
            if target.endpoint is None:
                raise _no_listing(self.name, target)
        return "list"


def _no_listing(name: str, target: Target) -> JsobjError:
    place = shlex.quote(f"swift://{target.container}/{target.key}")
    public = f"{place} --no-sign-request --endpoint {target.account}"
    return JsobjError(
        "snippet-needs-listing",
        f"{name} asks for a listing, which plain https does not give, nor a Swift's S3 API without a key",
        code=ExitCode.USAGE,
        hint=(
            f"list it with swiftclient: jsobj snippet swiftclient {public}",
            f"or fetch it: jsobj download {public} .",
        ),
    )


LIBRARIES = (
    Library("xarray", "a Zarr or NetCDF", ("zarr", "netcdf")),
    Library("zarr", "a Zarr", ("zarr",)),
    Library("zarr-v2", "a Zarr", ("zarr",)),
    Library("dask.array", "a Zarr array", ("zarr",)),
    Library("dask.dataframe", "Parquet or CSV", ("parquet", "csv")),
    Library("fsspec", "a bucket or folder"),
    Library("s3fs", "a bucket or folder"),
    Library("boto3", "a bucket, folder or object"),
    Library("swiftclient", "a bucket, folder or object"),
    Library("obstore", "a bucket or folder"),
    Library("pandas", "a Parquet or CSV file", ("parquet", "csv")),
    Library("polars", "a Parquet or CSV file", ("parquet", "csv")),
    Library("iris", "a NetCDF file", ("netcdf",)),
    Library("h5py", "an HDF5 file", ("netcdf",)),
    Library("netcdf", "a NetCDF 4 file", ("netcdf",)),
    Library("icechunk", "an icechunk repository"),
)


def find_library(name: str) -> Library:
    """The library of that name. Raises :class:`JsobjError` (usage) with the nearest name."""
    for library in LIBRARIES:
        if library.name == name.lower():
            return library
    hint = f"{did_you_mean(name, (library.name for library in LIBRARIES))}all of them: jsobj snippet --list"
    raise JsobjError("library-unknown", f"there is no snippet for '{name[:60]}'", code=ExitCode.USAGE, hint=hint)
