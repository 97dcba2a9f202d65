"""The way to the servers: names, ports, certificates, portals, redirects, clocks (F27, F28, F34, F36, F50)."""

from __future__ import annotations

import datetime as dt
from email.utils import format_datetime, parsedate_to_datetime

import pytest
from doctor_scene import Scene, Table, judge
from doctor_servers import Answered, Asked, Authority, Change, closed_port, page, silent

table = Table()


def tls_page(scene: Scene, **how: object) -> str:
    """Host and port of an https server with such a certificate. What arrives there is kept in ``requests``."""
    authority = Authority(scene.folder)
    url, seen = scene.stack.enter_context(page(context=authority.context(**how)))  # type: ignore[arg-type]
    scene.stack.callback(lambda: not_asked(seen))
    if not how.get("self_signed"):
        scene.export(OS_CACERT=str(authority.path), AWS_CA_BUNDLE=str(authority.path))
        scene.edit(scene.jsobj.clouds, "    auth:\n", f"    cacert: {authority.path}\n    auth:\n")
    return url.removeprefix("https://")


def not_asked(seen: list[str]) -> None:
    assert seen == [], "a request was sent to a server that did not prove who it is"


@table.row("keystone-dns", "FAIL", "keystone.invalid")
def keystone_has_no_address(scene: Scene) -> None:
    scene.keystone_at("https://keystone.invalid:5000/v3")


@table.row("keystone-tcp", "FAIL", "refused")
def f27_keystone_is_down(scene: Scene) -> None:
    scene.keystone_at(f"http://{closed_port()}/v3")


@table.row("keystone", "FAIL", "cannot reach")
def keystone_says_nothing(scene: Scene) -> None:
    scene.keystone_at(f"http://{scene.stack.enter_context(silent())}/v3")


@table.row("keystone-tls", "FAIL", "self")
def f28_keystone_signed_by_itself(scene: Scene) -> None:
    scene.keystone_at(f"https://{tls_page(scene, self_signed=True)}/v3")


@table.row("keystone-tls", "FAIL", "expired")
def f28_keystone_certificate_expired(scene: Scene) -> None:
    scene.keystone_at(f"https://{tls_page(scene, days=-3)}/v3")


@table.row("keystone-tls", "FAIL", "keystone.example.org")
def f28_keystone_certificate_for_another_host(scene: Scene) -> None:
    scene.keystone_at(f"https://{tls_page(scene, host='keystone.example.org')}/v3")


@table.row("keystone-tls", "FAIL", "plain http is spoken")
def f28_http_spoken_where_https_is_wanted(scene: Scene) -> None:
    scene.keystone_at(scene.cloud.auth_url.replace("http://", "https://"))


@table.row("keystone-tls", "FAIL", "Test Authority")
def f28_keystone_of_an_unknown_authority(scene: Scene) -> None:
    where = tls_page(scene)
    for name in ("OS_CACERT", "AWS_CA_BUNDLE"):
        del scene.jsobj.variables[name]
    scene.edit(scene.jsobj.clouds, f"    cacert: {scene.folder / 'authority.pem'}\n", "")
    scene.keystone_at(f"https://{where}/v3")


@table.row("s3-dns", "FAIL", "objects.invalid")
def store_has_no_address(scene: Scene) -> None:
    scene.s3_at("https://objects.invalid")


@table.row("s3-tcp", "FAIL", "refused")
def store_is_down(scene: Scene) -> None:
    scene.s3_at(f"http://{closed_port()}")


@table.row("s3-server", "FAIL", "cannot reach")
def store_says_nothing(scene: Scene) -> None:
    scene.s3_at(f"http://{scene.stack.enter_context(silent())}")


@table.row("s3-tls", "FAIL", "says nothing TLS")
def store_says_nothing_over_https(scene: Scene) -> None:
    scene.s3_at(f"https://{scene.stack.enter_context(silent())}")


@table.row("s3-tls", "FAIL", "valid until")
def f28_store_certificate_expired(scene: Scene) -> None:
    scene.s3_at(f"https://{tls_page(scene, days=-1)}")


