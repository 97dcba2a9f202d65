"""The options of a sandbox."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class SandboxOptions:
    """How a sandbox behaves.

    Parameters
    ----------
    token_seconds:
        Lifetime of Keystone's tokens, in seconds.
    location:
        The region of the catalogue, and the one that S3 signatures must name.
    keystone_python:
        Another interpreter, in which an older Keystone and waitress are installed; None: this one. It cannot be changed
        for a sandbox that exists.
    """

    token_seconds: int = 3600
    location: str = "RegionOne"
    keystone_python: Path | None = None
