"""Tokens are fetched once, renewed in time, and a login that is refused says what to do."""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

import pytest

from jsobj.errors import ExitCode, JsobjError
from jsobj.identity.foreign.azure_tokens import Tokens


@dataclass
class Token:
    token: str
    expires_on: float


class Credential:
    """As azure-identity's: tokens that last ``seconds``."""

    def __init__(self, seconds: float, error: Exception | None = None) -> None:
        self.asked, self.seconds, self.error = 0, seconds, error

    def get_token(self, scope: str) -> Token:
        assert scope == "https://storage.azure.com/.default"
        if self.error is not None:
            raise self.error
        self.asked += 1
        return Token(f"token-{self.asked}", time.time() + self.seconds)


def tokens(credential: Any) -> Tokens:
    pytest.importorskip("azure.core")
    return Tokens("az login", "az login", lambda: credential)


def test_one_token_for_all_threads() -> None:
    credential = Credential(3600)
    found = tokens(credential)
    with ThreadPoolExecutor(8) as pool:
        seen = {secret.reveal() for secret in pool.map(lambda _: found.current(), range(50))}
    assert (seen, credential.asked) == ({"token-1"}, 1)
    found.renew()
    assert found.current().reveal() == "token-2"


def test_a_token_that_is_nearly_over_is_not_used() -> None:
    found = tokens(Credential(60))
    assert [found.current().reveal() for _ in range(2)] == ["token-1", "token-2"]


def test_refused() -> None:
    exceptions = pytest.importorskip("azure.core.exceptions")
    text = "AADSTS7000215: Invalid client secret provided.\nTrace ID: x"
    with pytest.raises(JsobjError) as caught:
        tokens(Credential(1, exceptions.ClientAuthenticationError(text))).current()
    assert (caught.value.reference, caught.value.code) == ("azure-login-refused", ExitCode.AUTH)
    assert (caught.value.context, caught.value.hint) == (text.partition("\n")[0], "az login")
    with pytest.raises(JsobjError) as caught:
        tokens(Credential(1, exceptions.ServiceRequestError("no route"))).current()
    assert caught.value.code is ExitCode.NETWORK


def test_the_library_is_missing() -> None:
    def make() -> Any:
        raise ModuleNotFoundError("No module named 'azure'")

    with pytest.raises(JsobjError) as caught:
        Tokens("az login", "az login", make).current()
    assert caught.value.code is ExitCode.USAGE
    assert "pip install 'jsobj[clouds]'" in caught.value.hint
