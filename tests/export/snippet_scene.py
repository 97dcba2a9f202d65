"""What the tests of snippets share: data that every library can read, and two ways to run what was printed."""

from __future__ import annotations

import importlib.metadata
import json
import shlex
import subprocess
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path

# What each library prints of the data below: the key that it is given, and a word.
SHOWS = {
    "xarray": ("run.zarr", "temperature"),
    "zarr": ("run.zarr", "Group"),
    "dask.array": ("run.zarr/temperature", "dask.array"),
    "dask.dataframe": ("table.parquet", "281.4"),
    "fsspec": ("", "table.parquet"),
    "s3fs": ("", "table.parquet"),
    "boto3": ("", "table.parquet"),
    "swiftclient": ("", "table.parquet"),
    "obstore": ("", "table.parquet"),
    "pandas": ("table.parquet", "281.4"),
    "polars": ("table.parquet", "281.4"),
    "iris": ("run.nc", "air_temperature"),
    "h5py": ("run.nc", "temperature"),
    "netcdf": ("run.nc", "temperature"),
    "icechunk": ("ice", "Group"),
}
# The same library with data of another kind.
OTHER_KINDS = {
    ("xarray", "run.nc"): "temperature",
    ("netcdf", "run.zarr"): "temperature",
    ("pandas", "table.csv"): "281.4",
    ("polars", "table.csv"): "281.4",
    ("dask.dataframe", "table.csv"): "281.4",
}
CASES = {(name, key): word for name, (key, word) in SHOWS.items()} | OTHER_KINDS
# Runs scripts in one process, each in a namespace of its own: what they import is imported once.
_RUN_ALL = """
import contextlib, io, json, pathlib, sys, traceback
ended = {}
for name, text in json.loads(pathlib.Path("scripts.json").read_text()).items():
    out = io.StringIO()
    try:
        with contextlib.redirect_stdout(out):
            exec(compile(text, name, "exec"), {"__name__": "__main__"})
        ended[name] = [True, out.getvalue()]
    except Exception:
        ended[name] = [False, text + traceback.format_exc()]
pathlib.Path("ended.json").write_text(json.dumps(ended))
"""
# Runs one script where nothing can be imported but what pip would bring for "Needs": the test environment has it all.
_RUN_ALONE = """
import importlib.machinery, importlib.metadata, json, pathlib, re, runpy, sys
from packaging.requirements import Requirement

def plain(name):
    return re.sub("[-_.]+", "-", name).lower()

todo, brought = [Requirement(word) for word in sys.argv[1:]], set()
while todo:
    wanted = todo.pop()
    for extra in ("", *wanted.extras):
        if (plain(wanted.name), extra) not in brought:
            brought.add((plain(wanted.name), extra))
            for word in importlib.metadata.requires(wanted.name) or ():
                each = Requirement(word)
                if each.marker is None or each.marker.evaluate({"extra": extra}):
                    todo.append(each)
names = {name for name, _ in brought}
hidden = {
    module
    for module, owners in json.loads(pathlib.Path("owners.json").read_text()).items()
    if not any(plain(owner) in names for owner in owners)
}
hidden |= {"jsobj"} - names  # installed to be edited, it is in no list of files

class Finder(importlib.machinery.PathFinder):
    @classmethod
    def find_spec(cls, name, path=None, target=None):
        return None if name.partition(".")[0] in hidden else super().find_spec(name, path, target)

sys.meta_path[:] = [Finder if each is importlib.machinery.PathFinder else each for each in sys.meta_path]
for name in [name for name in sys.modules if name.partition(".")[0] in hidden]:
    del sys.modules[name]
runpy.run_path("script.py", run_name="__main__")
"""


def make_data(folder: Path) -> None:
    """A Zarr of format 2 (both generations of zarr-python read it), a NetCDF file, tables, and a repository."""
    import icechunk
    import numpy as np
    import pandas as pd
    import xarray as xr
    import zarr

    attributes = {"standard_name": "air_temperature", "units": "K"}
    values = xr.DataArray(np.full((4, 6), 281.4), dims=("y", "x"), attrs=attributes)
    data = xr.Dataset({"temperature": values})
    data.to_zarr(folder / "run.zarr", mode="w", zarr_format=2, consolidated=True)
    data.to_netcdf(folder / "run.nc", engine="h5netcdf")
    table = pd.DataFrame({"temperature": [281.4, 281.5]})
    table.to_parquet(folder / "table.parquet")
    table.to_csv(folder / "table.csv", index=False)
    repository = icechunk.Repository.create(icechunk.local_filesystem_storage(str(folder / "ice")))
    session = repository.writable_session("main")
    zarr.create_group(session.store).create_array("temperature", shape=(4,), dtype="f8")[:] = 281.4
    session.commit("first")


def files_of(folder: Path) -> Iterator[tuple[str, bytes]]:
    """The key and the bytes of each file."""
    for path in sorted(folder.rglob("*")):
        if path.is_file():
            yield path.relative_to(folder).as_posix(), path.read_bytes()


def run_all(
    python: str | Path, scripts: Mapping[str, str], environ: Mapping[str, str], folder: Path
) -> dict[str, tuple[bool, str]]:
    """Run each, one after the other: whether it ended well, and what it printed (else it, and its traceback)."""
    (folder / "scripts.json").write_text(json.dumps(scripts))
    (folder / "ended.json").unlink(missing_ok=True)
    _run([python, "-W", "ignore", "-c", _RUN_ALL], environ, folder)
    return {name: (good, text) for name, (good, text) in json.loads((folder / "ended.json").read_text()).items()}


def run_alone(script: str, needs: str, environ: Mapping[str, str], folder: Path) -> str:
    """Run one with nothing installed but what it needs; what it printed."""
    (folder / "script.py").write_text(script)
    if not (folder / "owners.json").exists():  # looked up once: it takes as long as some scripts
        (folder / "owners.json").write_text(json.dumps(importlib.metadata.packages_distributions()))
    return _run([sys.executable, "-W", "ignore", "-c", _RUN_ALONE, *shlex.split(needs)], environ, folder)


def _run(words: list[str | Path], environ: Mapping[str, str], folder: Path) -> str:
    ended = subprocess.run(
        words, env=dict(environ), cwd=folder, capture_output=True, text=True, timeout=300, check=False
    )
    assert ended.returncode == 0, ended.stdout + ended.stderr
    return ended.stdout
