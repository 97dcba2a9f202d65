"""The saved state of a sandbox: passwords, ports, ids. A private file."""

from __future__ import annotations

import json
import secrets
from dataclasses import asdict, dataclass, field, fields
from pathlib import Path

from jsobj.sandbox.layout import write_private
from jsobj.secret import Secret

USERS = ("admin", "alice", "rita", "otto", "swift")


@dataclass(slots=True)
class SandboxRecord:
    """State that survives a stop. ``projects``, ``users``: name to id; ``app_credentials``: name to (id, secret)."""

    passwords: dict[str, str] = field(default_factory=dict)
    hash_suffix: str = ""
    ports: dict[str, int] = field(default_factory=dict)
    location: str = ""
    keystone_python: str = ""
    projects: dict[str, str] = field(default_factory=dict)
    users: dict[str, str] = field(default_factory=dict)
    app_credentials: dict[str, tuple[str, str]] = field(default_factory=dict)
    complete: bool = False

    @classmethod
    def new(cls) -> SandboxRecord:
        """A record with fresh secrets."""
        passwords = {name: secrets.token_urlsafe(18) for name in USERS}
        passwords["swift"] = secrets.token_hex(18)  # for configuration files that cannot quote
        # One that needs quoting in a shell, in YAML and in a URL.
        one, two, three = (secrets.token_hex(5) for _ in range(3))
        passwords["alice"] = f"""{one} '{two}"$HOME!\\{three}"""
        return cls(passwords=passwords, hash_suffix=secrets.token_hex(8))

    @classmethod
    def load(cls, path: Path) -> SandboxRecord | None:
        """The record at ``path``; None if it is missing or incomplete."""
        try:
            data = json.loads(path.read_text(encoding="utf-8"))
        except (OSError, ValueError):
            return None
        known = {each.name for each in fields(cls)}
        if not isinstance(data, dict) or set(data) != known:
            return None
        record = cls(**data)
        record.app_credentials = {name: (pair[0], pair[1]) for name, pair in record.app_credentials.items()}
        return record

    def save(self, path: Path) -> None:
        """Write it (0600)."""
        write_private(path, json.dumps(asdict(self), indent=1) + "\n")

    def password(self, user: str) -> Secret:
        """The password of a user."""
        return Secret(self.passwords[user])

    @property
    def auth_url(self) -> str:
        """Keystone."""
        return f"http://127.0.0.1:{self.ports['keystone']}/v3"

    @property
    def s3_endpoint(self) -> str:
        """Swift's proxy: the S3 origin."""
        return f"http://127.0.0.1:{self.ports['proxy']}"

    def swift_url(self, project: str) -> str:
        """The account of a project."""
        return f"{self.s3_endpoint}/v1/AUTH_{self.projects[project]}"
