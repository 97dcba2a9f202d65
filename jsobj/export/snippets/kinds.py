"""What is at a URL: a Zarr, NetCDF (HDF5), CSV or Parquet; by its name, else by a look at what is there."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import islice

from jsobj.errors import ExitCode, JsobjError
from jsobj.net.body import BytesSink
from jsobj.store.location import first_of
from jsobj.store.objects import Store

ZARR_FILES = ("zarr.json", ".zgroup", ".zarray", ".zattrs", ".zmetadata")
_SUFFIXES = {
    "netcdf": (".nc", ".nc4", ".h5", ".hdf5", ".he5"),
    "csv": (".csv", ".csv.gz", ".csv.bz2", ".csv.xz", ".csv.zst"),
    "parquet": (".parquet", ".parq"),
}
_MAGIC = {b"\x89HDF": "netcdf", b"PAR1": "parquet"}
_LOOKED_AT = 1000  # names of a listing: one page of it


@dataclass(frozen=True, slots=True)
class Seen:
    """What is there.

    ``kind``: "" if unknown. ``object``: one object, not a prefix. ``sample``: the key of an object there, "" for none.
    """

    kind: str = ""
    object: bool = False
    sample: str = ""


def data_key(key: str) -> str:
    """The key without a file of Zarr's metadata at its end."""
    head, _, last = key.rpartition("/")
    return head if last in ZARR_FILES else key


def kind_of_name(key: str) -> str:
    """The kind that a key's name shows; "" where it does not."""
    parts = key.lower().rstrip("/").split("/")
    if any(part.endswith(".zarr") for part in parts) or parts[-1] in ZARR_FILES:
        return "zarr"
    return next((kind for kind, suffixes in _SUFFIXES.items() if parts[-1].endswith(suffixes)), "")


def look(store: Store, key: str) -> Seen:
    """What is there: one request where it is a prefix, another where it is an object.

    Raises :class:`JsobjError` as the store does: auth, refused, network, not found (the bucket).
    """
    folder = key if key.endswith("/") or not key else f"{key}/"
    names = [listed.key for listed in islice(store.list(folder, delimiter="/"), _LOOKED_AT)]
    if names:
        sample = next((name for name in names if not name.endswith("/")), "")
        if not sample and (first := first_of(store.list(folder))) is not None:
            sample = first.key
        return Seen(_kind_of_members([name.removeprefix(folder) for name in names]), False, sample)
    return Seen() if folder == key else _look_at_object(store, key)


def _kind_of_members(names: list[str]) -> str:
    """The kind of a folder. One that holds several Zarrs or files side by side is a dataset of none but tables."""
    if any(name in ZARR_FILES for name in names):
        return "zarr"
    return next((kind for kind in map(kind_of_name, names) if kind in {"csv", "parquet"}), "")


def _look_at_object(store: Store, key: str) -> Seen:
    sink = BytesSink()
    try:
        store.get(key, sink, start=0, size=4)
    except JsobjError as error:
        if error.code is ExitCode.NOT_FOUND:
            return Seen()
        if error.code is not ExitCode.INTEGRITY:  # that is one of fewer bytes
            raise
    return Seen(_MAGIC.get(bytes(sink.data), ""), True, key)
