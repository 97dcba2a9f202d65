"""Which proxy our own connections go through (what the doctor says of proxies is tested with the doctor)."""

from __future__ import annotations

from pathlib import Path

import pytest

from jsobj.identity.proxies import tunnel_for
from jsobj.identity.settings import Settings
from jsobj.urls import require_origin

HTTPS = "https://js2.example.org:8001"


@pytest.mark.parametrize(
    ("endpoint", "variables", "proxy"),
    [
        (HTTPS, {}, ""),
        (HTTPS, {"HTTPS_PROXY": "http://proxy:3128"}, "http://proxy:3128"),
        (HTTPS, {"https_proxy": "proxy:3128"}, "http://proxy:3128"),
        (HTTPS, {"HTTP_PROXY": "http://proxy:3128"}, ""),
        (HTTPS, {"ALL_PROXY": "http://proxy:3128"}, "http://proxy:3128"),
        (HTTPS, {"ALL_PROXY": "socks5://proxy:1080"}, ""),
        (HTTPS, {"HTTPS_PROXY": "http://proxy:3128", "NO_PROXY": ".example.org"}, ""),
        (HTTPS, {"HTTPS_PROXY": "http://proxy:3128", "no_proxy": "other.org"}, "http://proxy:3128"),
        ("http://127.0.0.1:8080", {"HTTP_PROXY": "http://proxy:3128"}, ""),
        ("http://store.example.org", {"HTTP_PROXY": "http://proxy:3128"}, "http://proxy:3128"),
        (HTTPS, {"HTTPS_PROXY": "http://"}, ""),
    ],
)
def test_the_proxy_for_a_store(tmp_path: Path, endpoint: str, variables: dict[str, str], proxy: str) -> None:
    settings = Settings.read({"HOME": str(tmp_path), **variables})
    assert tunnel_for(settings, require_origin(endpoint)) == proxy
