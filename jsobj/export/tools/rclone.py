"""rclone: a remote over S3, and one over Swift's own API where a login is known.

The region is the one that the server signs with: for any but ``us-east-1`` rclone sends it as LocationConstraint with
``mkdir``, which Swift takes for its own region and RGW refuses unless it is its zone group's; profiles of jsobj name
``us-east-1`` for RGW. ``no_check_bucket``: rclone would otherwise try to create the bucket before each upload.
"""

from __future__ import annotations

from jsobj.export.configuration import Configuration, Section, Word
from jsobj.export.logins import S3Login, SwiftLogin

PATH = "~/.config/rclone/rclone.conf"


def configure(s3: S3Login) -> Configuration:
    """A remote over S3."""
    values: dict[str, Word] = {
        "type": "s3",
        "provider": "Ceph" if s3.server == "ceph-rgw" else "Other",
        "env_auth": "false",
        "access_key_id": s3.access,
        "secret_access_key": s3.secret,
        "endpoint": str(s3.endpoint),
        "region": s3.region,
        "force_path_style": "true" if s3.path_style else "false",
        "no_check_bucket": "true",
        "list_version": "1",
    }
    note = "rclone mount loses at its end what it has not sent yet: "
    note += f"jsobj mount s3://{s3.a_bucket} DIR waits for it"
    if s3.ca_bundle:  # "unsupported transport", measured with 1.60
        note += f"; certificates: add --ca-cert {s3.ca_bundle}, and unset AWS_CA_BUNDLE, which rclone cannot take"
    part = Section(PATH, s3.name, values, ("type", "access_key_id", "endpoint"))
    return Configuration((part,), f"rclone lsd {s3.name}:", note)


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
_DEFAULT_DOMAIN = {"user_domain_id": "domain", "project_domain_id": "tenant_domain"}
_LOGIN = ("type", "auth", *_OPTIONS.values(), "region", "endpoint_type")
# A password where there is an application credential, a token that ends, a URL that is not the catalogue's.
_OTHERS = (*_SECRETS.values(), "auth_token", "storage_url")


def configure_swift(swift: SwiftLogin) -> Configuration:
    """A remote over Swift, which logs in itself whenever its token ends."""
    source, options = swift.source, swift.options
    values: dict[str, Word] = {"type": "swift", "env_auth": "false", "auth": source.auth_url, "auth_version": "3"}
    values |= {_OPTIONS[name]: value for name, value in options.items() if name in _OPTIONS}
    # rclone knows domains by name; the default domain's id and name are Keystone's own.
    values |= {word: "Default" for name, word in _DEFAULT_DOMAIN.items() if options.get(name) == "default"}
    values |= {_SECRETS[name]: value for name, value in swift.secrets.items() if name in _SECRETS}
    values |= {"region": source.region} if source.region else {}
    values |= {"endpoint_type": source.interface} if source.interface != "public" else {}
    note = f"certificates: add --ca-cert {swift.cacert}" if swift.cacert else ""
    if not source.verify:
        note = "certificates are not checked for this cloud: add --no-check-certificate"
    name = f"{swift.name}-swift"
    keys = tuple(word for word in _LOGIN if word in values)
    unset = tuple(word for word in (*_LOGIN, *_OTHERS) if word not in values)
    return Configuration((Section(PATH, name, values, keys, unset),), f"rclone lsd {name}:", note)
