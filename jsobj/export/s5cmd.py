"""s5cmd: it reads the AWS profile, but not the profile's endpoint."""

from __future__ import annotations

from jsobj.export.configuration import Configuration, Variables, Word
from jsobj.export.connection import Connection
from jsobj.export.variables import keys


def configure(connection: Connection) -> Configuration:
    """Variables; without a secret where there is a profile that holds it."""
    values: dict[str, Word] = {"S3_ENDPOINT_URL": str(connection.endpoint), "AWS_REGION": connection.region}
    values |= {"AWS_PROFILE": connection.profile} if connection.profile else keys(connection)
    if connection.ca_bundle:
        values["AWS_CA_BUNDLE"] = connection.ca_bundle
    return Configuration((Variables("", values),), "s5cmd ls")
