"""Lines ``NAME=value``, which Docker, python-dotenv and many editors read."""

from __future__ import annotations

from jsobj.export.configuration import Configuration, Variables
from jsobj.export.connection import Connection
from jsobj.export.variables import everything


def configure(connection: Connection) -> Configuration:
    """The variables of AWS SDKs."""
    return Configuration((Variables("", everything(connection), "dotenv"),), "docker run --env-file .env IMAGE")
