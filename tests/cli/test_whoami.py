"""``jsobj whoami``: who, by which file or variable, and whether it works now."""

from __future__ import annotations

import datetime as dt
import json
import os
from pathlib import Path

import pytest
import yaml
from commands import Jsobj
from fixtures_cloud import Cloud


def test_origins_name_file_and_cloud(keyed: Jsobj, cloud: Cloud) -> None:
    done = keyed("whoami", "--json").json
    assert done["schema"] == "jsobj.whoami/1"
    assert (done["user"]["name"], done["project"]["name"]) == ("alice", "demo")
    assert done["source"] == {"kind": "clouds.yaml", "where": str(keyed.clouds)}
    assert done["origins"]["password"].startswith(str(keyed.secure))
    assert done["origins"]["auth_url"].startswith(str(keyed.clouds))
    assert "default cloud" in done["origins"]["cloud"]
    assert (done["profile"]["name"], done["profile"]["chosen_by"]) == ("demo", "cloud 'demo'")
    assert done["profile"]["endpoint_url"] == cloud.s3_endpoint
    text = keyed("whoami").out
    assert f"from {keyed.secure}, cloud demo" in text


def test_origins_name_variables(jsobj: Jsobj, cloud: Cloud) -> None:
    variables = {
        "OS_AUTH_URL": cloud.auth_url,
        "OS_USERNAME": "alice",
        "OS_PASSWORD": cloud.password("alice"),
        "OS_PROJECT_ID": cloud.status.projects["demo"],
    }
    done = jsobj("whoami", "--json", env=variables).json
    assert done["source"]["kind"] == "environment"
    assert (done["cloud"], done["origins"]["password"], done["origins"]["username"]) == (
        "",
        "$OS_PASSWORD",
        "$OS_USERNAME",
    )
    assert done["profile"] is None


def test_option_beats_variable_beats_default(member: Jsobj, cloud: Cloud) -> None:
    member("login", cloud.rc("app-cred-restricted"), "--as", "two")
    member("login", cloud.rc("app-cred-unrestricted"), "--as", "three")
    variable = {"OS_CLOUD": "two"}
    whole = {"OS_AUTH_URL": "http://127.0.0.1:9/v3", "OS_USERNAME": "x", "OS_PASSWORD": "canary", "OS_PROJECT_ID": "x"}
    for argv, env, name, reason in (
        ((), {}, "demo", "default cloud"),
        ((), variable, "two", "$OS_CLOUD"),
        ((), {**variable, **whole}, "two", "$OS_CLOUD"),
        (("--cloud", "three"), variable, "three", "--cloud"),
        (("--cloud", "three"), whole, "three", "--cloud"),
    ):
        done = member("whoami", *argv, "--json", env=env).json
        assert done["cloud"] == name
        assert reason in done["origins"]["cloud"]


def test_the_only_cloud_needs_no_default(jsobj: Jsobj, cloud: Cloud) -> None:
    """An entry that another tool wrote: no ledger of ours."""
    jsobj.clouds.parent.mkdir(parents=True)
    text = cloud.rc("clouds").read_text()
    jsobj.clouds.write_text("clouds:\n" + text[text.index("  sandbox-unrestricted:") :])
    jsobj.clouds.chmod(0o600)
    jsobj.private.add(jsobj.clouds)
    done = jsobj("whoami", "--json").json
    assert (done["cloud"], done["origins"]["cloud"]) == ("sandbox-unrestricted", "the only cloud in clouds.yaml")


def test_several_clouds_and_no_default(jsobj: Jsobj, cloud: Cloud) -> None:
    jsobj.clouds.parent.mkdir(parents=True)
    jsobj.clouds.write_bytes(cloud.rc("clouds").read_bytes())
    jsobj.clouds.chmod(0o600)
    jsobj.private.add(jsobj.clouds)
    error = jsobj("whoami", "--json", code=2).error
    assert error["reference"] == "cloud-not-chosen"
    assert "sandbox-restricted" in error["context"]


def test_not_logged_in(jsobj: Jsobj) -> None:
    error = jsobj("whoami", "--json", code=4).error
    assert (error["reference"], error["exit_code"]) == ("not-logged-in", 4)


def test_b049_cloud_that_is_not_there(member: Jsobj) -> None:
    error = member("whoami", "--cloud", "nowhere", "--json", code=5).error
    assert error["context"] == "clouds found: demo"


def test_days_left_of_an_application_credential(member: Jsobj) -> None:
    member("app-cred", "create", "ends", "--expires", "30d", "--as", "ends")
    try:
        done = member("whoami", "--cloud", "ends", "--json").json["application_credential"]
        end = dt.datetime.fromisoformat(done["expires"].replace("Z", "+00:00"))
        left = end - dt.datetime.now(dt.timezone.utc)
        assert dt.timedelta(days=29) < left <= dt.timedelta(days=30)
        assert "(30 days left)" in member("whoami", "--cloud", "ends").out
        assert done["restricted"] is True
    finally:
        member("app-cred", "delete", "ends", "--yes")


