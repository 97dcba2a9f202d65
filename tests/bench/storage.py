"""What the bench does at the server itself, by boto3 and plain HTTP: fill, look, read back, clean up.

These functions run in a process of their own, which is why boto3 is imported inside.
"""

from __future__ import annotations

import contextlib
import hashlib
import http.client
import os
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from servers import Place

_THREADS = 4
_PIECE = 1 << 20


def _client(place: Place) -> Any:
    import boto3
    from botocore.config import Config

    return boto3.client(
        "s3",
        endpoint_url=place.endpoint,
        aws_access_key_id=place.access,
        aws_secret_access_key=place.secret,
        region_name=place.region,
        config=Config(
            s3={"addressing_style": "path"},
            request_checksum_calculation="when_required",
            response_checksum_validation="when_required",
            max_pool_connections=16,
        ),
    )


def make_bucket(place: Place, bucket: str) -> None:
    _client(place).create_bucket(Bucket=bucket)


def fill(place: Place, bucket: str, prefix: str, folder: Path, threshold: int = 8 << 20) -> None:
    """Upload the files below ``folder``, as boto3 does by default: in parts from ``threshold`` bytes on."""
    from boto3.s3.transfer import TransferConfig, create_transfer_manager

    with create_transfer_manager(_client(place), TransferConfig(multipart_threshold=threshold)) as manager:
        futures = [
            manager.upload(str(path), bucket, prefix + path.relative_to(folder).as_posix())
            for path in sorted(folder.rglob("*"))
            if path.is_file()
        ]
        for future in futures:
            future.result()


def listing(place: Place, bucket: str, prefix: str) -> dict[str, tuple[str, str]]:
    """Key below ``prefix`` -> (ETag, time of the last change)."""
    return {
        found["Key"][len(prefix) :]: (found["ETag"], str(found["LastModified"]))
        for found in _objects(_client(place), bucket, prefix)
    }


def sizes(place: Place, bucket: str, prefix: str) -> dict[str, int]:
    """Key below ``prefix`` -> bytes."""
    return {found["Key"][len(prefix) :]: found["Size"] for found in _objects(_client(place), bucket, prefix)}


def digests(place: Place, bucket: str, prefix: str) -> dict[str, str]:
    """Key below ``prefix`` -> SHA-256 of what the server gives back, every byte read."""
    client = _client(place)
    keys = [found["Key"] for found in _objects(client, bucket, prefix)]
    urls = {
        key: client.generate_presigned_url("get_object", Params={"Bucket": bucket, "Key": key}, ExpiresIn=3600)
        for key in keys
    }
    with ThreadPoolExecutor(_THREADS) as pool:
        parts = pool.map(lambda some: _read([(key, urls[key]) for key in some]), _dealt(keys))
    return {key[len(prefix) :]: digest for part in parts for key, digest in part}


def remove(place: Place, bucket: str, prefix: str = "") -> None:
    """Delete all objects and unfinished uploads below ``prefix``."""
    client = _client(place)
    keys = [found["Key"] for found in _objects(client, bucket, prefix)]
    for start in range(0, len(keys), 1000):
        wanted = {"Objects": [{"Key": key} for key in keys[start : start + 1000]], "Quiet": True}
        if errors := client.delete_objects(Bucket=bucket, Delete=wanted).get("Errors"):
            raise RuntimeError(f"not deleted: {errors[:3]}")
    for page in client.get_paginator("list_multipart_uploads").paginate(Bucket=bucket, Prefix=prefix):
        for upload in page.get("Uploads", []):
            client.abort_multipart_upload(Bucket=bucket, Key=upload["Key"], UploadId=upload["UploadId"])


def remove_bucket(place: Place, bucket: str) -> None:
    remove(place, bucket)
    _client(place).delete_bucket(Bucket=bucket)


def local_digests(folder: Path, kind: str = "sha256") -> dict[str, str]:
    """Path below ``folder`` -> digest of the file."""
    found = {}
    for path in folder.rglob("*"):
        if path.is_file():
            digest = hashlib.new(kind)
            with path.open("rb") as file:
                while piece := file.read(_PIECE):
                    digest.update(piece)
            found[path.relative_to(folder).as_posix()] = digest.hexdigest()
    return found


def make_files(folder: Path, count: int, size: int, *, together: int = 100) -> None:
    """``count`` files of ``size`` random bytes, ``together`` in a folder; a single one lies in ``folder`` itself."""
    for number in range(count):
        path = folder / (f"{number // together:03d}/{number:05d}.bin" if count > 1 else "large.bin")
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("wb") as file:
            for start in range(0, size, 8 * _PIECE):
                file.write(os.urandom(min(8 * _PIECE, size - start)))


def _objects(client: Any, bucket: str, prefix: str) -> Iterator[Any]:
    for page in client.get_paginator("list_objects_v2").paginate(Bucket=bucket, Prefix=prefix):
        yield from page.get("Contents", [])


def _dealt(keys: list[str]) -> list[list[str]]:
    return [keys[start::_THREADS] for start in range(_THREADS)]


def _read(urls: list[tuple[str, str]]) -> list[tuple[str, str]]:
    if not urls:
        return []
    connection = http.client.HTTPConnection(urlsplit(urls[0][1]).netloc, timeout=60)
    found = []
    with contextlib.closing(connection):
        for key, url in urls:
            target = urlsplit(url)
            connection.request("GET", f"{target.path}?{target.query}")
            answer = connection.getresponse()
            digest = hashlib.sha256()
            while piece := answer.read(_PIECE):
                digest.update(piece)
            if answer.status != 200:
                raise RuntimeError(f"{key}: {answer.status}")
            found.append((key, digest.hexdigest()))
    return found
