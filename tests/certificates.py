"""Certificates that prove something or not, for TLS servers of tests."""

from __future__ import annotations

import datetime as dt
import ipaddress
import ssl
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.x509.oid import NameOID

NO_PASSWORD = serialization.NoEncryption()


def certificate(folder: Path, *, host: str, days: int, begins: int = 0) -> Path:
    """A self-signed certificate for an address, valid for so many days from yesterday (negative: over).

    ``begins``: how many days later than that it begins.
    """
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "test")])
    start = dt.datetime.now(dt.timezone.utc) - dt.timedelta(days=1 if days > 0 else 30)
    start += dt.timedelta(days=begins)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(start)
        .not_valid_after(start + dt.timedelta(days=abs(days)))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address(host))]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    path = folder / "server.pem"
    secret = key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, NO_PASSWORD)
    path.write_bytes(secret + made.public_bytes(serialization.Encoding.PEM))
    return path


def chain(folder: Path, *, host: str, weak: bool = False, linked: bool = True) -> tuple[Path, Path]:
    """A certificate by an intermediate of an authority: what a server shows, and the authority's own.

    ``weak``: with a key of 1024 bits. ``linked``: whether the server shows the intermediate too.
    """
    root, link = ec.generate_private_key(ec.SECP256R1()), ec.generate_private_key(ec.SECP256R1())
    own = rsa.generate_private_key(65537, 1024 if weak else 2048)
    address = x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address(host))])
    authority = _signed("authority", root.public_key(), "authority", root)
    between = _signed("between", link.public_key(), "authority", root)
    shown = _signed("server", own.public_key(), "between", link, address)
    secret = own.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, NO_PASSWORD)
    pem, known = folder / "chain.pem", folder / "known.pem"
    pem.write_bytes(secret + b"".join(map(_pem, (shown, between) if linked else (shown,))))
    known.write_bytes(_pem(authority))
    return pem, known


def _signed(
    name: str,
    key: ec.EllipticCurvePublicKey | rsa.RSAPublicKey,
    by: str,
    signer: ec.EllipticCurvePrivateKey,
    address: x509.SubjectAlternativeName | None = None,
) -> x509.Certificate:
    """A certificate from yesterday until tomorrow; without an address it may sign others."""
    now, day = dt.datetime.now(dt.timezone.utc), dt.timedelta(days=1)
    subject, issuer = (x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, each)]) for each in (name, by))
    builder = x509.CertificateBuilder(issuer, subject, key, x509.random_serial_number(), now - day, now + day)
    builder = builder.add_extension(x509.BasicConstraints(ca=address is None, path_length=None), critical=True)
    if address is not None:
        builder = builder.add_extension(address, critical=False)
    return builder.sign(signer, hashes.SHA256())


def _pem(made: x509.Certificate) -> bytes:
    return made.public_bytes(serialization.Encoding.PEM)


def server_context(pem: Path) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(pem)
    return context
