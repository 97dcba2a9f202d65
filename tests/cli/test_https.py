"""The whole way over https, where the cloud has an authority of its own: named once, at the login, and kept."""

from __future__ import annotations

from collections.abc import Iterator
from urllib.parse import urlsplit

import pytest
import yaml
from commands import Jsobj, Keys, edited
from fixtures_cloud import Cloud
from fixtures_tls import Fronts

REGION = "over-https"


@pytest.fixture
def rc(jsobj: Jsobj, cloud: Cloud, fronts: Fronts) -> Iterator[tuple[str, str]]:
    """The RC file of a cloud that speaks https only, and the file with its authorities."""
    keystone, swift = urlsplit(cloud.auth_url), urlsplit(cloud.swift_url)
    fronted = {part: fronts.before(f"http://{part.netloc}").origin for part in (keystone, swift)}
    url = (cloud.auth_url, fronted[keystone] + keystone.path)
    path = edited(cloud, jsobj, "openrc-password", url, (f'"{cloud.region}"', f'"{REGION}"'))
    with cloud.published(REGION, f"{fronted[swift]}/v1/AUTH_%(project_id)s"):
        yield str(path), str(fronts.authorities())


def log_in(jsobj: Jsobj, cloud: Cloud, path: str, code: int = 0, **env: str) -> str:
    return jsobj("login", path, "--password-stdin", stdin=cloud.rc("password"), env=env, code=code).err


def test_an_authority_named_at_the_login_serves_from_then_on(
    jsobj: Jsobj, cloud: Cloud, rc: tuple[str, str], keys: Keys, name: str
) -> None:
    log_in(jsobj, cloud, rc[0], OS_CACERT=rc[1])
    assert yaml.safe_load(jsobj.clouds.read_text())["clouds"]["demo"]["cacert"] == rc[1]
    jsobj("ec2-creds")
    assert keys.new == {jsobj.profile("demo")["aws_access_key_id"]}
    assert f"ca_bundle = {rc[1]}" in jsobj.config.read_text()
    jsobj("bucket", "create", name)
    (jsobj.folder / "data").write_bytes(b"over TLS" * 1000)
    for dialect in ("s3", "swift"):
        jsobj("upload", "data", f"{dialect}://{name}/{dialect}")
        jsobj("download", f"{dialect}://{name}/{dialect}", "back")
        assert (jsobj.folder / "back").read_bytes() == b"over TLS" * 1000
    shown = jsobj("doctor", "--json").json
    assert {check["status"] for check in shown["checks"] if check["id"].endswith("-tls")} == {"PASS"}
    jsobj("rm", "-r", "--yes", f"s3://{name}/")
    jsobj("bucket", "delete", name)


def test_an_authority_of_all_programs_is_used_but_not_kept(jsobj: Jsobj, cloud: Cloud, rc: tuple[str, str]) -> None:
    log_in(jsobj, cloud, rc[0], REQUESTS_CA_BUNDLE=rc[1])
    assert "cacert" not in jsobj.clouds.read_text()
    jsobj("whoami", env={"REQUESTS_CA_BUNDLE": rc[1]})
    jsobj("whoami", code=7)


def test_without_it_nothing_is_sent_and_the_way_out_is_told(jsobj: Jsobj, cloud: Cloud, rc: tuple[str, str]) -> None:
    assert "OS_CACERT=" in log_in(jsobj, cloud, rc[0], code=7)
    assert not jsobj.clouds.exists()
