"""Paths of the filesystem: ``bucket/key``, and swiftspec's ``host/account/container/object``.

swiftspec (the PyPI package that had the protocol ``swift`` first) writes server and account into its URLs:
``swift://swift.example.org/AUTH_0123/container/object``. Their first two parts differ from ours: a host name with a
dot or a port, then an account (``AUTH_...``, or a reseller's prefix and 32 hexadecimal digits).
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from jsobj.store.location import Location

_HOST = re.compile(r"(localhost|[\w-]+(\.[\w-]+)*\.[A-Za-z]{2,}|\d+(\.\d+){3})(:\d+)?", re.ASCII)
_ACCOUNT = re.compile(r"AUTH_[^/]+|[A-Za-z]+_[0-9a-f]{32}", re.ASCII)
_LOOPBACK = re.compile(r"(localhost|127(\.\d+){3})(:\d+)?")


@dataclass(frozen=True, slots=True)
class ObjectPath:
    """A place: ``bucket`` "" is the root, ``key`` "" the bucket itself. ``account``: "" or swiftspec's HOST/ACCOUNT."""

    bucket: str
    key: str = ""
    account: str = ""

    @property
    def root(self) -> str:
        """The path of the bucket."""
        return f"{self.account}/{self.bucket}" if self.account else self.bucket

    @property
    def text(self) -> str:
        """The path itself."""
        return f"{self.root}/{self.key}" if self.key else self.root

    @property
    def below(self) -> str:
        """The prefix of the keys below it."""
        return f"{self.key}/" if self.key else ""

    @property
    def archive(self) -> str:
        """The key of the archive that has it, where it may be a member of one; "" else."""
        return Location("", self.bucket, self.key).archive

    @property
    def account_url(self) -> str:
        """The URL of swiftspec's account: over TLS, except on this machine; "" if the path has none."""
        if not self.account:
            return ""
        host, _, account = self.account.partition("/")
        return f"{'http' if _LOOPBACK.fullmatch(host) else 'https'}://{host}/v1/{account}"

    def path(self, key: str) -> str:
        """The path of an object in the same bucket."""
        return f"{self.root}/{key}"


def split(path: str) -> ObjectPath:
    """The place of a path without protocol."""
    first, _, rest = path.partition("/")
    second, _, behind = rest.partition("/")
    if _HOST.fullmatch(first) and _ACCOUNT.fullmatch(second):
        bucket, _, key = behind.partition("/")
        return ObjectPath(bucket, key, f"{first}/{second}")
    return ObjectPath(first, rest)
