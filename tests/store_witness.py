"""Every kind of store by its own SDK: what it holds, independent of jsobj."""

from __future__ import annotations

import contextlib
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, Protocol


class Witness(Protocol):
    """The objects of one bucket."""

    def put(self, key: str, data: bytes) -> None:
        """Write one, in one piece where the SDK can."""
        ...

    def get(self, key: str) -> bytes:
        """All bytes of one."""
        ...

    def keys(self, prefix: str = "") -> dict[str, int]:
        """Each key and the bytes that its object has."""
        ...

    def delete(self, key: str) -> None:
        """Delete one."""
        ...


@dataclass
class S3Witness:
    """boto3."""

    endpoint: str
    access: str
    secret: str
    bucket: str
    region: str = "us-east-1"
    part_size: int = 0  # bytes of parts, 0 for one request

    @cached_property
    def client(self) -> Any:
        """The SDK's."""
        import boto3
        from botocore.config import Config

        quiet = {"request_checksum_calculation": "when_required", "response_checksum_validation": "when_required"}
        return boto3.client(
            "s3",
            endpoint_url=self.endpoint,
            aws_access_key_id=self.access,
            aws_secret_access_key=self.secret,
            region_name=self.region,
            config=Config(s3={"addressing_style": "path"}, max_pool_connections=16, **quiet),
        )

    def make(self) -> None:
        """The bucket."""
        self.client.create_bucket(Bucket=self.bucket)

    def put(self, key: str, data: bytes) -> None:
        """See :class:`Witness`."""
        if not self.part_size or len(data) <= self.part_size:
            self.client.put_object(Bucket=self.bucket, Key=key, Body=data)
            return
        import io

        from boto3.s3.transfer import TransferConfig

        config = TransferConfig(multipart_threshold=self.part_size, multipart_chunksize=self.part_size)
        self.client.upload_fileobj(io.BytesIO(data), self.bucket, key, Config=config)

    def get(self, key: str) -> bytes:
        """See :class:`Witness`."""
        data: bytes = self.client.get_object(Bucket=self.bucket, Key=key)["Body"].read()
        return data

    def keys(self, prefix: str = "") -> dict[str, int]:
        """See :class:`Witness`."""
        pages = self.client.get_paginator("list_objects_v2").paginate(Bucket=self.bucket, Prefix=prefix)
        return {each["Key"]: each["Size"] for page in pages for each in page.get("Contents", ())}

    def unfinished(self) -> list[str]:
        """The keys of uploads in parts that nobody has finished."""
        return [each["Key"] for each in self.client.list_multipart_uploads(Bucket=self.bucket).get("Uploads", ())]

    def delete(self, key: str) -> None:
        """See :class:`Witness`."""
        self.client.delete_object(Bucket=self.bucket, Key=key)


@dataclass
class AzureWitness:
    """azure-storage-blob."""

    connection: str
    bucket: str

    @cached_property
    def client(self) -> Any:
        """The SDK's."""
        from azure.storage.blob import ContainerClient

        return ContainerClient.from_connection_string(self.connection, self.bucket)

    def make(self) -> None:
        """The container."""
        self.client.create_container()

    def put(self, key: str, data: bytes) -> None:
        """See :class:`Witness`."""
        self.client.upload_blob(key, data, overwrite=True)

    def get(self, key: str) -> bytes:
        """See :class:`Witness`."""
        data: bytes = self.client.download_blob(key).readall()
        return data

    def keys(self, prefix: str = "") -> dict[str, int]:
        """See :class:`Witness`."""
        return {each.name: each.size for each in self.client.list_blobs(name_starts_with=prefix)}

    def unfinished(self) -> list[str]:
        """Blobs of which only blocks are there: Azure forgets them after a week."""
        return [each.name for each in self.client.list_blobs(include=["uncommittedblobs"]) if each.size is None]

    def delete(self, key: str) -> None:
        """See :class:`Witness`."""
        self.client.delete_blob(key)


