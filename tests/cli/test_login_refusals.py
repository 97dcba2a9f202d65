"""``jsobj login``: what is refused, why, and that nothing is stored then."""

from __future__ import annotations

import time
import uuid

import pytest
import yaml
from commands import Jsobj, edited
from fixtures_cloud import Cloud
from listening import answering, lossy_keystone

FORM = "text/html; charset=utf-8"


def entry(jsobj: Jsobj, name: str) -> dict[str, object]:
    found = yaml.safe_load(jsobj.clouds.read_text())["clouds"][name]
    assert isinstance(found, dict)
    return found


def test_wrong_password(jsobj: Jsobj, cloud: Cloud) -> None:
    before = jsobj.snapshot()
    error = jsobj("login", cloud.rc("openrc-password"), "--password-stdin", "--json", stdin="wrong", code=4).error
    assert error["reference"] == "auth-refused"
    assert "req-" in error["context"]
    assert jsobj.snapshot() == before


def test_wrong_secret(jsobj: Jsobj, cloud: Cloud) -> None:
    error = jsobj("login", cloud.rc("app-cred-restricted"), "--secret-stdin", "--json", stdin="no", code=4).error
    assert "secret" in error["hint"]


def test_f27_p31_unreachable_within_bound(jsobj: Jsobj, cloud: Cloud) -> None:
    rc = edited(cloud, jsobj, "app-cred-restricted", (cloud.auth_url, "http://127.0.0.1:9/v3"))
    started = time.monotonic()
    error = jsobj("login", rc, "--json", code=7).error
    assert time.monotonic() - started < 15
    assert error["reference"] == "keystone-unreachable"
    assert "127.0.0.1:9" in error["message"]
    assert "refused" in error["context"].lower()


def test_f26_p31_name_that_does_not_exist(jsobj: Jsobj, cloud: Cloud) -> None:
    rc = edited(cloud, jsobj, "app-cred-restricted", (cloud.auth_url, "https://keystone.invalid:5000/v3"))
    started = time.monotonic()
    error = jsobj("login", rc, "--json", code=7).error
    assert time.monotonic() - started < 30
    assert "keystone.invalid" in error["message"]


@pytest.mark.parametrize("role", ["app-cred-restricted", "openrc-password"])
@pytest.mark.parametrize(
    ("status", "body"),
    [
        (200, b"<html><body>Please log in to the hotel's network</body></html>"),
        (200, b"{}"),
        (200, b'{"token": []}'),
        (201, b'{"token": {"user": 1}}'),
        (302, b""),
        (404, b"<html>nothing here</html>"),
    ],
)
def test_f50_something_else_answers(jsobj: Jsobj, cloud: Cloud, status: int, body: bytes, role: str) -> None:
    headers = {"Content-Type": FORM, **({"Location": "http://127.0.0.1:9/portal"} if status == 302 else {})}
    with answering(status, headers, body) as (url, seen):
        rc = edited(cloud, jsobj, role, (cloud.auth_url, f"{url}/v3"))
        flags = ["--password-stdin"] if role == "openrc-password" else []
        before = jsobj.snapshot()
        error = jsobj("login", rc, *flags, "--json", stdin=cloud.rc("password"), code=7).error
    assert error["reference"] == "not-keystone", error
    assert jsobj.snapshot() == before
    assert seen


def test_f50_object_store_as_keystone(jsobj: Jsobj, cloud: Cloud) -> None:
    rc = edited(cloud, jsobj, "app-cred-restricted", (cloud.auth_url, f"{cloud.s3_endpoint}/v3"))
    assert jsobj("login", rc, "--json", code=7).error["reference"] == "not-keystone"
    assert not jsobj.clouds.exists()


def test_f36_p29_s09_0_7_redirect_is_not_followed_with_the_secret(jsobj: Jsobj, cloud: Cloud) -> None:
    with answering(200, {}, b"{}") as (other, seen_there):
        with answering(307, {"Location": f"{other}/v3/auth/tokens"}, b"") as (url, _):
            jsobj("login", edited(cloud, jsobj, "app-cred-restricted", (cloud.auth_url, f"{url}/v3")), code=7)
        assert seen_there == []


