"""Talking to Keystone: one session, one place where its errors become ours.

keystoneauth1 makes the token; this file adds what it leaves out (facts measured with 5.18): retries for answers that
ask for one, with ``Retry-After`` honoured up to a bound; no redirects, since it would forward the token to another
host; no body in any log, since its debug log prints EC2 secrets.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timezone
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from jsobj import __version__
from jsobj.errors import ExitCode, JsobjError
from jsobj.identity.login import Login, login_from_token
from jsobj.identity.plugins import build_plugin
from jsobj.identity.sources import AuthSource
from jsobj.secret import Secret

if TYPE_CHECKING:
    import requests

CONNECT_SECONDS = 5.0
READ_SECONDS = 30.0
MAX_RETRY_AFTER = 20.0  # seconds; a server that wants longer gets an error that says so


@dataclass(slots=True)
class _Seen:
    """What the last answer's headers said."""

    clock_offset: float | None = None
    request_id: str = ""
    headers: Mapping[str, str] = field(default_factory=dict)

    def note(self, response: requests.Response, *_: object, **__: object) -> None:
        self.headers = response.headers
        self.request_id = response.headers.get("x-openstack-request-id", "")
        try:
            server = parsedate_to_datetime(response.headers.get("Date", ""))
        except (TypeError, ValueError):
            return
        self.clock_offset = (server - datetime.now(timezone.utc)).total_seconds()


class Keystone:
    """One login and what can be done with it.

    ``login`` authenticates at construction's end, so that an instance is always a login that worked.

    Raises :class:`JsobjError`: auth (refused), network (unreachable, not a Keystone), local (the plugin lacks
    something).
    """

    def __init__(self, source: AuthSource) -> None:
        self.source = source
        self._seen = _Seen()
        self._http = _http_session(self._seen)
        self._base = identity_root(source.auth_url)
        self.chosen: dict[str, Secret] = {}
        self.login = self._authenticate()

    def _authenticate(self) -> Login:
        """Try each candidate of the secret in turn; only where Horizon's quoting left a doubt are there two."""
        options = list(self.source.secrets)
        doubtful = next((o for o in options if len(self.source.secrets[o]) > 1), None)
        rounds = len(self.source.secrets[doubtful]) if doubtful else 1
        for attempt in range(rounds):
            secrets = {o: values[attempt if o == doubtful else 0] for o, values in self.source.secrets.items()}
            try:
                login = self._open(secrets)
            except JsobjError as error:
                if error.code is not ExitCode.AUTH or attempt == rounds - 1:
                    raise
            else:
                self.chosen = secrets
                return login
        raise AssertionError("the loop above returns or raises")

    def _open(self, secrets: Mapping[str, Secret]) -> Login:
        from keystoneauth1 import exceptions
        from keystoneauth1.session import Session

        verify: bool | str = (self.source.cacert or True) if self.source.verify else False
        try:
            self._plugin = build_plugin(self.source, secrets)
            self._session = Session(
                auth=self._plugin,
                session=self._http,
                verify=verify,
                timeout=READ_SECONDS,
                redirect=False,
                app_name="jsobj",
                app_version=__version__,
            )
            access = self._plugin.get_access(self._session)
        except exceptions.ClientException as error:
            raise self._translate(error, "log in") from error
        body = access._data.get("token") if isinstance(access._data, dict) else None
        if not isinstance(body, dict):
            raise not_keystone(self.source.auth_url)
        return login_from_token(
            body,
            auth_url=self.source.auth_url,
            region=self.source.region,
            interface=self.source.interface,
            clock_offset=self._seen.clock_offset,
        )

    @property
    def token(self) -> Secret:
        """The token, renewed where it is about to expire."""
        return Secret(str(self._plugin.get_token(self._session)))

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
        from keystoneauth1 import exceptions

        try:
            # log=False: these bodies hold secrets in both directions.
            response = self._session.request(
                self._base + path, method, json=body, log=False, redirect=False, authenticated=True
            )
            if response.status_code in {204, 205} or not response.content:
                return {}
            document = response.json()
        except exceptions.ClientException as error:
            raise self._translate(error, f"{method} {path.split('/')[-1] if path.count('/') < 3 else path}") from error
        except ValueError as error:
            raise not_keystone(self.source.auth_url) from error
        if not isinstance(document, dict):
            raise not_keystone(self.source.auth_url)
        return document

    def _translate(self, error: Exception, step: str) -> JsobjError:
        from jsobj.identity.keystone_errors import translate

        return translate(error, self.source, step, self._seen.request_id, self._seen.headers)


def identity_root(auth_url: str) -> str:
    """Keystone's v3 root: ``auth_url`` with exactly one ``/v3`` at its end (portals write it with and without)."""
    stripped = auth_url.rstrip("/")
    return stripped if urlsplit(stripped).path.endswith("/v3") else f"{stripped}/v3"


def not_keystone(auth_url: str) -> JsobjError:
    """The error for an answer that no Keystone gives: a captive portal's page, another service's port."""
    return JsobjError(
        "not-keystone",
        f"{auth_url} answers, but not as a Keystone (Identity API v3)",
        code=ExitCode.NETWORK,
        hint="check OS_AUTH_URL; a network that wants you to log in through the browser first answers like this too",
    )


def _http_session(seen: _Seen) -> requests.Session:
    import requests
    from requests.adapters import HTTPAdapter
    from urllib3.exceptions import MaxRetryError
    from urllib3.util.retry import Retry

    class _Bounded(Retry):
        def increment(self, *args: Any, **kwargs: Any) -> Any:
            response = kwargs.get("response")
            if response is not None and (self.get_retry_after(response) or 0) > MAX_RETRY_AFTER:
                # Longer than anybody wants to sit through: the answer itself is returned, and its wait is told.
                raise MaxRetryError(kwargs["_pool"], str(kwargs.get("url")), None)
            return super().increment(*args, **kwargs)

    class _Adapter(HTTPAdapter):
        def send(self, request: Any, **kwargs: Any) -> requests.Response:  # type: ignore[override]
            # The session passes one number for both; a dead host should be known sooner than a slow answer.
            kwargs["timeout"] = (CONNECT_SECONDS, READ_SECONDS)
            return super().send(request, **kwargs)

    # 429 and 503 say that nothing was done, so that even a POST may be sent again; after 500, 502 and 504 only what
    # changes nothing is. A reply that never came is not retried for a POST: the caller looks first what was done.
    retry = _Bounded(
        total=4,
        connect=1,
        read=0,
        status=3,
        status_forcelist=(429, 503),
        allowed_methods=None,
        backoff_factor=0.3,
        backoff_jitter=0.3,
        raise_on_status=False,
        respect_retry_after_header=True,
    )
    session = requests.Session()
    session.hooks["response"].append(seen.note)
    for scheme in ("http://", "https://"):
        session.mount(scheme, _Adapter(max_retries=retry))
    return session
