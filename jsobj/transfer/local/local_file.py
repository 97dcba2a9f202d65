"""Reading the files that a transfer sends: opened once more, and still what the plan saw."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator
from functools import cache

from jsobj.errors import ExitCode, JsobjError, SourceVanished
from jsobj.net.body import source_changed
from jsobj.net.md5.errors import BecameShorter
from jsobj.transfer.local.scan import LocalFile


@contextlib.contextmanager
def opened(file: LocalFile) -> Iterator[int]:
    """The file, opened and still what the plan saw. Raises :class:`JsobjError` (integrity, local, not found)."""
    try:
        descriptor = os.open(file.path, os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK)
    except FileNotFoundError as error:
        raise SourceVanished(
            f"{file.path} was there when the transfer was planned, and is gone",
            hint="if it was renamed, run the same command again",
        ) from error
    except OSError as error:
        raise unreadable(file.path, error) from error
    try:
        require_same(file, descriptor)
        yield descriptor
    except BecameShorter:
        raise source_changed(file.path) from None
    except OSError as error:
        raise unreadable(file.path, error) from error
    finally:
        os.close(descriptor)


def require_same(file: LocalFile, descriptor: int) -> None:
    """Raise :class:`JsobjError` (integrity) where the open file is not, or no longer, the one that was planned."""
    now = os.fstat(descriptor)
    # Not even a program that puts the modification time back can change the time of the inode's last change.
    if (now.st_size, now.st_mtime_ns, now.st_ino, now.st_ctime_ns) != (
        file.size,
        file.mtime_ns,
        file.inode,
        file.changed_ns,
    ):
        raise source_changed(file.path)


def unreadable(path: str, error: OSError) -> JsobjError:
    """The error for a file that cannot be read."""
    return JsobjError(
        "file-unreadable",
        f"cannot read {path}",
        code=ExitCode.LOCAL,
        context=error.strerror or type(error).__name__,
        hint="check its permissions, or leave it out: --exclude",
    )


@cache
def _types() -> dict[str, str]:
    import mimetypes

    known = mimetypes.MimeTypes(())  # no system files: the same type on every machine
    return {**known.types_map[False], **known.types_map[True]}


def content_type(path: str) -> str:
    """The media type by the file name's ending; "" for none, which servers make ``application/octet-stream``."""
    dot = path.rfind(".")
    return _types().get(path[dot:].lower(), "") if dot > path.rfind("/") else ""
