"""Every tool that can be exported to, in the order in which ``jsobj export --list`` shows them."""

from __future__ import annotations

import importlib
from dataclasses import dataclass
from enum import Flag, auto
from typing import Literal

from jsobj.errors import ExitCode, JsobjError, NoS3Keys, did_you_mean
from jsobj.export.configuration import Configuration
from jsobj.export.logins import Logins


class Speaks(Flag):
    """What a tool can be given: S3 keys, a Keystone login for the Swift API, or either."""

    S3 = auto()
    SWIFT = auto()
    EITHER = S3 | SWIFT


@dataclass(frozen=True, slots=True)
class Tool:
    """The module of that name in ``tools`` makes configurations: ``configure(s3)``, ``configure_swift(swift)`` or both.

    ``asks``: what must be looked up first, the kind of server behind the endpoint ("server") or the URL in Keystone's
    catalogue ("storage-url"). ``variant``: another way to what an earlier tool in the list is for, which ``--all``
    leaves out. ``both``: where there are keys and a login, it gets both; the others get the keys.
    """

    name: str
    title: str
    speaks: Speaks = Speaks.S3
    asks: Literal["", "server", "storage-url"] = ""
    variant: bool = False
    both: bool = False

    @property
    def without_keys(self) -> bool:
        """Whether a login is enough."""
        return Speaks.SWIFT in self.speaks

    def can(self, logins: Logins) -> bool:
        """Whether the logins have what the tool can use."""
        return bool((logins.s3 and Speaks.S3 in self.speaks) or (logins.swift and self.without_keys))

    def configure(self, logins: Logins) -> Configuration:
        """What the tool needs for this logins.

        Raises :class:`JsobjError` (auth) where they have nothing that the tool can use.
        """
        module = importlib.import_module(f"jsobj.export.tools.{self.name.replace('-', '_')}")
        made: list[Configuration] = []
        if logins.s3 is not None and Speaks.S3 in self.speaks:
            made.append(module.configure(logins.s3))
        if logins.swift is not None and Speaks.SWIFT in self.speaks and (self.both or not made):
            made.append(module.configure_swift(logins.swift))
        if not made:
            raise self._unusable(logins)
        return made[0] if len(made) == 1 else made[0].joined(made[1])

    def _unusable(self, logins: Logins) -> JsobjError:
        if Speaks.S3 not in self.speaks:
            return JsobjError(
                "no-swift-login",
                f"{self.name} speaks Swift only, and no login goes with this profile",
                code=ExitCode.AUTH,
                hint="name the login: --cloud NAME; or log in: jsobj login RCFILE",
            )
        swift = logins.swift
        others = ", ".join(tool.name for tool in TOOLS if tool.without_keys)
        keys = f"or make keys: jsobj ec2-creds{swift.jsobj_option if swift else ''}"
        if swift and swift.keys_refused:
            keys = "Keystone refuses keys to this login: jsobj help keyless"
        elif swift and swift.source.is_application_credential:
            keys += " (with --login-as USER where an application credential may not)"
        return NoS3Keys(
            f"{self.name} speaks S3 only, and there are no S3 keys", hint=(f"these work without keys: {others}", keys)
        )


TOOLS = (
    Tool("aws", "AWS CLI, and every SDK that reads ~/.aws: a profile"),
    Tool("aws-services", "the same, its endpoint in a 'services' section: for S3 alone", variant=True),
    Tool("boto3", "boto3 and botocore (the profile, and how to name it)", variant=True),
    Tool("credential-process", "a profile without a secret: SDKs ask jsobj", variant=True),
    Tool(
        "rclone",
        "rclone: an S3 remote where there are keys, a Swift remote where there is a login",
        Speaks.EITHER,
        asks="server",
        both=True,
    ),
    Tool("openstack", "openstack and openstacksdk: an entry for another machine's clouds.yaml", Speaks.SWIFT),
    Tool("swift", "swift and python-swiftclient: variables", Speaks.SWIFT, asks="storage-url"),
    Tool("s3cmd", "s3cmd"),
    Tool("mc", "MinIO client: an alias"),
    Tool("s5cmd", "s5cmd: variables"),
    Tool("s3fs-fuse", "s3fs (FUSE): password file and a line for /etc/fstab"),
    Tool("restic", "restic: variables"),
    Tool("duckdb", "DuckDB: an SQL secret"),
    Tool("gdal", "GDAL and rasterio: variables"),
    Tool("obstore", "obstore and other users of the object_store crate: variables"),
    Tool("cloud-files", "cloud-files and CloudVolume: an alias with its secret"),
    Tool("dotenv", "a .env file", Speaks.EITHER),
    Tool("shell", 'variables for a shell: eval "$(jsobj export shell)"', Speaks.EITHER),
    Tool("powershell", "variables for PowerShell", Speaks.EITHER),
    Tool("github-actions", "GitHub Actions: 'env:' for a workflow, and how to store the secrets", Speaks.EITHER),
    Tool("gitlab-ci", "GitLab CI: 'variables:' for a pipeline, and how to store the secrets", Speaks.EITHER),
    Tool("kubernetes", "Kubernetes: a Secret with variables", Speaks.EITHER),
    Tool("dask", "dask: variables for the workers", Speaks.EITHER),
)


def find_tool(name: str) -> Tool:
    """The tool of that name. Raises :class:`JsobjError` (usage) with the nearest name."""
    for tool in TOOLS:
        if tool.name == name:
            return tool
    hint = f"{did_you_mean(name, (tool.name for tool in TOOLS))}all of them: jsobj export --list"
    raise JsobjError("tool-unknown", f"jsobj cannot export to '{name[:60]}'", code=ExitCode.USAGE, hint=hint)
