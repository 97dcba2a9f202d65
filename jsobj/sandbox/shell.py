"""The environment of a shell inside the sandbox: the user's own, minus everything that names a cloud."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from jsobj.sandbox.layout import Layout

FOREIGN = ("OS_", "AWS_", "XDG_", "S3_")


def shell_environment(folder: Path, base: Mapping[str, str]) -> dict[str, str]:
    """``base`` without ``OS_*``, ``AWS_*``, ``XDG_*``, ``S3_*``; with the sandbox's ``HOME`` and ``JSOBJ_SANDBOX``."""
    layout = Layout.of(folder)
    kept = {name: value for name, value in base.items() if not name.startswith(FOREIGN)}
    return {**kept, "HOME": str(layout.home), "JSOBJ_SANDBOX": str(layout.folder)}
