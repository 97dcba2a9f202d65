"""The doctor judges a certificate as the transfers do (F28): what they accept it does not fail, and the other way."""

from __future__ import annotations

import ssl
from collections.abc import Callable
from pathlib import Path

import pytest
from certificates import certificate, chain, server_context
from doctor_servers import page

from jsobj.doctor import http
from jsobj.doctor.case import Case
from jsobj.doctor.check import Status
from jsobj.doctor.checks import certificate as certificate_check
from jsobj.doctor.checks.network import Destination
from jsobj.ec2_keys.s3_account import get
from jsobj.errors import JsobjError
from jsobj.identity.settings import Settings
from jsobj.net.connection.dial import Dialer
from jsobj.net.connection.response_head import WireError
from jsobj.urls import Origin, require_origin

Served = tuple[Path, "bool | str"]  # what the server shows, and what is trusted


def own(folder: Path, **how: int) -> Served:
    pem = certificate(folder, **{"host": "127.0.0.1", "days": 10, **how})  # type: ignore[arg-type]
    return pem, str(pem)


def linked(folder: Path) -> Served:
    pem, known = chain(folder, host="127.0.0.1")
    return pem, str(known)


def unlinked(folder: Path) -> Served:
    pem, known = chain(folder, host="127.0.0.1", linked=False)
    return pem, str(known)


def only_the_intermediate_trusted(folder: Path) -> Served:
    """What Python 3.13 accepts by default, and 3.12 does not."""
    pem, known = chain(folder, host="127.0.0.1")
    end = "-----END CERTIFICATE-----\n"
    known.write_text(pem.read_text().split(end)[1] + end)
    return pem, str(known)


CASES: list[tuple[Callable[[Path], Served], bool]] = [
    (own, True),
    (linked, True),  # it names no key of its authority: what Python 3.13 refuses by default, and 3.12 does not
    (unlinked, False),
    (only_the_intermediate_trusted, False),
    (lambda folder: own(folder, days=-3), False),
    (lambda folder: (certificate(folder, host="127.0.0.9", days=10), str(folder / "server.pem")), False),
    (lambda folder: (own(folder)[0], True), False),
    (lambda folder: (own(folder)[0], False), True),
]


@pytest.fixture(params=["as it is", "as of Python 3.13"], autouse=True)
def defaults(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """The defaults of the interpreter at hand, and those of 3.13 on any."""
    made = ssl.create_default_context

    def stricter(*given: object, **named: object) -> ssl.SSLContext:
        context = made(*given, **named)  # type: ignore[arg-type]
        context.verify_flags |= ssl.VERIFY_X509_STRICT | ssl.VERIFY_X509_PARTIAL_CHAIN
        return context

    if request.param != "as it is":
        monkeypatch.setattr(ssl, "create_default_context", stricter)


def transfers(origin: Origin, verify: bool | str) -> bool:
    try:
        Dialer(origin, verify=verify).open().close()
    except WireError as error:
        return error.kind != "tls"
    return True


def logins(origin: Origin, verify: bool | str) -> bool:
    try:
        get(origin, verify=verify)
    except JsobjError as error:
        return error.reference != "tls-failed"
    return True


def doctors_requests(origin: Origin, verify: bool | str, case: Case) -> bool:
    try:
        http.ask(case, origin, verify=verify)
    except JsobjError as error:
        return error.reference != "tls-failed"
    return True


def doctors_verdict(origin: Origin, verify: bool | str, case: Case) -> bool:
    found = certificate_check.prove(lambda case: Destination("S3", origin, verify, None), case)
    return found.status in {Status.PASS, Status.WARN}


@pytest.mark.parametrize(("made", "accepted"), CASES)
def test_F28_one_verdict(made: Callable[[Path], Served], accepted: bool, tmp_path: Path) -> None:
    pem, verify = made(tmp_path)
    case = Case(Settings.read({"HOME": str(tmp_path)}))
    with page(context=server_context(pem)) as (url, _):
        origin = require_origin(url)
        verdicts = (
            transfers(origin, verify),
            logins(origin, verify),
            doctors_requests(origin, verify, case),
            doctors_verdict(origin, verify, case),
        )
    assert verdicts == (accepted,) * 4


def test_no_keys_of_a_session_are_written_to_a_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Some developers' shells name one for browsers; whoever reads it can read what was sent, with its signatures."""
    log = tmp_path / "keys.log"
    monkeypatch.setenv("SSLKEYLOGFILE", str(log))
    pem, verify = own(tmp_path)
    case = Case(Settings.read({"HOME": str(tmp_path)}))
    with page(context=server_context(pem)) as (url, _):
        assert doctors_verdict(require_origin(url), verify, case)
        assert doctors_requests(require_origin(url), verify, case)
    assert not log.exists()


def test_a_file_of_authorities_that_cannot_be_used(tmp_path: Path) -> None:
    origin = require_origin("https://127.0.0.1:9")
    with pytest.raises(JsobjError) as caught:
        certificate_check.prove(
            lambda case: Destination("S3", origin, str(tmp_path / "none.pem"), None),
            Case(Settings.read({"HOME": str(tmp_path)})),
        )
    assert caught.value.reference == "ca-file-unusable"
