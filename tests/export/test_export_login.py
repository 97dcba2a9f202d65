"""``jsobj export`` of a login: what is told where there are no keys, what is shown, and what is never replaced."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
import yaml
from commands import Jsobj, Keys, edited
from fixtures_cloud import Cloud

from jsobj.export.registry import TOOLS

THEIRS = "hidden-of-theirs"


@pytest.fixture
def keyless(cloud: Cloud, tmp_path: Path) -> Jsobj:
    """A HOME in which a restricted application credential is logged in as cloud ``field``."""
    jsobj = Jsobj(tmp_path / "home", cloud.secrets)
    jsobj("login", cloud.rc("app-cred-restricted"), "--as", "field")
    return jsobj


def test_what_needs_keys_names_what_does_not(keyless: Jsobj) -> None:
    listed = keyless("export", "--list", "--json").json["items"]
    without = {item["tool"] for item in listed if item["without_keys"]}
    assert without >= {"rclone", "openstack", "swift", "shell", "dotenv", "kubernetes", "dask"}
    assert "rclone\trclone: an S3 remote" in keyless("export", "--list").out
    for tool in TOOLS:
        if tool.name in without:
            (item,) = keyless("export", tool.name, "--json").json["items"]
            assert item["example"]
            continue
        error = keyless("export", tool.name, "--cloud", "field", "--json", code=4).error
        assert error["reference"] == "no-s3-keys"
        assert error["message"].startswith(f"{tool.name} speaks S3 only")
        assert all(name in error["hint"] for name in without)
        assert "Keystone refuses keys to this login: jsobj help keyless" in error["hint"]
        assert "speaks S3 only" in keyless("export", tool.name, "--swift", code=2).err


def test_all_writes_what_can_do_without(keyless: Jsobj) -> None:
    done = keyless("export", "--all", "--write", "--json")
    assert [Path(item["path"]).name for item in done.json["items"]] == ["rclone.conf", "jsobj-field-swift.yaml"]
    assert "Left out, since there are no S3 keys: aws, s3cmd" in done.err
    assert not keyless.config.exists()
    states = {item["state"] for item in keyless("export", "--all", "--write", "--json").json["items"]}
    assert states == {"unchanged"}
    keyless.private |= {Path(item["path"]) for item in done.json["items"]}
    keyless.check_no_secret_leaked()


def test_secrets_are_masked_on_a_terminal(keyless: Jsobj) -> None:
    for tool in ("shell", "openstack", "rclone"):
        with keyless.terminal("export", tool) as child:
            child.expect_exact("***")
            child.expect("Secrets are shown as")
            child.expect_exact("***: --stdout prints them")
    keyless.check_no_secret_leaked()
    (secret,) = yaml.safe_load(keyless.secure.read_text())["clouds"]["field"]["auth"].values()
    assert secret in keyless("export", "shell", "--stdout", shows_secrets=True).out


def test_keys_come_first_and_swift_chooses_the_login(keyless: Jsobj, cloud: Cloud) -> None:
    """rclone gets both; the login is that of the profile's cloud, and not just the default one."""
    keys = Keys(cloud, "otto")
    try:
        words = ("login", cloud.rc("openrc-other"), "--as", "other", "--password-stdin")
        keyless(*words, stdin=cloud.rc("password-other"))
        keyless("ec2-creds", "--cloud", "other")
        for option in (("--profile", "other"), ("--cloud", "other")):
            assert "AWS_ACCESS_KEY_ID=" in keyless("export", "dotenv", *option, shows_secrets=True).out
            out = keyless("export", "shell", "--swift", "--cloud", "other", shows_secrets=True).out
            assert "AWS_" not in out
            assert "export OS_USERNAME=otto" in out
            assert "OS_APPLICATION_CREDENTIAL_ID" in out.partition("\n")[0]  # unset
            remotes = keyless("export", "rclone", *option, shows_secrets=True).out
            assert "[other]\ntype = s3" in remotes
            assert "[other-swift]\ntype = swift" in remotes
            assert "user = otto" in remotes
        # A profile of which no cloud is known gets nobody's login.
        text = keyless.credentials.read_text().replace("[other]", "[stray]")
        keyless.credentials.write_text(text)
        keyless.config.write_text(keyless.config.read_text().replace("[profile other]", "[profile stray]"))
        assert "swift" not in keyless("export", "rclone", "--profile", "stray", shows_secrets=True).out
        error = keyless("export", "openstack", "--profile", "stray", "--json", code=4).error
        assert error["reference"] == "no-swift-login"
        assert "--cloud NAME" in error["hint"]
    finally:
        for access in keys.new:
            keys.delete(access)


