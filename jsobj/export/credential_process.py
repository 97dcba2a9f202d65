"""A profile in ``~/.aws/config`` that holds no secret: SDKs run jsobj for the key.

With a cloud named, jsobj asks Keystone each time; with a profile, it reads the key there."""

from __future__ import annotations

import shlex

from jsobj.export.aws import CONFIG, header, settings
from jsobj.export.configuration import Configuration, Section
from jsobj.export.connection import Connection


def configure(connection: Connection) -> Configuration:
    """One section, with the command to run."""
    if connection.cloud:  # Keystone keeps the key, and no file of this machine holds it
        asked = f" --cloud {shlex.quote(connection.cloud)}"
    else:
        asked = f" --profile {shlex.quote(connection.profile)}" if connection.profile else ""
    values = {
        "credential_process": f"jsobj ec2-creds process{asked}",
        "endpoint_url": str(connection.endpoint),
        **settings(connection),
    }
    name = connection.name if connection.name != connection.profile else f"{connection.name}-process"
    return Configuration(
        (Section(CONFIG, header(name), values, ("credential_process", "endpoint_url")),),
        f"aws --profile {name} s3 ls",
        "jsobj must be on the PATH of whatever reads this profile",
    )
