"""Variables for bash, zsh and other POSIX shells, quoted for ``eval``."""

from __future__ import annotations

from jsobj.export.variables import exporters

configure, configure_swift = exporters("sh", "aws s3 ls", "openstack container list")
