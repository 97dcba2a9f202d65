"""One rule for proxies (F27): whatever asks a server, the same variables lead it through the same proxy, or stop it."""

from __future__ import annotations

import contextlib
import socket
import threading
from collections.abc import Callable, Iterator

import pytest
from commands import Jsobj

from jsobj.doctor import http as wire
from jsobj.doctor.case import Case
from jsobj.doctor.checks.network import Destination, open_way
from jsobj.doctor.checks.swift_round_trip import through
from jsobj.ec2_keys.s3_account import get
from jsobj.errors import JsobjError
from jsobj.identity.auth_source import AuthSource
from jsobj.identity.keystone.plugins import plugin_session
from jsobj.identity.settings import Settings, process_environment
from jsobj.net.client import HttpClient
from jsobj.net.connection.proxy import ProxyUnusable, proxy_for
from jsobj.store.location import Location, parse_location
from jsobj.store.open import StoreRequest, open_account, open_store
from jsobj.urls import require_origin

PLACE = "https://cloud.invalid:8443"  # no such name anywhere: RFC 6761
LOGIN = "Proxy-Authorization: Basic bWU6d29yZA=="


class Refusing:
    """A proxy that writes down what it is asked and lets nobody through."""

    def __init__(self) -> None:
        self.heads: list[str] = []
        self._socket = socket.create_server(("127.0.0.1", 0))
        self.address = f"127.0.0.1:{self._socket.getsockname()[1]}"
        self._thread = threading.Thread(target=self._serve, daemon=True)
        self._thread.start()

    def _serve(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                connection, _ = self._socket.accept()
                with connection, contextlib.suppress(OSError):
                    connection.settimeout(10)
                    head = b""
                    while b"\r\n\r\n" not in head and (more := connection.recv(4096)):
                        head += more
                    self.heads.append(head.decode("latin-1"))
                    connection.sendall(b"HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")

    def close(self) -> None:
        with contextlib.suppress(OSError):
            self._socket.shutdown(socket.SHUT_RDWR)
        self._socket.close()
        self._thread.join(10)


@pytest.fixture
def proxy() -> Iterator[Refusing]:
    made = Refusing()
    yield made
    made.close()


@pytest.fixture(autouse=True)
def bare(monkeypatch: pytest.MonkeyPatch, tmp_path: object) -> None:
    """An environment that names no proxy, no file of authorities and no login but two S3 keys."""
    for name in ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "NO_PROXY"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.lower(), raising=False)
    monkeypatch.setattr("time.sleep", lambda seconds: None)  # boto3 tries again, late
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "key")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "secret")
    monkeypatch.setenv("AWS_ENDPOINT_URL", PLACE)


def keystone() -> None:
    HttpClient(process_environment()).send("GET", f"{PLACE}/v3", headers={})


def probe() -> None:
    get(require_origin(PLACE), "/info")


def plugins() -> None:
    auth = {"auth_url": f"{PLACE}/v3"}
    plugin_session(AuthSource("clouds", "here", "v3totp", auth, {}, {})).get(f"{PLACE}/v3", authenticated=False)


def objects() -> None:
    location = parse_location("s3://bucket/key")
    store = open_store(Settings.read(), location, StoreRequest(unsigned=True, endpoint=PLACE))
    store.head("key")


def buckets_over_s3() -> None:
    list(open_account(Settings.read(), Location("s3", ""), StoreRequest()).list())


def buckets_over_swift() -> None:
    environ = Settings.read().environ
    found = proxy_for(environ, require_origin(PLACE))
    options = {"preauthurl": f"{PLACE}/v1/AUTH_x", "preauthtoken": "t", "retries": 0}
    through(found.url if found else "", **options).get_account()


def doctor() -> None:
    wire.ask(Case(Settings.read()), require_origin(PLACE))


def doctors_steps() -> None:
    origin = require_origin(PLACE)
    target = Destination("S3", origin, True, proxy_for(Settings.read().environ, origin))
    open_way(target).close()


ROADS = [keystone, probe, plugins, objects, buckets_over_s3, buckets_over_swift, doctor, doctors_steps]


