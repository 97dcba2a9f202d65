"""Lines ``NAME=value``, which Docker, python-dotenv and many editors read."""

from __future__ import annotations

from jsobj.export.configuration import Configuration, Variables
from jsobj.export.connection import S3Login, SwiftLogin
from jsobj.export.os_variables import OTHERS_NOTE, for_shell
from jsobj.export.variables import everything


def configure(s3: S3Login) -> Configuration:
    """The variables of AWS SDKs."""
    return Configuration((Variables("", everything(s3), "dotenv"),), "docker run --env-file .env IMAGE")


def configure_swift(swift: SwiftLogin) -> Configuration:
    """The variables of OpenStack's programs and jsobj."""
    return Configuration((for_shell(swift, "dotenv"),), "docker run --env-file .env IMAGE", OTHERS_NOTE)
