"""A login that gets no S3 keys: no hint may lead back to them. Keystone is the sandbox's, which refuses them."""

from __future__ import annotations

import re

import pytest
from commands import Jsobj, Keys
from fixtures_cloud import Cloud


@pytest.fixture
def keyless(jsobj: Jsobj, cloud: Cloud, keys: Keys) -> Jsobj:
    """Logged in as cloud ``app``, with the application credential that portals make by default."""
    jsobj("login", cloud.rc("app-cred-restricted"), "--as", "app")
    return jsobj


def remembered(jsobj: Jsobj, name: str = "app") -> str:
    found = {record["name"]: record["ec2_keys"] for record in jsobj.ledger["clouds"]}
    return str(found[name])


# After the login.


@pytest.mark.parametrize("kind", ["restricted", "unrestricted"])
def test_next_is_swift_where_keystone_refuses_keys(jsobj: Jsobj, cloud: Cloud, keys: Keys, kind: str) -> None:
    done = jsobj("login", cloud.rc(f"app-cred-{kind}"), "--as", "app")
    assert re.search(r"(?m)^S3 keys: +refused to this login \(swift:// needs none\)$", done.out)
    assert "Next: jsobj bucket create results --unique\n      jsobj upload DATA swift://BUCKET/\n" in done.err
    assert "jsobj help keyless" in done.err
    assert "ec2-creds" not in done.out + done.err
    assert keys.new == set()
    assert remembered(jsobj) == "refused"


def test_next_names_the_cloud_that_is_not_the_default(keyless: Jsobj, cloud: Cloud) -> None:
    done = keyless("login", cloud.rc("app-cred-unrestricted"), "--as", "second")
    assert "jsobj bucket create results --unique --cloud second\n" in done.err
    assert "jsobj upload DATA swift://BUCKET/ --cloud second\n" in done.err


def test_next_is_keys_where_keystone_gives_them(jsobj: Jsobj, cloud: Cloud, keys: Keys) -> None:
    done = jsobj("login", cloud.rc("openrc-password"), "--password-stdin", stdin=cloud.rc("password"))
    assert "Next: jsobj ec2-creds\n" in done.err
    assert "can be made: jsobj ec2-creds" in done.out
    assert keys.new == set()


def test_next_of_a_reader_is_to_look(jsobj: Jsobj, cloud: Cloud) -> None:
    done = jsobj("login", cloud.rc("openrc-reader"), "--password-stdin", stdin=cloud.rc("password-reader"))
    assert "Next: jsobj ls swift://\n" in done.err


def test_after_keys_were_made_the_login_says_so(keyless: Jsobj, cloud: Cloud, keys: Keys) -> None:
    keyless("ec2-creds", "--password-stdin", stdin=cloud.rc("password"))
    done = keyless("login", cloud.rc("app-cred-restricted"), "--as", "app")
    assert "made: profile app" in done.out
    assert "Next: jsobj doctor\n" in done.err
    assert keyless("whoami", "--json").json["s3_keys"] == "made"
    assert "made: profile app (by cloud 'app')" in keyless("whoami").out
    assert remembered(keyless) == "refused"  # the password made them


def test_an_application_credential_without_end_never_expires(keyless: Jsobj) -> None:
    assert re.search(r"(?m)^Expires: +never$", keyless("whoami").out)
    credential = keyless("whoami", "--json").json["application_credential"]
    assert (credential["expires"], credential["never_expires"]) == (None, True)


# What is remembered.


def test_whoami_finds_out_what_is_not_known(keyless: Jsobj, cloud: Cloud, keys: Keys) -> None:
    """A ledger of an earlier version, or an entry that another tool wrote."""
    path = keyless.home / ".local/state/jsobj/ledger.json"
    path.write_text(re.sub(r',\s*"ec2_keys": "refused"', "", path.read_text()))
    assert "ec2_keys" not in path.read_text()
    hint = keyless("ls", "s3://any", "--json", code=4).error["hint"]
    assert hint == "use the Swift API, which needs none: swift://any\nor make them: jsobj ec2-creds"
    assert keyless("whoami", "--json").json["s3_keys"] == "refused"
    assert remembered(keyless) == "refused"
    assert keys.new == set()


def test_ec2_creds_corrects_what_is_remembered(keyless: Jsobj, cloud: Cloud, keys: Keys) -> None:
    """Keystone was updated, or the entry was changed by hand."""
    path = keyless.home / ".local/state/jsobj/ledger.json"
    path.write_text(path.read_text().replace('"ec2_keys": "refused"', '"ec2_keys": "allowed"'))
    assert keyless("ls", "s3://any", "--json", code=4).error["hint"].startswith("make them: jsobj ec2-creds")
    keyless("ec2-creds", code=6)
    assert remembered(keyless) == "refused"
    keyless("login", cloud.rc("openrc-password"), "--as", "own", "--password-stdin", stdin=cloud.rc("password"))
    path.write_text(path.read_text().replace('"ec2_keys": "allowed"', '"ec2_keys": "refused"'))
    keyless("ec2-creds", "--cloud", "own", "--no-write")
    assert remembered(keyless, "own") == "allowed"


def test_a_login_of_the_environment_is_asked_each_time(jsobj: Jsobj, cloud: Cloud, keys: Keys) -> None:
    lines = [line.removeprefix("export ") for line in cloud.rc("app-cred-restricted").read_text().splitlines()]
    words = dict(line.split("=", 1) for line in lines if line.startswith("OS_"))
    variables = {name: re.sub(r"\\(.)", r"\1", value.strip('"')) for name, value in words.items()}
    assert jsobj("whoami", "--json", env=variables).json["s3_keys"] == "refused"
    assert not (jsobj.home / ".local/state/jsobj/ledger.json").exists()
    assert keys.new == set()


