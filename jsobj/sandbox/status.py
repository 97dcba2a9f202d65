"""What is shown of a sandbox; it holds no secret."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path


@dataclass(frozen=True, slots=True)
class User:
    """A user of the sandbox, with the one role that matters."""

    name: str
    project: str
    role: str


@dataclass(frozen=True, slots=True)
class SandboxStatus:
    """A sandbox as it is now.

    ``auth_url``, ``swift_url`` (the account of project ``demo``), ``s3_endpoint`` and the mappings are empty for a
    sandbox that was never started. ``pids``: process name to pid. ``ports``: server name to TCP port on
    127.0.0.1. ``files``: role to absolute path. ``projects``: name to id. ``reason``: why it ended by itself.
    """

    folder: Path
    running: bool
    auth_url: str = ""
    swift_url: str = ""
    s3_endpoint: str = ""
    region: str = ""
    pids: Mapping[str, int] = field(default_factory=dict)
    ports: Mapping[str, int] = field(default_factory=dict)
    files: Mapping[str, Path] = field(default_factory=dict)
    users: tuple[User, ...] = ()
    projects: Mapping[str, str] = field(default_factory=dict)
    reason: str = ""

    def to_json(self) -> dict[str, object]:
        """The document ``jsobj.sandbox/1``."""
        data = asdict(self)
        data["folder"] = str(self.folder)
        data["files"] = {role: str(path) for role, path in self.files.items()}
        return {"schema": "jsobj.sandbox/1", **data}
