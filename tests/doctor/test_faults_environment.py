"""Variables that get in the way, and choices that lead nowhere."""

from __future__ import annotations

import pytest
from doctor_scene import Scene, Table, judge
from doctor_servers import closed_port, page

FAR = "http://keystone.example.org:5000/v3"  # this machine itself is never asked through a proxy

table = Table()


@table.row("env-openstack", "WARN", "the openstack and swift commands may mix")
def b036_leftover_os_variables(scene: Scene) -> None:
    scene.export(OS_AUTH_URL="https://other.example.org/v3", OS_USERNAME="somebody", OS_PROJECT_NAME="elsewhere")
    scene.words += ["--cloud", "demo"]


@table.row("env-aws", "FAIL", "without AWS_SECRET_ACCESS_KEY")
def key_without_its_secret(scene: Scene) -> None:
    scene.export(AWS_ACCESS_KEY_ID="0" * 32)


@table.row("env-aws", "FAIL", "address of the Swift API")
def b068_swift_address_in_the_environment(scene: Scene) -> None:
    scene.export(AWS_ENDPOINT_URL_S3=f"{scene.cloud.s3_endpoint}/swift/v1")


@table.row("env-aws", "WARN", "requests go to Amazon")
def b068_endpoints_ignored(scene: Scene) -> None:
    scene.export(AWS_IGNORE_CONFIGURED_ENDPOINT_URLS="true")


@table.row("env-aws", "WARN", "endpoint_url")
def b068_another_endpoint_in_the_environment(scene: Scene) -> None:
    scene.export(AWS_ENDPOINT_URL=scene.cloud.s3_endpoint.replace("127.0.0.1", "localhost"))


@table.row("env-aws", "WARN", "AWS_SESSION_TOKEN")
def session_token_in_the_environment(scene: Scene) -> None:
    scene.export(AWS_SESSION_TOKEN="IQoJb3JpZ2luX2Vj")


@table.row("s3-signature", "FAIL", "AWS_DEFAULT_REGION")
def region_from_the_environment(scene: Scene) -> None:
    scene.export(AWS_DEFAULT_REGION="us-west-2")


@table.row("env-ca", "FAIL", "cannot be read")
def b068_bundle_that_is_not_there(scene: Scene) -> None:
    scene.export(AWS_CA_BUNDLE="/nowhere/ca.pem")


@table.row("env-ca", "FAIL", "no certificate in PEM form")
def bundle_without_a_certificate(scene: Scene) -> None:
    (scene.folder / "ca.pem").write_text("hello\n")
    scene.export(REQUESTS_CA_BUNDLE=str(scene.folder / "ca.pem"))


@table.row("env-proxy", "FAIL", "not the address of a proxy")
def f27_proxy_variable_malformed(scene: Scene) -> None:
    scene.export(HTTPS_PROXY="http://:3128:x")


@table.row("proxy", "FAIL", "http_proxy")
def f27_proxy_is_down(scene: Scene) -> None:
    scene.export(http_proxy=f"http://{closed_port()}", JSOBJ_ALLOW_HTTP="1")
    scene.keystone_at(FAR)


@table.row("proxy", "FAIL", "web page of its own")
def f27_proxy_answers_with_a_page(scene: Scene) -> None:
    url, _ = scene.stack.enter_context(page())
    scene.export(http_proxy=url, JSOBJ_ALLOW_HTTP="1")
    scene.keystone_at(FAR)


@table.row("proxy", "FAIL", "407")
def f27_proxy_wants_a_password(scene: Scene) -> None:
    url, _ = scene.stack.enter_context(page(407))
    scene.export(ALL_PROXY=url, JSOBJ_ALLOW_HTTP="1")
    scene.keystone_at(FAR)


@table.row("proxy", "FAIL", "403")
def f27_proxy_opens_no_tunnel(scene: Scene) -> None:
    url, _ = scene.stack.enter_context(page(403))
    scene.export(HTTPS_PROXY=url)
    scene.keystone_at("https://keystone.example.org:5000/v3")


@table.row("proxy", "FAIL", "the proxy that ALL_PROXY names cannot be used: socks5h is not supported")
def f27_proxy_of_another_kind(scene: Scene) -> None:
    scene.export(ALL_PROXY="socks5h://127.0.0.1:1080")
    scene.keystone_at("https://keystone.example.org:5000/v3")


@table.row("profile", "FAIL", "holds no key")
def b068_profile_that_is_not_there(scene: Scene) -> None:
    scene.export(AWS_PROFILE="elsewhere")


@table.row("profile", "FAIL", "Amazon S3")
def profile_for_amazon(scene: Scene) -> None:
    scene.s3_at("https://s3.amazonaws.com")


@table.row("profile", "FAIL", "endpoint_url")
def profile_without_an_endpoint(scene: Scene) -> None:
    scene.edit(scene.jsobj.config, f"endpoint_url = {scene.cloud.s3_endpoint}\n", "")


@table.row("login", "FAIL", "no cloud 'elsewhere'")
def b049_cloud_that_is_not_there(scene: Scene) -> None:
    scene.export(OS_CLOUD="elsewhere", AWS_PROFILE="demo")


@table.row("login", "FAIL", "not logged in")
def not_logged_in_at_all(scene: Scene) -> None:
    scene.forget_login()


@table.row("login", "FAIL", "no password and no secret")
def secure_yaml_lost(scene: Scene) -> None:
    scene.jsobj.secure.unlink()


@pytest.mark.parametrize("fault", table.rows, ids=table.names)
def test_fault(fault, scene: Scene) -> None:
    """``judge`` asserts: exactly this check fails, with these words, and says what to do."""
    judge(fault, scene)


def test_the_hint_for_leftover_variables_names_them_for_every_shell(scene: Scene) -> None:
    b036_leftover_os_variables(scene)
    document = scene.jsobj("doctor", "--json", "--no-round-trip", *scene.words).json
    hint = next(check["hint"] for check in document["checks"] if check["id"] == "env-openstack")
    assert hint.endswith("or: unset OS_AUTH_URL OS_PROJECT_NAME OS_USERNAME")
