"""The stores of the four programs: S3 with DynamoDB and Azure's by emulators, Swift and Ceph RGW as they are."""

from __future__ import annotations

import contextlib
import re
import urllib.request
import uuid
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

from book_scene import HERE, Key, Side
from catalogue_parts import PARTS, all_rows, newest
from commands import PROGRAMS, Jsobj
from fault_proxy import fault_proxy
from fixtures_cloud import Cloud
from fixtures_places import PROFILE, s3_config

from jsobj.identity.aws_files.profile import AwsFiles, AwsProfile, write_profile
from jsobj.secret import Secret

NAME = "samples"  # of the scripts' bucket, table and container
_REGION = "book"
_PATH = f"{PROGRAMS}:/usr/local/bin:/usr/bin:/bin"


@contextlib.contextmanager
def amazon(moto: str, folder: Path) -> Iterator[Side]:
    """S3 and DynamoDB."""
    import boto3

    with fault_proxy(moto) as proxy:
        own = {
            "AWS_ENDPOINT_URL": proxy.url,
            "AWS_ACCESS_KEY_ID": "any",
            "AWS_SECRET_ACCESS_KEY": "any",
            "AWS_DEFAULT_REGION": "us-east-1",
        }
        words = {"endpoint_url": moto, "config": s3_config()}
        session = boto3.Session("any", "any", region_name="us-east-1")
        s3, table = session.client("s3", **words), session.client("dynamodb", endpoint_url=moto)

        def keys() -> list[Key]:
            pages = table.get_paginator("scan").paginate(TableName=NAME)
            return [(row["PartitionKey"]["S"], row["RowKey"]["S"]) for page in pages for row in page["Items"]]

        def clear() -> None:
            urllib.request.urlopen(urllib.request.Request(f"{moto}/moto-api/reset", method="POST"), timeout=30).close()

        clear()
        yield Side(
            "S3 + DynamoDB, boto3 (on moto)",
            HERE / "dynamodb.py",
            {"PATH": _PATH, "HOME": str(folder), **own},
            [proxy],
            lambda: _s3_names(s3, NAME),
            keys,
            clear,
        )
        s3.close()
        table.close()


@contextlib.contextmanager
def azure(connection: str, folder: Path) -> Iterator[Side]:
    """Blob and Table storage."""
    from azure.core.exceptions import ResourceNotFoundError
    from azure.data.tables import TableServiceClient
    from azure.storage.blob import BlobServiceClient

    with ExitStack() as stack:
        proxies, way = [], connection
        for service in ("Blob", "Table"):
            found = re.search(rf"{service}Endpoint=(http://[^/]*)/", connection)
            assert found
            proxies.append(stack.enter_context(fault_proxy(found[1])))
            way = way.replace(found[1], proxies[-1].url)
        blobs = stack.enter_context(BlobServiceClient.from_connection_string(connection))
        tables = stack.enter_context(TableServiceClient.from_connection_string(connection))

        def keys() -> list[Key]:
            found = tables.get_table_client(NAME).list_entities()
            return [(row["PartitionKey"], row["RowKey"]) for row in found]

        def clear() -> None:
            with contextlib.suppress(ResourceNotFoundError):
                blobs.delete_container(NAME)
            with contextlib.suppress(ResourceNotFoundError):
                tables.delete_table(NAME)

        clear()
        yield Side(
            "Azure Blob + Table, its SDK (on Azurite)",
            HERE / "azure_table.py",
            {"PATH": _PATH, "HOME": str(folder), "AZURE_STORAGE_CONNECTION_STRING": way},
            proxies,
            lambda: {blob.name for blob in blobs.get_container_client(NAME).list_blobs()},
            keys,
            clear,
        )


@contextlib.contextmanager
def ceph(endpoint: str, key: tuple[str, str], folder: Path) -> Iterator[Side]:
    """S3 on Ceph RGW, with a key."""
    import boto3

    with (
        fault_proxy(endpoint) as proxy,
        contextlib.closing(
            boto3.Session(*key, region_name="us-east-1").client("s3", endpoint_url=endpoint, config=s3_config())
        ) as s3,
    ):
        files = AwsFiles(folder / ".aws/credentials", folder / ".aws/config")
        write_profile(files, AwsProfile(PROFILE, key[0], Secret(key[1]), proxy.url, "us-east-1"))
        bucket = f"t-{uuid.uuid4().hex[:12]}"
        s3.create_bucket(Bucket=bucket)

        def body(name: str) -> bytes:
            data: bytes = s3.get_object(Bucket=bucket, Key=name)["Body"].read()
            return data

        def clear() -> None:
            for name in _s3_names(s3, bucket):
                s3.delete_object(Bucket=bucket, Key=name)

        yield _catalogue(
            "jsobj catalog on Ceph RGW (S3)",
            f"s3://{bucket}/",
            folder,
            proxy,
            lambda: _s3_names(s3, bucket),
            body,
            clear,
            AWS_PROFILE=PROFILE,
        )
        clear()
        s3.delete_bucket(Bucket=bucket)


@contextlib.contextmanager
def swift(cloud: Cloud, folder: Path) -> Iterator[Side]:
    """Swift's own API, with a restricted application credential and no key of S3."""
    import swiftclient

    jsobj = Jsobj(folder, cloud.secrets)
    with fault_proxy(cloud.s3_endpoint) as proxy, cloud.published(_REGION, f"{proxy.url}/v1/AUTH_%(project_id)s"):
        jsobj("login", cloud.rc("app-cred-restricted"), "--region", _REGION)
        witness = swiftclient.Connection(
            preauthurl=cloud.swift_url, preauthtoken=cloud.keystone_token("alice"), retries=5
        )
        bucket = f"t-{uuid.uuid4().hex[:12]}"
        witness.put_container(bucket)

        def names() -> set[str]:
            return {item["name"] for item in witness.get_container(bucket, full_listing=True)[1]}

        def clear() -> None:
            for name in names():
                witness.delete_object(bucket, name)

        yield _catalogue(
            "jsobj catalog on Swift (its API)",
            f"swift://{bucket}/",
            folder,
            proxy,
            names,
            lambda name: bytes(witness.get_object(bucket, name)[1]),
            clear,
        )
        clear()
        witness.delete_container(bucket)
        witness.close()


def _catalogue(
    title: str,
    url: str,
    home: Path,
    proxy: Any,
    names: Callable[[], set[str]],
    body: Callable[[str], bytes],
    clear: Callable[[], None],
    **more: str,
) -> Side:
    def keys() -> list[Key]:
        rows = all_rows({name: body(name) for name in names() if name.startswith(PARTS)})
        return [(row["experiment_id"], row["item_id"]) for row in newest(rows).values()]

    environment = {"PATH": _PATH, "HOME": str(home), "LANG": "C.UTF-8", "URL": url, **more}
    files = lambda: {name for name in names() if not name.startswith("_catalog/")}  # noqa: E731
    return Side(title, HERE / "catalogue.sh", environment, [proxy], files, keys, clear)


def _s3_names(s3: Any, bucket: str) -> set[str]:
    from botocore.exceptions import ClientError

    try:
        pages = s3.get_paginator("list_objects_v2").paginate(Bucket=bucket)
        return {item["Key"] for page in pages for item in page.get("Contents", ())}
    except ClientError:
        return set()
