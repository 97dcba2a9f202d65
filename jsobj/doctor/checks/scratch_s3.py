"""Scratch buckets over S3, with boto3."""

from __future__ import annotations

from jsobj.store.access import S3Access
from jsobj.store.s3.bucket_admin import make_client
from jsobj.store.s3.errors import translated


class S3Buckets:
    """The buckets that a key sees. ``client`` is boto3's, and for any thread."""

    scheme = "s3"

    def __init__(self, access: S3Access, *, proxy: str) -> None:
        self._access = access
        self.client = make_client(access, proxy=proxy)

    def require(self, bucket: str) -> None:
        """Raise where there is no such bucket."""
        with translated(self._access, bucket):
            self.client.head_bucket(Bucket=bucket)

    def create(self, bucket: str) -> None:
        """Make it, without a LocationConstraint, which Ceph refuses."""
        with translated(self._access, bucket):
            self.client.create_bucket(Bucket=bucket)

    def clear(self, bucket: str, prefix: str) -> None:
        """Abort unfinished uploads, then delete objects."""
        with translated(self._access, bucket):
            uploads = self.client.list_multipart_uploads(Bucket=bucket, Prefix=prefix)
            for upload in uploads.get("Uploads", ()):
                self.client.abort_multipart_upload(Bucket=bucket, Key=upload["Key"], UploadId=upload["UploadId"])
            for item in self.client.list_objects_v2(Bucket=bucket, Prefix=prefix).get("Contents", ()):
                self.client.delete_object(Bucket=bucket, Key=item["Key"])

    def delete(self, bucket: str) -> None:
        """Delete the empty bucket."""
        with translated(self._access, bucket):
            self.client.delete_bucket(Bucket=bucket)

    def remains(self, bucket: str, prefix: str) -> bool:
        """Whether something is left below ``prefix``; without one, whether the bucket is."""
        with translated(self._access, bucket):
            if prefix:
                return bool(self.client.list_objects_v2(Bucket=bucket, Prefix=prefix).get("KeyCount", 0))
            return bucket in {item["Name"] for item in self.client.list_buckets().get("Buckets", ())}
