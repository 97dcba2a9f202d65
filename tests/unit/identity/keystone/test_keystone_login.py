"""A token's body as one value: regions, endpoints, roles, and bodies that are none."""

from __future__ import annotations

import copy
from typing import Any

import pytest

from jsobj.errors import ExitCode, JsobjError
from jsobj.identity.keystone.login import Login, login_from_token

BODY: dict[str, Any] = {
    "user": {"id": "u1", "name": "alice", "domain": {"id": "default", "name": "Default"}},
    "project": {"id": "p1", "name": "demo", "domain": {"id": "default", "name": "Default"}},
    "roles": [{"id": "r", "name": "member"}],
    "methods": ["password"],
    "expires_at": "2026-11-21T14:03:00.000000Z",
    "catalog": [
        {
            "type": "object-store",
            "name": "swift",
            "endpoints": [
                {"region": "R1", "interface": "public", "url": "https://a.example:8001/swift/v1/AUTH_p1/"},
                {"region": "R1", "interface": "internal", "url": "http://10.0.0.1/swift/v1/AUTH_p1"},
            ],
        }
    ],
}


def read(body: dict[str, Any], region: str = "", interface: str = "public") -> Login:
    return login_from_token(body, auth_url="https://k/v3", region=region, interface=interface, clock_offset=None)


def with_endpoint(region: str, url: str, service: str = "object-store") -> dict[str, Any]:
    body = copy.deepcopy(BODY)
    endpoint = {"region": region, "interface": "public", "url": url}
    body["catalog"].append({"type": service, "name": "x", "endpoints": [endpoint]})
    return body


def test_login() -> None:
    login = read(BODY)
    assert (login.user.name, login.project.id, login.roles, login.region) == ("alice", "p1", ("member",), "R1")
    assert login.credential is None
    assert login.swift_url == "https://a.example:8001/swift/v1/AUTH_p1"
    assert str(login.s3_origin) == "https://a.example:8001"
    assert login.token_expires is not None
    assert read(BODY, interface="internal").swift_url == "http://10.0.0.1/swift/v1/AUTH_p1"


def test_s3_of_the_catalogue_wins() -> None:
    assert str(read(with_endpoint("R1", "https://s3.example/", "s3")).s3_origin) == "https://s3.example"


def test_f33_two_regions_must_be_chosen() -> None:
    body = with_endpoint("R2", "https://b.example/swift/v1")
    with pytest.raises(JsobjError) as caught:
        read(body)
    assert (caught.value.code, caught.value.reference) == (ExitCode.USAGE, "region-needed")
    assert "R1, R2" in caught.value.message
    assert read(body, region="R2").swift_url == "https://b.example/swift/v1"


def test_f33_no_object_store() -> None:
    for body, region in (({**BODY, "catalog": []}, ""), (BODY, "R9")):
        login = read(body, region=region)
        with pytest.raises(JsobjError) as caught:
            _ = login.swift_url
        assert caught.value.code is ExitCode.NOT_FOUND
        assert "interface public" in caught.value.message


@pytest.mark.parametrize(
    ("said", "restricted"), [({"restricted": True}, True), ({"restricted": False}, False), ({}, True)]
)
def test_application_credential(said: dict[str, bool], restricted: bool) -> None:
    credential = read({**BODY, "application_credential": {"id": "c", "name": "n", **said}}).credential
    assert credential is not None
    assert credential.restricted is restricted


def test_token_without_a_project() -> None:
    with pytest.raises(JsobjError) as caught:
        read({key: value for key, value in BODY.items() if key != "project"})
    assert (caught.value.code, caught.value.reference) == (ExitCode.REFUSED, "login-without-project")


@pytest.mark.parametrize(
    "damage",
    [
        {"user": None},
        {"user": "alice"},
        {"user": {}},
        {"project": "demo"},
        {"roles": 5},
        {"roles": ["member"]},
        {"catalog": 5},
        {"catalog": ["x"]},
        {"catalog": [{"endpoints": 5}]},
        {"catalog": [{"endpoints": ["x"]}]},
        {"methods": 5},
        {"expires_at": 5},
        {"application_credential": "x"},
    ],
)
def test_f24_bodies_that_are_none(damage: dict[str, Any]) -> None:
    with pytest.raises(JsobjError) as caught:
        read({**BODY, **damage})
    assert (caught.value.code, caught.value.reference) == (ExitCode.NETWORK, "keystone-odd-answer")
