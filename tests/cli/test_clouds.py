"""``jsobj clouds``: what it lists, which login it makes the default, and what it takes away."""

from __future__ import annotations

import yaml
from commands import Jsobj
from fixtures_cloud import Cloud


def test_no_login_yet(jsobj: Jsobj) -> None:
    done = jsobj("clouds")
    assert (done.out, done.err) == ("", "There are no logins yet: jsobj login RCFILE\n")
    assert jsobj("clouds", "--json").json["items"] == []


def test_logins_and_profiles(keyed: Jsobj, cloud: Cloud) -> None:
    keyed("login", cloud.rc("app-cred-restricted"), "--as", "app")
    keyed("login", cloud.rc("openrc-other"), "--as", "otto", "--password-stdin", stdin=cloud.rc("password-other"))
    with keyed.credentials.open("a") as file:
        file.write("\n[elsewhere]\naws_access_key_id = a\naws_secret_access_key = canary-elsewhere\n")
    found = {item["name"]: item for item in keyed("clouds", "list", "--json").json["items"]}
    assert list(found) == ["demo", "app", "otto", "elsewhere"]
    assert [name for name, item in found.items() if item["default"]] == ["demo"]
    assert {name: item["kind"] for name, item in found.items()} == {
        "demo": "cloud",
        "app": "cloud",
        "otto": "cloud",
        "elsewhere": "profile",
    }
    assert (found["demo"]["profile"], found["demo"]["endpoint"]) == ("demo", cloud.s3_endpoint)
    assert (found["app"]["profile"], found["app"]["auth_url"]) == (None, cloud.auth_url)
    assert (found["otto"]["project"], found["otto"]["auth_type"]) == ("other", "password")
    lines = keyed("clouds").lines
    assert lines[0].split("\t")[:2] == ["*", "demo"]
    assert lines[3].split("\t")[1] == "profile elsewhere"


def test_days_left_without_asking_keystone(member: Jsobj, cloud: Cloud, name: str) -> None:
    member("app-cred", "create", name, "--expires", "30d", "--as", "short")
    try:
        found = {item["name"]: item for item in member("clouds", "--json").json["items"]}
        assert found["short"]["expires"].endswith("Z")
        assert "30 days" in member("clouds").out or "29 days" in member("clouds").out
        assert "Ends:" in member("clouds", "show", "short").out
    finally:
        member("app-cred", "delete", name, "--yes", "--cloud", "demo")


def test_use_another(member: Jsobj, cloud: Cloud) -> None:
    member("login", cloud.rc("app-cred-restricted"), "--as", "two")
    assert member("whoami", "--json").json["cloud"] == "demo"
    assert member("clouds", "use", "two", "--json").json == {"schema": "jsobj.default-cloud/1", "cloud": "two"}
    assert member("whoami", "--json").json["cloud"] == "two"
    warned = member("clouds", "use", "demo", env={"OS_CLOUD": "two"})
    assert "in this shell another login is used: $OS_CLOUD" in warned.err


def test_an_unknown_cloud(member: Jsobj) -> None:
    before = member.snapshot()
    for verb in ("use", "show", "remove"):
        error = member("clouds", verb, "dmeo", "--json", code=5).error
        assert error["reference"] == "cloud-not-found"
        assert "did you mean 'demo'?" in error["hint"]
    assert member.snapshot() == before


def test_remove(keyed: Jsobj) -> None:
    done = keyed("clouds", "remove", "demo", "--json").json
    assert (done["schema"], done["cloud"]) == ("jsobj.logout/1", "demo")
    assert "demo" not in (yaml.safe_load(keyed.clouds.read_text()) or {}).get("clouds", {})
    (left,) = keyed("clouds", "--json").json["items"]  # EC2 keys outlive the login
    assert (left["kind"], left["name"]) == ("profile", "demo")


def test_an_entry_that_cannot_be_used_is_listed_with_its_fault(member: Jsobj) -> None:
    text = member.clouds.read_text()
    member.clouds.write_text(text + "  broken:\n    profile: https://elsewhere.example/clouds\n")
    found = {item["name"]: item for item in member("clouds", "--json").json["items"]}
    assert "takes its profile from https://elsewhere.example" in found["broken"]["fault"]
    assert found["demo"]["fault"] is None


def test_without_a_default_it_says_what_this_shell_uses_instead(member: Jsobj) -> None:
    half = member("clouds", "list", env={"OS_AUTH_URL": "u", "OS_USERNAME": "bob"})
    assert "In this shell no login is used: OS_USERNAME is set, OS_PASSWORD is not" in half.err
    whole = {"OS_AUTH_URL": "http://127.0.0.1:9/v3", "OS_USERNAME": "x", "OS_PASSWORD": "canary", "OS_PROJECT_ID": "x"}
    assert "In this shell another login is used: OS_* variables" in member("clouds", "list", env=whole).err
    assert "clouds use" not in half.err