@table.row("keystone", "FAIL", "web page")
def f50_captive_portal_instead_of_keystone(scene: Scene) -> None:
    url, _ = scene.stack.enter_context(page())
    scene.keystone_at(f"{url}/v3")


@table.row("keystone", "FAIL", "wait 120 seconds")
def f33_keystone_overloaded(scene: Scene) -> None:
    url, _ = scene.stack.enter_context(page(503, b"{}", {"Content-Type": "application/json", "Retry-After": "120"}))
    scene.keystone_at(f"{url}/v3")


@table.row("keystone", "FAIL", "sends us elsewhere")
def f36_keystone_redirects(scene: Scene) -> None:
    elsewhere, seen = scene.stack.enter_context(page())
    url, _ = scene.stack.enter_context(page(302, b"", {"Location": f"{elsewhere}/v3"}))
    scene.stack.callback(lambda: not_asked(seen))
    scene.keystone_at(f"{url}/v3")


@table.row("keystone", "FAIL", "/v3 and log in again")
def keystone_address_without_its_path(scene: Scene) -> None:
    scene.keystone_at(scene.cloud.auth_url.removesuffix("/v3") + "/horizon")


@table.row("s3-server", "FAIL", "another OpenStack service")
def f50_keystones_port_as_endpoint(scene: Scene) -> None:
    scene.s3_at(scene.cloud.auth_url.removesuffix("/v3"))


@table.row("s3-server", "FAIL", "web page")
def f50_captive_portal_instead_of_the_store(scene: Scene) -> None:
    url, _ = scene.stack.enter_context(page())
    scene.s3_at(url)


@table.row("s3-server", "FAIL", "not as an object store")
def f50_some_other_service_as_endpoint(scene: Scene) -> None:
    url, _ = scene.stack.enter_context(page(200, b"{}", {"Content-Type": "application/json"}))
    scene.s3_at(url)


@table.row("s3-server", "FAIL", "sends us elsewhere")
def f36_store_redirects(scene: Scene) -> None:
    elsewhere, seen = scene.stack.enter_context(page())
    url, _ = scene.stack.enter_context(page(307, b"", {"Location": elsewhere}))
    scene.stack.callback(lambda: not_asked(seen))
    scene.s3_at(url)


@table.row("s3-server", "FAIL", "down or overloaded")
def store_overloaded(scene: Scene) -> None:
    url, _ = scene.stack.enter_context(page(503, b"busy", {"Content-Type": "text/plain"}))
    scene.s3_at(url)


@table.row("s3-server", "FAIL", "without the S3 API")
def swift_without_s3(scene: Scene) -> None:
    def change(asked: Asked, answered: Answered) -> None:
        if asked.path == "/info":
            answered.body = answered.body.replace(b'"s3api"', b'"none"')

    scene.s3_through(change)


def shifting(**by: float) -> Change:
    """A server whose clock is wrong."""

    def change(asked: Asked, answered: Answered) -> None:
        for name in [name for name in answered.headers if name.lower() == "date"]:
            true = parsedate_to_datetime(answered.headers[name])
            answered.headers[name] = format_datetime(true + dt.timedelta(**by), usegmt=True)

    return change


@table.row("clock", "FAIL", "seconds behind")
def f34_clock_twenty_minutes_behind(scene: Scene) -> None:
    scene.keystone_through(shifting(minutes=20))
    scene.s3_through(shifting(minutes=20))


@table.row("clock", "FAIL", "seconds ahead")
def f34_clock_a_day_ahead(scene: Scene) -> None:
    scene.keystone_through(shifting(days=-1))
    scene.s3_through(shifting(days=-1))


@table.row("clock", "FAIL", "tell the cloud's help desk")
def f34_clock_of_the_store_is_wrong(scene: Scene) -> None:
    scene.s3_through(shifting(days=-20000))


@table.row("clock", "WARN", "set-ntp")
def f34_clock_six_minutes_behind(scene: Scene) -> None:
    scene.keystone_through(shifting(minutes=6))
    scene.s3_through(shifting(minutes=6))


@pytest.mark.parametrize("fault", table.rows, ids=table.names)
def test_fault(fault, scene: Scene) -> None:
    """``judge`` asserts: exactly this check fails, with these words, and says what to do."""
    judge(fault, scene)
