"""boto3 reads the same profile as the AWS CLI; it only has to be named."""

from __future__ import annotations

from dataclasses import replace

from jsobj.export.configuration import Configuration
from jsobj.export.logins import S3Login
from jsobj.export.tools import aws


def configure(s3: S3Login) -> Configuration:
    """The profile of ``aws``."""
    line = f'boto3.Session(profile_name="{s3.name}").client("s3").list_buckets()'
    return replace(aws.configure(s3), example=f"python -c 'import boto3; print({line})'")
