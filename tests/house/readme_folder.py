"""What the README takes for granted in the folder where its commands are typed: the portal's file, a Zarr, a table."""

from __future__ import annotations

import shutil
from pathlib import Path


def fill(folder: Path, rc_file: Path) -> None:
    """``run42.zarr`` (24 x 180 x 360 values in 96 chunks), ``stations.csv`` and the RC file; always the same bytes."""
    import numpy as np
    import pandas as pd
    import xarray as xr

    shutil.copy(rc_file, folder / "app-cred-mine-openrc.sh")
    values = np.random.default_rng(42).normal(281, 4, (24, 180, 360)).astype("f4")
    data = xr.DataArray(values, dims=("time", "lat", "lon"), name="temperature").to_dataset()
    data.to_zarr(folder / "run42.zarr", zarr_format=2, encoding={"temperature": {"chunks": (1, 90, 180)}})
    pd.DataFrame({"station": ["Bloomington"], "kelvin": [281.4]}).to_csv(folder / "stations.csv", index=False)
