"""Namespaces of users, mounts and processes, where the kernel gives them to anybody: what happens in them is seen by
nobody else, and ends with them.

util-linux's ``unshare`` makes them, since Python can do so from 3.12 on only. The user keeps his uid there, and the
rights to mount.
"""

from __future__ import annotations

import shutil
import subprocess
from dataclasses import dataclass

# What is unmounted outside goes in there too, where the machine lets mounts follow: else it would keep them busy.
_MOUNTS = ("--mount", "--propagation", "slave", "--mount-proc")
_WORDS = ("--user", "--map-current-user", "--keep-caps", *_MOUNTS, "--pid", "--fork", "--kill-child")
_SECONDS = 10.0


@dataclass(frozen=True, slots=True)
class Private:
    """How to start a command in a namespace; ``why_not``: why that is impossible here, "" where it is possible."""

    words: tuple[str, ...]
    why_not: str = ""


def private() -> Private:
    """Tried out with a command that does nothing."""
    program = shutil.which("unshare")
    if program is None:
        return Private((), "there is no unshare (apt-get install util-linux)")
    words = (program, *_WORDS, "--")
    try:
        done = subprocess.run(  # noqa: S603 - a known program, no shell
            [*words, "true"], capture_output=True, text=True, timeout=_SECONDS, check=False, stdin=subprocess.DEVNULL
        )
    except (OSError, subprocess.SubprocessError) as error:
        return Private((), str(error))
    if done.returncode:
        return Private((), done.stderr.strip().splitlines()[-1] if done.stderr.strip() else "unshare fails here")
    return Private(words)