def test_deleted_application_credential_is_not_valid(member: Jsobj) -> None:
    member("app-cred", "create", "goes", "--expires", "30d", "--as", "goes")
    member("app-cred", "delete", "goes", "--yes")
    error = member("whoami", "--cloud", "goes", "--json", code=4).error
    assert error["reference"] == "auth-refused"
    assert "deleted" in error["hint"]


def test_b042_expired_with_the_date_that_login_noted(jsobj: Jsobj, cloud: Cloud) -> None:
    """Keystone does not tell an expired credential from a wrong secret; the end noted at login does."""
    text = cloud.rc("app-cred-expired").read_text()
    word = {
        name: text.split(f'OS_APPLICATION_CREDENTIAL_{name}="')[1].split('"')[0].replace("\\", "")
        for name in ("ID", "SECRET")
    }
    jsobj.clouds.parent.mkdir(parents=True)
    entry = {
        "auth_type": "v3applicationcredential",
        "auth": {
            "auth_url": cloud.auth_url,
            "application_credential_id": word["ID"],
            "application_credential_secret": word["SECRET"],
        },
    }
    jsobj.secure.write_text(json.dumps({"clouds": {"old": {"auth": {}}}}))
    jsobj.clouds.write_text(json.dumps({"clouds": {"old": entry}}))
    jsobj.clouds.chmod(0o600)
    jsobj.private.add(jsobj.clouds)
    ledger = jsobj.home / ".local/state/jsobj/ledger.json"
    ledger.parent.mkdir(parents=True)
    record = {"name": "old", "expires": "2026-01-02T03:04:05+00:00"}
    ledger.write_text(
        json.dumps({"schema": "jsobj.ledger/1", "default_cloud": "old", "clouds": [record], "keys": [], "pending": []})
    )
    for argv in (("whoami",), ("bucket", "list"), ("ec2-creds",)):
        error = jsobj(*argv, "--json", code=4).error
        assert error["reference"] == "login-expired"
        assert "2026-01-02" in error["message"]
        assert "jsobj login" in error["hint"]


def test_b054_secure_yaml_that_others_can_read(member: Jsobj) -> None:
    member.secure.chmod(0o644)
    done = member("whoami")
    assert f"chmod 600 {member.secure}" in done.err


def test_b036_clouds_yaml_of_the_working_folder_wins_and_is_named(member: Jsobj, cloud: Cloud) -> None:
    """openstacksdk reads ./clouds.yaml and then no other: the login in the user's own file is said to be hidden."""
    near = member.folder / "clouds.yaml"
    near.write_bytes(cloud.rc("clouds").read_bytes())
    near.chmod(0o600)
    member.private.add(near)
    done = member("whoami", "--cloud", "sandbox-restricted", "--json").json
    assert done["source"]["where"] == str(near)
    own = member("whoami", "--cloud", "demo")
    assert "OS_CLIENT_CONFIG_FILE" in own.err


def test_foreign_profile_variable_is_shown(keyed: Jsobj, tmp_path: Path) -> None:
    with keyed.credentials.open("a") as credentials:
        credentials.write("\n[elsewhere]\naws_access_key_id = AKIAEXAMPLE\naws_secret_access_key = canary-elsewhere\n")
    done = keyed("whoami", "--json", env={"AWS_PROFILE": "elsewhere"}).json
    assert (done["profile"]["name"], done["profile"]["chosen_by"]) == ("elsewhere", "$AWS_PROFILE")


