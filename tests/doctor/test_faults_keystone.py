"""Login, project, roles, catalogue and EC2 keys, broken at the real Keystone or on the way from it (F33)."""

from __future__ import annotations

import json

import pytest
from doctor_scene import Scene, Table, judge
from doctor_servers import Answered, Asked

table = Table()


@table.row("token", "FAIL", "refuses this login")
def wrong_password(scene: Scene) -> None:
    scene.jsobj.secure.write_text("clouds:\n  demo:\n    auth:\n      password: wrong\n")


@table.row("token", "FAIL", "expired on 2026-01-01")
def b042_application_credential_expired(scene: Scene) -> None:
    wrong_password(scene)
    scene.edit_ledger(lambda book: book["clouds"][0].update(expires="2026-01-01T00:00:00Z"))


@table.row("token", "FAIL", "expired or was deleted")
def application_credential_deleted(scene: Scene) -> None:
    api, user = scene.cloud.keystone("alice"), scene.cloud.user_id("alice")
    path = f"/users/{user}/application_credentials"
    made = api.call("POST", path, {"application_credential": {"name": "doomed"}})["application_credential"]
    api.call("DELETE", f"{path}/{made['id']}")
    scene.forget_login()
    _variables(scene, OS_APPLICATION_CREDENTIAL_ID=made["id"], OS_APPLICATION_CREDENTIAL_SECRET=made["secret"])


def _variables(scene: Scene, **more: str) -> None:
    if "OS_APPLICATION_CREDENTIAL_ID" in more:
        more["OS_AUTH_TYPE"] = "v3applicationcredential"
    scene.export(OS_AUTH_URL=scene.cloud.auth_url, OS_REGION_NAME=scene.cloud.region, **more)


@table.row("env-openstack", "WARN", "ignored, since an application credential")
def leftover_project_beside_an_application_credential(scene: Scene) -> None:
    api, user = scene.cloud.keystone("alice"), scene.cloud.user_id("alice")
    path = f"/users/{user}/application_credentials"
    made = api.call("POST", path, {"application_credential": {"name": "doctor"}})["application_credential"]
    scene.stack.callback(api.call, "DELETE", f"{path}/{made['id']}")
    scene.forget_login()
    _variables(
        scene,
        OS_APPLICATION_CREDENTIAL_ID=made["id"],
        OS_APPLICATION_CREDENTIAL_SECRET=made["secret"],
        OS_PROJECT_NAME="demo",
    )


@table.row("expiry", "WARN", "ends in")
def application_credential_ends_soon(scene: Scene) -> None:
    import datetime as dt

    api, user = scene.cloud.keystone("alice"), scene.cloud.user_id("alice")
    path = f"/users/{user}/application_credentials"
    end = (dt.datetime.now(dt.timezone.utc) + dt.timedelta(days=2)).strftime("%Y-%m-%dT%H:%M:%SZ")
    wish = {"application_credential": {"name": "short", "expires_at": end}}
    made = api.call("POST", path, wish)["application_credential"]
    scene.stack.callback(api.call, "DELETE", f"{path}/{made['id']}")
    scene.forget_login()
    _variables(scene, OS_APPLICATION_CREDENTIAL_ID=made["id"], OS_APPLICATION_CREDENTIAL_SECRET=made["secret"])


@table.row("token", "FAIL", "500")
def f33_keystone_fails_at_login(scene: Scene) -> None:
    def change(asked: Asked, answered: Answered) -> None:
        if asked.method == "POST":
            answered.becomes(500, b'{"error": {"code": 500, "message": "database is locked"}}')

    scene.keystone_through(change)


@table.row("token", "FAIL", "not a token")
def token_without_a_user(scene: Scene) -> None:
    scene.keystone_through(_token(lambda token: token.pop("user")))


@table.row("token", "FAIL", "to no project")
def token_without_a_project(scene: Scene) -> None:
    scene.keystone_through(_token(lambda token: token.pop("project")))


def _token(change_token):  # type: ignore[no-untyped-def]
    """A change of the token on its way from Keystone."""

    def change(asked: Asked, answered: Answered) -> None:
        if asked.method == "POST" and asked.path.endswith("/auth/tokens"):
            document = json.loads(answered.body)
            change_token(document["token"])
            answered.body = json.dumps(document).encode()

    return change


@table.row("catalog", "FAIL", "has no object-store")
def f33_catalogue_without_object_store(scene: Scene) -> None:
    def remove(token: dict[str, list[dict[str, str]]]) -> None:
        token["catalog"] = [service for service in token["catalog"] if service["type"] != "object-store"]

    scene.keystone_through(_token(remove))


@table.row("catalog", "FAIL", "Nowhere")
def f33_region_that_is_not_there(scene: Scene) -> None:
    scene.edit(scene.jsobj.clouds, f"region_name: {scene.cloud.region}", "region_name: Nowhere")


