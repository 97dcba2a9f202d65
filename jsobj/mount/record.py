"""What is known of a mount: a private file in the state folder, from before the mounter starts until it has ended well.

No secret is in it: only which login was meant. A mounter holds the lock of a file in its folder for as long as it
lives, so that its end is seen whatever ended it, from other namespaces too, where its pid means nothing.
"""

from __future__ import annotations

import contextlib
import json
import os
import secrets
import shutil
import time
from collections.abc import Iterator
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import Any

from jsobj.atomic import edit_private_file
from jsobj.errors import ExitCode, JsobjError
from jsobj.identity.settings import Settings
from jsobj.locks import Lock, is_locked, try_lock
from jsobj.processes import Process

_POLL = 0.05


@dataclass(frozen=True, slots=True)
class Mount:
    """A mount as it was wished. ``dialect``: ``s3`` or ``swift``; ``prefix``: "" or ``a/b`` without slashes around it.

    ``run``: made for one command, in a folder of its own. ``made``: the folder was made for it. ``options``: which
    login is meant (cloud, profile, endpoint, unsigned). ``namespace``: of pids, in which ``process`` is known.
    ``boot``: id of the boot of the machine ``host`` at the time.
    """

    id: str
    folder: str
    dialect: str
    bucket: str
    prefix: str
    backend: str
    write: bool
    cache: str
    cloud: str = ""
    profile: str = ""
    endpoint: str = ""
    unsigned: bool = False
    run: bool = False
    made: bool = False
    process: Process | None = None
    namespace: str = ""
    host: str = ""
    boot: str = ""
    created: float = 0.0

    @property
    def url(self) -> str:
        """What is mounted, as it would be typed."""
        return f"{self.dialect}://{self.bucket}/{self.prefix}".rstrip("/")

    @property
    def path(self) -> Path:
        """Where it is mounted."""
        return Path(self.folder)

    def key(self, name: str) -> str:
        """The key of a file of the mount."""
        return f"{self.prefix}/{name}" if self.prefix else name

    def to_json(self) -> bytes:
        """As it is stored: ASCII, also for names that are not valid Unicode."""
        return json.dumps(asdict(self), indent=1).encode() + b"\n"

    @classmethod
    def of_json(cls, data: bytes) -> Mount:
        """Raises :class:`ValueError` for what :meth:`to_json` did not make."""
        values: Any = json.loads(data)
        if not isinstance(values, dict):
            raise ValueError("not the record of a mount")
        known = {each.name for each in fields(cls)}  # a later release may have written more
        values = {name: value for name, value in values.items() if name in known}
        try:
            values["process"] = Process(**values["process"]) if values.get("process") else None
            return cls(**values)
        except TypeError as error:
            raise ValueError("not the record of a mount") from error


@dataclass(frozen=True, slots=True)
class Places:
    """The folders of one mount: what it needs while it lives, and its cache."""

    own: Path
    cache: Path

    @property
    def record(self) -> Path:
        """The record."""
        return self.own / "mount.json"

    @property
    def log(self) -> Path:
        """What the mounter has said."""
        return self.own / "log"

    @property
    def lock(self) -> Path:
        """What the mounter holds locked."""
        return self.own / "alive"

    @property
    def work(self) -> Path:
        """What a jsobj that begins or ends the mount holds locked."""
        return self.own / "work"

    @property
    def private(self) -> Path:
        """A folder to mount on where nobody looks: for one command, or to send what was left."""
        return self.own / "data"


def new_id() -> str:
    """For a new mount."""
    return secrets.token_hex(4)


def places(settings: Settings, mount_id: str) -> Places:
    """Where the files of a mount are."""
    return Places(_folder(settings) / mount_id, settings.cache_dir / "mounts" / mount_id)


@contextlib.contextmanager
def alone(settings: Settings, mount_id: str, seconds: float = 0.0, *, make: bool = False) -> Iterator[bool]:
    """Begin, end or forget a mount while no other jsobj does; yields whether another one did, and what was read is old.

    ``make``: the mount is new. Raises :class:`JsobjError` (refused) where another one takes more than these seconds.
    """
    where, waited = places(settings, mount_id), False
    deadline = time.monotonic() + seconds
    with contextlib.ExitStack() as stack:
        with contextlib.suppress(
            OSError
        ):  # of one that is forgotten, or where nothing can be written, which is said soon
            if make:
                where.own.mkdir(mode=0o700, parents=True, exist_ok=True)
            descriptor = os.open(where.work, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
            stack.callback(os.close, descriptor)
            while try_lock(descriptor) is Lock.HELD:
                waited = True
                if time.monotonic() >= deadline:
                    raise JsobjError(
                        "mount-in-work",
                        "another jsobj begins or ends this mount at the moment",
                        code=ExitCode.REFUSED,
                        hint="see what has become of it: jsobj mounts",
                    )
                time.sleep(_POLL)
        yield waited


def _folder(settings: Settings) -> Path:
    return settings.state_dir / "mounts"


def write(settings: Settings, mount: Mount) -> None:
    """Write the record, and make the mount's folders. Raises :class:`JsobjError` (local)."""
    where = places(settings, mount.id)
    edit_private_file(where.record, lambda _: mount.to_json())
    where.cache.mkdir(mode=0o700, parents=True, exist_ok=True)


def read(settings: Settings, mount_id: str) -> Mount | None:
    """A record; None where there is none that can be read."""
    try:
        return Mount.of_json(places(settings, mount_id).record.read_bytes())
    except (OSError, ValueError):
        return None


def all_mounts(settings: Settings) -> Iterator[Mount]:
    """All of this machine, the oldest first."""
    try:
        ids = [each.name for each in _folder(settings).iterdir()]
    except OSError:
        return
    found = [mount for each in ids if (mount := read(settings, each)) is not None]
    yield from sorted((each for each in found if each.host == os.uname().nodename), key=lambda each: each.created)


def forget(settings: Settings, mount: Mount) -> None:
    """Remove record, log and cache. What is in the cache is gone then: look first whether anything waits."""
    where = places(settings, mount.id)
    shutil.rmtree(where.cache, ignore_errors=True)
    where.record.unlink(missing_ok=True)
    _rmdir(where.private)  # and nothing in it: something may be mounted there
    with contextlib.suppress(OSError):
        for each in where.own.iterdir():
            if each != where.private:
                each.unlink(missing_ok=True)
    for folder in (where.own, where.own.parent, where.cache.parent):
        _rmdir(folder)


def _rmdir(folder: Path) -> None:
    with contextlib.suppress(OSError):  # not empty, or gone
        folder.rmdir()


def namespace() -> str:
    """The namespace of pids that this process lives in."""
    return os.readlink("/proc/self/ns/pid")


def alive(settings: Settings, mount: Mount) -> bool:
    """Whether its mounter lives: by its lock, and where that says nothing, by its process."""
    try:
        descriptor = os.open(places(settings, mount.id).lock, os.O_RDONLY | os.O_CLOEXEC)
    except OSError:
        locked = False
    else:
        try:
            locked = is_locked(descriptor)
        except OSError:
            locked = False
        finally:
            os.close(descriptor)
    if locked or mount.process is None or mount.namespace != namespace():
        return locked
    return mount.process.alive()
