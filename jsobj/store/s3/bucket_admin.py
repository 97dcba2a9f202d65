"""Buckets over S3, through boto3: not the data path, so a well-kept library serves better than our own wire.

Left out on purpose: LocationConstraint (a region's name there is refused by Ceph RGW unless it is the zonegroup's, and
none works everywhere) and DeleteObjects (current SDKs send no Content-MD5 with it, which older servers demand).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any, TypeAlias

from jsobj.net.connection.watched import watch_boto
from jsobj.store.access import S3Access
from jsobj.store.bucket_list import s3_buckets
from jsobj.store.buckets import Bucket
from jsobj.store.objects import StorePlace
from jsobj.store.s3.errors import translate_errors

# One object, or one version of it, as the arguments of DeleteObject.
Target: TypeAlias = "dict[str, str]"

_PARALLEL = 8
_PAGE = 1000  # versions that are deleted before the next are asked for
_COUNT_PAGES = 10  # pages of 1000 objects counted by show() where the server gives no totals


def make_client(access: S3Access, *, proxy: str) -> Any:
    """A boto3 S3 client with explicit keys: no other source of credentials is ever consulted.

    ``proxy``: a URL, "" for none; boto3's own rule for proxies is not used.
    """
    import boto3
    from botocore.config import Config

    session = boto3.Session(
        aws_access_key_id=access.key.access,
        aws_secret_access_key=access.key.secret.reveal(),
        region_name=access.region,
    )
    config = Config(
        signature_version="s3v4",
        s3={"addressing_style": access.addressing_style},
        request_checksum_calculation=access.checksums,
        response_checksum_validation=access.checksums,
        retries={"mode": "standard", "max_attempts": 3},
        connect_timeout=5,
        read_timeout=30,
        max_pool_connections=_PARALLEL,
        user_agent_extra="jsobj",
        proxies={access.origin.scheme: proxy} if proxy else {},
    )
    client = session.client("s3", endpoint_url=str(access.origin), config=config, verify=access.verify)
    watch_boto(client, access.origin.netloc)
    return client


class S3Account:
    """The buckets that one key sees."""

    def __init__(self, access: S3Access, *, proxy: str) -> None:
        self._access = access
        self._proxy = proxy
        self._client = make_client(access, proxy=proxy)
        self.place = StorePlace("s3", "", str(access.origin), access.where, access.project)

    def create(self, name: str) -> bool:
        """Create without a LocationConstraint. RGW answers 200 for one's own bucket, so look first."""
        existed = self._exists(name)
        with translate_errors(self._access, name):
            try:
                self._client.create_bucket(Bucket=name)
            except self._client.exceptions.BucketAlreadyOwnedByYou:
                return False
        return not existed

    def _exists(self, name: str) -> bool:
        from botocore.exceptions import ClientError

        with translate_errors(self._access, name):
            try:
                self._client.head_bucket(Bucket=name)
            except ClientError as error:
                # 403: another project's. create_bucket raises the proper error.
                if error.response.get("ResponseMetadata", {}).get("HTTPStatusCode") in {403, 404}:
                    return False
                raise
        return True

    def list(self) -> Iterator[Bucket]:
        """All buckets of the project, by name."""
        return s3_buckets(self._access, proxy=self._proxy)

    def show(self, name: str) -> Bucket:
        """Counts come from RGW's headers where there are any, else from listing up to 10 000 objects."""
        with translate_errors(self._access, name):
            head = self._client.head_bucket(Bucket=name)
            headers = head.get("ResponseMetadata", {}).get("HTTPHeaders", {})
            versioning = str(self._client.get_bucket_versioning(Bucket=name).get("Status", ""))
            if "x-rgw-object-count" in headers:
                objects, size, more = int(headers["x-rgw-object-count"]), int(headers["x-rgw-bytes-used"]), False
            else:
                objects, size, more = self._count(name)
        created = next((bucket.created for bucket in self.list() if bucket.name == name), None)
        return Bucket(name, "s3", created, objects, size, at_least=more, versioning=versioning or "off")

    def _count(self, name: str) -> tuple[int, int, bool]:
        objects = size = 0
        pages = self._client.get_paginator("list_objects_v2").paginate(Bucket=name)
        for number, page in enumerate(pages, start=1):
            objects += len(page.get("Contents", ()))
            size += sum(int(item["Size"]) for item in page.get("Contents", ()))
            if number == _COUNT_PAGES:
                return objects, size, bool(page.get("IsTruncated"))
        return objects, size, False

    def delete(self, name: str) -> None:
        """Delete an empty bucket."""
        with translate_errors(self._access, name):
            self._client.delete_bucket(Bucket=name)

    def empty(self, name: str, deleted: Callable[[int], None]) -> int:
        """Abort unfinished uploads, then delete objects (or every version of them) one request each, page by page."""
        client, total = self._client, 0
        with translate_errors(self._access, name), ThreadPoolExecutor(_PARALLEL) as pool:
            for page in client.get_paginator("list_multipart_uploads").paginate(Bucket=name):
                for upload in page.get("Uploads", ()):
                    client.abort_multipart_upload(Bucket=name, Key=upload["Key"], UploadId=upload["UploadId"])
            for batch in self._batches(name):
                for _ in pool.map(lambda target: client.delete_object(Bucket=name, **target), batch):
                    total += 1
                deleted(total)
        return total

    def _batches(self, name: str) -> Iterator[tuple[Target, ...]]:
        versioned = bool(self._client.get_bucket_versioning(Bucket=name).get("Status"))
        if not versioned:
            for page in self._client.get_paginator("list_objects_v2").paginate(Bucket=name):
                yield tuple({"Key": item["Key"]} for item in page.get("Contents", ()))
            return
        # Always the first page: Ceph RGW 16 skips versions behind a marker that was deleted.
        before: tuple[Target, ...] = ()
        while True:
            page = self._client.list_object_versions(Bucket=name, MaxKeys=_PAGE)
            items = (*page.get("Versions", ()), *page.get("DeleteMarkers", ()))
            batch = tuple({"Key": item["Key"], "VersionId": item["VersionId"]} for item in items)
            if batch in ((), before):
                return
            yield batch
            before = batch
