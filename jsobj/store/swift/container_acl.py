"""The access control lists and other settings of containers, as the texts that the server keeps."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from jsobj.net.session import Session
from jsobj.store.swift.errors import account_context
from jsobj.store.swift.requests import CREATED, READ, SwiftDialect, SwiftRequests
from jsobj.store.swift.token_keeper import TokenKeeper
from jsobj.urls import parse_url

if TYPE_CHECKING:
    from jsobj.identity.keystone.client import Keystone

_LISTS = {"read": "x-container-read", "write": "x-container-write"}


class ContainerAcls:
    """Reads and writes ACLs with the owner's token; ``kind``: ``read`` or ``write``.

    Raises :class:`jsobj.errors.JsobjError` as a store does.
    """

    def __init__(self, keystone: Keystone, *, verify: bool | str = True, proxy: str = "") -> None:
        self.origin, path = parse_url(keystone.login.swift_url)
        self.origins = {self.origin, keystone.login.s3_origin}  # of this object store, by the catalogue
        self.verify = verify
        self.project, self.user = keystone.login.project, keystone.login.user
        self.cloud = keystone.source.cloud
        dialect = SwiftDialect(TokenKeeper(keystone), account_context(keystone))
        self._session = Session(self.origin, dialect, verify=verify, proxy=proxy)
        self._root = path.rstrip("/")

    def read(self, container: str, kind: str = "read") -> str:
        """The list; "" for nobody but the project. Raises bucket not found."""
        return self._of(container).send("HEAD", expect=READ).headers.get(_LISTS[kind], "")

    def write(self, container: str, acl: str, kind: str = "read") -> None:
        """Set the list, or with "" take it away."""
        # An empty header, not X-Remove-Container-Read: Ceph RGW 16 answers 204 to that, and does nothing.
        self._of(container).send("POST", headers={_LISTS[kind]: acl})

    def make(self, container: str) -> None:
        """Create a container; one that is there stays as it is."""
        self._of(container).send("PUT", expect=CREATED)

    def metadata(self, container: str, start: str) -> dict[str, str]:
        """The container's headers whose names, in small letters, begin with ``start``. Raises bucket not found."""
        headers = self._of(container).send("HEAD", expect=READ).headers
        return {name: value for name, value in headers.items() if name.startswith(start)}

    def set_metadata(self, container: str, headers: Mapping[str, str]) -> None:
        """Set headers; an empty value takes one away (on Swift; Ceph RGW may refuse it)."""
        self._of(container).send("POST", headers=headers)

    def exists(self, container: str) -> bool:
        """Whether there is a container of this name."""
        return self._of(container).send("HEAD", expect=READ | {404}).status != 404

    def _of(self, container: str) -> SwiftRequests:
        return SwiftRequests(self._session, self._root, container)

    def close(self) -> None:
        """Close the connections."""
        self._session.close()
