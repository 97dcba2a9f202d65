"""One run of the bench of filesystems: ``filesystem_work.py jsobj|s3fs make|open|read|csv|stream BUCKET KEY``."""

from __future__ import annotations

import json
import os
import sys
from typing import Any

COUNT, SIZE = 4000, 64 << 10  # chunks, and bytes of each
CSV = 256 << 20
SMALL = "small.zarr"


def where(library: str) -> tuple[str, dict[str, Any]]:
    """The protocol, and its options."""
    return ("swift", {}) if library == "jsobj" else ("s3", {"endpoint_url": os.environ["AWS_ENDPOINT_URL"]})


def make(bucket: str, options: dict[str, Any]) -> str:
    """The data, by s3fs; what each verb has to find in it."""
    import numpy as np
    import s3fs
    import zarr

    fs = s3fs.S3FileSystem(**options)
    fs.mkdir(bucket)
    values = np.random.default_rng(0).integers(0, 255, COUNT * SIZE, dtype="u1")
    store = zarr.storage.FsspecStore.from_url(f"s3://{bucket}/{SMALL}", storage_options=options)
    words = {"shape": values.shape, "chunks": (SIZE,), "dtype": "u1", "compressors": None, "filters": None}
    zarr.create_array(store, **words)[:] = values
    lines = "".join(f"{n},{a:.6f},{b:.6f},station{n % 97}\n" for n, (a, b) in enumerate(np.random.rand(20_000, 2)))
    with fs.open(f"{bucket}/t.csv", "w") as file:
        file.write("n,a,b,station\n")
        for _ in range(CSV // len(lines)):
            file.write(lines)
    times = CSV // len(lines)
    size = len("n,a,b,station\n") + times * len(lines)
    found = {"open": values.size, "read": int(values.sum()), "csv": times * sum(range(20_000)), "stream": size}
    return json.dumps(found)


def work(library: str, verb: str, bucket: str, key: str) -> object:
    """A number that is the same for both."""
    protocol, options = where(library)
    url = f"{protocol}://{bucket}/{key}"
    if verb == "make":
        return make(bucket, options)
    if verb in {"open", "read"}:
        import zarr

        array = zarr.open_array(
            zarr.storage.FsspecStore.from_url(url, storage_options=options, read_only=True), mode="r"
        )
        return int(array[:].sum()) if verb == "read" else array.size
    if verb == "csv":
        import pandas as pd

        return int(pd.read_csv(url, storage_options=options)["n"].sum())
    import fsspec

    with fsspec.open(url, **options) as file:
        return sum(len(piece) for piece in iter(lambda: file.read(1 << 18), b""))


if __name__ == "__main__":
    library, verb, bucket, key = sys.argv[1:]
    print(work(library, verb, bucket, key))
    sys.stdout.flush()
    os._exit(0)  # the end of threads and loops is not measured
