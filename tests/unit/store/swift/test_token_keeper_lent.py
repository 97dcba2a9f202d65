"""A token that was lent: whose it is, and that it cannot be renewed."""

import pytest

from jsobj.errors import ExitCode, JsobjError
from jsobj.secret import Secret
from jsobj.store.swift.errors import AccountContext
from jsobj.store.swift.token_keeper import LentToken


def test_a_lent_token_is_sent_and_not_renewed() -> None:
    lent = LentToken(Secret("text"), AccountContext("proj"), "2026-11-30 12:00 UTC")
    assert lent.current() == Secret("text")
    assert lent.who.project == "proj"
    with pytest.raises(JsobjError, match="2026-11-30 12:00 UTC") as caught:
        lent.renew()
    assert caught.value.code is ExitCode.AUTH
