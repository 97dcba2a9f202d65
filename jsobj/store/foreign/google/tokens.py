"""The token of a running transfer: got with the first request, renewed before it ends, once for all workers.

Google's tokens last an hour. They come from Google's own library, which knows the ways from each kind of credentials to
a token; the requests for them go where those credentials say, by this program's rules for proxies and authorities.
"""

from __future__ import annotations

import threading
import time
import warnings
from collections.abc import Mapping
from datetime import datetime, timezone
from functools import partial
from typing import Any

from jsobj.errors import BadUsage, EndpointUnreachable, ExitCode, JsobjError, error_of
from jsobj.identity.foreign.google import GoogleLogin
from jsobj.net.connection.proxy import tunnel_for
from jsobj.redaction import redact
from jsobj.secret import Secret
from jsobj.urls import parse_url

_SCOPE = "https://www.googleapis.com/auth/devstorage.read_write"
_EARLY = 60.0  # seconds before its end at which a token is renewed; at half time, where it lives less than two minutes
_AGAIN = 10.0  # seconds until it is tried again
_FRESH = 10.0  # seconds: a token that was just got is not got again because a server refuses it
_TIMEOUT = 30.0  # seconds for an answer
_WORDS = 200


class GoogleTokens:
    """The current token of a login. For any number of threads. ``environ`` names the proxies."""

    def __init__(self, login: GoogleLogin, environ: Mapping[str, str], verify: bool | str) -> None:
        self.login = login
        self._environ = environ
        self._verify = verify
        self._lock = threading.Lock()
        self._credentials: Any = None
        self._token = login.token
        self._until = self._ends = float("inf") if login.token else 0.0
        self._got = 0.0

    @property
    def renewable(self) -> bool:
        """Whether another token can be got: not of one that was given as such."""
        return self.login.kind in {"file", "machine"}

    def current(self) -> Secret:
        """The token to send. Raises :class:`JsobjError`: auth (refused), network, usage (no library), local."""
        if time.monotonic() >= self._until:
            with self._lock:
                if time.monotonic() >= self._until:
                    self._issue()
        return self._token

    def renew(self) -> None:
        """Get another token, because a server refused this one; errors as for :meth:`current`.

        The caller makes sure that it runs once for all workers (the session does).
        """
        with self._lock:
            if self.renewable and time.monotonic() - self._got > _FRESH:
                self._issue()

    def sign(self, data: bytes) -> tuple[str, bytes]:
        """Whose signature it is, and that of ``data`` by a service account's key.

        Raises :class:`JsobjError` (auth) for a login without one.
        """
        if self.login.info.get("type") != "service_account":
            raise JsobjError(
                "presign-no-key",
                f"only a service account's key signs URLs, and this is {self.login.where}",
                code=ExitCode.AUTH,
                hint="name the key's file in GOOGLE_APPLICATION_CREDENTIALS, or: gcloud storage sign-url",
            )
        with self._lock:
            credentials = self._loaded()
        return credentials.service_account_email, credentials.sign_bytes(data)

    def _issue(self) -> None:
        """Where the network fails, a token that is good for a while yet is used on: it is renewed early for that."""
        try:
            self._refresh()
        except EndpointUnreachable:
            if time.monotonic() >= self._ends:
                raise
            self._until = time.monotonic() + _AGAIN

    def _refresh(self) -> None:
        credentials, request = self._loaded(), self._request()
        from google.auth import exceptions

        try:
            credentials.refresh(request)
        except exceptions.RefreshError as error:
            raise _refused(self.login, _said(error)) from None
        except exceptions.TransportError as error:
            raise EndpointUnreachable(
                "Google's server of tokens cannot be reached",
                context=redact(str(error))[:_WORDS],
                hint="check the network, then run the same command again",
            ) from None
        except (exceptions.GoogleAuthError, ValueError, TypeError, KeyError) as error:
            raise _unusable(self.login, error) from None
        self._token, self._got = Secret(str(credentials.token)), time.monotonic()
        left = _seconds(credentials)
        self._ends = self._got + left
        self._until = self._got + max(left - _EARLY, left / 2)

    def _loaded(self) -> Any:
        """Google's own object for these credentials; nothing is sent yet."""
        if self._credentials is None:
            try:
                from google.auth import compute_engine, exceptions
            except ImportError as error:
                raise not_installed() from error
            try:
                made = compute_engine.Credentials() if self.login.kind == "machine" else _credentials(self.login.info)
                self._credentials = made
            except (exceptions.GoogleAuthError, ValueError, TypeError, KeyError, AttributeError) as error:
                raise _unusable(self.login, error) from None
        return self._credentials

    def _request(self) -> Any:
        """How Google's library sends a request: by this program's rules, as for Keystone's plugins."""
        import requests
        from google.auth.transport.requests import Request

        environ, verify = self._environ, self._verify

        class OurRules(requests.Session):
            def merge_environment_settings(self, url: Any, *given: Any) -> Any:
                merged = super().merge_environment_settings(url, *given)
                origin, _ = parse_url(url.partition("?")[0])
                proxy = "" if _is_metadata(origin.host) else tunnel_for(environ, origin)
                return {**merged, "proxies": {origin.scheme: proxy} if proxy else {}, "verify": verify}

        session = OurRules()
        session.trust_env = False  # no other rule for proxies, no other authorities, and no ~/.netrc
        return partial(Request(session), timeout=_TIMEOUT)


