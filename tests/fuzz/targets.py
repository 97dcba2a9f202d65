"""What reads bytes from elsewhere, each as a function that must return or raise what its room promises, and no more.

Two drive them: test_fuzz_targets.py with mutations of the seeds (in CI, the same each time), and run.py with atheris,
which looks for new paths, by hand. What either finds is kept in ``FINDINGS``.
"""

from __future__ import annotations

import hashlib
import tempfile
from collections.abc import Callable
from dataclasses import dataclass

from jsobj.errors import ExitCode, JsobjError
from jsobj.identity.aws_files import ini_edit
from jsobj.identity.clouds_yaml import lines
from jsobj.identity.rc import file as rcfile
from jsobj.net import dates
from jsobj.net import xml as s3_xml
from jsobj.net.connection.response_head import WireError, parse_head
from jsobj.net.md5.streams import md5
from jsobj.store.swift import listing as swift_listing
from jsobj.transfer.journal.records import JobKey
from jsobj.transfer.local.key_path import PathRefusal, is_temp, path_for
from jsobj.urls import normalise_endpoint


@dataclass(frozen=True)
class Target:
    """``read`` raises :class:`AssertionError` for a broken promise; ``seeds`` are what is mutated."""

    read: Callable[[bytes], None]
    seeds: tuple[bytes, ...]


def _check(error: JsobjError, code: ExitCode) -> None:
    """A refusal has this code, and words."""
    assert error.code is code
    assert error.message


def rc(data: bytes) -> None:
    """An RC file is read or refused with exit 9; no value has a line break or a NUL."""
    try:
        found = rcfile.parse(data, "openrc.sh")
    except JsobjError as error:
        _check(error, ExitCode.LOCAL)
        return
    values = [*found.values.values(), *(one.reveal() for tried in found.secrets.values() for one in tried)]
    assert not any(set("\n\r\0") & set(value) for value in values)


def ini(data: bytes) -> None:
    """A section is set in a file that can be read, and every other byte stays; or the file is refused."""
    try:
        before = ini_edit.sections(data, source="credentials")
    except JsobjError as error:
        _check(error, ExitCode.LOCAL)
        return
    after = ini_edit.set_section(data, "jsobj-fuzz", {"aws_access_key_id": "A", "aws_secret_access_key": "s"})
    read = dict(ini_edit.sections(after, source="credentials"))
    mine = read.pop("jsobj-fuzz")
    assert dict(mine)["aws_secret_access_key"] == "s"
    assert read == {name: values for name, values in before.items() if name != "jsobj-fuzz"}


def clouds(data: bytes) -> None:
    """A clouds.yaml is read or refused; nothing in it is executed or multiplied."""
    try:
        lines.read(data, "clouds.yaml")
    except JsobjError as error:
        _check(error, ExitCode.LOCAL)


ROOTS = frozenset({"ListBucketResult", "Error", "ListPartsResult"})


def xml(data: bytes) -> None:
    """A listing comes apart or is refused; no name is in it that does not stand in the document."""
    try:
        found = s3_xml.parse(data, ROOTS, frozenset({"Contents", "CommonPrefixes"}))
    except s3_xml.XmlError:
        return
    assert len(found.records) <= data.count(b"<")
    for _, record in found.records:
        for value in record.values():
            assert len(value.encode("utf-8", "surrogatepass")) <= len(data)


def swift_json(data: bytes) -> None:
    """A page of Swift's listing, or a network error."""
    try:
        found = swift_listing.parse(data, "container")
    except JsobjError as error:
        _check(error, ExitCode.NETWORK)
        return
    assert all(isinstance(item.key, str) and item.size >= 0 for item in found)


def head(data: bytes) -> None:
    """The head of an answer, with a length that is none, a number or known to be chunked."""
    try:
        found = parse_head(data, bodiless=False)
    except WireError:
        return
    assert found.length is None or found.length >= -1
    assert 0 <= found.status <= 999


def endpoint(data: bytes) -> None:
    """An origin, whose own text is read as the same origin; or a usage error."""
    text = data.decode("utf-8", "surrogateescape")
    try:
        found = normalise_endpoint(text).origin
    except JsobjError as error:
        _check(error, ExitCode.USAGE)
        return
    assert str(found).startswith(("http://", "https://"))
    assert "@" not in str(found)
    assert normalise_endpoint(str(found)).origin == found


def path(data: bytes) -> None:
    """A key is one relative path strictly below the target and reads back as itself, or it is refused."""
    key = data.decode("utf-8", "surrogateescape")
    found = path_for(key)
    if isinstance(found, PathRefusal):
        return
    assert found
    assert "/".join(found) == key
    assert not any(part in {"", ".", ".."} or "\0" in part or is_temp(part) for part in found)


