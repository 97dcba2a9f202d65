"""The requirements of a sandbox, checked before it is made."""

from __future__ import annotations

import errno
import importlib.util
import os
import tempfile
from pathlib import Path

from jsobj import processes
from jsobj.errors import ExitCode, JsobjError


def missing(keystone_elsewhere: bool) -> tuple[str, ...]:
    """The packages of the extra ``sandbox`` that this interpreter lacks."""
    wanted = ("keystonemiddleware", "swift") + (() if keystone_elsewhere else ("keystone", "waitress"))
    return tuple(name for name in wanted if importlib.util.find_spec(name) is None)


def check_packages(keystone_python: Path | None) -> None:
    """Raise ``sandbox-not-installed`` or ``sandbox-needs-linux`` (both LOCAL)."""
    if not processes.supported():
        sentence, hint = "the sandbox needs Linux 5.3 or later", "run it in a Linux container or virtual machine"
        raise JsobjError("sandbox-needs-linux", sentence, code=ExitCode.LOCAL, hint=hint)
    if lacking := missing(keystone_python is not None):
        sentence = f"the sandbox needs packages that are not installed: {', '.join(lacking)}"
        hint = "pip install 'jsobj[sandbox]'"
        raise JsobjError("sandbox-not-installed", sentence, code=ExitCode.LOCAL, hint=hint)


def check_attributes(folder: Path) -> None:
    """Raise ``sandbox-no-xattrs`` (LOCAL) where files cannot have the extended attributes that Swift needs."""
    with tempfile.NamedTemporaryFile(dir=folder) as probe:
        try:
            os.setxattr(probe.fileno(), "user.swift.metadata", b"x" * 1000)
        except OSError as error:
            if error.errno not in (errno.ENOTSUP, errno.EPERM, errno.ENOSPC, errno.E2BIG):
                raise
            found = f"the file system of {folder} has no extended attributes, which Swift needs: {error.strerror}"
            hint = "choose a folder on a local disk (ext4, xfs, btrfs)"
            raise JsobjError("sandbox-no-xattrs", found, code=ExitCode.LOCAL, hint=hint) from error
