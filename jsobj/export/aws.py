"""The profile in ``~/.aws``, which the AWS CLI, boto3, s3fs and many others read.

Trailing checksums, which current SDKs send unasked, break uploads on older releases of Swift and RGW; releases that do
not know the two settings ignore them.
"""

from __future__ import annotations

from collections.abc import Mapping

from jsobj.export.configuration import Configuration, Section, Word
from jsobj.export.connection import Connection

CONFIG, CREDENTIALS = "~/.aws/config", "~/.aws/credentials"


def configure(connection: Connection) -> Configuration:
    """A profile: endpoint and settings in one file, the key in the other."""
    values = {"endpoint_url": str(connection.endpoint), **settings(connection)}
    return Configuration(
        (Section(CONFIG, header(connection.name), values, ("endpoint_url",)), key_of(connection)),
        f"aws --profile {connection.name} s3 ls",
        "'aws s3 mb' may need --region us-east-1 on Ceph RGW; 'jsobj bucket create' needs nothing",
    )


def header(name: str) -> str:
    """The section of a profile in the config file, where only ``default`` goes without the word."""
    return name if name == "default" else f"profile {name}"


def key_of(connection: Connection) -> Section:
    """The key, in the credentials file."""
    return Section(
        CREDENTIALS,
        connection.name,
        {"aws_access_key_id": connection.access, "aws_secret_access_key": connection.secret},
        ("aws_access_key_id",),
    )


def settings(connection: Connection) -> Mapping[str, Word | Mapping[str, str]]:
    """How this server wants to be spoken to."""
    values: dict[str, Word | Mapping[str, str]] = {
        "region": connection.region,
        "s3": {"addressing_style": connection.addressing_style},
        "request_checksum_calculation": connection.checksums,
        "response_checksum_validation": connection.checksums,
    }
    return values | ({"ca_bundle": connection.ca_bundle} if connection.ca_bundle else {})
