"""Every tool that can be exported to, in the order in which ``jsobj export --list`` shows them."""

from __future__ import annotations

import importlib
from dataclasses import dataclass

from jsobj.errors import ExitCode, JsobjError
from jsobj.export.configuration import Configuration
from jsobj.export.connection import Connection


@dataclass(frozen=True, slots=True)
class Tool:
    """``module`` is a file beside this one, whose ``configure(connection)`` makes the configuration.

    ``asks``: it depends on which server is behind the endpoint. ``variant``: another way to what an earlier tool in the
    list is for, which ``--all`` leaves out.
    """

    name: str
    title: str
    module: str
    asks: bool = False
    variant: bool = False

    def configure(self, connection: Connection) -> Configuration:
        """What the tool needs for this connection."""
        made = importlib.import_module(f"jsobj.export.{self.module}").configure(connection)
        assert isinstance(made, Configuration)
        return made


TOOLS = (
    Tool("aws", "AWS CLI, and every SDK that reads ~/.aws: a profile", "aws"),
    Tool(
        "aws-services",
        "the same, its endpoint in a 'services' section: for S3 alone",
        "aws_services",
        variant=True,
    ),
    Tool("boto3", "boto3 and botocore (the profile, and how to name it)", "boto3", variant=True),
    Tool(
        "credential-process",
        "a profile without a secret: SDKs ask jsobj",
        "credential_process",
        variant=True,
    ),
    Tool("rclone", "rclone: an S3 remote, and a Swift remote where there is a login", "rclone", asks=True),
    Tool("s3cmd", "s3cmd", "s3cmd"),
    Tool("mc", "MinIO client: an alias", "mc"),
    Tool("s5cmd", "s5cmd: variables", "s5cmd"),
    Tool("s3fs-fuse", "s3fs (FUSE): password file and a line for /etc/fstab", "s3fs_fuse"),
    Tool("restic", "restic: variables", "restic"),
    Tool("duckdb", "DuckDB: an SQL secret", "duckdb"),
    Tool("gdal", "GDAL and rasterio: variables", "gdal"),
    Tool("obstore", "obstore and other users of the object_store crate: variables", "obstore"),
    Tool("cloud-files", "cloud-files and CloudVolume: an alias with its secret", "cloud_files"),
    Tool("dotenv", "a .env file", "dotenv"),
    Tool("shell", 'variables for a shell: eval "$(jsobj export shell)"', "shell"),
    Tool("powershell", "variables for PowerShell", "powershell"),
    Tool("github-actions", "GitHub Actions: 'env:' for a workflow, and how to store the secrets", "github_actions"),
    Tool("gitlab-ci", "GitLab CI: 'variables:' for a pipeline, and how to store the secrets", "gitlab_ci"),
    Tool("kubernetes", "Kubernetes: a Secret with variables", "kubernetes"),
    Tool("dask", "dask: variables for the workers", "dask"),
)


def find_tool(name: str) -> Tool:
    """The tool of that name. Raises :class:`JsobjError` (usage) with the nearest name."""
    for tool in TOOLS:
        if tool.name == name:
            return tool
    import difflib

    close = difflib.get_close_matches(name, [tool.name for tool in TOOLS], n=1)
    hint = f"did you mean '{close[0]}'? all of them: jsobj export --list" if close else "see: jsobj export --list"
    raise JsobjError("tool-unknown", f"jsobj cannot export to '{name[:60]}'", code=ExitCode.USAGE, hint=hint)