def test_f22_retry_after_that_is_too_long(jsobj: Jsobj, cloud: Cloud) -> None:
    started = time.monotonic()
    with answering(503, {"Retry-After": "3600"}, b"") as (url, seen):
        rc = edited(cloud, jsobj, "app-cred-restricted", (cloud.auth_url, f"{url}/v3"))
        error = jsobj("login", rc, "--json", code=7).error
    assert time.monotonic() - started < 15
    assert "3600" in error["hint"]
    assert len(seen) == 1


def test_b063_plain_http_to_another_machine_sends_nothing(jsobj: Jsobj, cloud: Cloud) -> None:
    rc = edited(cloud, jsobj, "app-cred-restricted", (cloud.auth_url, "http://192.0.2.1:5000/v3"))
    with answering(403, {}, b"{}") as (proxy, seen):
        error = jsobj("login", rc, "--json", code=2, env={"http_proxy": proxy}).error
        assert seen == []
        jsobj("login", rc, "--json", "--allow-http", code=7, env={"http_proxy": proxy})
        assert " http://192.0.2.1:5000/v3" in seen[0]  # what would have been seen
    assert error["reference"] == "endpoint-not-https"
    assert "--allow-http" in error["hint"]


@pytest.mark.parametrize("url", ["ftp://127.0.0.1/v3", "127.0.0.1:5000", "https://u:p@127.0.0.1/v3", "http://[::1"])
def test_b056_address_that_is_none(jsobj: Jsobj, cloud: Cloud, url: str) -> None:
    rc = edited(cloud, jsobj, "app-cred-restricted", (cloud.auth_url, url))
    assert jsobj("login", rc, "--json", code=2).error["reference"] == "auth-url-bad"


def test_b033_v2_rc(jsobj: Jsobj) -> None:
    rc = jsobj.folder / "old.sh"
    rc.write_text(
        "export OS_AUTH_URL=https://cloud.example.org:5000/v2.0\nexport OS_TENANT_NAME=t\n"
        "export OS_USERNAME=u\nexport OS_PASSWORD=p\n"
    )
    rc.chmod(0o600)
    error = jsobj("login", rc, "--json", code=9).error
    assert "v2" in error["message"]
    assert "v3" in error["hint"]


def test_b034_everything_that_is_missing_is_named_at_once(jsobj: Jsobj) -> None:
    rc = jsobj.folder / "half.sh"
    rc.write_text("export OS_AUTH_TYPE=v3applicationcredential\n")
    rc.chmod(0o600)
    error = jsobj("login", rc, "--json", code=9).error
    assert error["reference"] == "rc-incomplete"
    for lacking in ("OS_AUTH_URL", "OS_APPLICATION_CREDENTIAL_ID", "OS_APPLICATION_CREDENTIAL_SECRET"):
        assert lacking in error["message"]


def test_file_that_does_not_exist(jsobj: Jsobj) -> None:
    assert "nothing.sh" in jsobj("login", "nothing.sh", "--json", code=5).error["message"]


def test_b041_password_with_every_character(jsobj: Jsobj, cloud: Cloud) -> None:
    """All printable ASCII and some of the rest: from standard input to Keystone, into secure.yaml, and out again."""
    password = "".join(map(chr, range(0x20, 0x7F))) + "äß€漢🗝"
    admin = cloud.keystone("admin")
    user = f"u-{uuid.uuid4().hex[:8]}"
    words = {"name": user, "password": password, "domain_id": "default"}
    identifier = admin.call("POST", "/users", {"user": words})["user"]["id"]
    try:
        role = next(r["id"] for r in admin.call("GET", "/roles")["roles"] if r["name"] == "member")
        admin.call("PUT", f"/projects/{cloud.status.projects['demo']}/users/{identifier}/roles/{role}")
        rc = edited(cloud, jsobj, "openrc-password", ('OS_USERNAME="alice"', f'OS_USERNAME="{user}"'))
        jsobj("login", rc, "--password-stdin", "--as", "odd", stdin=password + "\n")
        assert yaml.safe_load(jsobj.secure.read_text())["clouds"]["odd"]["auth"]["password"] == password
        assert jsobj("whoami", "--cloud", "odd", "--json").json["user"]["name"] == user
        jsobj.tool("openstack", "--os-cloud", "odd", "token", "issue", "-f", "value", "-c", "user_id")
        # And as an RC file that holds it, in single quotes, as bash wants it.
        quoted = password.replace("'", "'\\''")
        rc = edited(
            cloud,
            jsobj,
            "openrc-password",
            ('OS_USERNAME="alice"', f'OS_USERNAME="{user}"'),
            ("read -sr OS_PASSWORD_INPUT\n", ""),
            ("export OS_PASSWORD=$OS_PASSWORD_INPUT", f"export OS_PASSWORD='{quoted}'"),
        )
        assert jsobj("login", rc, "--as", "odd2", "--json").json["user"]["name"] == user
    finally:
        admin.call("DELETE", f"/users/{identifier}")


