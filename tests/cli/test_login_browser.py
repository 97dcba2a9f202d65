"""``jsobj login --browser``: the plugin opens "the browser", which here is a small program that does what one does
at the end of a federated login: it posts an unscoped token (a real one, of the real Keystone) to the waiting port."""

from __future__ import annotations

import json
import sys
import urllib.request
from pathlib import Path

import pytest
from commands import Jsobj
from fixtures_cloud import Cloud

BROWSER = """
import os, sys, time, urllib.parse, urllib.request
if os.fork():
    sys.exit(0)
origin = urllib.parse.parse_qs(urllib.parse.urlsplit(sys.argv[1]).query)["origin"][0]
with open({seen!r}, "w") as file:
    file.write(sys.argv[1])
body = urllib.parse.urlencode({{"token": open({token!r}).read()}}).encode()
headers = {{"Sec-Fetch-Mode": "navigate", "Sec-Fetch-Dest": "document", "Sec-Fetch-Site": "cross-site"}}
for _ in range(100):
    try:
        urllib.request.urlopen(urllib.request.Request(origin, data=body, headers=headers), timeout=10)
        break
    except OSError:
        time.sleep(0.1)
os._exit(0)
"""


@pytest.fixture
def browser(cloud: Cloud, tmp_path: Path) -> dict[str, str]:
    """The variables with which ``webbrowser`` starts ours."""
    user = {"name": "alice", "domain": {"id": "default"}, "password": cloud.password("alice")}
    identity = {"methods": ["password"], "password": {"user": user}}
    body = json.dumps({"auth": {"identity": identity, "scope": "unscoped"}}).encode()
    request = urllib.request.Request(f"{cloud.auth_url}/auth/tokens", body, {"Content-Type": "application/json"})
    with urllib.request.urlopen(request, timeout=30) as answer:
        token = answer.headers["X-Subject-Token"]
    (tmp_path / "token").write_text(token)
    program = tmp_path / "browser.py"
    program.write_text(BROWSER.format(seen=str(tmp_path / "seen"), token=str(tmp_path / "token")))
    return {"BROWSER": f"{sys.executable} {program} %s"}


def test_a_browser_login_is_stored_as_its_token(
    jsobj: Jsobj, cloud: Cloud, browser: dict[str, str], tmp_path: Path
) -> None:
    words = (
        "login",
        cloud.rc("openrc-password"),
        "--browser",
        "--identity-provider",
        "access",
        "--as",
        "sso",
        "--json",
    )
    said = jsobj.process(*words, env=browser)
    said.expect(0)
    assert said.json["project"]["name"] == "demo"
    assert "/identity_providers/access/protocols/openid/websso" in (tmp_path / "seen").read_text()
    assert "v3token" in jsobj.clouds.read_text()
    assert jsobj("whoami", "--json").json["user"]["name"] == "alice"
    listed = jsobj.tool("openstack", "--os-cloud", "sso", "container", "list", "-f", "json")
    assert json.loads(listed.out) is not None


def test_a_browser_login_after_an_application_credential_keeps_the_project(
    jsobj: Jsobj, cloud: Cloud, browser: dict[str, str]
) -> None:
    """The newest Keystone wants a person for EC2 keys; the credential's login knows which project is meant."""
    jsobj("login", cloud.rc("app-cred-restricted"), "--as", "mine")
    words = ("login", "--browser", "--cloud", "mine", "--identity-provider", "access", "--as", "mine-sso", "--json")
    said = jsobj.process(*words, env=browser).expect(0)
    assert said.json["project"]["name"] == "demo"
    assert said.json["application_credential"] is None


def test_without_a_provider_the_option_is_named(jsobj: Jsobj, cloud: Cloud) -> None:
    said = jsobj("login", cloud.rc("openrc-password"), "--browser", "--json", code=2)
    assert said.error["reference"] == "browser-needs-provider"
    assert "--identity-provider" in said.error["hint"]


def test_without_a_project_it_is_asked_for(jsobj: Jsobj, cloud: Cloud) -> None:
    words = ("login", cloud.rc("app-cred-restricted"), "--browser", "--identity-provider", "x", "--json")
    said = jsobj(*words, code=2)
    assert said.error["reference"] == "browser-needs-project"
