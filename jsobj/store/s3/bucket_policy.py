"""The policies of buckets over S3, as the texts that the server keeps."""

from __future__ import annotations

from jsobj.store.s3.bucket_documents import POLICY, BucketDocuments


class BucketPolicies(BucketDocuments):
    """Reads and writes policies with the owner's key, and the bucket's other documents."""

    def read(self, bucket: str) -> str:
        """The policy; "" where there is none. Raises bucket not found."""
        return self.document(bucket, POLICY)

    def write(self, bucket: str, text: str) -> None:
        """Set the policy, or with "" delete it."""
        self.put_document(bucket, POLICY, text)
