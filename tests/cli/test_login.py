"""``jsobj login``: every file and way in, and every refusal, against the real Keystone."""

from __future__ import annotations

import os
import signal
import stat
import time
from pathlib import Path

import pytest
import yaml
from commands import Jsobj, edited
from fixtures_cloud import Cloud
from listening import lossy_keystone


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def entry(jsobj: Jsobj, name: str) -> dict[str, object]:
    found = yaml.safe_load(jsobj.clouds.read_text())["clouds"][name]
    assert isinstance(found, dict)
    return found


# Every file that the portal gives.


def test_password_rc(jsobj: Jsobj, cloud: Cloud) -> None:
    done = jsobj("login", cloud.rc("openrc-password"), "--password-stdin", "--json", stdin=cloud.rc("password")).json
    assert (done["schema"], done["cloud"]) == ("jsobj.login/1", "demo")
    assert (done["user"]["name"], done["project"]["name"]) == ("alice", "demo")
    assert done["project"]["id"] == cloud.status.projects["demo"]
    assert set(done["roles"]) == {"member", "reader"}
    assert (done["application_credential"], done["region"]) == (None, cloud.region)
    assert (done["swift_url"], done["s3_endpoint"]) == (cloud.swift_url, cloud.s3_endpoint)
    assert entry(jsobj, "demo")["auth_type"] == "password"
    assert "password" not in jsobj.clouds.read_text().replace("auth_type: password", "")
    said = jsobj("login", cloud.rc("openrc-password"), "--password-stdin", stdin=cloud.rc("password")).err
    secure = jsobj.clouds.with_name("secure.yaml")
    assert f"What proves it (password or secret) is in {secure}, for you alone." in said
    stored = yaml.safe_load(secure.read_text())["clouds"]["demo"]["auth"]["password"]
    assert stored == cloud.rc("password").read_text().removesuffix("\n")


@pytest.mark.parametrize("kind", ["restricted", "unrestricted"])
def test_application_credential_rc(jsobj: Jsobj, cloud: Cloud, kind: str) -> None:
    done = jsobj("login", cloud.rc(f"app-cred-{kind}"), "--json").json
    credential = done["application_credential"]
    assert (credential["name"], credential["restricted"]) == (kind, kind == "restricted")
    assert done["project"]["name"] == "demo"
    stored = entry(jsobj, "demo")["auth"]
    assert isinstance(stored, dict)
    assert set(stored) == {"auth_url", "application_credential_id"}


@pytest.mark.parametrize(("role", "user", "project"), [("-reader", "rita", "demo"), ("-other", "otto", "other")])
def test_rc_of_other_people(jsobj: Jsobj, cloud: Cloud, role: str, user: str, project: str) -> None:
    done = jsobj(
        "login", cloud.rc(f"openrc{role}"), "--password-stdin", "--json", stdin=cloud.rc(f"password{role}")
    ).json
    assert (done["user"]["name"], done["project"]["name"], done["cloud"]) == (user, project, project)


def test_b042_expired_application_credential(jsobj: Jsobj, cloud: Cloud) -> None:
    error = jsobj("login", cloud.rc("app-cred-expired"), "--json", code=4).error
    assert error["reference"] == "auth-refused"
    assert "expired" in error["hint"]
    assert "jsobj login" in error["hint"]
    assert not jsobj.clouds.exists()
    assert not jsobj.secure.exists()


def test_clouds_yaml_file_of_the_portal(jsobj: Jsobj, cloud: Cloud) -> None:
    error = jsobj("login", cloud.rc("clouds"), "--json", code=2).error
    assert error["reference"] == "cloud-not-chosen"
    assert "sandbox, sandbox-restricted, sandbox-unrestricted" in error["message"]
    done = jsobj("login", cloud.rc("clouds"), "--cloud", "sandbox-restricted", "--json").json
    assert (done["cloud"], done["application_credential"]["name"]) == ("sandbox-restricted", "restricted")
    # The API access page leaves the password out: it is asked for, and there is nobody to ask here.
    missing = jsobj("login", cloud.rc("clouds"), "--cloud", "sandbox", "--json", code=2).error
    assert "--password-stdin" in missing["hint"]
    jsobj("login", cloud.rc("clouds"), "--cloud", "sandbox", "--password-stdin", stdin=cloud.rc("password"))
    assert set(yaml.safe_load(jsobj.clouds.read_text())["clouds"]) == {"sandbox", "sandbox-restricted"}