def job(data: bytes) -> None:
    """What a journal says of its job, or a ValueError that makes the journal unusable."""
    try:
        found = JobKey.of_json(data.decode("utf-8", "replace"))
    except ValueError:
        return
    assert JobKey.of_json(found.to_json()) == found


def date(data: bytes) -> None:
    """Seconds, or nothing."""
    text = data.decode("utf-8", "replace")
    for read in (dates.iso_epoch, dates.http_epoch):
        assert isinstance(read(text), float | None)


TEXT = bytes(range(251)) * 60


def digests(data: bytes) -> None:
    """Streams of MD5 told what to do, four bytes a time, beside hashlib's; they are dropped as they are."""
    count = data[0] % 16 + 1 if data else 1
    streams = [md5() for _ in range(count)]
    witnesses = [hashlib.md5(usedforsecurity=False) for _ in streams]
    with tempfile.TemporaryFile() as file:
        file.write(TEXT)
        file.flush()
        for at in range(1, len(data) - 3, 4):
            number, what, start, size = data[at : at + 4]
            stream, witness, piece = (
                streams[number % count],
                witnesses[number % count],
                TEXT[start:][: size * (what + 1)],
            )
            if what % 5 == 4:
                assert stream.digest() == witness.digest()
                continue
            witness.update(piece)
            if what % 5 < 2:
                stream.feed(memoryview(TEXT)[start : start + len(piece)])
            elif what % 5 == 2:
                stream.feed_file(file.fileno(), start, len(piece))
            else:
                stream.update(piece)
        if len(data) % 2:
            assert [each.digest() for each in streams] == [each.digest() for each in witnesses]


LISTING = (
    b'<?xml version="1.0"?><ListBucketResult xmlns="http://s3.amazonaws.com/doc/2006-03-01/"><Name>b</Name>'
    b"<IsTruncated>false</IsTruncated><Contents><Key>a&amp;b</Key><Size>1</Size><ETag>&quot;0&quot;</ETag></Contents>"
    b"<CommonPrefixes><Prefix>c/</Prefix></CommonPrefixes></ListBucketResult>"
)
RC = (
    b'#!/usr/bin/env bash\nexport OS_AUTH_TYPE=v3applicationcredential\nexport OS_AUTH_URL="https://k.example/v3"\n'
    b"export OS_APPLICATION_CREDENTIAL_ID=1\nexport OS_APPLICATION_CREDENTIAL_SECRET='a b'\\''c'\n"
    b'if [ -z "$OS_REGION_NAME" ]; then unset OS_REGION_NAME; fi\nread -sr OS_PASSWORD_INPUT\n'
)
SWIFT = (
    b'[{"name": "a", "bytes": 1, "hash": "d41d8cd98f00b204e9800998ecf8427e", "content_type": "x/y", '
    b'"last_modified": "2026-01-01T00:00:00.000000"}, {"subdir": "b/"}]'
)

TARGETS = {
    "rc": Target(rc, (RC, b"export OS_X=$'a\\nb'\n", b'export OS_X="a\\\n b"\nexport OS_Y=$OS_X\n')),
    "ini": Target(
        ini, (b"[a]\nk = v\n  n = m\n# c\n[b]\r\ns3 =\r\n  x = y\r\n", b"[jsobj-fuzz]\naws_access_key_id=X\n")
    ),
    "clouds": Target(
        clouds, (b"clouds:\n  a:\n    auth: {auth_url: 'https://k/v3', username: u}\n    region_name: r\n",)
    ),
    "xml": Target(xml, (LISTING, b"<Error><Code>NoSuchKey</Code><Message>no</Message></Error>")),
    "swift-json": Target(swift_json, (SWIFT, b"[]")),
    "head": Target(
        head, (b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\nETag: x", b"HTTP/1.0 206\r\nTransfer-Encoding: chunked")
    ),
    "endpoint": Target(endpoint, (b"https://js2.jetstream-cloud.org:8001/swift/v1/AUTH_1", b"[::1]:80", b"HTTP://x/")),
    "path": Target(path, (b"a/b.nc", b"../x", b"a//b", b".a.jsobj-part")),
    "job": Target(job, (JobKey("upload", ("/a",), "s3://b/k", "s3", "b", "https://x").to_json().encode(), b"{}")),
    "digests": Target(digests, (bytes(range(90)), b"\x07" + bytes((i * 37) % 256 for i in range(160)), b"\0" * 33)),
    "date": Target(date, (b"2026-01-01T00:00:00.000Z", b"Thu, 01 Jan 2026 00:00:00 GMT")),
}

FINDINGS: dict[str, tuple[bytes, ...]] = {}
