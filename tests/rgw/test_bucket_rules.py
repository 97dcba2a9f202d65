"""``jsobj bucket cors`` on Ceph RGW, judged by requests as browsers send them, and by a browser."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from botocore.exceptions import ClientError
from commands import Jsobj
from fixtures_cloud import Cloud
from fixtures_rgw import Gateway
from headless import chromium
from people import Boto, Swift, Users, log_in, on_global
from policy_cases import Names, document
from web_pages import ask, fetched_by, page_reads, viewer

VIEWER, OTHER = "https://viewer.example", "https://other.example"


@pytest.fixture(name="urls")
def _urls(alice: Jsobj, boto: Boto, gateway: Gateway, cloud: Cloud, name: str) -> Iterator[tuple[str, str]]:
    """Both URLs of a public object in a bucket of its own."""
    client = boto(alice)
    client.create_bucket(Bucket=name)
    client.put_object(Bucket=name, Key="x", Body=b"data")
    alice("bucket", "public", name)
    project = cloud.status.projects["demo"]
    tenant = f"{project}:" if gateway.tenants else ""
    yield f"{gateway.endpoint}/{tenant}{name}/x", f"{gateway.swift_url(project)}/{name}/x"
    alice("bucket", "delete", f"s3://{name}", "--recursive", "--yes")


def test_pages_read_by_both_urls_and_no_longer(alice: Jsobj, name: str, urls: tuple[str, str]) -> None:
    assert not any(page_reads(url, VIEWER) for url in urls)
    assert alice("bucket", "cors", "show", name, "--json").json["rules"] == []
    done = alice("bucket", "cors", "set", name, "--origin", VIEWER, "--origin", "https://*.example.org", "--json").json
    assert (done["mechanism"], done["before"]) == ("s3", [])
    assert {each["url"] for each in done["proof"]} == {url.removesuffix("/x") for url in urls}
    for url in urls:
        assert page_reads(url, VIEWER)
        assert page_reads(url, "https://a.example.org")
        assert not page_reads(url, OTHER)
        answer = ask(url, "GET", Origin=VIEWER, Range="bytes=0-1")
        assert {"content-range", "etag", "accept-ranges", "content-length"} <= answer.exposed
        assert answer.headers["access-control-max-age"] == "3600"
        before = ask(url, "OPTIONS", Origin=VIEWER, Access_Control_Request_Method="PUT")
        assert before.status == 403
    shown = alice("bucket", "cors", "show", name)
    assert "viewer.example" in shown.out
    cleared = alice("bucket", "cors", "clear", name, "--json").json
    assert cleared["rules"] == []
    assert len(cleared["before"]) == 1
    assert not any(page_reads(url, VIEWER) for url in urls)
    alice("bucket", "cors", "clear", name)


def test_what_was_replaced_is_put_back(alice: Jsobj, boto: Boto, name: str, urls: tuple[str, str]) -> None:
    client = boto(alice)
    theirs = [
        {"ID": "theirs", "AllowedOrigins": [OTHER], "AllowedMethods": ["GET"], "MaxAgeSeconds": 7},
        {"AllowedOrigins": ["https://b.example"], "AllowedMethods": ["PUT"], "AllowedHeaders": ["x-amz-*", "range"]},
    ]
    client.put_bucket_cors(Bucket=name, CORSConfiguration={"CORSRules": theirs})
    before = client.get_bucket_cors(Bucket=name)["CORSRules"]
    done = alice("bucket", "cors", "set", name, "--origin", "*")
    assert "Any web page" in done.err
    assert all(page_reads(url, "https://anything.example") for url in urls)
    (kept,) = (alice.home / ".local/state/jsobj/replaced").iterdir()
    assert f"--rules {kept}" in " ".join(done.err.split())
    # Their first rule allows no header, and a browser asks before a GET with Range: the proof says so, and refuses.
    assert alice("bucket", "cors", "set", name, "--rules", kept, "--json", code=6).error["reference"] == (
        "cors-not-honoured"
    )
    assert all(page_reads(url, "https://anything.example") for url in urls)
    theirs[0]["AllowedHeaders"] = ["*"]
    alice("bucket", "cors", "set", name, "--rules", "-", stdin=json.dumps({"CORSRules": theirs}))
    now = client.get_bucket_cors(Bucket=name)["CORSRules"]
    assert now == [{**before[0], "AllowedHeaders": ["*"]}, before[1]]


def test_without_keys_nothing_is_set(
    newcomer: Users, cloud: Cloud, gateway: Gateway, swift: Swift, boto: Boto, alice: Jsobj, name: str, urls: object
) -> None:
    """The header of a container would replace rules that cannot be seen, and could not be taken back."""
    keyless = newcomer("keyless")
    log_in(keyless, cloud, gateway, "alice")
    error = keyless("bucket", "cors", "set", name, "--origin", VIEWER, "--json", code=4).error
    assert error["reference"] == "rules-need-keys"
    assert "jsobj ec2-creds" in error["hint"]
    assert keyless("bucket", "policy", "get", name, "--json", code=4).error["reference"] == "policy-needs-keys"
    checked = keyless("bucket", "policy", "check", name, "-", stdin=document(Names(name).to("1" * 32)))
    assert "without the server" in checked.err
    header = "X-Container-Meta-Access-Control-Allow-Origin"
    swift("alice").post_container(name, {header: OTHER})
    swift("alice").post_container(name, {header.replace("X-", "X-Remove-"): "x"})
    assert boto(alice).get_bucket_cors(Bucket=name)["CORSRules"][0]["AllowedOrigins"] == [OTHER]
    alice("bucket", "cors", "clear", name)
    with pytest.raises(ClientError):
        boto(alice).get_bucket_cors(Bucket=name)


def test_with_keys_alone(alice: Jsobj, name: str, urls: tuple[str, str]) -> None:
    shutil.rmtree(alice.home / ".config")
    done = alice("bucket", "cors", "set", name, "--origin", VIEWER, "--profile", "ceph", "--json").json
    assert page_reads(urls[0], VIEWER)
    assert done["urls"]["s3"] == urls[0].removesuffix("/x")


@on_global
def test_a_browser_reads(alice: Jsobj, name: str, urls: tuple[str, str], tmp_path: Path) -> None:
    with viewer() as origin, viewer() as other, chromium(tmp_path) as tab:
        assert fetched_by(tab, origin, urls[0]) == {"error": "TypeError"}
        alice("bucket", "cors", "set", name, "--origin", origin)
        for url in urls:
            assert fetched_by(tab, origin, url) == {"status": 206, "text": "at", "range": "bytes 1-2/4"}
            assert fetched_by(tab, other, url) == {"error": "TypeError"}
        alice("bucket", "cors", "clear", name)
        assert fetched_by(tab, origin, urls[0]) == {"error": "TypeError"}
