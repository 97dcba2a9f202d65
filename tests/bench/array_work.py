"""One run of the bench of arrays: a whole process that writes an array into a bucket, or reads it, through one library.

    python array_work.py LIBRARY VERB FILE BUCKET PREFIX CHUNK

FILE has the bytes of the array, CHUNK is the bytes of one of its chunks. Reading compares what came with FILE. Each
library as its guide has it; zarr with its own defaults, and without compression, which would be measured instead.
"""

from __future__ import annotations

import os
import sys
from typing import Any

import numpy as np


def jsobj_store(bucket: str, prefix: str) -> Any:
    import jsobj

    return jsobj.connect().zarr_store(f"s3://{bucket}/{prefix}")


def s3fs_store(bucket: str, prefix: str) -> Any:
    from zarr.storage import FsspecStore

    return FsspecStore.from_url(
        f"s3://{bucket}/{prefix.rstrip('/')}", storage_options={"endpoint_url": os.environ["AWS_ENDPOINT_URL"]}
    )


def obstore_store(bucket: str, prefix: str) -> Any:
    from obstore.store import S3Store
    from zarr.storage import ObjectStore

    endpoint = os.environ["AWS_ENDPOINT_URL"]
    options: Any = {"allow_http": endpoint.startswith("http:")}
    store = S3Store(bucket, prefix=prefix, endpoint=endpoint, region=os.environ["AWS_REGION"], client_options=options)
    return ObjectStore(store)


def local_store(_: str, folder: str) -> Any:
    from zarr.storage import LocalStore

    return LocalStore(folder)


STORES = {"jsobj": jsobj_store, "s3fs": s3fs_store, "obstore": obstore_store, "local": local_store}


def zarr_work(library: str, verb: str, data: np.ndarray[Any, Any], bucket: str, prefix: str, chunk: int) -> None:
    import zarr

    store = STORES[library](bucket, prefix)
    if verb == "write":
        array = zarr.create_array(
            store, shape=data.shape, chunks=(chunk,), dtype=data.dtype, compressors=None, filters=None
        )
        array[:] = data
        return
    array = zarr.open_array(store, mode="r")
    same(array.shape == data.shape)
    if verb == "read":
        compare(array[:], data)


def cloud_files(verb: str, data: np.ndarray[Any, Any], bucket: str, prefix: str, chunk: int) -> None:
    """It has no zarr store: the same chunks by its own calls."""
    from cloudfiles import CloudFiles

    files = CloudFiles(f"s3://{os.environ['AWS_ENDPOINT_URL']}/{bucket}/{prefix}", progress=False)
    starts = range(0, data.size, chunk)
    if verb == "open":
        same(files.exists("c/0"))
    elif verb == "write":
        files.puts(((f"c/{start // chunk}", data[start : start + chunk].tobytes()) for start in starts), compress=None)
    else:
        got = np.empty_like(data)
        for found in files.get([f"c/{start // chunk}" for start in starts]):
            if found["error"]:
                raise found["error"]
            start = int(found["path"].removeprefix("c/")) * chunk
            got[start : start + chunk] = np.frombuffer(found["content"], np.uint8)
        compare(got, data)


def compare(got: np.ndarray[Any, Any], data: np.ndarray[Any, Any]) -> None:
    """In pieces that fit the processor's cache: this is on the clock too."""
    for start in range(0, data.size, 1 << 18):
        same(np.array_equal(got[start : start + (1 << 18)], data[start : start + (1 << 18)]))


def same(right: bool) -> None:
    if not right:
        sys.exit("what was read is not what was written")


def main() -> None:
    library, verb, file, bucket, prefix, chunk = sys.argv[1:]
    data = np.memmap(file, np.uint8, "r")
    if library == "cloud-files":
        cloud_files(verb, data, bucket, prefix, int(chunk))
    else:
        zarr_work(library, verb, data, bucket, prefix, int(chunk))
    sys.stdout.flush()
    os._exit(0)  # threads of obstore abort some runs while Python ends; none of the work is lost by this


main()