def test_b049_cloud_that_is_not_in_the_file(jsobj: Jsobj, cloud: Cloud) -> None:
    error = jsobj("login", cloud.rc("clouds"), "--cloud", "nowhere", "--json", code=5).error
    assert "sandbox-restricted" in error["context"]


def test_cloud_from_an_existing_clouds_yaml(jsobj: Jsobj, cloud: Cloud) -> None:
    """An entry written by hand, the secret in the same file: the login adds what is missing and keeps the rest."""
    jsobj.clouds.parent.mkdir(parents=True)
    text = "# mine\n" + cloud.rc("clouds").read_text()
    jsobj.clouds.write_text(text)
    jsobj.clouds.chmod(0o600)
    jsobj.private.add(jsobj.clouds)
    done = jsobj("login", "--cloud", "sandbox-unrestricted", "--json").json
    assert done["application_credential"]["name"] == "unrestricted"
    assert jsobj.clouds.read_text().startswith("# mine\n")
    assert yaml.safe_load(jsobj.clouds.read_text())["clouds"]["sandbox"] == yaml.safe_load(text)["clouds"]["sandbox"]
    listed = jsobj.tool("openstack", "--os-cloud", "sandbox-unrestricted", "token", "issue", "-f", "value", "-c", "id")
    assert listed.out.strip()


def test_os_variables_of_the_environment(jsobj: Jsobj, cloud: Cloud) -> None:
    variables = {
        "OS_AUTH_URL": cloud.auth_url,
        "OS_USERNAME": "alice",
        "OS_PASSWORD": cloud.password("alice"),
        "OS_PROJECT_NAME": "demo",
        "OS_USER_DOMAIN_NAME": "Default",
        "OS_PROJECT_DOMAIN_ID": "default",
        "OS_IDENTITY_API_VERSION": "3",
    }
    done = jsobj("login", "--json", env=variables).json
    assert (done["user"]["name"], done["cloud"], done["region"]) == ("alice", "demo", cloud.region)
    assert jsobj("whoami", "--json").json["source"]["kind"] == "clouds.yaml"


def test_stale_variables_beside_an_application_credential(jsobj: Jsobj, cloud: Cloud) -> None:
    """The famous 401 "Application credentials cannot request a scope" of a shell in which two RC files were sourced."""
    stale = {
        "OS_PROJECT_NAME": "other",
        "OS_PROJECT_ID": cloud.status.projects["other"],
        "OS_USERNAME": "otto",
        "OS_USER_DOMAIN_NAME": "Default",
        "OS_REGION_NAME": "Nowhere",
    }
    done = jsobj("login", cloud.rc("app-cred-restricted"), "--json", env=stale).json
    assert (done["user"]["name"], done["project"]["name"], done["region"]) == ("alice", "demo", cloud.region)


def test_stale_variables_together_with_the_credential_in_the_environment(jsobj: Jsobj, cloud: Cloud) -> None:
    rc = dict(
        line.removeprefix("export ").split("=", 1)
        for line in cloud.rc("app-cred-restricted").read_text().splitlines()
        if line.startswith("export ")
    )
    variables = {name: value.strip('"') for name, value in rc.items()}
    variables |= {"OS_PROJECT_NAME": "other", "OS_USERNAME": "otto", "OS_PASSWORD": "not-it"}
    done = jsobj("login", "--json", env=variables)
    assert done.json["application_credential"]["name"] == "restricted"
    assert "OS_PROJECT_NAME" in done.err
    assert "ignored" in done.err


# Asking, and not asking.


def test_b021_no_terminal_names_the_option(jsobj: Jsobj, cloud: Cloud) -> None:
    started = time.monotonic()
    error = jsobj.process("login", cloud.rc("openrc-password"), "--json", code=2).error
    assert time.monotonic() - started < 30
    assert (error["reference"], error["hint"]) == ("input-needed", "use --password-stdin")
    assert not jsobj.clouds.exists()


