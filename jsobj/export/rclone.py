"""rclone: a remote over S3, and one over Swift's own API where a login is known.

The region is the one that the server signs with: for any but ``us-east-1`` rclone sends it as LocationConstraint with
``mkdir``, which Swift takes for its own region and RGW refuses unless it is its zone group's; profiles of jsobj name
``us-east-1`` for RGW. ``no_check_bucket``: rclone would otherwise try to create the bucket before each upload.
"""

from __future__ import annotations

from jsobj.export.configuration import Configuration, Section, Word
from jsobj.export.connection import Connection, SwiftLogin

PATH = "~/.config/rclone/rclone.conf"


def configure(connection: Connection) -> Configuration:
    """Sections of ``rclone.conf``."""
    values: dict[str, Word] = {
        "type": "s3",
        "provider": "Ceph" if connection.server == "ceph-rgw" else "Other",
        "env_auth": "false",
        "access_key_id": connection.access,
        "secret_access_key": connection.secret,
        "endpoint": str(connection.endpoint),
        "region": connection.region,
        "force_path_style": "true" if connection.path_style else "false",
        "no_check_bucket": "true",
        "list_version": "1",
    }
    parts = [Section(PATH, connection.name, values, ("type", "access_key_id", "endpoint"))]
    if connection.swift is not None:
        parts.append(
            Section(
                PATH,
                f"{connection.name}-swift",
                _swift(connection.swift),
                ("type", "auth", "application_credential_id"),
            )
        )
    note = ""
    if connection.ca_bundle:  # "unsupported transport", measured with 1.60
        note = f"certificates: add --ca-cert {connection.ca_bundle}, and unset AWS_CA_BUNDLE, which rclone cannot take"
    return Configuration(tuple(parts), f"rclone lsd {connection.name}:", note)


# keystoneauth's option -> rclone's.
_OPTIONS = {
    "application_credential_id": "application_credential_id",
    "application_credential_name": "application_credential_name",
    "username": "user",
    "user_id": "user_id",
    "user_domain_name": "domain",
    "project_name": "tenant",
    "project_id": "tenant_id",
    "project_domain_name": "tenant_domain",
}
_SECRETS = {"application_credential_secret": "application_credential_secret", "password": "key"}


def _swift(login: SwiftLogin) -> dict[str, Word]:
    values: dict[str, Word] = {"type": "swift", "env_auth": "false", "auth": login.auth_url, "auth_version": "3"}
    values |= {_OPTIONS[name]: value for name, value in login.options.items() if name in _OPTIONS}
    values |= {_SECRETS[name]: value for name, value in login.secrets.items() if name in _SECRETS}
    return values | ({"region": login.region} if login.region else {})