@table.row("token", "FAIL", "--region")
def f33_two_regions_and_no_choice(scene: Scene) -> None:
    def double(token):  # type: ignore[no-untyped-def]
        for service in token["catalog"]:
            service["endpoints"] += [{**endpoint, "region": "Second"} for endpoint in service["endpoints"]]

    scene.keystone_through(_token(double))
    path = scene.jsobj.clouds
    path.write_text("".join(line for line in path.read_text().splitlines(True) if "region_name" not in line))


@table.row("role", "WARN", "only allows reading", write=True)
def reader_only(scene: Scene) -> None:
    scene.forget_login()
    _variables(
        scene,
        OS_USERNAME="rita",
        OS_PASSWORD=scene.cloud.password("rita"),
        OS_PROJECT_NAME="demo",
        OS_USER_DOMAIN_NAME="Default",
        OS_PROJECT_DOMAIN_NAME="Default",
    )


@table.row("role", "FAIL", "no role in project")
def no_role_at_all(scene: Scene) -> None:
    scene.keystone_through(_token(lambda token: token["roles"].clear()))


@table.row("swift-api", "FAIL", "observer")
def role_that_the_store_does_not_know(scene: Scene) -> None:
    admin = scene.cloud.keystone("admin")
    role = admin.call("POST", "/roles", {"role": {"name": "observer"}})["role"]["id"]
    scene.stack.callback(admin.call, "DELETE", f"/roles/{role}")
    wish = {"user": {"name": "oona", "password": "oona-is-here", "domain_id": "default"}}
    user = admin.call("POST", "/users", wish)["user"]["id"]
    scene.stack.callback(admin.call, "DELETE", f"/users/{user}")
    project = scene.cloud.status.projects["demo"]
    admin.call("PUT", f"/projects/{project}/users/{user}/roles/{role}")
    scene.forget_login()
    _variables(
        scene,
        OS_USERNAME="oona",
        OS_PASSWORD="oona-is-here",
        OS_PROJECT_ID=project,
        OS_USER_DOMAIN_NAME="Default",
    )


@table.row("project", "WARN", "stood for project")
def cloud_that_stands_for_another_project_now(scene: Scene) -> None:
    scene.edit_ledger(lambda book: book["clouds"][0].update(project_id="f" * 32, project_name="before"))


@table.row("ec2-key", "FAIL", "was deleted at Keystone")
def key_deleted(scene: Scene) -> None:
    access, secret = scene.mint()
    scene.use_key(access, secret)
    scene.edit_ledger(lambda book: book["keys"].append({**book["keys"][0], "access": access}))
    scene.cloud.delete_ec2_key("alice", access)


@table.row("ec2-key", "FAIL", "not the one that Keystone holds")
def secret_mistyped(scene: Scene) -> None:
    held = scene.jsobj.profile("demo")
    scene.use_key(held["aws_access_key_id"], "0" * 32)


@table.row("ec2-key", "FAIL", "for another project")
def key_of_another_project(scene: Scene) -> None:
    admin, user = scene.cloud.keystone("admin"), scene.cloud.user_id("alice")
    other = scene.cloud.status.projects["other"]
    role = next(r["id"] for r in admin.call("GET", "/roles")["roles"] if r["name"] == "member")
    admin.call("PUT", f"/projects/{other}/users/{user}/roles/{role}")
    scene.stack.callback(admin.call, "DELETE", f"/projects/{other}/users/{user}/roles/{role}")
    path = f"/users/{user}/credentials/OS-EC2"
    pair = admin.call("POST", path, {"tenant_id": other})["credential"]
    scene.stack.callback(admin.call, "DELETE", f"{path}/{pair['access']}")
    scene.use_key(pair["access"], pair["secret"])


@table.row("ec2-key", "WARN", "deleted, or another user's")
def key_of_another_user(scene: Scene) -> None:
    scene.use_key(*scene.mint("otto"))


@table.row("ec2-key", "WARN", "days old")
def key_of_two_years(scene: Scene) -> None:
    scene.edit_ledger(lambda book: book["keys"][0].update(made="2024-01-01T00:00:00Z"))


@table.row("ec2-unused", "WARN", "in no profile any more")
def key_that_nobody_uses(scene: Scene) -> None:
    access, _ = scene.mint()
    wish = {"access": access, "made": "2026-01-01T00:00:00Z", "profile": "gone"}
    scene.edit_ledger(lambda book: book["keys"].append({**book["keys"][0], **wish}))


@pytest.mark.parametrize("fault", table.rows, ids=table.names)
def test_fault(fault, scene: Scene) -> None:
    """``judge`` asserts: exactly this check fails, with these words, and says what to do."""
    judge(fault, scene)
