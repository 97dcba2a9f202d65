"""The policies of buckets over S3, as the texts that the server keeps."""

from __future__ import annotations

from jsobj.identity.command_hints import same_login
from jsobj.net.body import BytesSource
from jsobj.net.session import Session
from jsobj.store.access import S3Access
from jsobj.store.refusals import BUCKET_NOT_FOUND
from jsobj.store.s3.requests import GONE, S3Dialect, S3Requests
from jsobj.store.s3.verdict import said

_QUERY = (("policy", ""),)


class BucketPolicies:
    """Reads and writes policies with the owner's key. Raises :class:`jsobj.errors.JsobjError` as a store does.

    A server without policies (Swift's) refuses: ``s3-not-implemented``.
    """

    def __init__(self, access: S3Access, *, proxy: str = "") -> None:
        self._session = Session(access.origin, S3Dialect(access), verify=access.verify, proxy=proxy)
        self.access = access

    def read(self, bucket: str) -> str:
        """The document; "" where there is none. Raises bucket not found."""
        reply = self._of(bucket).send("GET", query=_QUERY, expect=frozenset({200, 404}))
        if reply.status == 200:
            return reply.text
        what = said(reply)
        if what.code == "NoSuchBucketPolicy":
            return ""
        raise BUCKET_NOT_FOUND.error("s3", bucket, context=what.context, at=same_login(profile=self.access.profile))

    def write(self, bucket: str, text: str) -> None:
        """Set the document, or with "" delete it."""
        if text:
            self._of(bucket).send("PUT", query=_QUERY, source=BytesSource(text.encode()), expect=GONE)
        else:
            self._of(bucket).send("DELETE", query=_QUERY, expect=GONE)

    def _of(self, bucket: str) -> S3Requests:
        return S3Requests(self._session, self.access, bucket)

    def close(self) -> None:
        """Close the connections."""
        self._session.close()
