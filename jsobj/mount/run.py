"""A command with a bucket mounted for it alone; what it wrote is in the store when it has ended."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from jsobj.identity.settings import Settings
from jsobj.mount import begin, end, process, record
from jsobj.mount import folder as folders
from jsobj.mount.end import MountBusy
from jsobj.mount.ground import Wish
from jsobj.mount.record import Mount
from jsobj.mount.supervise import supervise
from jsobj.store.open import StoreRequest

VARIABLE = "JSOBJ_MOUNT"
_LEAVE_SECONDS = 2.0  # for what the command has left running


def run(
    settings: Settings,
    wish: Wish,
    at: Path | None,
    request: StoreRequest,
    words: Sequence[str],
    environment: Mapping[str, str],
    *,
    alone: bool,
    timeout: float,
    warn: Callable[[str], None],
    say: Callable[[str], None],
) -> int:
    """Mount, run the command with the path in ``$JSOBJ_MOUNT``, unmount; its exit code.

    ``alone``: this is a namespace of its own, which ends with the command, and whatever that left running.

    Raises :class:`JsobjError`: as :func:`jsobj.mount.begin.mount` and :func:`jsobj.mount.end.umount`, whatever the
    command said.
    """
    mount = begin.mount(settings, wish, at, request, alone=alone, warn=warn).mount
    try:
        code = supervise(words, {**environment, VARIABLE: mount.folder})
    finally:
        if alone:
            _leave_alone(settings, mount, timeout=timeout, warn=warn, say=say)
        else:
            end.umount(settings, mount, timeout=timeout, say=say)
    return code


def _leave_alone(
    settings: Settings, mount: Mount, *, timeout: float, warn: Callable[[str], None], say: Callable[[str], None]
) -> None:
    """Who still holds the mount ends with the namespace; only what was written must be sent."""
    end.flush(settings, mount, (), timeout=timeout, also_open=True)
    try:
        end.umount(settings, mount, timeout=_LEAVE_SECONDS, lazy=True, say=lambda text: None)
    except MountBusy as error:
        warn(f"the command left something running, which ends now: {error.context}")
        process.end(settings, mount)
        folders.unshield(mount.path)
        record.forget(settings, mount)
        folders.left(mount.path, made=mount.made)
