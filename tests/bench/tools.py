"""The command lines of jsobj and its peers, each as its own documentation recommends for speed with its checks on.

A verb's words are a function of (local path, bucket, key); a tool that has no such verb has no entry. Keys of trees end
in "/". Credentials, endpoint and authority come by the environment, the same for all (:func:`environment`).
"""

from __future__ import annotations

import shlex
import shutil
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from servers import Place

Words = Callable[[str, str, str], list[str]]
REPOSITORY = Path(__file__).resolve().parents[2]


@dataclass(frozen=True)
class Tool:
    """``verbs``: put, get, put_tree, get_tree, again (a finished tree upload once more), ls, list_all.

    ``env``: what it needs besides :func:`environment`; ``without``: variables of that which it cannot stand.
    """

    name: str
    verbs: Mapping[str, Words]
    env: Mapping[str, str] = field(default_factory=dict)
    without: tuple[str, ...] = ()

    def environment(self, place: Place, home: Path, programs: Path) -> dict[str, str]:
        """Everything that a run's process sees."""
        env = {**environment(place, home, programs), **self.env}
        return {name: value for name, value in env.items() if name not in self.without}


def environment(place: Place, home: Path, programs: Path) -> dict[str, str]:
    """All that the tools need to know; nothing of the user's own."""
    env = {
        "HOME": str(home),
        "PATH": f"{programs}:/usr/local/bin:/usr/bin:/bin",
        "LANG": "C.UTF-8",
        "AWS_ACCESS_KEY_ID": place.access,
        "AWS_SECRET_ACCESS_KEY": place.secret,
        "AWS_ENDPOINT_URL": place.endpoint,
        "AWS_REGION": place.region,
        "AWS_DEFAULT_REGION": place.region,
        "AWS_EC2_METADATA_DISABLED": "true",
        # Ceph before Squid refuses the checksum trailers that the AWS SDKs send unasked since 2025.
        "AWS_REQUEST_CHECKSUM_CALCULATION": "when_required",
        "AWS_RESPONSE_CHECKSUM_VALIDATION": "when_required",
        "S3_ENDPOINT_URL": place.endpoint,
        "RCLONE_CONFIG_BENCH_TYPE": "s3",
        "RCLONE_CONFIG_BENCH_PROVIDER": "Ceph",
        "RCLONE_CONFIG_BENCH_ENV_AUTH": "true",
        "RCLONE_CONFIG_BENCH_ENDPOINT": place.endpoint,
    }
    if place.authority:
        env |= dict.fromkeys(("AWS_CA_BUNDLE", "SSL_CERT_FILE", "RCLONE_CA_CERT"), place.authority)
    return env


def tools(programs: Path, jsobj: str) -> dict[str, Tool]:
    """All tools by name; jsobj is started by the words ``jsobj``, its peers come from the folder ``programs``."""
    found = (_jsobj(shlex.split(jsobj)), _s5cmd(), _rclone(), _aws(), *(_script(n, programs) for n in _SCRIPTS))
    return {tool.name: tool for tool in found}


def missing(tool: Tool, programs: Path) -> str:
    """The program that the tool lacks here, "" if none."""
    program = tool.verbs["put"]("", "", "")[0]
    return "" if shutil.which(program, path=f"{programs}:/usr/local/bin:/usr/bin:/bin") else program


def _jsobj(start: list[str]) -> Tool:
    verbs: dict[str, Words] = {
        "put": lambda local, bucket, key: [*start, "upload", local, f"s3://{bucket}/{key}"],
        "get": lambda local, bucket, key: [*start, "download", f"s3://{bucket}/{key}", local],
        "put_tree": lambda local, bucket, key: [*start, "upload", f"{local}/", f"s3://{bucket}/{key}"],
        "get_tree": lambda local, bucket, key: [*start, "download", f"s3://{bucket}/{key}", f"{local}/"],
        "again": lambda local, bucket, key: [*start, "upload", f"{local}/", f"s3://{bucket}/{key}"],
        "ls": lambda local, bucket, key: [*start, "ls", f"s3://{bucket}/{key}"],
        "list_all": lambda local, bucket, key: [*start, "ls", "-r", f"s3://{bucket}/"],
    }
    return Tool("jsobj", verbs, {"PYTHONPATH": str(REPOSITORY)})


