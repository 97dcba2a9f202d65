"""What a foreign tool must know of an object store: one frozen value, out of which each file here makes its words."""

from __future__ import annotations

from dataclasses import dataclass, field

from jsobj.errors import ExitCode, JsobjError
from jsobj.identity.inifile import EASY_NAME, is_plain
from jsobj.secret import Secret
from jsobj.urls import Origin


@dataclass(frozen=True, slots=True)
class SwiftLogin:
    """A Keystone login as tools with a Swift backend want it. ``options`` are keystoneauth's names without secrets."""

    auth_url: str
    options: dict[str, str] = field(default_factory=dict)
    secrets: dict[str, Secret] = field(default_factory=dict)
    region: str = ""


@dataclass(frozen=True, slots=True)
class Connection:
    """An S3 login, ready for export.

    ``name``: how the tool shall call it (a remote, an alias, a section). ``profile``: the AWS profile that holds the
    same, "" where the keys come from elsewhere. ``server``: ``ceph-rgw``, ``swift`` or ``unknown``, as
    :mod:`jsobj.identity.endpoint` found out. ``bucket``: "" where the tool's words name none. ``ca_bundle``: a PEM
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
    swift: SwiftLogin | None = None

    @property
    def a_bucket(self) -> str:
        """The bucket, or a word that stands for one."""
        return self.bucket or "BUCKET"

    @property
    def path_style(self) -> bool:
        """Whether buckets are in the path of a URL, not in its host."""
        return self.addressing_style != "virtual"


def check(connection: Connection) -> Connection:
    """The same, if every tool can be told its name and values.

    Raises :class:`JsobjError` (usage): the name becomes a remote, an alias, a section and part of a file's name; the
    values become lines.
    """
    if not EASY_NAME.fullmatch(connection.name):
        raise JsobjError(
            "export-name-bad",
            f"not every tool can call something {connection.name[:70]!r}",
            code=ExitCode.USAGE,
            context="a name has 1 to 64 letters, digits, '.', '_' and '-', and begins with a letter or digit",
            hint="give another with --as NAME",
        )
    values = {
        "the access key": connection.access,
        "the secret key": connection.secret.reveal(),
        "the region": connection.region,
        "the path of the CA bundle": connection.ca_bundle,
    }
    for what, value in values.items():
        if not is_plain(value):
            raise JsobjError(
                "export-value-bad",
                f"{what} has a line break or another control character in it",
                code=ExitCode.USAGE,
                hint="it often comes from copying and pasting: write the profile anew with jsobj ec2-creds",
            )
    return connection