def test_empty_password_on_stdin(jsobj: Jsobj, cloud: Cloud) -> None:
    error = jsobj("login", cloud.rc("openrc-password"), "--password-stdin", "--json", stdin="\n", code=2).error
    assert error["reference"] == "stdin-empty"


def test_the_two_stdin_options_exclude_each_other(jsobj: Jsobj, cloud: Cloud) -> None:
    words = ("--password-stdin", "--secret-stdin", "--json")
    error = jsobj("login", cloud.rc("openrc-password"), *words, code=2, stdin="x").error
    assert error["message"] == "--password-stdin and --secret-stdin exclude each other"


def test_preset_unknown(jsobj: Jsobj) -> None:
    error = jsobj("login", "--preset", "nowhere", "--json", code=2).error
    assert "jetstream2" in error["hint"]


# Names.


def test_name_taken_by_another_login(jsobj: Jsobj, cloud: Cloud) -> None:
    jsobj("login", cloud.rc("app-cred-restricted"), "--as", "mine")
    before = jsobj.snapshot()
    error = jsobj("login", cloud.rc("app-cred-unrestricted"), "--as", "mine", "--json", code=6).error
    assert error["reference"] == "cloud-name-taken"
    assert "--as " in error["hint"]
    assert "--overwrite" in error["hint"]
    assert jsobj.snapshot() == before
    suggested = error["hint"].split("--as ")[1].split(";")[0]
    jsobj("login", cloud.rc("app-cred-unrestricted"), "--as", suggested)
    jsobj("login", cloud.rc("app-cred-unrestricted"), "--as", "mine", "--overwrite")
    assert jsobj("whoami", "--cloud", "mine", "--json").json["application_credential"]["name"] == "unrestricted"


def test_the_suggested_name_is_free(jsobj: Jsobj, cloud: Cloud) -> None:
    jsobj("login", cloud.rc("app-cred-restricted"))
    for _ in range(3):
        error = jsobj("login", cloud.rc("app-cred-unrestricted"), "--json", code=6).error
        suggested = error["hint"].split("--as ")[1].split(";")[0]
        assert suggested not in yaml.safe_load(jsobj.clouds.read_text())["clouds"]
        jsobj("login", cloud.rc("app-cred-restricted"), "--as", suggested)


def test_same_login_again_changes_nothing(jsobj: Jsobj, cloud: Cloud) -> None:
    jsobj("login", cloud.rc("app-cred-restricted"))
    before = jsobj.snapshot()
    jsobj("login", cloud.rc("app-cred-restricted"))
    assert jsobj.snapshot() == before


@pytest.mark.parametrize("bad", ["a b", "-x", "a/b", "a]b", "x" * 65, "ümlaut"])
def test_names_that_cannot_be(jsobj: Jsobj, cloud: Cloud, bad: str) -> None:
    assert jsobj("login", cloud.rc("app-cred-restricted"), f"--as={bad}", "--json", code=2).error["reference"] == (
        "cloud-name-bad"
    )
    assert not jsobj.clouds.exists()


def test_set_default(jsobj: Jsobj, cloud: Cloud) -> None:
    first = jsobj("login", cloud.rc("app-cred-restricted"), "--as", "one")
    assert "(the default)" in first.err
    assert "(the default)" not in jsobj("login", cloud.rc("app-cred-unrestricted"), "--as", "two").err
    assert jsobj("whoami", "--json").json["cloud"] == "one"
    assert "(the default)" in jsobj("login", cloud.rc("app-cred-unrestricted"), "--as", "two", "--set-default").err
    assert jsobj("whoami", "--json").json["cloud"] == "two"


# What is left on disk.


@pytest.mark.parametrize("umask", [0o000, 0o777])
def test_b101_modes_whatever_the_umask(jsobj: Jsobj, cloud: Cloud, umask: int) -> None:
    before = os.umask(umask)
    try:
        jsobj("login", cloud.rc("app-cred-restricted"))
    finally:
        os.umask(before)
    assert (mode(jsobj.secure), mode(jsobj.clouds)) == (0o600, 0o600)
    assert mode(jsobj.home / ".local/state/jsobj/ledger.json") == 0o600
    assert mode(jsobj.clouds.parent) == 0o700


