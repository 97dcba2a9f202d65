"""The profile in ``~/.aws``, which the AWS CLI, boto3, s3fs and many others read.

Trailing checksums, which current SDKs send by default, break uploads on older releases of Swift and RGW; SDKs that do
not know the two settings ignore them.
"""

from __future__ import annotations

from collections.abc import Mapping

from jsobj.export.configuration import Configuration, Section, Word
from jsobj.export.logins import S3Login

CONFIG, CREDENTIALS = "~/.aws/config", "~/.aws/credentials"


def configure(s3: S3Login) -> Configuration:
    """A profile: endpoint and settings in one file, the key in the other."""
    values = {"endpoint_url": str(s3.endpoint), **settings(s3)}
    return Configuration(
        (Section(CONFIG, header(s3.name), values, ("endpoint_url",)), key_of(s3)),
        f"aws --profile {s3.name} s3 ls",
        "'aws s3 mb' may need --region us-east-1 on Ceph RGW; 'jsobj bucket create' needs nothing",
    )


def header(name: str) -> str:
    """The section of a profile in the config file, where only ``default`` goes without the word."""
    return name if name == "default" else f"profile {name}"


def key_of(s3: S3Login) -> Section:
    """The key, in the credentials file."""
    return Section(
        CREDENTIALS,
        s3.name,
        {"aws_access_key_id": s3.access, "aws_secret_access_key": s3.secret},
        ("aws_access_key_id",),
    )


def settings(s3: S3Login) -> Mapping[str, Word | Mapping[str, str]]:
    """The settings that this server needs."""
    values: dict[str, Word | Mapping[str, str]] = {
        "region": s3.region,
        "s3": {"addressing_style": s3.addressing_style},
        "request_checksum_calculation": s3.checksums,
        "response_checksum_validation": s3.checksums,
    }
    return values | ({"ca_bundle": s3.ca_bundle} if s3.ca_bundle else {})