def _s5cmd() -> Tool:
    verbs: dict[str, Words] = {
        "put": lambda local, bucket, key: ["s5cmd", "cp", local, f"s3://{bucket}/{key}"],
        "get": lambda local, bucket, key: ["s5cmd", "cp", f"s3://{bucket}/{key}", local],
        "put_tree": lambda local, bucket, key: ["s5cmd", "cp", f"{local}/", f"s3://{bucket}/{key}"],
        "get_tree": lambda local, bucket, key: ["s5cmd", "cp", f"s3://{bucket}/{key}*", f"{local}/"],
        "again": lambda local, bucket, key: ["s5cmd", "sync", f"{local}/", f"s3://{bucket}/{key}"],
        "ls": lambda local, bucket, key: ["s5cmd", "ls", f"s3://{bucket}/{key}"],
        "list_all": lambda local, bucket, key: ["s5cmd", "ls", f"s3://{bucket}/*"],
    }
    return Tool("s5cmd", verbs)


def _rclone() -> Tool:
    """Its S3 page: --fast-list and no HEAD per object for modification times, where a server may be believed."""
    start = ["rclone", "--s3-no-check-bucket", "--transfers", "16", "--checkers", "32"]
    cheap = ["--fast-list", "--update", "--use-server-modtime"]
    verbs: dict[str, Words] = {
        "put": lambda local, bucket, key: [*start, "copyto", local, f"bench:{bucket}/{key}"],
        "get": lambda local, bucket, key: [*start, "copyto", f"bench:{bucket}/{key}", local],
        "put_tree": lambda local, bucket, key: [*start, "copy", local, f"bench:{bucket}/{key}"],
        "get_tree": lambda local, bucket, key: [*start, "copy", f"bench:{bucket}/{key}", local],
        "again": lambda local, bucket, key: [*start, "copy", *cheap, local, f"bench:{bucket}/{key}"],
        "ls": lambda local, bucket, key: [*start, "lsf", f"bench:{bucket}/{key}"],
        "list_all": lambda local, bucket, key: [*start, "lsf", "-R", "--fast-list", f"bench:{bucket}"],
    }
    return Tool("rclone", verbs, without=("AWS_CA_BUNDLE",))  # its transport is not what the AWS SDK expects


def _aws() -> Tool:
    start = ["aws", "s3"]
    quiet = ["--only-show-errors"]
    verbs: dict[str, Words] = {
        "put": lambda local, bucket, key: [*start, "cp", *quiet, local, f"s3://{bucket}/{key}"],
        "get": lambda local, bucket, key: [*start, "cp", *quiet, f"s3://{bucket}/{key}", local],
        "put_tree": lambda local, bucket, key: [*start, "cp", *quiet, "--recursive", local, f"s3://{bucket}/{key}"],
        "get_tree": lambda local, bucket, key: [*start, "cp", *quiet, "--recursive", f"s3://{bucket}/{key}", local],
        "again": lambda local, bucket, key: [*start, "sync", *quiet, local, f"s3://{bucket}/{key}"],
        "ls": lambda local, bucket, key: [*start, "ls", f"s3://{bucket}/{key}"],
        "list_all": lambda local, bucket, key: [*start, "ls", "--recursive", f"s3://{bucket}/"],
    }
    return Tool("aws", verbs)


_SCRIPTS = ("boto3", "obstore", "s3fs")
_SCRIPT_VERBS = ("put", "get", "put_tree", "get_tree", "ls", "list_all")


def _script(name: str, programs: Path) -> Tool:
    """A library, used by a short script as its guide has it."""
    python = str(programs / "python") if (programs / "python").exists() else sys.executable
    script = str(Path(__file__).with_name(f"peer_{name}.py"))

    def words(verb: str) -> Words:
        return lambda local, bucket, key: [python, script, verb, local, bucket, key]

    return Tool(name, {verb: words(verb) for verb in _SCRIPT_VERBS})
