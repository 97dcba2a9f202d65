"""A container on Azurite, jsobj with the login for it, and Microsoft's own client as the witness.

Azurite does some things otherwise than Azure, whose documentation counts: it answers ``AuthorizationFailure`` to a
wrong key (Azure: ``AuthenticationFailed``, and that code for a firewall's refusal); it looks at no clock; it sorts the
headers that are signed by their plain names (no test has metadata of which that shows); blocks that no blob takes stay;
bearer tokens need not be signed; and it has no tiers' archive, no hierarchical namespace and no firewall, so that what
is said of those is tested on answers as the documentation has them.
"""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any

from commands import Jsobj

from jsobj.identity.settings import Settings
from jsobj.net.retry import RetryPolicy
from jsobj.store.foreign.azure.open import open_azure
from jsobj.store.foreign.azure.store import AzureStore
from jsobj.store.location import Location

MIB = 1024 * 1024


@dataclass
class AzureScene:
    """``connection``: Azurite's. ``client`` speaks of the container past jsobj, made with ``more``."""

    connection: str
    folder: Path
    more: Mapping[str, Any] = field(default_factory=dict)
    container: str = field(default_factory=lambda: f"c-{uuid.uuid4().hex[:12]}")

    def __post_init__(self) -> None:
        from azure.storage.blob import ContainerClient

        self.words = dict(each.partition("=")[::2] for each in self.connection.strip(";").split(";"))
        self.account, self.key = self.words["AccountName"], self.words["AccountKey"]
        self.endpoint = self.words["BlobEndpoint"]
        self.jsobj = Jsobj(self.folder / "home", {self.key})
        self.jsobj.variables["AZURE_STORAGE_CONNECTION_STRING"] = self.connection
        self.client: Any = ContainerClient.from_connection_string(self.connection, self.container, **self.more)

    def url(self, key: str = "") -> str:
        return f"az://{self.container}/{key}"

    def login_by(self, text: str) -> None:
        """Another connection string."""
        self.jsobj.variables["AZURE_STORAGE_CONNECTION_STRING"] = text

    def sas(self, permission: str, hours: float = 1) -> str:
        """A SAS token for the container."""
        from azure.storage.blob import generate_container_sas

        ends = datetime.now(timezone.utc) + timedelta(hours=hours)
        begins = ends - timedelta(days=2)
        words = {"account_key": self.key, "permission": permission, "expiry": ends, "start": begins}
        made: str = generate_container_sas(self.account, self.container, **words)
        return made

    def store(self, connection: str = "", tries: float = 3) -> AzureStore:
        """The container as the package opens it."""
        environ = {"HOME": str(self.folder), "AZURE_STORAGE_CONNECTION_STRING": connection or self.connection}
        location = Location("az", self.container)
        return open_azure(Settings.read(environ), location, retry=RetryPolicy(tries=tries))

    def through(self, origin: str) -> str:
        """The connection string by way of a proxy."""
        return self.connection.replace(self.endpoint, f"{origin}/{self.account}")

    def contents(self) -> Mapping[str, bytes]:
        """All blobs, as the witness reads them."""
        return {name: self.client.download_blob(name).readall() for name in self.client.list_blob_names()}
