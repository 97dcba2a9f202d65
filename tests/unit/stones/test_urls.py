"""Endpoints: what an origin is, and that nothing else ever becomes one."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from jsobj.errors import ExitCode, JsobjError
from jsobj.urls import (
    ALLOW_HTTP,
    MAX_URL,
    Origin,
    is_loopback,
    normalise_endpoint,
    parse_url,
    require_origin,
    require_secure,
)

T = TypeVar("T")
PROFILE = settings(max_examples=300, derandomize=True, deadline=None, database=None)
HOSTS = st.from_regex(r"[a-z0-9]([a-z0-9-]{0,8}[a-z0-9])?(\.[a-z0-9]{1,8}){0,3}", fullmatch=True)
SWIFT_PATHS = st.sampled_from(
    ["/swift/v1", "/swift/v1/AUTH_0a1b", "/v1/AUTH_0a1b", "/v1/KEY_x", "/object/v1/AUTH_0a1b", "/swift/v1/c/k", "/v1"]
)


def outcome(call: Callable[[str], T], text: str) -> T | JsobjError:
    """What came back, or the refusal."""
    try:
        return call(text)
    except JsobjError as error:
        return error


def refused(text: str) -> JsobjError:
    with pytest.raises(JsobjError) as caught:
        normalise_endpoint(text)
    assert caught.value.code is ExitCode.USAGE
    return caught.value


@PROFILE
@given(st.sampled_from(["http", "https", "HTTPS"]), HOSTS, st.none() | st.integers(1, 65535), SWIFT_PATHS)
def test_every_swift_url_has_its_origin(scheme: str, host: str, port: int | None, path: str) -> None:
    typed = f"{scheme}://{host}" + (f":{port}" if port else "")
    default = {"http": 80, "https": 443}[scheme.lower()]
    expected = Origin(scheme.lower(), host, port or default)
    for text in (typed, typed + "/", typed + "//", typed + path, typed + path + "/"):
        found = normalise_endpoint(text)
        assert found.origin == expected
        assert normalise_endpoint(str(found.origin)).origin == expected, "the origin's own form is stable"
    assert normalise_endpoint(typed).notices == ()
    assert normalise_endpoint(typed + path).swift


@PROFILE
@given(st.text(max_size=60))
def test_any_text_is_an_origin_or_a_usage_error(text: str) -> None:
    for candidate in (text, f"https://{text}", f"https://host/{text}", f"https://host:{text}"):
        found = outcome(normalise_endpoint, candidate)
        if isinstance(found, JsobjError):
            assert found.code is ExitCode.USAGE
        else:
            assert str(found.origin).isascii()
            assert str(found.origin).isprintable()
            assert not set(str(found.origin).split("://", 1)[1]) & set("/?#@ ")


@pytest.mark.parametrize("host", ["localhost", "127.0.0.1", "127.9.9.9", "::1"])
def test_loopback(host: str) -> None:
    assert is_loopback(host)


@pytest.mark.parametrize("host", ["localhost.example.org", "128.0.0.1", "::2", "0.0.0.0", "", "2130706433"])
def test_not_loopback(host: str) -> None:
    assert not is_loopback(host)


def test_b063_http_is_for_loopback_or_the_asked() -> None:
    far = normalise_endpoint("http://s3.example.org").origin
    with pytest.raises(JsobjError, match="plain http"):
        require_secure(far, {})
    require_secure(far, {ALLOW_HTTP: "1"})
    require_secure(normalise_endpoint("http://[::1]:8080").origin, {})


def test_b058_option_takes_an_origin_only() -> None:
    assert str(require_origin("https://host:8001/")) == "https://host:8001"
    with pytest.raises(JsobjError) as caught:
        require_origin("https://host:8001/swift/v1")
    assert (caught.value.reference, caught.value.hint) == ("endpoint-is-swift", "use https://host:8001")


def test_ipv6_is_written_in_brackets() -> None:
    origin = normalise_endpoint("https://[2001:DB8:0:0::1]:443").origin
    assert (str(origin), origin.host) == ("https://[2001:db8::1]", "2001:db8::1")


def test_b061_other_letters_become_punycode_and_are_told() -> None:
    found = normalise_endpoint("https://bücher.example/")
    assert str(found.origin) == "https://xn--bcher-kva.example"
    assert "xn--bcher-kva.example" in found.notices[0]


def test_b066_length() -> None:
    assert parse_url("https://h/" + "a" * (MAX_URL - 10))[0].host == "h"
    assert refused("https://h/" + "a" * (MAX_URL - 9)).reference == "endpoint-too-long"


def test_a_password_inside_is_not_echoed() -> None:
    error = refused("https://me:canary@host/")
    assert "canary" not in error.message + error.context + error.hint
