"""Certificates that only look right (F28): too weak, by an authority that nobody knows, or without what links them."""

from __future__ import annotations

import ssl
from pathlib import Path

import pytest
from certificates import chain
from crash_scene import Crash
from fault_proxy import fault_proxy

RGW = pytest.mark.parametrize("crash", ["rgw"], indirect=True)


def shown(pem: Path) -> ssl.SSLContext:
    """A server that itself does not mind a weak key."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.set_ciphers("DEFAULT@SECLEVEL=0")
    context.load_cert_chain(pem)
    return context


def lead_to(crash: Crash, url: str, authority: Path | None) -> None:
    text = crash.jsobj.config.read_text().replace(crash.proxy.url, url).rstrip()
    crash.jsobj.config.write_text(f"{text}\nca_bundle = {authority}\n" if authority else f"{text}\n")


@pytest.mark.parametrize(
    ("fault", "words"),
    [
        ("weak", "too weak"),
        ("unlinked", "unable to get local issuer certificate"),
        ("unknown", "unable to get local issuer certificate"),
    ],
    ids=["F28-weak-key", "F28-missing-intermediate", "F28-unknown-authority"],
)
@RGW
def test_F28_P30_a_chain_that_does_not_hold_is_named(crash: Crash, tmp_path: Path, fault: str, words: str) -> None:
    """One handshake, and no request: no byte of a signature."""
    pem, authority = chain(tmp_path, host="127.0.0.1", weak=fault == "weak", linked=fault != "unlinked")
    with fault_proxy(crash.proxy.url, tls=shown(pem)) as secure:
        lead_to(crash, secure.url, None if fault == "unknown" else authority)
        error = crash.upload(crash.path("small", b"small"), "small", "--json", code=7).error
        assert words in error["context"]
        assert "AWS_CA_BUNDLE" in error["hint"]
        assert secure.journal == []
        assert secure.connections == 1
    assert crash.keys() == []


@RGW
def test_F28_the_same_chain_is_taken_where_it_is_whole_and_its_authority_known(crash: Crash, tmp_path: Path) -> None:
    pem, authority = chain(tmp_path, host="127.0.0.1")
    with fault_proxy(crash.proxy.url, tls=shown(pem)) as secure:
        lead_to(crash, secure.url, authority)
        crash.upload(crash.path("small", b"small"), "small")
        assert secure.journal != []
    assert crash.fetch("small") == b"small"
