"""Does the server prove who it is? If not: why, and who made its certificate. No byte of a credential is sent."""

from __future__ import annotations

import ssl
from collections.abc import Mapping
from typing import Any

from jsobj.doctor.case import Case
from jsobj.doctor.check import Finding, failed, passed, warned
from jsobj.doctor.checks.network import Destination, TargetOf, open_way
from jsobj.net.connection.dial import secure
from jsobj.net.connection.response_head import WireError
from jsobj.net.connection.tls import tls_context
from jsobj.urls import http_allowed

_SECONDS = 4.0
_NO_CHECK_TIME = 0x200000  # OpenSSL's X509_V_FLAG_NO_CHECK_TIME, which Python does not name


def prove(target_of: TargetOf, case: Case) -> Finding:
    """The server shows a certificate that transfers accept."""
    target = target_of(case)
    where = target.origin.netloc
    if target.origin.scheme == "http":
        return _plain(case, target)
    context = tls_context(target.verify)
    try:
        certificate, version = _handshake(target, context)
    except WireError as error:
        if isinstance(error.__cause__, ssl.SSLError):
            return _explain(case, target, error.__cause__)
        if _speaks_http(target):
            return _plain_instead(target, error.reason)
        sentence = f"{where} accepts a connection and then says nothing TLS: {error.reason}"
        hint = "check the port; a firewall or a dead service does this too"
        return failed(sentence, {"seen": error.reason}, hint=hint)
    facts = {"protocol": version, **_facts(certificate)}
    if target.verify is False:
        sentence = f"the certificate of {where} is not checked, as the login says"
        return warned(sentence, facts, hint="remove verify: false (or OS_INSECURE), and name the CA with cacert")
    return passed(f"{where} proves who it is", facts)


def _plain(case: Case, target: Destination) -> Finding:
    if target.origin.secure:
        return passed("plain http that does not leave this computer")
    sentence = f"{target.service} at {target.origin} is plain http: anyone on the way can read and change what is sent"
    hint = f"use https://{target.origin.netloc} if it answers there"
    if http_allowed(case.settings.environ):
        return warned(sentence, hint=hint)
    return failed(sentence, hint=f"{hint}; or, in a network that is yours: jsobj doctor --allow-http")


def _handshake(target: Destination, context: ssl.SSLContext) -> tuple[Mapping[str, Any], str]:
    with open_way(target) as connection:
        connection.settimeout(_SECONDS)
        with secure(connection, context, target.origin.host) as secured:
            return secured.getpeercert() or {}, secured.version() or ""


def _plain_instead(target: Destination, seen: str) -> Finding:
    sentence = f"{target.origin.netloc} does not speak TLS: plain http is spoken on that port"
    return failed(sentence, {"seen": seen}, hint="check the port; ask whether the address begins with http://")


def _speaks_http(target: Destination) -> bool:
    """Some http servers wait for the rest of what they take for a long first line, instead of refusing it."""
    try:
        with open_way(target) as connection:
            connection.settimeout(_SECONDS / 4)
            connection.sendall(f"HEAD / HTTP/1.0\r\nHost: {target.origin.netloc}\r\n\r\n".encode())
            return connection.recv(5) == b"HTTP/"
    except (OSError, WireError):
        return False


def _explain(case: Case, target: Destination, error: ssl.SSLError) -> Finding:
    why = getattr(error, "verify_message", "") or error.reason or str(error)
    where = target.origin.netloc
    if not isinstance(error, ssl.SSLCertVerificationError):
        if error.reason in {"WRONG_VERSION_NUMBER", "RECORD_LAYER_FAILURE", "HTTP_REQUEST", "PACKET_LENGTH_TOO_LONG"}:
            return _plain_instead(target, why)
        sentence = f"TLS with {where} fails: {why}"
        return failed(sentence, {"seen": why}, hint="the server may only know old TLS versions: tell its help desk")
    facts = {"seen": why, **_facts(_look_anyway(target))}
    sentence = f"the certificate of {where} is refused: {why}"
    return failed(sentence, facts, hint=_remedy(case, why, facts))


def _remedy(case: Case, why: str, facts: Mapping[str, str]) -> str:
    if "expired" in why or "not yet valid" in why:
        return "check this computer's date; if it is right, tell the cloud's help desk that the certificate ran out"
    if "match" in why.lower():
        return f"use the name that the certificate is for: {facts.get('certificate for', 'see the evidence')}"
    for variable in ("REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE", "SSL_CERT_FILE"):
        if case.settings.get(variable):  # other tools may read it where jsobj does not, and work
            return f"{variable} does not serve here: export OS_CACERT=${variable} AWS_CA_BUNDLE=${variable}"
    return "if your cloud has an authority of its own, name its file: OS_CACERT, AWS_CA_BUNDLE=/path/to/ca.pem"


def _look_anyway(target: Destination) -> Mapping[str, Any]:
    """The refused certificate, parsed: trusting exactly it, whatever its date and name. Nothing is sent but a hello."""
    try:
        with open_way(target) as connection, secure(connection, tls_context(False), target.origin.host) as secured:
            der = secured.getpeercert(binary_form=True)
        if der is None:
            return {}
        context = tls_context(False)
        context.verify_mode = ssl.CERT_REQUIRED
        context.load_verify_locations(cadata=der)
        context.verify_flags = ssl.VerifyFlags(context.verify_flags | ssl.VERIFY_X509_PARTIAL_CHAIN | _NO_CHECK_TIME)
        return _handshake(target, context)[0]
    except (OSError, ValueError, WireError):
        return {}  # only the evidence is poorer for it


def _facts(certificate: Mapping[str, Any]) -> dict[str, str]:
    names = [str(value) for _, value in certificate.get("subjectAltName", ())]
    facts = {
        "certificate for": ", ".join(names[:5]) or _name(certificate.get("subject", ())),
        "issued by": _name(certificate.get("issuer", ())),
        "valid until": str(certificate.get("notAfter", "")),
    }
    return {label: text for label, text in facts.items() if text}


def _name(parts: Any) -> str:
    flat = {key: value for part in parts for key, value in part}
    words = (flat.get("organizationName", ""), flat.get("commonName", ""))
    return ", ".join(str(word) for word in words if word)