def test_without_any_login_it_says_how_to_log_in(cloud: Cloud, tmp_path: Path) -> None:
    jsobj = Jsobj(tmp_path / "home", cloud.secrets)
    error = jsobj("export", "rclone", "--json", code=4).error
    assert (error["reference"], "jsobj login RCFILE" in error["hint"]) == ("not-logged-in", True)
    variables = {"OS_CLIENT_CONFIG_FILE": str(cloud.rc("clouds"))}  # of this cloud it holds no password
    error = jsobj("export", "shell", "--cloud", "sandbox", "--json", env=variables, code=4).error
    assert (error["reference"], "app-cred create" in error["hint"]) == ("login-needs-person", True)


@pytest.mark.parametrize(
    ("tool", "text"),
    [
        ("rclone", f"[field-swift]\ntype = swift\nauth = x\nauth_token = {THEIRS}\nstorage_url = y\nmine = kept\n"),
        ("openstack", f"clouds:\n  field:\n    auth: {{password: {THEIRS}}}\n  mine: {{region_name: kept}}\n"),
        ("dotenv", f"MINE=kept\nOS_USERNAME=theirs\nOS_PASSWORD={THEIRS}\n"),
        ("shell", f"# kept\nexport OS_USERNAME=theirs\nexport OS_PASSWORD={THEIRS}\n"),
        ("shell", f"# kept\nexport OS_APPLICATION_CREDENTIAL_SECRET={THEIRS}\nexport OS_AUTH_URL=x\n"),
        ("swift", f"# kept\nunset OS_APPLICATION_CREDENTIAL_ID OS_TOKEN\nOS_TENANT_ID={THEIRS}\n"),
    ],
)
def test_another_login_is_replaced_only_when_that_is_said(keyless: Jsobj, tool: str, text: str) -> None:
    file = keyless.folder / "theirs"
    file.write_text(text)
    words = ("export", tool, "--write", "--file", str(file))
    assert "export-would-replace" in keyless(*words, code=6).err
    assert file.read_text() == text
    done = keyless(*words, "--overwrite")
    after = file.read_text()
    assert "kept" in after
    assert THEIRS not in after + done.out + done.err
    if tool in {"shell", "swift"}:
        names = {"OS_USERNAME", "OS_PASSWORD", "OS_TENANT_ID", "OS_TOKEN"}
        lines = after.splitlines()
        (unset,) = [set(line.split()[1:]) for line in lines if line.startswith("unset ")]
        assert names <= unset
        assert "OS_APPLICATION_CREDENTIAL_ID" not in unset
    assert keyless(*words, "--json").json["items"][0]["state"] == "unchanged"
    assert os.stat(file).st_mode & 0o777 == 0o600


def test_an_entry_is_added_to_the_clouds_of_another(keyless: Jsobj) -> None:
    file = keyless.folder / "clouds.yaml"
    file.write_text(f"# mine\nclouds:\n  mine:\n    auth: {{password: {THEIRS}}}\n")
    done = keyless("export", "openstack", "--as", "there", "--write", "--file", str(file))
    assert THEIRS not in done.err
    assert "+  there:" in done.err
    assert file.read_text().startswith("# mine\nclouds:\n  mine:\n")
    entry = yaml.safe_load(file.read_text())["clouds"]["there"]
    own = yaml.safe_load(keyless.clouds.read_text())["clouds"]["field"]
    secret = yaml.safe_load(keyless.secure.read_text())["clouds"]["field"]
    assert entry == {**own, "auth": {**own["auth"], **secret["auth"]}}
    keyless.private |= {file, *file.parent.glob("*jsobj-backup*")}
    keyless.check_no_secret_leaked()


def test_what_the_environment_holds_beside_a_credential_is_left_out_and_told(cloud: Cloud, tmp_path: Path) -> None:
    jsobj = Jsobj(tmp_path / "home", cloud.secrets)
    rc = edited(cloud, jsobj, "app-cred-restricted")
    lines = [line.removeprefix("export ") for line in rc.read_text().splitlines() if line.startswith("export ")]
    variables = {name: value.strip('"') for name, _, value in (line.partition("=") for line in lines)}
    done = jsobj("export", "shell", env={**variables, "OS_PROJECT_NAME": "old"}, shows_secrets=True)
    assert "OS_PROJECT_NAME ignored" in done.err
    assert "OS_PROJECT_NAME=" not in done.out
    assert f"export OS_APPLICATION_CREDENTIAL_ID={variables['OS_APPLICATION_CREDENTIAL_ID']}" in done.out
