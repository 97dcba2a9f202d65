"""Transfers over TLS that proves nothing (F28), and logins that end while bytes move (F30, F31, P28)."""

from __future__ import annotations

import os
import ssl
import time
import warnings
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from certificates import certificate, server_context
from commands import Jsobj, edited
from crash_scene import MIB, Crash, content
from fault_proxy import Answer, FaultProxy, Rule, fault_proxy
from fixtures_cloud import Cloud
from fixtures_rgw import GLOBAL, Rgw

from jsobj.sandbox import lifecycle
from jsobj.sandbox.options import SandboxOptions

DATA = content(12 * MIB, 51)
RGW = pytest.mark.parametrize("crash", ["rgw"], indirect=True)
SECONDS = 12  # that a token lasts


def lead_to(crash: Crash, url: str, authority: Path | None) -> None:
    text = crash.jsobj.config.read_text().replace(crash.proxy.url, url).rstrip()
    crash.jsobj.config.write_text(f"{text}\nca_bundle = {authority}\n" if authority else f"{text}\n")


@pytest.mark.parametrize(
    ("host", "days", "begins", "trusted", "words"),
    [
        ("127.0.0.1", 10, 0, False, "self-signed"),
        ("127.0.0.1", -10, 0, True, "expired"),
        ("127.0.0.1", 10, 5, True, "not yet valid"),
        ("127.0.0.9", 10, 0, True, "IP address mismatch"),
    ],
    ids=["F28-self-signed", "F28-expired", "F28-not-yet-valid", "F28-wrong-host"],
)
@RGW
def test_F28_P30_nothing_is_sent_to_who_proves_nothing(
    crash: Crash, tmp_path: Path, host: str, days: int, begins: int, trusted: bool, words: str
) -> None:
    """One handshake, no request: no byte of a signature."""
    pem = certificate(tmp_path, host=host, days=days, begins=begins)
    with fault_proxy(crash.proxy.url, tls=server_context(pem)) as secure:
        lead_to(crash, secure.url, pem if trusted else None)
        error = crash.upload(crash.path("data", DATA), "data", "--json", code=7).error
        assert words in error["context"]
        assert "AWS_CA_BUNDLE" in error["hint"]
        assert secure.journal == []
        assert secure.connections == 1


@RGW
def test_F28_an_old_tls_is_refused(crash: Crash, tmp_path: Path) -> None:
    pem = certificate(tmp_path, host="127.0.0.1", days=10)
    context = server_context(pem)
    context.set_ciphers("DEFAULT@SECLEVEL=0")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # that they are old is the point
        context.minimum_version = ssl.TLSVersion.TLSv1
        context.maximum_version = ssl.TLSVersion.TLSv1_1
    with fault_proxy(crash.proxy.url, tls=context) as secure:
        lead_to(crash, secure.url, pem)
        crash.upload(crash.path("data", DATA), "data", code=7)
        assert secure.journal == []


@RGW
def test_F28_http_spoken_where_https_is_wanted(crash: Crash, rgw: Rgw) -> None:
    """The gateway itself: it answers what is no HTTP with HTTP, and no request has come."""
    lead_to(crash, rgw.gateway(GLOBAL).endpoint.replace("http:", "https:"), None)
    error = crash.upload(crash.path("data", DATA), "data", "--json", code=7).error
    assert "TLS" in error["message"]
    assert crash.keys() == []


@RGW
def test_F28_a_certificate_that_is_swapped_meanwhile_ends_it(crash: Crash, tmp_path: Path) -> None:
    """Another server at the address gets nothing; the parts that went up are kept for the next run."""
    (tmp_path / "other").mkdir()
    pem, other = (
        certificate(tmp_path, host="127.0.0.1", days=10),
        certificate(tmp_path / "other", host="127.0.0.1", days=9),
    )
    context = server_context(pem)
    with fault_proxy(crash.proxy.url, tls=context) as secure:
        lead_to(crash, secure.url, pem)

        def swap() -> None:
            context.load_cert_chain(other)
            secure.hang_up()

        rule = secure.add(Rule("cut", method="PUT", part=2, also=swap))
        crash.upload(crash.path("data", DATA), "data", "--parallel", "1", code=7)
        assert rule.struck == 1
        assert secure.journal[-1].part == 2
        crash.check_accounted()
        context.load_cert_chain(pem)
        crash.upload(crash.path("data"), "data")
    crash.check_uploaded("data", DATA)


@dataclass(frozen=True)
class Brief:
    """A login whose tokens end soon; ``keystone`` and ``swift`` are the proxies before both servers."""

    cloud: Cloud
    jsobj: Jsobj
    keystone: FaultProxy
    swift: FaultProxy

    def log_ins(self) -> int:
        return len(self.keystone.of("POST", path="/auth/tokens$"))


