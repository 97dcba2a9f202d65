"""s5cmd: it reads the AWS profile, but not the profile's endpoint."""

from __future__ import annotations

from jsobj.export.configuration import Configuration, Variables, Word
from jsobj.export.logins import S3Login
from jsobj.export.variables import keys


def configure(s3: S3Login) -> Configuration:
    """Variables; without a secret where there is a profile that holds it."""
    values: dict[str, Word] = {"S3_ENDPOINT_URL": str(s3.endpoint), "AWS_REGION": s3.region}
    values |= {"AWS_PROFILE": s3.profile} if s3.profile else keys(s3)
    if s3.ca_bundle:
        values["AWS_CA_BUNDLE"] = s3.ca_bundle
    return Configuration((Variables("", values),), "s5cmd ls")
