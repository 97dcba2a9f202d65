"""The token of a running transfer: renewed before it ends, once for all workers, and once where a server refuses it.

Keystone's tokens end after hours or minutes, transfers take longer. A token that was just issued and that no server
ever took is not renewed again: a server that does not accept the login's role would otherwise cost Keystone one login
for every object.
"""

from __future__ import annotations

import threading
import time
from typing import TYPE_CHECKING

from jsobj.errors import ExitCode, JsobjError
from jsobj.secret import Secret
from jsobj.store.swift.errors import AccountContext, account_context

if TYPE_CHECKING:
    from datetime import datetime

    from jsobj.identity.keystone.client import Keystone

_EARLY = 30.0  # seconds before its end at which a token is renewed; at half time, where it lives less than a minute
_FRESH = 10.0  # seconds


class TokenKeeper:
    """The current token of a login. For any number of threads."""

    def __init__(self, keystone: Keystone) -> None:
        self.keystone = keystone
        self._lock = threading.Lock()
        self._began = time.monotonic()
        self._token = keystone.token
        self._until = self._end(keystone.login.token_expires)
        self.accepted = False  # set when a server has accepted the token

    @property
    def who(self) -> AccountContext:
        """Whose login it is."""
        return account_context(self.keystone)

    def current(self) -> Secret:
        """The token to send. Raises :class:`jsobj.errors.JsobjError` (auth, network) where renewing fails."""
        if time.monotonic() >= self._until:
            with self._lock:
                if time.monotonic() >= self._until:
                    self._issue()
        return self._token

    def renew(self) -> None:
        """Log in again, because a server refused the token; errors as for :meth:`current`.

        The caller makes sure that it runs once for all workers (the session does).
        """
        with self._lock:
            if self.accepted or time.monotonic() - self._began > _FRESH:
                self._issue()

    def _issue(self) -> None:
        from jsobj.identity.keystone.token import issue
        from jsobj.identity.settings import process_environment
        from jsobj.net.client import HttpClient
        from jsobj.units import iso_time

        source = self.keystone.source
        issued = issue(source, self.keystone.chosen, HttpClient(process_environment(), source.tls))
        self._began = time.monotonic()
        self._until = self._end(iso_time(str(issued.body.get("expires_at") or "")))
        self._token = issued.token
        self.accepted = False

    def _end(self, expires: datetime | None) -> float:
        """When to renew, on the monotonic clock, by the server's clock: this machine's may be wrong."""
        if expires is None:
            return float("inf")
        left = expires.timestamp() - time.time() - (self.keystone.login.clock_offset or 0.0)
        return time.monotonic() + max(left - _EARLY, left / 2)


class LentToken(TokenKeeper):
    """A token that another machine was lent for one run: it cannot be renewed there, and ends by itself.

    ``until``: when that is, as messages say it.
    """

    def __init__(self, token: Secret, who: AccountContext, until: str) -> None:
        self._lent = token
        self._who = who
        self._ends = until
        self.accepted = False

    @property
    def who(self) -> AccountContext:
        """Whose login it is."""
        return self._who

    def current(self) -> Secret:
        """The token to send."""
        return self._lent

    def renew(self) -> None:
        """Raises :class:`jsobj.errors.JsobjError` (auth): there is nothing to log in with."""
        raise JsobjError(
            "lent-token-refused",
            f"the token that the workers were lent is not accepted any more; it was to end at {self._ends}",
            code=ExitCode.AUTH,
            hint="run the same command again: it goes on where it stopped, with a new token",
        )
