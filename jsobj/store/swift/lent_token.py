"""A token that another machine was lent for one run: it cannot be renewed there, and ends by itself."""

from __future__ import annotations

from jsobj.errors import ExitCode, JsobjError
from jsobj.secret import Secret
from jsobj.store.swift.errors import AccountContext
from jsobj.store.swift.token_keeper import TokenKeeper


class LentToken(TokenKeeper):
    """The token, whose it is, and when it ends, as messages say it."""

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
