"""The folder that is mounted on: fit for it, and closed to all who write while nothing is mounted there.

A program that writes into the plain folder under a mount that is not there fills it, believes that the bucket has it,
and makes the next mount fail. So the folder has mode 0500 but for the moment in which it is mounted on, which FUSE's
helper wants to be writable. That stops everybody but root.
"""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from jsobj.errors import ExitCode, JsobjError
from jsobj.locks import Lock, try_lock
from jsobj.mount import table

_CLOSED, _OPEN = 0o500, 0o700
_SHIELD = "jsobj-shield"
_SECONDS = 20.0


def fit(folder: Path) -> tuple[Path, bool]:
    """The real path of a folder that can be mounted on, and whether it was made for that.

    Raises :class:`JsobjError`: refused where something is in it or mounted there, local where it cannot be used.
    """
    where, mounts = real(folder), table.read()
    around = table.around(where, mounts)
    if around is not None and around.folder == where:
        raise _refused(f"{where} is mounted already: {around.source} ({around.kind})", "see it: jsobj mounts")
    if around is not None and around.object_store:
        raise _refused(f"{where} lies below another mount, {around.folder}", "choose a folder outside of it")
    made = False
    try:
        try:
            where.mkdir(0o700)
            made = True
        except FileExistsError:
            pass
        if any(where.iterdir()):
            raise JsobjError(
                "mount-folder-not-empty",
                f"{where} is not empty: what is in it would be hidden by the mount",
                code=ExitCode.REFUSED,
                hint="choose an empty folder, or one that is not there yet",
            )
    except OSError as error:
        raise JsobjError(
            "mount-folder-bad",
            f"{where} cannot be mounted on: {error.strerror}",
            code=ExitCode.LOCAL,
            hint="name an empty folder of yours, or one that is not there yet and whose parent is there",
        ) from error
    return where, made


def real(folder: Path) -> Path:
    """The path as the table of mounts has it. A mount there that does not answer is not asked."""
    whole = Path(os.path.abspath(folder))
    above = Path(os.path.realpath(whole.parent), whole.name)
    return above if table.at(above, table.read()) is not None else Path(os.path.realpath(whole))


def _refused(message: str, hint: str) -> JsobjError:
    return JsobjError("mount-folder-taken", message, code=ExitCode.REFUSED, hint=hint)


@contextmanager
def opened(folder: Path) -> Iterator[int]:
    """A descriptor of the plain folder, which is open to the mounter meanwhile and closed to all afterwards.

    The descriptor means the folder itself, also when something is mounted over it. Raises :class:`JsobjError` (refused)
    where another jsobj is mounting there, or has.
    """
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        free = _is_free(descriptor)
        there = table.at(folder, table.read())  # after the lock: who had it has mounted
        if not free or (there is not None and there.source != _SHIELD):
            raise _refused(f"another jsobj mounts on {folder} at the same time", "see it: jsobj mounts")
        try:
            _change(descriptor, _OPEN)
            yield descriptor
        finally:
            _change(descriptor, _CLOSED)
    finally:
        os.close(descriptor)


def _is_free(descriptor: int) -> bool:
    """Whether the lock of this folder was free, or there are none (as for folders over NFS)."""
    try:
        return try_lock(descriptor) is not Lock.HELD
    except OSError:
        return True


def _change(descriptor: int, mode: int) -> None:
    with suppress(OSError):  # another user's: it is fit as it is, or the mounter will say why not
        os.fchmod(descriptor, mode)


def shield(folder: Path) -> None:
    """In a namespace of its own: mount nothing, read-only, under the mount to come. That stops root too, whom modes do
    not stop; others are stopped by the mode, and FUSE's helper would refuse them such a folder.
    """
    if os.geteuid() == 0:
        words = ["mount", "-t", "tmpfs", "-o", "ro,size=4k", _SHIELD, str(folder)]
        subprocess.run(words, capture_output=True, check=False, timeout=_SECONDS)  # noqa: S603 - a known program


def unshield(folder: Path) -> None:
    """Take that away."""
    there = table.at(folder, table.read())
    if there is not None and there.source == _SHIELD:
        subprocess.run(["umount", str(folder)], capture_output=True, check=False, timeout=_SECONDS)  # noqa: S603, S607


def left(folder: Path, *, made: bool) -> None:
    """What was made for the mount goes with it, unless another jsobj mounts there; another one stays, closed."""
    if not made:
        return
    with suppress(OSError):
        descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        try:
            if _is_free(descriptor):
                folder.rmdir()
        finally:
            os.close(descriptor)
