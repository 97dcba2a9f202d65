"""A profile in ``~/.aws/config`` that holds no secret: SDKs run jsobj for the key.

With a cloud named, jsobj asks Keystone each time; with a profile, it reads the key there."""

from __future__ import annotations

from jsobj.export.configuration import Configuration, Section
from jsobj.export.logins import S3Login
from jsobj.export.tools.aws import CONFIG, header, settings
from jsobj.identity.command_hints import same_login


def configure(s3: S3Login) -> Configuration:
    """One section, with the command to run."""
    # With a cloud, Keystone keeps the key, and no file of this machine holds it.
    command = f"jsobj ec2-creds process{same_login(cloud=s3.cloud) or same_login(profile=s3.profile)}"
    values = {"credential_process": command, "endpoint_url": str(s3.endpoint), **settings(s3)}
    name = s3.name if s3.name != s3.profile else f"{s3.name}-process"
    return Configuration(
        (Section(CONFIG, header(name), values, ("credential_process", "endpoint_url")),),
        f"aws --profile {name} s3 ls",
        "jsobj must be on the PATH of whatever reads this profile",
    )
