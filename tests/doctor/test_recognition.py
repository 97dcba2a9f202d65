"""A server has one name: what ``jsobj endpoint`` calls it, the doctor calls it too, whatever it answers."""

from __future__ import annotations

from http.server import BaseHTTPRequestHandler
from pathlib import Path

import pytest
from doctor_servers import serving

from jsobj.doctor.case import Case
from jsobj.doctor.check import Status
from jsobj.doctor.checks import s3_server
from jsobj.ec2_keys.probe import identify
from jsobj.errors import JsobjError
from jsobj.identity.settings import Settings
from jsobj.net.sigv4 import KeyPair
from jsobj.secret import Secret
from jsobj.store.access import S3Access
from jsobj.urls import require_origin

Answers = dict[str, tuple[int, dict[str, str], str]]  # path -> status, headers, body

JSON, XML, TEXT = ({"Content-Type": kind} for kind in ("application/json", "application/xml", "text/plain"))
TX = {"x-amz-request-id": "tx00000123"}
DENIED = "<?xml version='1.0'?><Error><Code>AccessDenied</Code></Error>"
NOTHING = (404, TEXT, "")


def swift(info: str) -> Answers:
    return {"/": (403, XML, DENIED), "/info": (200, JSON, info)}


SERVERS: dict[str, tuple[Answers, str, int]] = {
    "Swift": (swift('{"swift": {"version": "2.38"}, "s3api": {"max_upload_part_num": 500}}'), "swift", 500),
    "Swift whose limit is no number": (swift('{"swift": {}, "s3api": {"max_upload_part_num": "many"}}'), "swift", 1000),
    "Swift whose s3api is no object": (swift('{"swift": {}, "s3api": true}'), "swift", 1000),
    "Swift that tells nothing": (swift('{"swift": null}'), "unknown", 10_000),
    "Swift's document on a page of errors": (
        {"/": (403, XML, DENIED), "/info": (404, JSON, '{"swift": {}, "s3api": {}}')},
        "unknown",
        10_000,
    ),
    "Swift without S3": (swift('{"swift": {"version": "2.38"}}'), "", 0),
    "RGW": ({"/": (403, XML | TX, DENIED), "/info": (403, XML | TX, DENIED)}, "ceph-rgw", 10_000),
    "RGW that wraps its errors": (
        {"/": (403, TEXT | TX, ""), "/info": (403, TEXT | TX, ""), "/swift/info": (200, JSON, "{}")},
        "ceph-rgw",
        10_000,
    ),
    "a request id like RGW's, and nothing else of it": (
        {"/": (403, TEXT | TX, ""), "/info": (403, TEXT | TX, "")},
        "",
        0,
    ),
    "another S3": ({"/": (403, XML, DENIED), "/info": (404, XML, DENIED)}, "unknown", 10_000),
    "another S3 with an /info of its own": (
        {"/": (403, XML, DENIED), "/info": (200, TEXT, "hello")},
        "unknown",
        10_000,
    ),
    "no object store": ({"/": (200, TEXT, "hello")}, "", 0),
}


def handler(answers: Answers) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            status, headers, body = answers.get(self.path, NOTHING)
            self.send_response(status)
            for name, value in {**headers, "Content-Length": str(len(body))}.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(body.encode())

        def log_message(self, format: str, *args: object) -> None:
            pass

    return Handler


@pytest.mark.parametrize("server", SERVERS)
def test_F50_one_name(server: str, tmp_path: Path) -> None:
    answers, name, parts = SERVERS[server]
    case = Case(Settings.read({"HOME": str(tmp_path)}))
    with serving(handler(answers), None) as url:
        origin = require_origin(url)
        key = KeyPair("key", Secret("secret"))
        case.access = S3Access(origin, "us-east-1", key, "path", "when_required", True, "the test")
        finding = s3_server.server(case)
        try:
            found = identify(origin)
        except JsobjError as error:
            assert name == "", error  # noqa: PT017 - the doctor's word is held against it below
            assert finding.status is Status.FAIL
            return
    assert (found.server, found.part_limit) == (name, parts)
    assert finding.status is Status.PASS
    assert case.dialect == found
