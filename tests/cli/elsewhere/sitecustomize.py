"""Python as on a Unix that is not Linux (macOS, BSD): what only Linux has is missing. On PYTHONPATH of a process."""

import builtins
import ctypes
import errno
import io
import os
import select
import socket
import sys
from typing import Any

_OS = (
    *("copy_file_range", "eventfd", "fdatasync", "getrandom", "getxattr", "listxattr", "memfd_create", "pidfd_open"),
    *("pipe2", "posix_fadvise", "posix_fallocate", "removexattr", "sched_getaffinity", "sched_setaffinity"),
    *("setxattr", "splice", "O_DIRECT", "O_LARGEFILE", "O_NOATIME", "O_PATH", "O_TMPFILE"),
)
_SOCKET = (
    *("MSG_NOSIGNAL", "MSG_MORE", "SO_BINDTODEVICE", "SO_PEERCRED", "SO_PRIORITY", "SOCK_CLOEXEC", "SOCK_NONBLOCK"),
    *("TCP_CORK", "TCP_DEFER_ACCEPT", "TCP_INFO", "TCP_LINGER2", "TCP_QUICKACK", "TCP_SYNCNT", "TCP_USER_TIMEOUT"),
)
_LIBC = {"fallocate", "fallocate64", "prctl", "sync_file_range", "syncfs", "renameat2"}

for module, names in ((os, _OS), (socket, _SOCKET), (select, ("epoll",)), (errno, ("ENOTUNIQ", "EMEDIUMTYPE"))):
    for name in names:
        if hasattr(module, name):
            delattr(module, name)


class _Libc(ctypes.CDLL):
    def __getattr__(self, name: str) -> Any:
        if name in _LIBC:
            raise AttributeError(name)
        return super().__getattr__(name)


ctypes.CDLL = _Libc  # type: ignore[misc]
_open = io.open


def _without_proc(file: Any, *words: Any, **more: Any) -> Any:
    if isinstance(file, str | os.PathLike) and os.fspath(file).startswith("/proc"):
        raise FileNotFoundError(errno.ENOENT, os.strerror(errno.ENOENT), os.fspath(file))
    return _open(file, *words, **more)


builtins.open = io.open = _without_proc
if "ELSEWHERE_SAYS" in os.environ:
    sys.stderr.write("not Linux\n")
