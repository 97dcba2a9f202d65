"""A few words of Keystone's API, enough to fill an empty cloud. Not a client for anything else."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from jsobj.errors import ExitCode, JsobjError
from jsobj.net.client import HttpClient
from jsobj.net.connection.response_head import WireError
from jsobj.net.request import Reply
from jsobj.secret import Secret

DEFAULT_DOMAIN = {"id": "default"}
TIMEOUT = 60.0  # seconds; the first request waits until Keystone has made its database


@dataclass(frozen=True, slots=True)
class KeystoneApi:
    """Requests to one Keystone, with a token or without."""

    auth_url: str
    token: Secret | None = None

    def log_in(self, user: str, password: Secret, project: str) -> KeystoneApi:
        """The same Keystone with a token of ``user`` (both names in the domain Default)."""
        identity = {
            "methods": ["password"],
            "password": {"user": {"name": user, "domain": DEFAULT_DOMAIN, "password": password.reveal()}},
        }
        scope = {"project": {"name": project, "domain": DEFAULT_DOMAIN}}
        _, headers = self._send("POST", "/auth/tokens", {"auth": {"identity": identity, "scope": scope}})
        return KeystoneApi(self.auth_url, Secret(headers.get("x-subject-token", "")))

    def call(self, method: str, path: str, body: object = None) -> Any:
        """One request; the decoded answer (None when it is empty). Raises ``sandbox-keystone`` on any refusal."""
        return self._send(method, path, body)[0]

    def create(self, kind: str, **words: object) -> str:
        """Create one thing, such as a ``project``; its id."""
        plural = kind if kind.endswith("s") else f"{kind}s"
        answer = self.call("POST", f"/{plural}", {kind: words})
        identifier: str = answer[kind]["id"]
        return identifier

    def _send(self, method: str, path: str, body: object) -> tuple[Any, Mapping[str, str]]:
        headers = {"Content-Type": "application/json"}
        if self.token:
            headers["X-Auth-Token"] = self.token.reveal()
        payload = b"" if body is None else json.dumps(body).encode()
        try:
            reply = single_request(method, self.auth_url + path, headers, payload)
        except WireError as error:
            raise _trouble(f"Keystone of the sandbox did not answer {method} {path}", error.reason) from error
        if reply.status >= 400:
            raise _trouble(f"Keystone of the sandbox answered {reply.status} to {method} {path}", reply.text[:300])
        return (reply.json() if reply.body else None), reply.headers


def single_request(method: str, url: str, headers: Mapping[str, str], body: bytes = b"") -> Reply:
    """One request to a server of the sandbox, without a proxy and without a second try. Raises :class:`WireError`."""
    client = HttpClient({}, connect_seconds=TIMEOUT, read_seconds=TIMEOUT, tries=1)
    try:
        return client.send(method, url, headers=headers, body=body)
    finally:
        client.close()


def _trouble(message: str, context: str) -> JsobjError:
    return JsobjError(
        "sandbox-keystone",
        message,
        context=context,
        hint="Look at logs/keystone.log in the sandbox's folder, or begin anew: jsobj sandbox reset",
        code=ExitCode.NETWORK,
    )