@pytest.fixture(scope="module")
def brief_cloud(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cloud]:
    folder = tmp_path_factory.mktemp("brief") / "sandbox"
    try:
        yield Cloud(lifecycle.start(folder, SandboxOptions(token_seconds=SECONDS)))
    finally:
        lifecycle.reset(folder)


@pytest.fixture
def brief(brief_cloud: Cloud, tmp_path: Path) -> Iterator[Brief]:
    cloud, jsobj = brief_cloud, Jsobj(tmp_path / "home", brief_cloud.secrets)
    keystone, swift = urlsplit(cloud.auth_url), urlsplit(cloud.swift_url)
    with (
        fault_proxy(f"http://{keystone.netloc}") as before_keystone,
        fault_proxy(f"http://{swift.netloc}") as before_swift,
        cloud.published("brief", f"{before_swift.url}/v1/AUTH_%(project_id)s"),
    ):
        url = (cloud.auth_url, before_keystone.url + keystone.path)
        path = edited(cloud, jsobj, "app-cred-unrestricted", url, (f'"{cloud.region}"', '"brief"'))
        jsobj("login", path, "--as", "demo")
        yield Brief(cloud, jsobj, before_keystone, before_swift)
    jsobj.check_no_secret_leaked()


def test_F30_P28_a_token_that_ends_meanwhile_is_renewed_once(brief: Brief) -> None:
    jsobj, data = brief.jsobj, os.urandom(20 * MIB)
    (jsobj.folder / "data").write_bytes(data)
    jsobj("bucket", "create", "f30")
    begun = time.monotonic()
    rule = brief.swift.add(Rule("hold", method="PUT", path="_segments/", skip=1, also=brief.keystone.clear))
    process = jsobj.start(
        "upload", "data", "swift://f30/data", "--part-size", "5M", "--parallel", "4", "--progress", "none"
    )
    rule.wait()
    time.sleep(max(0.0, SECONDS + 1.5 - (time.monotonic() - begun)))
    rule.release()
    assert process.wait(100) == 0, (jsobj.home / "output").read_text()
    assert brief.log_ins() <= 1
    jsobj("download", "swift://f30/data", "back")
    assert (jsobj.folder / "back").read_bytes() == data
    for name in ("data", "back"):
        (jsobj.folder / name).unlink()


def test_F30_so_is_that_of_a_job_in_the_background(brief: Brief) -> None:
    jsobj, data = brief.jsobj, os.urandom(20 * MIB)
    (jsobj.folder / "data").write_bytes(data)
    jsobj("bucket", "create", "f30-detached")
    begun = time.monotonic()
    rule = brief.swift.add(Rule("hold", method="PUT", path="_segments/", skip=1, also=brief.keystone.clear))
    words = ("upload", "data", "swift://f30-detached/data", "--part-size", "5M", "--parallel", "4", "--detach")
    (job,) = jsobj(*words).lines
    try:
        rule.wait()
        time.sleep(max(0.0, SECONDS + 1.5 - (time.monotonic() - begun)))
    finally:
        rule.release()
    jsobj("jobs", "wait", job, "--timeout", "90")
    assert brief.log_ins() == 1
    jsobj("download", "swift://f30-detached/data", "back")
    assert (jsobj.folder / "back").read_bytes() == data
    for name in ("data", "back"):
        (jsobj.folder / name).unlink()


def test_F31_a_login_that_is_gone_meanwhile_keeps_what_was_sent(brief: Brief) -> None:
    """The application credential is deleted, and its tokens with it."""
    jsobj, keystone = brief.jsobj, brief.cloud.keystone("alice")
    jsobj("app-cred", "create", "gone", "--unrestricted", "--as", "gone", "--no-input")
    data = os.urandom(12 * MIB)
    (jsobj.folder / "data").write_bytes(data)
    jsobj("bucket", "create", "f31")
    user = brief.cloud.user_id("alice")
    made = keystone.call("GET", f"/users/{user}/application_credentials?name=gone")["application_credentials"][0]["id"]

    def end() -> None:
        keystone.call("DELETE", f"/users/{user}/application_credentials/{made}")
        brief.keystone.clear()
        brief.swift.add(Rule("answer", times=0, answer=Answer(401)))  # Swift itself notices within minutes

    words = ("upload", "data", "swift://f31/data", "--part-size", "5M", "--parallel", "1", "--progress", "none")
    rule = Rule("hold", method="PUT", path="_segments/.*/0*2$", also=end)
    rule.release()
    brief.swift.add(rule)
    error = jsobj(*words, "--cloud", "gone", "--json", code=4).error
    assert error["exit_code"] == 4
    assert rule.struck == 1
    assert brief.log_ins() <= 1
    jobs = jsobj("jobs", "list", "--json").json["items"]
    assert [job["sources"] for job in jobs] == [[str(jsobj.folder / "data")]]
    brief.swift.clear()
    jsobj(*words)
    jsobj("download", "swift://f31/data", "back")
    assert (jsobj.folder / "back").read_bytes() == data
    for name in ("data", "back"):
        (jsobj.folder / name).unlink()
