"""A few words of Keystone's API, enough to fill an empty cloud. Not a client for anything else."""

from __future__ import annotations

import json
from collections.abc import Mapping
from contextlib import closing
from dataclasses import dataclass
from typing import Any

from jsobj.errors import ExitCode, JsobjError
from jsobj.net.client import HttpClient
from jsobj.net.connection.response_head import WireError
from jsobj.net.request import Reply
from jsobj.secret import Secret

DEFAULT_DOMAIN = {"id": "default"}
# By server: the reference of its errors, and the log that explains them.
_TROUBLE = {
    "Keystone": ("sandbox-keystone", "keystone.log"),
    "Swift": ("sandbox-not-working", "swift-proxy.log"),
    "S3": ("sandbox-not-working", "swift-proxy.log"),
}
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
        reply = ask("Keystone", method, self.auth_url + path, headers, payload)
        return (reply.json() if reply.body else None), reply.headers


def ask(service: str, method: str, url: str, headers: Mapping[str, str], body: bytes = b"") -> Reply:
    """One request to a server of the sandbox, without a proxy and without a second try.

    Raises ``sandbox-keystone`` or ``sandbox-not-working`` (NETWORK) without an answer, and for any but a good one.
    """
    with closing(HttpClient({}, connect_seconds=TIMEOUT, read_seconds=TIMEOUT, tries=1)) as client:
        try:
            reply = client.send(method, url, headers=headers, body=body)
            if reply.status < 300:
                return reply
            answered, context = f"answered {reply.status} to", reply.text[:300]
        except WireError as error:
            answered, context = "did not answer", error.reason
    sentence = f"{service} of the sandbox {answered} {method} {url}"
    reference, log = _TROUBLE[service]
    hint = f"look at logs/{log} in the sandbox's folder, or start over: jsobj sandbox reset"
    raise JsobjError(reference, sentence, code=ExitCode.NETWORK, context=context, hint=hint)
