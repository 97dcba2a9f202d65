"""What another tool must know of an object store: S3 keys, a Keystone login, as frozen values."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from jsobj.errors import ExitCode, JsobjError
from jsobj.identity.auth_source import AuthSource
from jsobj.identity.aws_files.ini_edit import EASY_NAME, is_plain
from jsobj.identity.command_hints import same_login
from jsobj.secret import Secret
from jsobj.urls import Origin


@dataclass(frozen=True, slots=True)
class S3Login:
    """S3 keys and where they are good, ready for export.

    ``name``: what the tool calls it (a remote, an alias, a section). ``profile``: the AWS profile that holds the
    same, "" where the keys come from elsewhere. ``server``: ``ceph-rgw``, ``swift`` or ``unknown``, as
    :mod:`jsobj.ec2_keys.probe` found out. ``bucket``: "" where the tool's settings name none. ``ca_bundle``: a PEM
    file of authorities, "" for the usual ones. ``cloud``: the login that was named, "" if none was.
    """

    name: str
    profile: str
    endpoint: Origin
    region: str
    access: str
    secret: Secret
    server: str = "unknown"
    addressing_style: str = "path"
    checksums: str = "when_required"
    ca_bundle: str = ""
    cloud: str = ""
    bucket: str = ""

    @property
    def a_bucket(self) -> str:
        """The bucket, or a word that stands for one."""
        return self.bucket or "BUCKET"

    @property
    def path_style(self) -> bool:
        """Whether buckets are in the path of a URL, not in its host."""
        return self.addressing_style != "virtual"


@dataclass(frozen=True, slots=True)
class SwiftLogin:
    """A Keystone login with one secret, ready for export: it needs no person, and no S3 keys.

    ``name`` and ``bucket`` as in :class:`S3Login`. ``cacert``: a PEM file of authorities on this machine, "" for the
    usual ones. ``storage_url``: Swift's URL of the project, "" where it was not looked up.
    ``keys_refused``: it is known that Keystone gives this login no S3 keys.
    """

    name: str
    source: AuthSource
    bucket: str = ""
    cacert: str = ""
    storage_url: str = ""
    keys_refused: bool = False

    @property
    def a_bucket(self) -> str:
        """The container, or a word that stands for one."""
        return self.bucket or "BUCKET"

    @property
    def options(self) -> dict[str, str]:
        """keystoneauth's options without the secret; the default domain, which jsobj assumes, is named.

        Other programs ask for the domain, except where the user is known by id.
        """
        options = {name: value for name, value in self.source.auth.items() if isinstance(value, str)}
        if not self.source.is_application_credential:
            if "user_id" not in options and not options.keys() & {"user_domain_id", "user_domain_name"}:
                options["user_domain_id"] = "default"
            if "project_id" not in options and not options.keys() & {"project_domain_id", "project_domain_name"}:
                options["project_domain_id"] = "default"
        return options

    @property
    def secrets(self) -> dict[str, Secret]:
        """The secret options; where quoting left a doubt, the likelier value."""
        return {name: values[0] for name, values in self.source.secrets.items() if values}

    @property
    def jsobj_option(self) -> str:
        """What names this login to jsobj itself, with a blank in front; "" where the environment is the login."""
        return same_login(cloud=self.source.cloud)


@dataclass(frozen=True, slots=True)
class Logins:
    """What there is to export: S3 keys, a login for Swift, or both, of one and the same object store."""

    s3: S3Login | None = None
    swift: SwiftLogin | None = None


def check(logins: Logins) -> Logins:
    """The same, if every tool can take its names and values.

    Raises :class:`JsobjError` (usage): the name becomes a remote, an alias, a section and part of a file's name; the
    values become lines.
    """
    if (s3 := logins.s3) is not None:
        _check_name(s3.name)
        values = {"access key": s3.access, "secret key": s3.secret.reveal(), "region": s3.region}
        _check_values(values | {"path of the CA bundle": s3.ca_bundle}, "write the profile again: jsobj ec2-creds")
    if (swift := logins.swift) is not None:
        _check_name(swift.name)
        named = {**swift.options, **{name: secret.reveal() for name, secret in swift.secrets.items()}}
        values = {name.replace("_", " "): value for name, value in named.items()}
        values |= {"region": swift.source.region, "path of the CA file": swift.cacert}
        _check_values(values, "log in again: jsobj login RCFILE")
    return logins


def _check_name(name: str) -> None:
    if not EASY_NAME.fullmatch(name):
        raise JsobjError(
            "export-name-bad",
            f"not every tool can call something {name[:70]!r}",
            code=ExitCode.USAGE,
            context="a name has 1 to 64 letters, digits, '.', '_' and '-', and begins with a letter or digit",
            hint="give another with --as NAME",
        )


def _check_values(values: Mapping[str, str], again: str) -> None:
    for what, value in values.items():
        if not is_plain(value):
            raise JsobjError(
                "export-value-bad",
                f"the {what} has a line break or another control character in it",
                code=ExitCode.USAGE,
                hint=f"it often comes from copying and pasting: {again}",
            )
