"""Rules of CORS from and to S3's XML, Swift's headers and JSON."""

from __future__ import annotations

import json

import pytest

from jsobj.errors import BadUsage, JsobjError
from jsobj.housekeeping.cors import (
    CorsRule,
    as_data,
    checked_origin,
    from_json,
    from_s3,
    from_swift,
    to_s3,
    to_swift,
)
from jsobj.housekeeping.cors_proof import origins_to_try

RULE = CorsRule(("https://a.example", "https://*.b.example:8443"), ("GET",), ("range",), ("ETag",), 7, "a<b&c")


def test_s3_xml_comes_back() -> None:
    bare = CorsRule(("*",), headers=(), expose=(), max_age=None)
    assert from_s3(to_s3((RULE, bare))) == (RULE, bare)
    assert (to_s3(()), from_s3("")) == ("", ())
    ours = (
        '<CORSConfiguration xmlns="http://s3.amazonaws.com/doc/2006-03-01/"> <CORSRule><AllowedOrigin>*</AllowedOrigin>'
    )
    (read,) = from_s3(f"{ours}<AllowedMethod>GET</AllowedMethod></CORSRule></CORSConfiguration>")
    assert (read.origins, read.methods, read.headers, read.max_age) == (("*",), ("GET",), (), None)


@pytest.mark.parametrize("text", ["<Other/>", "no XML", "<!DOCTYPE x><CORSConfiguration/>"])
def test_what_cannot_be_read_is_not_changed(text: str) -> None:
    with pytest.raises(JsobjError, match="not changed"):
        from_s3(text)


def test_swift_headers_come_back() -> None:
    rule = CorsRule(("https://a.example", "https://b.example"))
    (read,) = from_swift({f"{name}": value for name, value in to_swift((rule,)).items()})
    assert (read.origins, read.headers, read.expose, read.max_age) == (rule.origins, ("*",), rule.expose, 3600)
    assert set(to_swift(()).values()) == {""}
    assert from_swift({"x-container-meta-access-control-allow-origin": ""}) == ()
    for beyond in ((rule, rule), (RULE,), (CorsRule(tuple(f"https://a{n}.example" for n in range(30))),)):
        with pytest.raises(JsobjError) as caught:
            to_swift(beyond)
        assert caught.value.reference == "cors-swift"


def test_json_comes_back_and_amazons_is_read() -> None:
    document = json.dumps({"schema": "jsobj.bucket-cors/1", "rules": [as_data(RULE)]})
    assert from_json(document) == (RULE,)
    amazons = {"CORSRules": [{"AllowedOrigins": ["*"], "AllowedMethods": ["GET"], "ExposeHeaders": ["ETag"]}]}
    assert from_json(json.dumps(amazons)) == (CorsRule(("*",), ("GET",), (), ("ETag",), None),)


@pytest.mark.parametrize(
    "text", ["", "[]", "{}", '{"rules": [{}]}', '{"rules": 1}', '{"rules": [{"origins": ["*"]}]}', '{"rules": ["x"]}']
)
def test_what_is_no_rule_is_refused(text: str) -> None:
    with pytest.raises(BadUsage):
        from_json(text)


def test_origins() -> None:
    for good in ("*", "https://a.example", "http://localhost:8000", "https://*.example.org"):
        assert checked_origin(good) == good
    assert checked_origin("HTTPS://A.example") == "https://a.example"
    for bad in ("a.example", "https://a.example/", "https://*.*.x", "ftp://x", "null", "", "https://a b", "https://"):
        with pytest.raises(BadUsage):
            checked_origin(bad)


def test_origins_that_are_tried_and_whom_a_rule_allows() -> None:
    assert origins_to_try((RULE, CorsRule(("*",)), CorsRule(("https://put.example",), ("PUT",)))) == (
        "https://a.example",
        "https://any.b.example:8443",
        "https://any.example",
    )
    assert RULE.allows("https://x.b.example:8443")
    assert not RULE.allows("https://b.example:8443")
    assert not RULE.allows("https://aXexample")
