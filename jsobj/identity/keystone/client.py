"""A login at Keystone, and requests with its token.

The token is renewed when it is about to end, and once when Keystone refuses it. Bodies hold secrets in both directions
and are never logged.
"""

from __future__ import annotations

import contextlib
import itertools
import json
from collections.abc import Mapping
from datetime import datetime, timedelta, timezone
from typing import Any

from jsobj.errors import LoginRefused
from jsobj.identity.auth_source import AuthSource
from jsobj.identity.keystone.errors import from_reply, from_transport, is_missing_key, json_object
from jsobj.identity.keystone.login import Login, login_from_token
from jsobj.identity.keystone.token import Issued, identity_root, issue
from jsobj.identity.settings import Settings, process_environment
from jsobj.net.client import HttpClient
from jsobj.net.connection.response_head import WireError
from jsobj.net.request import Reply
from jsobj.secret import Secret
from jsobj.units import iso_time

_RENEW_BEFORE = timedelta(seconds=30)


class Keystone:
    """One login and what can be done with it.

    It authenticates while it is made, so that an instance is always a login that worked; ``chosen`` are the secrets
    that did. Raises :class:`JsobjError`: auth (refused), network (unreachable, not a Keystone), local (an option is
    missing).
    """

    def __init__(self, source: AuthSource) -> None:
        self.source = source
        self._client = HttpClient(process_environment(), source.tls)
        self._root = identity_root(source.auth_url)
        self.chosen, self._issued = self._authenticate()
        self.login: Login = login_from_token(
            self._issued.body,
            auth_url=source.auth_url,
            region=source.region,
            interface=source.interface,
            clock_offset=self._issued.clock_offset,
        )
        self._expires = self.login.token_expires

    def _authenticate(self) -> tuple[Mapping[str, Secret], Issued]:
        """Try each candidate of the secret in turn; only where Horizon's quoting left a doubt are there two."""
        choices = itertools.product(*self.source.secrets.values())
        *others, last = (dict(zip(self.source.secrets, values, strict=True)) for values in choices)
        for secrets in others:
            with contextlib.suppress(LoginRefused):
                return secrets, issue(self.source, secrets, self._client)
        return last, issue(self.source, last, self._client)

    @property
    def token(self) -> Secret:
        """The token, renewed where it is about to end."""
        if self._expires is not None and self._expires - datetime.now(timezone.utc) < _RENEW_BEFORE:
            self._renew()
        return self._issued.token

    def _renew(self) -> None:
        self._issued = issue(self.source, self.chosen, self._client)
        self._expires = iso_time(self._issued.body.get("expires_at"))

    def get(self, path: str) -> dict[str, Any]:
        """GET below ``/v3``; the answer's JSON object."""
        return self._call("GET", path)

    def post(self, path: str, body: Mapping[str, Any]) -> dict[str, Any]:
        """POST below ``/v3``; the answer's JSON object."""
        return self._call("POST", path, body)

    def delete(self, path: str) -> None:
        """DELETE below ``/v3``."""
        self._call("DELETE", path)

    def _call(self, method: str, path: str, body: Mapping[str, Any] | None = None) -> dict[str, Any]:
        reply = self._send(method, path, body)
        if reply.status == 401 and not is_missing_key(reply):
            self._renew()
            reply = self._send(method, path, body)
        if reply.status >= 300:
            raise from_reply(reply, self.source, f"{method} {path.split('/')[-1] if path.count('/') < 3 else path}")
        return json_object(reply, self.source) if reply.body else {}

    def _send(self, method: str, path: str, body: Mapping[str, Any] | None) -> Reply:
        headers = {"X-Auth-Token": self.token.reveal(), "Accept": "application/json"}
        data = b""
        if body is not None:
            headers["Content-Type"] = "application/json"
            data = json.dumps(body).encode()
        try:
            return self._client.send(method, f"{self._root}{path}", headers=headers, body=data)
        except WireError as error:
            raise from_transport(error, self.source) from error


def verify_of(keystone: Keystone, settings: Settings) -> bool | str:
    """How TLS certificates are checked: the cloud's own authority, ``AWS_CA_BUNDLE``, or the usual ones."""
    if not keystone.source.verify:
        return False
    return keystone.source.cacert or settings.get("AWS_CA_BUNDLE") or True
