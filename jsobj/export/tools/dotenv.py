"""Lines ``NAME=value``, which Docker, python-dotenv and many editors read."""

from __future__ import annotations

from jsobj.export.os_variables import OTHERS_NOTE
from jsobj.export.variables import exporters

_DOCKER = "docker run --env-file .env IMAGE"
configure, configure_swift = exporters("dotenv", _DOCKER, _DOCKER, OTHERS_NOTE)
