"""The profile with its endpoint in a ``services`` section, which holds for S3 alone."""

from __future__ import annotations

from jsobj.export.aws import CONFIG, header, key_of, settings
from jsobj.export.configuration import Configuration, Section
from jsobj.export.connection import Connection


def configure(connection: Connection) -> Configuration:
    """Two sections of ``~/.aws/config``, and the key."""
    services = f"{connection.name}-s3"
    return Configuration(
        (
            Section(CONFIG, f"services {services}", {"s3": {"endpoint_url": str(connection.endpoint)}}, ("s3",)),
            Section(CONFIG, header(connection.name), {"services": services, **settings(connection)}, ("services",)),
            key_of(connection),
        ),
        f"aws --profile {connection.name} s3 ls",
    )
