"""A few words of Keystone's API, enough to fill an empty cloud. Not a client for anything else."""

from __future__ import annotations

import http.client
import json
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from jsobj.errors import ExitCode, JsobjError
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
        return KeystoneApi(self.auth_url, Secret(headers["X-Subject-Token"] or ""))

    def call(self, method: str, path: str, body: object = None) -> Any:
        """One request; the decoded answer (None when it is empty). Raises ``sandbox-keystone`` on any refusal."""
        return self._send(method, path, body)[0]

    def create(self, kind: str, **words: object) -> str:
        """Create one thing, such as a ``project``; its id."""
        plural = kind if kind.endswith("s") else f"{kind}s"
        answer = self.call("POST", f"/{plural}", {kind: words})
        identifier: str = answer[kind]["id"]
        return identifier

    def _send(self, method: str, path: str, body: object) -> tuple[Any, http.client.HTTPMessage]:
        parts = urlsplit(self.auth_url)
        headers = {"Content-Type": "application/json"}
        if self.token:
            headers["X-Auth-Token"] = self.token.reveal()
        connection = http.client.HTTPConnection(parts.hostname or "", parts.port, timeout=TIMEOUT)
        try:
            payload = None if body is None else json.dumps(body)
            connection.request(method, parts.path + path, payload, headers)
            response = connection.getresponse()
            text = response.read()
        except (OSError, http.client.HTTPException) as error:
            raise _trouble(f"Keystone of the sandbox did not answer {method} {path}.", repr(error)) from error
        finally:
            connection.close()
        if response.status >= 400:
            raise _trouble(
                f"Keystone of the sandbox answered {response.status} to {method} {path}.",
                text[:300].decode("utf-8", "replace"),
            )
        return (json.loads(text) if text else None), response.headers


def _trouble(message: str, context: str) -> JsobjError:
    return JsobjError(
        "sandbox-keystone",
        message,
        context=context,
        hint="Look at logs/keystone.log in the sandbox's folder, or begin anew: jsobj sandbox reset",
        code=ExitCode.NETWORK,
    )