@dataclass
class GoogleWitness:
    """google-cloud-storage, without a login, at an emulator."""

    endpoint: str
    bucket: str

    @cached_property
    def client(self) -> Any:
        """The SDK's."""
        from google.auth.credentials import AnonymousCredentials
        from google.cloud import storage

        options = {"api_endpoint": self.endpoint}
        return storage.Client(project="tests", credentials=AnonymousCredentials(), client_options=options)

    def make(self) -> None:
        """The bucket."""
        self.client.create_bucket(self.bucket)

    def put(self, key: str, data: bytes) -> None:
        """See :class:`Witness`."""
        self.client.bucket(self.bucket).blob(key).upload_from_string(data, "application/octet-stream")

    def get(self, key: str) -> bytes:
        """See :class:`Witness`."""
        data: bytes = self.client.bucket(self.bucket).blob(key).download_as_bytes(raw_download=True)
        return data

    def keys(self, prefix: str = "") -> dict[str, int]:
        """See :class:`Witness`."""
        return {each.name: each.size for each in self.client.list_blobs(self.bucket, prefix=prefix)}

    def unfinished(self) -> list[str]:
        """Parts that no object is made of yet lie beside the objects."""
        return [key for key in self.keys() if ".jsobj" in key]

    def delete(self, key: str) -> None:
        """See :class:`Witness`."""
        self.client.bucket(self.bucket).blob(key).delete()


@dataclass
class SwiftWitness:
    """python-swiftclient, with a token."""

    url: str
    token: str
    bucket: str

    @cached_property
    def client(self) -> Any:
        """The SDK's."""
        from swiftclient import Connection

        return Connection(preauthurl=self.url, preauthtoken=self.token)

    def make(self) -> None:
        """The container."""
        self.client.put_container(self.bucket)

    def put(self, key: str, data: bytes) -> None:
        """See :class:`Witness`."""
        self.client.put_object(self.bucket, key, data)

    def get(self, key: str) -> bytes:
        """See :class:`Witness`."""
        data: bytes = self.client.get_object(self.bucket, key)[1]
        return data

    def keys(self, prefix: str = "") -> dict[str, int]:
        """See :class:`Witness`. Of a large object the listing shows no bytes: they are asked for."""
        listed = self.client.get_container(self.bucket, prefix=prefix, full_listing=True)[1]
        return {
            each["name"]: int(self.client.head_object(self.bucket, each["name"])["content-length"]) for each in listed
        }

    def unfinished(self) -> list[str]:
        """Segments whose object is not there."""
        from swiftclient import ClientException

        with contextlib.suppress(ClientException):
            listed = self.client.get_container(f"{self.bucket}_segments", full_listing=True)[1]
            whole = set(self.keys())
            return [each["name"] for each in listed if not any(key in each["name"] for key in whole)]
        return []

    def delete(self, key: str) -> None:
        """See :class:`Witness`."""
        self.client.delete_object(self.bucket, key)


@dataclass
class FolderWitness:
    """A folder of this machine, also one that a web server shows."""

    folder: Path

    def put(self, key: str, data: bytes) -> None:
        """See :class:`Witness`."""
        path = self.folder / key
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)

    def get(self, key: str) -> bytes:
        """See :class:`Witness`."""
        return (self.folder / key).read_bytes()

    def keys(self, prefix: str = "") -> dict[str, int]:
        """See :class:`Witness`."""
        files = (path for path in self.folder.rglob("*") if path.is_file())
        sizes = {path.relative_to(self.folder).as_posix(): path.stat().st_size for path in files}
        return {key: size for key, size in sizes.items() if key.startswith(prefix)}

    def unfinished(self) -> list[str]:
        """Temporary files."""
        return [key for key in self.keys() if ".jsobj" in key]

    def delete(self, key: str) -> None:
        """See :class:`Witness`."""
        (self.folder / key).unlink()
