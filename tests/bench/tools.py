"""The command lines of jsobj and its peers, each as its own documentation recommends for speed with its checks on.

A verb's words are a function of (local path, bucket, key); a tool that has no such verb has no entry. Keys of trees end
in "/". Credentials, endpoint and authority come by the environment, the same for all (:func:`environment`).
"""

from __future__ import annotations

import shlex
import shutil
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from servers import Place

Words = Callable[[str, str, str], list[str]]
REPOSITORY = Path(__file__).resolve().parents[2]
NAMES = ("jsobj", "s5cmd", "rclone", "aws", "obstore")


@dataclass(frozen=True)
class Tool:
    """``verbs``: put, get, put_tree, get_tree, again_up and again_down (a finished tree once more), ls, rm (of a tree).

    ``says``: what its documentation says about comparing bytes; compared.py shows what it does. ``env``: what it needs
    besides :func:`environment`; ``without``: variables of that which it cannot stand.
    """

    name: str
    verbs: Mapping[str, Words]
    says: str = ""
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


def tools(programs: Path, jsobj: str, beside: Sequence[Path] = ()) -> dict[str, Tool]:
    """All tools by name; the peers come from the folder ``programs``.

    ``jsobj``: the words that start it, or a working tree; ``beside``: more trees, each as "jsobj-" and its name.
    """
    ours = _tree("jsobj", Path(jsobj)) if Path(jsobj).is_dir() else _jsobj("jsobj", shlex.split(jsobj), REPOSITORY)
    others = (_tree(f"jsobj-{folder.resolve().name}", folder) for folder in beside)
    others = (_tree(f"jsobj-{folder.resolve().name}", folder) for folder in beside)
    return {tool.name: tool for tool in (ours, *others, _s5cmd(), _rclone(), _aws(), _obstore(programs))}


def missing(tool: Tool, programs: Path) -> str:
    """The program that the tool lacks here, "" if none."""
    program = tool.verbs["put"]("", "", "")[0]
    return "" if shutil.which(program, path=f"{programs}:/usr/local/bin:/usr/bin:/bin") else program


def _tree(name: str, folder: Path) -> Tool:
    """jsobj as it is in a working tree, by the Python of the environment in it where there is one."""
    own = folder.resolve() / ".venv/bin/python"
    return _jsobj(name, [str(own) if own.exists() else sys.executable, "-m", "jsobj"], folder.resolve())


def _jsobj(name: str, start: list[str], folder: Path) -> Tool:
    verbs: dict[str, Words] = {
        "put": lambda local, bucket, key: [*start, "upload", local, f"s3://{bucket}/{key}"],
        "get": lambda local, bucket, key: [*start, "download", f"s3://{bucket}/{key}", local],
        "put_tree": lambda local, bucket, key: [*start, "upload", f"{local}/", f"s3://{bucket}/{key}"],
        "get_tree": lambda local, bucket, key: [*start, "download", f"s3://{bucket}/{key}", f"{local}/"],
        "ls": lambda local, bucket, key: [*start, "ls", "-r", f"s3://{bucket}/{key}"],
        "rm": lambda local, bucket, key: [*start, "rm", "-r", "--yes", f"s3://{bucket}/{key}"],
    }
    verbs |= {"again_up": verbs["put_tree"], "again_down": verbs["get_tree"]}
    says = "a digest for every byte, both ways (jsobj help transfers)"
    return Tool(name, verbs, says, {"PYTHONPATH": str(folder)})


def at_once(tool: Tool, number: int) -> Tool:
    """jsobj with ``--parallel``: named by the number; 0 is "default", without it."""
    if not number:
        return replace(tool, name="default")

    def words(made: Words) -> Words:
        return lambda local, bucket, key: [*made(local, bucket, key), "--parallel", str(number)]

    return replace(tool, name=str(number), verbs={verb: words(made) for verb, made in tool.verbs.items()})


