"""A refused application credential: what Keystone did not like, by whether roles were named."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from jsobj.errors import ExitCode, JsobjError, KeystoneRejected
from jsobj.identity.keystone.app_credentials import AppCredentials
from jsobj.identity.keystone.login import login_from_token

BODY: dict[str, Any] = {
    "user": {"id": "u1", "name": "alice", "domain": {"id": "default", "name": "Default"}},
    "project": {"id": "p1", "name": "demo", "domain": {"id": "default", "name": "Default"}},
    "roles": [{"id": "r", "name": "member"}],
    "methods": ["password"],
    "expires_at": "2026-11-21T14:03:00.000000Z",
    "catalog": [],
}


def refused(roles: list[str]) -> JsobjError:
    def post(path: str, body: object) -> dict[str, Any]:
        raise KeystoneRejected("Keystone rejects POST (400)", context="role not assigned")

    login = login_from_token(BODY, auth_url="https://k/v3", region="", interface="public", clock_offset=None)
    keystone: Any = SimpleNamespace(login=login, post=post)
    with pytest.raises(JsobjError) as caught:
        AppCredentials(keystone).create("ci", description="", roles=roles, expires=None, unrestricted=False)
    assert (caught.value.reference, caught.value.code) == ("app-cred-rejected", ExitCode.USAGE)
    return caught.value


def test_without_role_the_hint_speaks_of_no_option_that_was_not_typed() -> None:
    error = refused([])
    assert error.message == "Keystone does not make 'ci'"
    assert str(error.hint).startswith("try again in a minute; it would have all roles that you have")
    assert "--role" not in str(error.hint)


def test_a_role_of_another_is_named() -> None:
    error = refused(["member", "admin"])
    assert error.message == "Keystone does not make 'ci': role 'admin' is not yours in this project"
    assert str(error.hint) == "--role takes roles that you have yourself in this project: member"