@pytest.mark.parametrize(
    ("variables", "sentence"),
    [
        (
            {"OS_AUTH_URL": "u", "OS_APPLICATION_CREDENTIAL_ID": "x"},
            "OS_APPLICATION_CREDENTIAL_ID is set, OS_APPLICATION_CREDENTIAL_SECRET is not",
        ),
        (
            {"OS_AUTH_URL": "u", "OS_APPLICATION_CREDENTIAL_ID": "x", "OS_APPLICATION_CREDENTIAL_SECRET": ""},
            "OS_APPLICATION_CREDENTIAL_ID is set, OS_APPLICATION_CREDENTIAL_SECRET is empty",
        ),
        ({"OS_AUTH_URL": "u", "OS_USERNAME": "bob", "OS_PROJECT_NAME": "p"}, "OS_USERNAME is set, OS_PASSWORD is not"),
        ({"OS_USERNAME": "bob", "OS_PASSWORD": "word"}, "OS_USERNAME and OS_PASSWORD are set, OS_AUTH_URL is not"),
        ({"OS_PASSWORD": "word"}, "OS_PASSWORD is set, OS_AUTH_URL and OS_USERNAME are not"),
        (
            {"OS_AUTH_URL": "u", "OS_APPLICATION_CREDENTIAL_ID": "", "OS_APPLICATION_CREDENTIAL_SECRET": ""},
            "OS_APPLICATION_CREDENTIAL_ID and OS_APPLICATION_CREDENTIAL_SECRET are set, but empty",
        ),
        ({"OS_USERNAME": "", "OS_PASSWORD": ""}, "OS_USERNAME and OS_PASSWORD are set, but empty"),
        ({"OS_AUTH_URL": "u", "OS_PASSWORD": ""}, "OS_PASSWORD is set, but empty"),
    ],
)
def test_half_a_login_in_the_environment_is_named_and_no_other_acts_in_its_place(
    keyed: Jsobj, variables: dict[str, str], sentence: str
) -> None:
    for words in (("whoami",), ("ls", "s3://x"), ("ls", "swift://x"), ("bucket", "create", "envtest"), ("ec2-creds",)):
        error = keyed(*words, "--json", code=4, env=variables).error
        assert (error["reference"], error["message"]) == ("os-variables-incomplete", sentence), words
    error = keyed("login", "--as", "ci", "--no-input", "--json", code=4, env=variables).error
    assert error["message"] == sentence
    assert "demo" in keyed("clouds", env=variables).out
    assert keyed("whoami", "--cloud", "demo", "--json", env=variables).json["cloud"] == "demo"


@pytest.mark.parametrize("left", ["OS_REGION_NAME", "OS_CACERT", "OS_AUTH_URL", "OS_PROJECT_NAME", "OS_PASSWORD"])
def test_what_says_not_who_logs_in_is_no_login(member: Jsobj, left: str) -> None:
    value = "" if left in {"OS_CACERT", "OS_PASSWORD"} else "RegionOne"
    assert member("whoami", "--json", env={left: value}).json["cloud"] == "demo"


def test_a_cloud_and_the_profile_of_another_are_no_pair(keyed: Jsobj) -> None:
    for path in (keyed.clouds, keyed.secure):
        document = yaml.safe_load(path.read_text())
        document["clouds"]["bob"] = document["clouds"]["demo"]
        path.write_text(yaml.safe_dump(document))
    for url in ("s3://results", "swift://results"):
        error = keyed("ls", url, "--cloud", "bob", "--profile", "demo", "--json", code=2).error
        assert error["message"] == "profile 'demo' belongs to cloud 'demo', not to 'bob'"
        assert error["hint"] == "name one of them: --cloud bob or --profile demo"
    keyed("ls", "--cloud", "demo", "--profile", "demo")


def ends_in(jsobj: Jsobj, hours: float) -> None:
    path = jsobj.home / ".local/state/jsobj/ledger.json"
    book = json.loads(path.read_text())
    end = dt.datetime.now(dt.timezone.utc) + dt.timedelta(hours=hours)
    book["clouds"][0]["expires"] = end.isoformat()
    path.write_text(json.dumps(book))


def test_a_login_that_ends_soon_is_said_also_where_keys_are_used(keyed: Jsobj, name: str) -> None:
    ends_in(keyed, 50)
    (keyed.folder / "file").write_bytes(b"1")
    assert "ends in" not in keyed("ls", f"s3://{name}/", "--json", code=5).err
    assert "cloud 'demo' ends in 2 days" in keyed("upload", "file", f"s3://{name}/", code=5).err
    assert "ends in" not in keyed("ls", f"s3://{name}/", code=5).err


def test_a_credential_that_ends_soon_is_said_once_a_day(member: Jsobj) -> None:
    ends_in(member, 24 * 5)
    assert "ends in" not in member("ls", "swift://").err
    ends_in(member, 50)
    for words in (("--json",), ("--quiet",)):
        assert "ends in" not in member("ls", "swift://", *words).err
    said = member("ls", "swift://").err
    assert "the application credential of cloud 'demo' ends in" in said
    assert "jsobj login RCFILE --as demo --overwrite" in said
    assert "ends in" not in member("ls", "swift://").err
    (mark,) = (member.home / ".cache/jsobj").glob("said-*")
    os.utime(mark, (1, 1))
    assert "ends in" in member("bucket", "list", "swift://").err


def test_what_the_openstack_command_does_not_see_is_said_once_a_day(member: Jsobj) -> None:
    (member.folder / "clouds.yaml").write_text("clouds: {other: {auth: {auth_url: https://k/v3}}}")
    assert "the openstack command does not see cloud 'demo'" in member("ls", "swift://").err
    assert "does not see" not in member("ls", "swift://").err
