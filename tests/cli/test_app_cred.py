"""``jsobj app-cred``: made by jsobj, used by bash and the openstack command."""

from __future__ import annotations

import stat
import uuid
from collections.abc import Iterator

import pytest
import yaml
from commands import Jsobj
from fixtures_cloud import Cloud


@pytest.fixture(name="title")
def _title(cloud: Cloud) -> Iterator[str]:
    """A name for a credential of alice, which is deleted after the test."""
    title = f"c-{uuid.uuid4().hex[:8]}"
    yield title
    alice = cloud.keystone("alice")
    path = f"/users/{cloud.user_id('alice')}/application_credentials"
    for item in alice.call("GET", path)["application_credentials"]:
        if item["name"].startswith(title):
            alice.call("DELETE", f"{path}/{item['id']}")


def at_keystone(cloud: Cloud, title: str) -> dict[str, object] | None:
    alice = cloud.keystone("alice")
    listed = alice.call("GET", f"/users/{cloud.user_id('alice')}/application_credentials")["application_credentials"]
    return next((item for item in listed if item["name"] == title), None)


def test_create_writes_an_rc_file_that_bash_and_openstack_take(member: Jsobj, cloud: Cloud, title: str) -> None:
    rc = member.folder / "made.sh"
    member.private.add(rc)
    argv = ("--expires", "12h", "--role", "reader", "--rc", "made.sh", "--description", "for a test")
    done = member("app-cred", "create", title, *argv, "--json").json
    assert (done["schema"], done["name"], done["roles"]) == ("jsobj.app-cred/1", title, ["reader"])
    assert (done["unrestricted"], done["written_to"]) == (False, "made.sh")
    assert done["expires"].endswith("Z")
    assert stat.S_IMODE(rc.stat().st_mode) == 0o600
    made = at_keystone(cloud, title)
    assert made is not None
    assert (made["description"], made["unrestricted"]) == ("for a test", False)
    got = member.tool("bash", "-c", ". ./made.sh && openstack token issue -f value -c project_id")
    assert got.out.strip() == cloud.status.projects["demo"]
    assert member.tool("bash", "-c", ". ./made.sh && swift stat").out.count(cloud.status.projects["demo"]) >= 1
    assert member("login", rc, "--as", "again", "--json").json["roles"] == ["reader"]


def test_default_file_name(member: Jsobj, title: str) -> None:
    member("app-cred", "create", f"{title} x/../y")
    rc = member.folder / f"app-cred-{title}-x-..-y-openrc.sh"
    member.private.add(rc)
    assert rc.is_file()


def test_unrestricted_stored_as_a_login(member: Jsobj, cloud: Cloud, title: str) -> None:
    done = member("app-cred", "create", title, "--unrestricted", "--as", "free", "--json").json
    assert (done["unrestricted"], done["expires"]) == (True, None)
    assert "free" in yaml.safe_load(member.secure.read_text())["clouds"]
    shown = member("whoami", "--cloud", "free", "--json").json["application_credential"]
    assert (shown["name"], shown["restricted"]) == (title, False)
    got = member.tool("openstack", "--os-cloud", "free", "token", "issue", "-f", "value", "-c", "project_id")
    assert got.out.strip() == cloud.status.projects["demo"]
    assert not list(member.folder.glob("*.sh"))


def test_existing_file_is_refused_before_anything_is_made(member: Jsobj, cloud: Cloud, title: str) -> None:
    (member.folder / "mine.sh").write_text("mine")
    error = member("app-cred", "create", title, "--rc", "mine.sh", "--json", code=6).error
    assert error["reference"] == "file-exists"
    assert at_keystone(cloud, title) is None
    assert (member.folder / "mine.sh").read_text() == "mine"


def test_name_of_a_login_that_is_taken_is_refused_before_anything_is_made(
    member: Jsobj, cloud: Cloud, title: str
) -> None:
    before = member.snapshot()
    error = member("app-cred", "create", title, "--as", "demo", "--json", code=6).error
    assert error["reference"] == "cloud-name-taken"
    assert at_keystone(cloud, title) is None
    assert member.snapshot() == before