def _credentials(info: Mapping[str, Any]) -> Any:
    """Google's object for what a file holds. Raises what Google's library does."""
    import google.auth
    from google.auth import aws, identity_pool, pluggable

    kind = info["type"]
    if kind == "external_account":  # the function below would ask the network for the project's name
        source = info.get("credential_source")
        if info["subject_token_type"] == "urn:ietf:params:aws:token-type:aws4_request":  # noqa: S105 - a kind
            return aws.Credentials.from_info(dict(info), scopes=[_SCOPE])
        if isinstance(source, dict) and "executable" in source:
            return pluggable.Credentials.from_info(dict(info), scopes=[_SCOPE])  # runs it only if its variable is set
        return identity_pool.Credentials.from_info(dict(info), scopes=[_SCOPE])
    # A person's login has the scopes that were granted; all others are made with those that they get.
    scopes = None if kind == "authorized_user" else [_SCOPE]
    with warnings.catch_warnings():  # that files of strangers may name strange servers: it is the user's own
        warnings.simplefilter("ignore")
        return google.auth.load_credentials_from_dict(dict(info), scopes=scopes)[0]


def _is_metadata(host: str) -> bool:
    """Google's own machines answer there in plain http; it never leaves the machine."""
    return host in {"metadata.google.internal", "169.254.169.254"}


def _seconds(credentials: Any) -> float:
    """For how long a token is good."""
    expiry = credentials.expiry
    if expiry is None:
        return float("inf")
    left: float = (expiry.replace(tzinfo=timezone.utc) - datetime.now(timezone.utc)).total_seconds()
    return left


def _said(error: Exception) -> str:
    """The server's ``error`` and ``error_description``: its whole answer might have more than should be shown."""
    found = next((each for each in error.args if isinstance(each, dict)), None)
    if found is not None and isinstance(found.get("error"), str):
        words = [found["error"], str(found.get("error_description") or "")]
        return redact(": ".join(filter(None, words)))[:_WORDS]
    text = str(error.args[0]) if error.args else type(error).__name__
    return redact(" ".join(text.split()))[:_WORDS]


def _refused(login: GoogleLogin, said: str) -> JsobjError:
    if login.kind == "machine":
        hint = "give the machine a service account that may use Cloud Storage, or name a file of credentials"
    elif login.info.get("type") == "service_account":
        hint = "the key was deleted, or the clock is wrong: make another key for the account, and name its file"
    else:
        hint = login.again
    return error_of(
        "google-login-refused", f"Google gives no token for {login.where}", code=ExitCode.AUTH, context=said, hint=hint
    )


def _unusable(login: GoogleLogin, error: Exception) -> JsobjError:
    """Its text may quote what the file holds: only its kind is told."""
    return JsobjError(
        "google-credentials-file",
        f"Google's library cannot use {login.where}",
        code=ExitCode.LOCAL,
        context=type(error).__name__,
        hint=login.again,
    )


def not_installed() -> JsobjError:
    """The error where google-auth is missing."""
    return BadUsage("a login at Google needs a package that is not installed", hint="pip install 'jsobj[clouds]'")
