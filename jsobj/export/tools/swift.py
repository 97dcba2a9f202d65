"""The swift command and python-swiftclient: variables.

With an application credential, release 4.11 looks for Swift's URL without regard to region and interface, and for the
authorities of Keystone's certificate only where requests does (measured). So both are given a second time.
"""

from __future__ import annotations

from dataclasses import replace

from jsobj.export.configuration import Configuration, Word
from jsobj.export.logins import SwiftLogin
from jsobj.export.os_variables import for_shell

# Logins of Swift's own, without Keystone, which swift prefers.
_OLD = ("ST_AUTH", "ST_AUTH_VERSION", "ST_USER", "ST_KEY")


def configure_swift(swift: SwiftLogin) -> Configuration:
    """Variables for a shell."""
    more: dict[str, Word] = {
        "OS_STORAGE_URL": swift.storage_url,
        "OS_ENDPOINT_TYPE": swift.source.interface,
        "REQUESTS_CA_BUNDLE": swift.cacert,
    }
    part = for_shell(swift, "sh", more={name: value for name, value in more.items() if value})
    return Configuration((replace(part, unset=(*part.unset, *_OLD)),), "swift list")
