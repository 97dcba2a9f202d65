"""The variables that AWS SDKs read, with which everything that is built on them works without a file."""

from __future__ import annotations

from jsobj.export.configuration import Word
from jsobj.export.connection import S3Login


def keys(s3: S3Login) -> dict[str, Word]:
    """The key itself."""
    return {"AWS_ACCESS_KEY_ID": s3.access, "AWS_SECRET_ACCESS_KEY": s3.secret}


def settings(s3: S3Login) -> dict[str, Word]:
    """Endpoint, region and checksums: nothing secret. The region has two names: SDKs differ in which they read."""
    values: dict[str, Word] = {
        "AWS_ENDPOINT_URL": str(s3.endpoint),
        "AWS_REGION": s3.region,
        "AWS_DEFAULT_REGION": s3.region,
        "AWS_REQUEST_CHECKSUM_CALCULATION": s3.checksums.upper(),
        "AWS_RESPONSE_CHECKSUM_VALIDATION": s3.checksums.upper(),
    }
    return values | ({"AWS_CA_BUNDLE": s3.ca_bundle} if s3.ca_bundle else {})


def everything(s3: S3Login) -> dict[str, Word]:
    """Key and settings."""
    return {**keys(s3), **settings(s3)}