def test_clouds_of_other_tools_are_kept_byte_for_byte(jsobj: Jsobj, cloud: Cloud) -> None:
    jsobj.clouds.parent.mkdir(parents=True)
    theirs = "# kept\nclouds:\n  theirs:   # also\n    auth: {auth_url: 'https://x.example/v3'}\n\n    verify: no\n"
    secret = 'clouds:\n    theirs:\n        auth:\n            password: "canary-of-theirs" # why\n'
    jsobj.clouds.write_text(theirs)
    jsobj.secure.write_text(secret)
    jsobj.clouds.chmod(0o600)
    jsobj.secure.chmod(0o600)
    jsobj("login", cloud.rc("app-cred-restricted"), "--as", "ours")
    assert theirs.rstrip("\n") in jsobj.clouds.read_text()
    assert jsobj.secure.read_text().startswith(secret)
    jsobj("logout", "--cloud", "ours")
    assert jsobj.clouds.read_text().rstrip("\n") == theirs.rstrip("\n")
    assert jsobj.secure.read_text().rstrip("\n") == secret.rstrip("\n")


def test_malformed_clouds_yaml_is_never_written_to(jsobj: Jsobj, cloud: Cloud) -> None:
    jsobj.clouds.parent.mkdir(parents=True)
    jsobj.clouds.write_bytes(b"clouds:\n\tx: 1\n")
    error = jsobj("login", cloud.rc("app-cred-restricted"), "--json", code=9).error
    assert "line 2" in error["message"]
    assert jsobj.clouds.read_bytes() == b"clouds:\n\tx: 1\n"
    assert not jsobj.secure.exists()


def test_read_only_home(jsobj: Jsobj, cloud: Cloud) -> None:
    if os.geteuid() == 0:
        jsobj.clouds.parent.mkdir(parents=True)
        jsobj.clouds.mkdir()  # root may write anywhere: a folder in the file's place stops also root
    else:
        jsobj.home.chmod(0o500)
    try:
        error = jsobj("login", cloud.rc("app-cred-restricted"), "--json", code=9).error
    finally:
        jsobj.home.chmod(0o700)
    assert "clouds.yaml" in error["message"] or "secure.yaml" in error["message"]


def test_the_openstack_command_works_after_it(jsobj: Jsobj, cloud: Cloud, name: str) -> None:
    jsobj("login", cloud.rc("openrc-password"), "--password-stdin", stdin=cloud.rc("password"))
    jsobj("login", cloud.rc("app-cred-restricted"), "--as", "app")
    for known in ("demo", "app"):
        got = jsobj.tool("openstack", "--os-cloud", known, "token", "issue", "-f", "value", "-c", "project_id")
        assert got.out.strip() == cloud.status.projects["demo"]
    jsobj("bucket", "create", f"swift://{name}")
    listed = jsobj.tool("openstack", "--os-cloud", "app", "container", "list", "-f", "value")
    assert name in listed.out.split()


def test_s01_0_7_debug_shows_requests_and_no_secret(jsobj: Jsobj, cloud: Cloud) -> None:
    done = jsobj.process(
        "login", cloud.rc("openrc-password"), "--password-stdin", "--debug", "-v", stdin=cloud.rc("password")
    )
    assert "debug:" in done.err


def test_terminated_while_keystone_is_silent(jsobj: Jsobj, cloud: Cloud) -> None:
    """SIGTERM in the middle: exit code 143, nothing stored, no traceback."""
    with lossy_keystone(cloud.auth_url) as way:
        way.let_go.clear()
        way.lose_once("POST", "/auth/tokens")
        rc = edited(cloud, jsobj, "app-cred-restricted", (cloud.auth_url, way.url))
        running = jsobj.start("login", rc)
        try:
            assert way.arrived.wait(30)
            running.send_signal(signal.SIGTERM)
            assert running.wait(20) == 143
        finally:
            running.kill()
            running.wait()
    assert "Traceback" not in (jsobj.home / "output").read_text()
    assert not jsobj.clouds.exists()