def test_folder_that_does_not_exist_or_cannot_be_written(member: Jsobj, cloud: Cloud, title: str) -> None:
    """The secret is told once: a file that cannot be written takes the credential back."""
    (member.folder / "file").write_text("")
    member("app-cred", "create", title, "--rc", "file/below.sh", "--json", code=9)
    assert at_keystone(cloud, title) is None


def test_list_show_delete(member: Jsobj, cloud: Cloud, title: str) -> None:
    told = member("app-cred", "create", title, "--as", "app")
    assert f"The secret is in {member.secure}." in told.err
    listed = member("app-cred", "list", "--json").json
    assert listed["schema"] == "jsobj.app-cred-list/1"
    assert title in [item["name"] for item in listed["items"]]
    assert f"\t{'this login'}" in next(
        line for line in member("app-cred", "list", "--cloud", "app").lines if line.startswith(title)
    )
    shown = member("app-cred", "show", title, "--json").json
    assert member("app-cred", "show", shown["id"], "--json").json["name"] == title
    error = member("app-cred", "delete", title, "--json", code=2).error
    assert "--yes" in error["hint"]
    assert at_keystone(cloud, title) is not None
    assert member("app-cred", "delete", title, "--yes", "--json").json["deleted"] is True
    assert at_keystone(cloud, title) is None
    missing = member("app-cred", "show", title, "--json", code=5).error
    assert missing["reference"] == "app-cred-not-found"
    assert "restricted" in missing["context"]


def test_restricted_login_may_not(jsobj: Jsobj, cloud: Cloud, title: str) -> None:
    jsobj("login", cloud.rc("app-cred-restricted"))
    for argv in (("create", title), ("delete", "unrestricted", "--yes")):
        error = jsobj("app-cred", *argv, "--json", code=6).error
        assert error["reference"] == "app-cred-restricted"
        assert "portal" in error["hint"]
    assert not list(jsobj.folder.glob("*.sh"))
    assert at_keystone(cloud, "unrestricted") is not None
    assert title not in jsobj("app-cred", "list").out


def test_name_that_is_taken(member: Jsobj, cloud: Cloud) -> None:
    error = member("app-cred", "create", "restricted", "--rc", "x.sh", "--json", code=6).error
    assert error["reference"] == "app-cred-name-taken"
    assert not (member.folder / "x.sh").exists()


def test_role_that_one_does_not_have(member: Jsobj, title: str) -> None:
    error = member("app-cred", "create", title, "--role", "admin", "--json", code=2).error
    assert "unassigned role" in error["context"]
    assert "member" in error["hint"]


def test_role_that_is_not_defined_at_all(member: Jsobj, title: str) -> None:
    error = member("app-cred", "create", title, "--role", "nosuch", "--json", code=2).error
    assert error["reference"] == "app-cred-rejected"
    assert error["message"] == f"Keystone does not make '{title}': role 'nosuch' is not yours in this project"
    assert error["hint"].startswith("--role takes roles that you have yourself in this project: ")
    assert "member" in error["hint"]


@pytest.mark.parametrize(
    ("when", "reference"), [("yesterday", "bad-time"), ("2020-01-01", "time-in-past"), ("0d", "time-in-past")]
)
def test_times_that_cannot_be(jsobj: Jsobj, when: str, reference: str) -> None:
    error = jsobj("app-cred", "create", "x", "--expires", when, "--json", code=2).error
    assert error["reference"] == reference


def test_hints_mean_the_cloud_that_was_typed(member: Jsobj, cloud: Cloud, name: str) -> None:
    member("app-cred", "create", name, "--as", "other")
    try:
        taken = member("app-cred", "create", name, "--rc", "x.sh", "--cloud", "demo", "--json", code=6).error
        assert taken["hint"].endswith(f"jsobj app-cred delete --cloud demo {name}")
        keyless = member("ls", f"s3://{name}", "--cloud", "demo", "--json", code=4).error
        assert keyless["reference"] == "no-s3-keys"
        assert "jsobj ec2-creds --cloud demo" in keyless["hint"]
    finally:
        member("app-cred", "delete", name, "--yes", "--cloud", "demo")
