"""Variables for bash, zsh and other POSIX shells, quoted for ``eval``."""

from __future__ import annotations

from jsobj.export.configuration import Configuration, Variables
from jsobj.export.connection import S3Login, SwiftLogin
from jsobj.export.os_variables import for_shell
from jsobj.export.variables import everything


def configure(s3: S3Login) -> Configuration:
    """The variables of AWS SDKs."""
    return Configuration((Variables("", everything(s3), "sh"),), "aws s3 ls")


def configure_swift(swift: SwiftLogin) -> Configuration:
    """The variables of OpenStack's programs and jsobj; what another login left is unset."""
    return Configuration((for_shell(swift, "sh"),), "openstack container list")
