"""Which proxy a server is asked through, and what is refused. That every road obeys is tested with the faults."""

from __future__ import annotations

from pathlib import Path

import pytest

from jsobj.errors import ExitCode
from jsobj.identity.settings import Settings
from jsobj.net.connection.proxy import ProxyUnusable, proxy_for, proxy_login, tunnel_for
from jsobj.urls import require_origin

HTTPS = "https://js2.example.org:8001"


@pytest.mark.parametrize(
    ("endpoint", "variables", "proxy"),
    [
        (HTTPS, {}, ""),
        (HTTPS, {"HTTPS_PROXY": "http://proxy:3128"}, "http://proxy:3128"),
        (HTTPS, {"https_proxy": "proxy:3128"}, "http://proxy:3128"),
        (HTTPS, {"HTTPS_PROXY": "https://me:word@proxy:3128/"}, "http://me:word@proxy:3128"),
        (HTTPS, {"HTTP_PROXY": "http://proxy:3128"}, ""),
        (HTTPS, {"ALL_PROXY": "http://proxy:3128"}, "http://proxy:3128"),
        (HTTPS, {"ALL_PROXY": "socks5://proxy:1080", "HTTPS_PROXY": "http://proxy:3128"}, "http://proxy:3128"),
        (HTTPS, {"HTTPS_PROXY": "http://upper:1", "https_proxy": "http://lower:2"}, "http://lower:2"),
        (HTTPS, {"HTTPS_PROXY": "http://proxy:3128", "https_proxy": ""}, ""),
        (HTTPS, {"HTTPS_PROXY": "http://proxy:3128", "NO_PROXY": ".example.org"}, ""),
        (HTTPS, {"HTTPS_PROXY": "socks5://proxy:1080", "NO_PROXY": "*"}, ""),
        (HTTPS, {"HTTPS_PROXY": "http://proxy:3128", "no_proxy": "other.org"}, "http://proxy:3128"),
        (HTTPS, {"HTTPS_PROXY": "http://proxy:3128", "no_proxy": "", "NO_PROXY": "*"}, "http://proxy:3128"),
        ("http://127.0.0.1:8080", {"HTTP_PROXY": "http://proxy:3128"}, ""),
        ("https://[::1]:8080", {"ALL_PROXY": "socks5://proxy:1080"}, ""),
        ("http://localhost:8080", {"HTTP_PROXY": "nonsense://"}, ""),
        ("http://store.example.org", {"HTTP_PROXY": "http://proxy:3128"}, "http://proxy:3128"),
    ],
)
def test_the_proxy_for_a_server(tmp_path: Path, endpoint: str, variables: dict[str, str], proxy: str) -> None:
    settings = Settings.read({"HOME": str(tmp_path), "JSOBJ_ALLOW_HTTP": "1", **variables})
    assert tunnel_for(settings.environ, require_origin(endpoint)) == proxy


@pytest.mark.parametrize(
    ("variable", "value", "reason"),
    [
        ("HTTPS_PROXY", "http://", "no host and port"),
        ("https_proxy", "http://p:99999", "out of range"),
        ("HTTPS_PROXY", "ftp://p:1", "unknown kind 'ftp'"),
        ("ALL_PROXY", "socks5://me:word@p:1080", "socks5 is not supported"),
        ("all_proxy", "socks://p:1080", "socks is not supported"),
    ],
)
def test_what_is_refused_names_the_variable_and_what_to_type(variable: str, value: str, reason: str) -> None:
    with pytest.raises(ProxyUnusable) as caught:
        proxy_for({variable: value}, require_origin(HTTPS))
    error = caught.value
    assert (error.reference, error.code) == ("proxy-unusable", ExitCode.LOCAL)
    assert variable in error.message
    assert reason in error.message
    assert (
        error.hint == f"export {variable}=http://HOST:PORT, or for this server alone: export NO_PROXY=js2.example.org"
    )
    assert "word" not in str(error)


def test_the_login_of_a_proxy() -> None:
    assert proxy_login("http://proxy:3128") == ""
    assert proxy_login("http://me:w%40rd@proxy:3128") == "Basic bWU6d0ByZA=="