def test_b050_verify_false_warns_each_run(jsobj: Jsobj, cloud: Cloud) -> None:
    rc = edited(cloud, jsobj, "app-cred-restricted", ("export OS_INT", "export OS_INSECURE=true\nexport OS_INT"))
    assert "TLS certificates are not checked" in jsobj("login", rc).err
    assert entry(jsobj, "demo")["verify"] is False
    for _ in range(2):
        assert "TLS certificates are not checked" in jsobj("whoami", "-q").err
    assert "TLS certificates are not checked" in jsobj("bucket", "list").err


def test_b051_profile_url_is_not_fetched(jsobj: Jsobj) -> None:
    with answering(200, {"Content-Type": "application/json"}, b"{}") as (url, seen):
        path = jsobj.folder / "clouds.yaml"
        path.write_text(
            f"clouds:\n  far:\n    profile: {url}\n    auth:\n      username: u\n      password: p\n"
            "      project_name: x\n"
        )
        path.chmod(0o600)
        error = jsobj("login", path, "--cloud", "far", "--json", code=9).error
        assert seen == []
    assert "profile" in error["message"] + error["context"]


def test_b055_two_regions_must_be_chosen(jsobj: Jsobj, cloud: Cloud) -> None:
    path = edited(
        cloud,
        jsobj,
        "clouds",
        (f'region_name: "{cloud.region}"', f"regions: [{cloud.region}, Elsewhere]"),
        name="clouds.yaml",
    )
    error = jsobj("login", path, "--cloud", "sandbox-restricted", "--json", code=2).error
    assert error["reference"] == "region-needed"
    assert f"{cloud.region}, Elsewhere" in error["message"]
    assert "--region" in error["hint"]
    wrong = jsobj("login", path, "--cloud", "sandbox-restricted", "--region", "regionone", "--json", code=2).error
    assert wrong["reference"] == "region-unknown"
    done = jsobj("login", path, "--cloud", "sandbox-restricted", "--region", cloud.region, "--json").json
    assert done["region"] == cloud.region


def test_f33_region_without_object_store(jsobj: Jsobj, cloud: Cloud) -> None:
    """The login works; what needs the object store says which region has one."""
    done = jsobj("login", cloud.rc("app-cred-restricted"), "--region", "Nowhere", "--json").json
    assert (done["swift_url"], done["s3_endpoint"]) == (None, None)
    error = jsobj("bucket", "list", "--json", code=5).error
    assert error["reference"] == "no-object-store"
    assert "region Nowhere" in error["message"]
    assert cloud.region in error["context"]


def test_f34_two_dates_do_not_disturb(jsobj: Jsobj, cloud: Cloud) -> None:
    """A proxy that adds a second Date header: the clock's offset is unknown then, and the login works."""
    with lossy_keystone(cloud.auth_url) as way:
        for extra in ("Sat, 21 Nov 2026 02:00:00 GMT", "Sat, 21 Nov 2026 02:00:00 -0000", "yesterday"):
            way.extra_date = extra
            rc = edited(cloud, jsobj, "app-cred-restricted", (cloud.auth_url, way.url))
            assert jsobj("login", rc, "--as", "demo", "--json").json["project"]["name"] == "demo"
