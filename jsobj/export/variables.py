"""The variables that AWS SDKs read, with which everything that is built on them works without a file."""

from __future__ import annotations

from jsobj.export.configuration import Word
from jsobj.export.connection import Connection


def keys(connection: Connection) -> dict[str, Word]:
    """The key itself."""
    return {"AWS_ACCESS_KEY_ID": connection.access, "AWS_SECRET_ACCESS_KEY": connection.secret}


def settings(connection: Connection) -> dict[str, Word]:
    """Endpoint, region and checksums: nothing secret. The region has two names: SDKs differ in which they read."""
    values: dict[str, Word] = {
        "AWS_ENDPOINT_URL": str(connection.endpoint),
        "AWS_REGION": connection.region,
        "AWS_DEFAULT_REGION": connection.region,
        "AWS_REQUEST_CHECKSUM_CALCULATION": connection.checksums.upper(),
        "AWS_RESPONSE_CHECKSUM_VALIDATION": connection.checksums.upper(),
    }
    return values | ({"AWS_CA_BUNDLE": connection.ca_bundle} if connection.ca_bundle else {})


def everything(connection: Connection) -> dict[str, Word]:
    """Key and settings."""
    return {**keys(connection), **settings(connection)}
