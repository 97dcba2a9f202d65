"""obstore: its asynchronous calls, many objects at once, a large object in concurrent ranges."""

import asyncio
import os
import sys
from pathlib import Path

import obstore
from obstore.store import S3Store

AT_ONCE = 32
PART = 16 << 20
RANGES = 8


def open_store(bucket: str) -> S3Store:
    endpoint = os.environ["AWS_ENDPOINT_URL"]
    options = {"allow_http": endpoint.startswith("http:")}
    if authority := os.environ.get("SSL_CERT_FILE"):
        options["root_certificate"] = Path(authority).read_text()
    return S3Store(bucket, endpoint=endpoint, region=os.environ["AWS_REGION"], client_options=options)


async def get(store: S3Store, key: str, local: str) -> None:
    size = (await obstore.head_async(store, key))["size"]
    gate = asyncio.Semaphore(RANGES)
    with open(local, "wb") as file:

        async def one(start: int) -> None:
            async with gate:
                data = await obstore.get_range_async(store, key, start=start, end=min(start + PART, size))
                await asyncio.to_thread(os.pwrite, file.fileno(), data, start)

        await asyncio.gather(*(one(start) for start in range(0, size, PART)))


async def put_tree(store: S3Store, key: str, local: str) -> None:
    gate = asyncio.Semaphore(AT_ONCE)

    async def one(path: Path) -> None:
        async with gate:
            await obstore.put_async(store, key + path.relative_to(local).as_posix(), path)

    await asyncio.gather(*(one(path) for path in Path(local).rglob("*") if path.is_file()))


async def get_tree(store: S3Store, key: str, local: str) -> None:
    gate = asyncio.Semaphore(AT_ONCE)

    async def one(name: str) -> None:
        target = Path(local, name[len(key) :])
        async with gate:
            data = await (await obstore.get_async(store, name)).bytes_async()
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(data)

    names = [found["path"] async for batch in obstore.list(store, prefix=key) for found in batch]
    await asyncio.gather(*(one(name) for name in names))


def main() -> None:
    verb, local, bucket, key = sys.argv[1:]
    store = open_store(bucket)
    if verb == "put":
        obstore.put(store, key, Path(local), chunk_size=PART, max_concurrency=RANGES)
    elif verb == "get":
        asyncio.run(get(store, key, local))
    elif verb == "put_tree":
        asyncio.run(put_tree(store, key, local))
    elif verb == "get_tree":
        asyncio.run(get_tree(store, key, local))
    else:
        for batch in obstore.list(store, prefix=key or None):
            names = [found["path"] for found in batch]
            if verb == "rm":
                obstore.delete(store, names)
            else:
                print(*names, sep="\n")
    sys.stdout.flush()
    os._exit(0)  # its threads abort some runs while Python ends (obstore 0.12): none of the work is lost by this


main()