@pytest.mark.parametrize("road", ROADS)
@pytest.mark.parametrize("variable", ["https_proxy", "ALL_PROXY"])
def test_F27_every_road_goes_through_the_proxy(
    road: Callable[[], None], variable: str, proxy: Refusing, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(variable, f"http://me:word@{proxy.address}")
    with contextlib.suppress(Exception):  # it is refused; how that is told is another test's
        road()
    assert proxy.heads
    for head in proxy.heads:
        assert head.startswith("CONNECT cloud.invalid:8443 HTTP/1.")
        assert LOGIN.lower() in head.lower()


@pytest.mark.parametrize("road", ROADS)
@pytest.mark.parametrize("value", ["https://{}"])
def test_F27_every_road_speaks_plain_http_to_the_proxy(
    road: Callable[[], None], value: str, proxy: Refusing, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HTTPS_PROXY", value.format(proxy.address))
    with contextlib.suppress(Exception):
        road()
    assert proxy.heads
    assert all(head.startswith("CONNECT cloud.invalid:8443 HTTP/1.") for head in proxy.heads)


@pytest.mark.parametrize("road", ROADS)
@pytest.mark.parametrize(
    ("variable", "value"),
    [
        ("HTTPS_PROXY", "http://p:99999"),
        ("https_proxy", "ftp://p:1"),
        ("ALL_PROXY", "socks5h://p:1080"),
    ],
)
def test_F27_every_road_refuses_what_is_no_usable_proxy(
    road: Callable[[], None], variable: str, value: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(variable, value)
    with pytest.raises(ProxyUnusable) as caught:
        road()
    assert variable in caught.value.message


@pytest.mark.parametrize("road", ROADS)
@pytest.mark.parametrize("value", [".invalid", "cloud.invalid:8443"])
def test_F27_every_road_goes_past_the_proxy_where_no_proxy_says_so(
    road: Callable[[], None], value: str, proxy: Refusing, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HTTPS_PROXY", f"http://{proxy.address}")
    monkeypatch.setenv("NO_PROXY", value)
    with pytest.raises(Exception) as caught:  # of each road's own kind: there is no such name
        road()
    assert not isinstance(caught.value, ProxyUnusable)
    assert proxy.heads == []


@pytest.mark.parametrize("value", ["{}", "socks5://{}", "http://p:99999"])
def test_F27_this_machine_is_asked_directly(value: str, proxy: Refusing, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ALL_PROXY", value.format(proxy.address))
    other = Refusing()
    try:
        origin = require_origin(f"http://{other.address}")
        assert get(origin).status == 403
        assert wire.ask(Case(Settings.read()), origin).status == 403
        with pytest.raises(JsobjError):
            open_store(
                Settings.read(), parse_location("s3://bucket/key"), StoreRequest(unsigned=True, endpoint=str(origin))
            ).head("key")
        plugin_session(AuthSource("clouds", "here", "v3totp", {}, {}, {})).get(
            f"{origin}/v3", authenticated=False, raise_exc=False
        )
    finally:
        other.close()
    assert len(other.heads) >= 4
    assert proxy.heads == []


def test_F27_plain_http_names_the_proxys_login_too(proxy: Refusing, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HTTP_PROXY", f"http://me:word@{proxy.address}")
    monkeypatch.setenv("JSOBJ_ALLOW_HTTP", "1")
    plain = "http://cloud.invalid:8080"
    assert get(require_origin(plain)).status == 403
    with pytest.raises(JsobjError):
        open_store(
            Settings.read(), parse_location("s3://bucket/key"), StoreRequest(unsigned=True, endpoint=plain)
        ).head("key")
    assert wire.ask(Case(Settings.read()), require_origin(plain)).status == 403
    assert len(proxy.heads) >= 3
    for head in proxy.heads:
        assert head.split()[1].startswith(f"{plain}/")
        assert LOGIN.lower() in head.lower()


@pytest.mark.parametrize(
    "words",
    [
        ("ls", "s3://bucket/", "--no-sign-request", "--endpoint", PLACE),
        ("endpoint", PLACE),
        ("login", "rc.sh"),
    ],
)
def test_F27_commands_say_what_to_set_instead(words: tuple[str, ...], tmp_path: object) -> None:
    jsobj = Jsobj(tmp_path / "home", ())  # type: ignore[operator]
    (jsobj.folder / "rc.sh").write_text(
        f"export OS_AUTH_TYPE=v3applicationcredential\nexport OS_AUTH_URL={PLACE}/v3\n"
        "export OS_APPLICATION_CREDENTIAL_ID=abc\nexport OS_APPLICATION_CREDENTIAL_SECRET=def\n"
    )
    error = jsobj(*words, "--json", env={"ALL_PROXY": "socks5://me:word@127.0.0.1:9"}, code=9).error
    assert error["reference"] == "proxy-unusable"
    assert (
        error["message"]
        == "the proxy that ALL_PROXY names cannot be used: socks5 is not supported, only HTTP proxies are"
    )
    assert error["hint"].startswith("export ALL_PROXY=http://HOST:PORT")
