"""The profile with its endpoint in a ``services`` section, which holds for S3 alone."""

from __future__ import annotations

from dataclasses import replace

from jsobj.export.configuration import Configuration, Section
from jsobj.export.logins import S3Login
from jsobj.export.tools.aws import CONFIG, header, key_of, settings


def configure(s3: S3Login) -> Configuration:
    """Two sections of ``~/.aws/config``, and the key."""
    # Beside the profile that jsobj wrote, not in it: a profile has one way to its endpoint.
    name = f"{s3.name}-services" if s3.name == s3.profile else s3.name
    services = f"{name}-s3"
    return Configuration(
        (
            Section(CONFIG, f"services {services}", {"s3": {"endpoint_url": str(s3.endpoint)}}, ("s3",)),
            Section(CONFIG, header(name), {"services": services, **settings(s3)}, ("services",)),
            key_of(replace(s3, name=name)),
        ),
        f"aws --profile {name} s3 ls",
    )