# No circle.


@pytest.mark.parametrize(
    ("words", "swift"),
    [
        (("ls", "s3://results/a/b"), "swift://results/a/b"),
        (("upload", "x", "s3://results/"), "swift://results"),
        (("download", "s3://results/a b", "there"), "'swift://results/a b'"),
        (("cat", "s3://results/o"), "swift://results/o"),
        (("verify", "s3://results/x.zarr"), "swift://results/x.zarr"),
        (("bucket", "create", "s3://results"), "swift://results"),
        (("bucket", "list", "s3://"), "swift://"),
        (("ls", "s3://"), "swift://"),
    ],
    ids=lambda value: "-".join(value) if isinstance(value, tuple) else "",
)
@pytest.mark.parametrize("more", [(), ("--cloud", "app")], ids=["default", "cloud"])
def test_what_needs_keys_names_the_same_over_swift(
    keyless: Jsobj, words: tuple[str, ...], swift: str, more: tuple[str, ...]
) -> None:
    (keyless.folder / "x").write_text("x")
    error = keyless(*words, *more, "--json", code=4).error
    assert error["reference"] == "no-s3-keys"
    named = " --cloud app" if more else ""
    assert error["hint"].split("\n")[0] == f"use the Swift API, which needs none: {swift}{named}"
    assert "ec2-creds" not in error["hint"]


def test_a_profile_that_is_not_there_is_no_reason_for_keys_either(keyless: Jsobj) -> None:
    error = keyless("ls", "s3://results/a", "--profile", "nope", "--json", code=5).error
    assert error["reference"] == "profile-without-key"
    assert "swift://" in error["hint"]
    assert "ec2-creds" not in error["hint"]


def test_a_profile_whose_keys_come_from_a_program_says_that_jsobj_does_not_run_it(keyless: Jsobj) -> None:
    keyless.config.parent.mkdir(exist_ok=True)
    with keyless.config.open("a") as file:
        file.write("\n[profile proc]\ncredential_process = /bin/echo nothing\nendpoint_url = https://s3.example\n")
    error = keyless("ls", "s3://results/a", "--profile", "proc", "--json", code=5).error
    assert error["reference"] == "profile-without-key"
    assert "jsobj runs no program that a file names" in error["message"]


def test_keys_that_can_be_made_are_named_with_the_cloud_and_the_profile_typed(member: Jsobj, keys: Keys) -> None:
    hint = member("ls", "s3://results", "--cloud", "demo", "--json", code=4).error["hint"]
    assert hint.split("\n") == [
        "make them: jsobj ec2-creds --cloud demo",
        "or use the Swift API, which needs none: swift://results --cloud demo",
    ]
    hint = member("ls", "s3://results", "--profile", "mine", "--json", code=5).error["hint"]
    assert hint.split("\n")[0] == "make them: jsobj ec2-creds --profile mine"


def test_the_python_side_says_the_same(keyless: Jsobj, monkeypatch: pytest.MonkeyPatch) -> None:
    import jsobj as package
    from jsobj.errors import JsobjError

    monkeypatch.setenv("HOME", str(keyless.home))
    with pytest.raises(JsobjError) as caught:
        package.connect(cloud="app").s3_client()
    assert caught.value.reference == "no-s3-keys"
    assert "swift://NAME --cloud app" in caught.value.hint
    assert "ec2-creds" not in caught.value.hint


# The ways to keys.


def test_the_ways_to_keys_are_a_list(keyless: Jsobj) -> None:
    done = keyless("ec2-creds", "--profile", "mine", code=6)
    assert done.err.split("  Next: ")[1].splitlines() == [
        "three ways, the best first:",
        "        # at a terminal: asks for your password, for this command only",
        "        jsobj ec2-creds --profile mine --cloud app --login-as alice",
        "        # in a script",
        "        jsobj ec2-creds --profile mine --cloud app --login-as alice --password-stdin < FILE",
        "        # where you log in through the browser",
        "        jsobj login --browser --cloud app --as app-sso --identity-provider IDP",
        "        jsobj ec2-creds --profile mine --cloud app-sso",
        "        or do without: swift:// works now, see jsobj help keyless",
    ]


def test_the_first_way_asks_for_the_password(keyless: Jsobj, cloud: Cloud, keys: Keys) -> None:
    way = keyless("ec2-creds", "--json", code=6).error["hint"].split("\n")[2]
    with keyless.terminal(*way.split()[1:]) as child:
        child.expect("OpenStack password of alice in project demo of cloud app at ")
        child.sendline(cloud.password("alice"))
        child.expect("Next: aws s3 ls --profile app")
        child.wait()
        assert child.exitstatus == 0
    assert len(keys.new) == 1


def test_a_cloud_that_is_not_there_is_no_reason_for_keys_or_for_swift(member: Jsobj, keys: Keys) -> None:
    (member.folder / "a.txt").write_text("a")
    for words in (
        ("ls", "s3://results", "--cloud", "dmeo"),
        ("upload", "a.txt", "s3://results/", "--cloud", "dmeo"),
        ("snippet", "xarray", "s3://results/a.nc", "--cloud", "dmeo"),
        ("ls", "s3://results", "--no-sign-request", "--cloud", "dmeo"),
    ):
        error = member(*words, "--json", code=5).error
        assert error["reference"] == "cloud-not-found", words
        assert error["hint"].startswith("did you mean 'demo'? ")
