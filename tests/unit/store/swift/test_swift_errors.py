"""What the Swift API's refusals mean to the user: the same status is another thing for another request."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from jsobj.errors import ExitCode, JsobjError
from jsobj.store.swift.errors import translate_errors


def login(*roles: str) -> Any:
    """A login of these roles, as cloud ``my cloud``."""
    project = SimpleNamespace(name="demo")
    told = SimpleNamespace(swift_url="http://127.0.0.1:9/swift/v1", roles=roles, project=project)
    return SimpleNamespace(login=told, source=SimpleNamespace(cloud="my cloud"))


@pytest.mark.parametrize(
    ("verb", "status", "role", "reference", "code"),
    [
        ("create", 409, "member", "bucket-name-taken", ExitCode.REFUSED),
        ("create", 400, "member", "bucket-name-rules", ExitCode.USAGE),
        ("create", 413, "member", "quota", ExitCode.REFUSED),
        ("", 409, "member", "bucket-not-empty", ExitCode.REFUSED),
        ("", 404, "member", "bucket-not-found", ExitCode.NOT_FOUND),
        ("", 507, "member", "quota", ExitCode.REFUSED),
        ("", 403, "member", "bucket-forbidden", ExitCode.REFUSED),
        ("", 403, "reader", "bucket-forbidden", ExitCode.REFUSED),
        ("", 401, "reader", "bucket-forbidden", ExitCode.REFUSED),
        ("", 401, "Member", "token-refused", ExitCode.AUTH),
        ("", 429, "member", "swift-busy", ExitCode.NETWORK),
        ("", 503, "member", "swift-busy", ExitCode.NETWORK),
        ("", 400, "member", "swift-failed", ExitCode.FAILURE),
    ],
)
def test_swift_answers_in_the_users_words(verb: str, status: int, role: str, reference: str, code: ExitCode) -> None:
    from swiftclient import ClientException

    headers = {"x-trans-id": "tx0123"}
    with pytest.raises(JsobjError) as caught, translate_errors(login(role), "my-data", verb):
        raise ClientException("no", http_status=status, http_reason="Because", http_response_headers=headers)
    assert (caught.value.reference, caught.value.code) == (reference, code)
    assert caught.value.context == f"HTTP {status} Because tx0123"


@pytest.mark.parametrize(("roles", "word"), [(("reader",), "role 'member'"), (("member",), "whoami"), ((), "'member'")])
def test_forbidden_names_the_likelier_cause(roles: tuple[str, ...], word: str) -> None:
    from swiftclient import ClientException

    with pytest.raises(JsobjError) as caught, translate_errors(login(*roles), "my-data"):
        raise ClientException("no", http_status=403)
    assert word in caught.value.hint
    assert ("belongs to another project" in caught.value.message) is (roles == ("member",))


def test_no_connection() -> None:
    import requests

    with pytest.raises(JsobjError) as caught, translate_errors(login("member"), "my-data"):
        raise requests.ConnectionError("http://127.0.0.1:9/?secret=1")
    assert (caught.value.reference, caught.value.code) == ("swift-unreachable", ExitCode.NETWORK)
    assert "secret" not in caught.value.context


def test_hints_mean_the_same_login_and_are_quoted() -> None:
    from swiftclient import ClientException

    with pytest.raises(JsobjError) as caught, translate_errors(login("member"), "x; touch PWNED"):
        raise ClientException("no", http_status=409)
    assert "jsobj bucket delete 'swift://x; touch PWNED' --recursive --cloud 'my cloud'" in caught.value.hint