def _s5cmd() -> Tool:
    verbs: dict[str, Words] = {
        "put": lambda local, bucket, key: ["s5cmd", "cp", local, f"s3://{bucket}/{key}"],
        "get": lambda local, bucket, key: ["s5cmd", "cp", f"s3://{bucket}/{key}", local],
        "put_tree": lambda local, bucket, key: ["s5cmd", "cp", f"{local}/", f"s3://{bucket}/{key}"],
        "get_tree": lambda local, bucket, key: ["s5cmd", "cp", f"s3://{bucket}/{key}*", f"{local}/"],
        "again_up": lambda local, bucket, key: ["s5cmd", "sync", f"{local}/", f"s3://{bucket}/{key}"],
        "again_down": lambda local, bucket, key: ["s5cmd", "sync", f"s3://{bucket}/{key}*", f"{local}/"],
        "ls": lambda local, bucket, key: ["s5cmd", "ls", f"s3://{bucket}/{key}*"],
        "rm": lambda local, bucket, key: ["s5cmd", "rm", f"s3://{bucket}/{key}*"],
    }
    says = "uploads: MD5 or SHA-256, which the server checks (README, integrity verification); of downloads nothing"
    return Tool("s5cmd", verbs, says)


def _rclone() -> Tool:
    """Its S3 page: --fast-list and no HEAD per object for modification times, where a server may be believed."""
    start = ["rclone", "--s3-no-check-bucket", "--transfers", "16", "--checkers", "32"]
    cheap = ["--fast-list", "--update", "--use-server-modtime"]
    by_size = ["--fast-list", "--size-only"]  # the server's times are later than those it gives to the files
    verbs: dict[str, Words] = {
        "put": lambda local, bucket, key: [*start, "copyto", local, f"bench:{bucket}/{key}"],
        "get": lambda local, bucket, key: [*start, "copyto", f"bench:{bucket}/{key}", local],
        "put_tree": lambda local, bucket, key: [*start, "copy", local, f"bench:{bucket}/{key}"],
        "get_tree": lambda local, bucket, key: [*start, "copy", f"bench:{bucket}/{key}", local],
        "again_up": lambda local, bucket, key: [*start, "copy", *cheap, local, f"bench:{bucket}/{key}"],
        "again_down": lambda local, bucket, key: [*start, "copy", *by_size, f"bench:{bucket}/{key}", local],
        "ls": lambda local, bucket, key: [*start, "lsf", "-R", "--fast-list", f"bench:{bucket}/{key}"],
        "rm": lambda local, bucket, key: [*start, "delete", "--fast-list", f"bench:{bucket}/{key}"],
    }
    says = "MD5, where the server tells one: not of objects that others sent in parts (--ignore-checksum)"
    return Tool("rclone", verbs, says, without=("AWS_CA_BUNDLE",))  # its transport is not what the AWS SDK expects


def _aws() -> Tool:
    start = ["aws", "s3"]
    quiet = ["--only-show-errors"]
    verbs: dict[str, Words] = {
        "put": lambda local, bucket, key: [*start, "cp", *quiet, local, f"s3://{bucket}/{key}"],
        "get": lambda local, bucket, key: [*start, "cp", *quiet, f"s3://{bucket}/{key}", local],
        "put_tree": lambda local, bucket, key: [*start, "cp", *quiet, "--recursive", local, f"s3://{bucket}/{key}"],
        "get_tree": lambda local, bucket, key: [*start, "cp", *quiet, "--recursive", f"s3://{bucket}/{key}", local],
        "again_up": lambda local, bucket, key: [*start, "sync", *quiet, local, f"s3://{bucket}/{key}"],
        "again_down": lambda local, bucket, key: [*start, "sync", *quiet, f"s3://{bucket}/{key}", local],
        "ls": lambda local, bucket, key: [*start, "ls", "--recursive", f"s3://{bucket}/{key}"],
        "rm": lambda local, bucket, key: [*start, "rm", *quiet, "--recursive", f"s3://{bucket}/{key}"],
    }
    says = "CRC32 where the server stores checksums, which Ceph before Squid does not (S3 FAQ)"
    return Tool("aws", verbs, says)


def _obstore(programs: Path) -> Tool:
    """A library, used by a short script as its guide has it. It cannot bring a tree up to date."""
    python = str(programs / "python") if (programs / "python").exists() else sys.executable
    script = str(Path(__file__).with_name("peer_obstore.py"))

    def words(verb: str) -> Words:
        return lambda local, bucket, key: [python, script, verb, local, bucket, key]

    says = "uploads: the signed SHA-256, which the server checks; of downloads nothing"
    return Tool("obstore", {verb: words(verb) for verb in ("put", "get", "put_tree", "get_tree", "ls", "rm")}, says)
