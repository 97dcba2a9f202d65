"""From variables to a login: which values belong to it, and which are left over from another."""

from __future__ import annotations

import pytest

from jsobj.errors import ExitCode, JsobjError
from jsobj.identity.auth_source import APPLICATION_CREDENTIAL, AuthSource, from_environment, from_rc, secret_option
from jsobj.identity.rc.file import parse
from jsobj.secret import Secret

URL = {"OS_AUTH_URL": "https://k.example:5000/v3"}
CREDENTIAL = {**URL, "OS_APPLICATION_CREDENTIAL_ID": "1d", "OS_APPLICATION_CREDENTIAL_SECRET": "canary"}
PERSON = {**URL, "OS_USERNAME": "u", "OS_PASSWORD": "canary", "OS_PROJECT_NAME": "p"}


def environment(**variables: str) -> AuthSource:
    found = from_environment(variables)
    assert found is not None
    return found


def test_person() -> None:
    source = environment(**PERSON, OS_USER_DOMAIN_NAME="Default", OS_REGION_NAME="R", OS_INTERFACE="internalURL")
    assert (source.auth_type, source.region, source.interface) == ("password", "R", "internal")
    assert source.auth == {
        "auth_url": URL["OS_AUTH_URL"],
        "username": "u",
        "project_name": "p",
        "user_domain_name": "Default",
    }
    assert source.secrets == {"password": (Secret("canary"),)}
    assert source.origins["username"] == "$OS_USERNAME"
    assert "canary" not in repr(source)


def test_credential_is_recognised_without_a_type() -> None:
    source = environment(**CREDENTIAL)
    assert source.auth_type == APPLICATION_CREDENTIAL
    assert source.is_application_credential
    assert source.notices == ()


def test_left_over_variables_are_left_out_and_named() -> None:
    source = environment(**CREDENTIAL, **{k: v for k, v in PERSON.items() if k not in URL}, OS_TENANT_ID="t")
    assert set(source.auth) == {"auth_url", "application_credential_id"}
    assert set(source.secrets) == {"application_credential_secret"}
    for name in ("OS_USERNAME", "OS_PASSWORD", "OS_PROJECT_NAME", "OS_PROJECT_ID"):
        assert name in source.notices[0]
    assert "canary" not in source.notices[0]


def test_credential_by_name_keeps_its_user() -> None:
    named = {k: v for k, v in CREDENTIAL.items() if not k.endswith("_ID")} | {"OS_APPLICATION_CREDENTIAL_NAME": "n"}
    source = environment(**named, OS_USERNAME="u", OS_USER_DOMAIN_NAME="D", OS_PROJECT_NAME="p")
    assert set(source.auth) == {"auth_url", "application_credential_name", "username", "user_domain_name"}


@pytest.mark.parametrize(
    "variables",
    [
        {},
        URL,
        {k: v for k, v in PERSON.items() if k != "OS_PASSWORD"},
        {k: v for k, v in PERSON.items() if k != "OS_AUTH_URL"},
        {k: v for k, v in CREDENTIAL.items() if not k.endswith("SECRET")},
        {**PERSON, "OS_PASSWORD": ""},
        {"OS_CLOUD": "x"},
    ],
)
def test_not_a_whole_login(variables: dict[str, str]) -> None:
    assert from_environment(variables) is None


def test_tenants_are_projects() -> None:
    assert environment(**{k: v for k, v in PERSON.items() if "PROJECT" not in k}, OS_TENANT_NAME="t").auth[
        "project_name"
    ] == ("t")


def test_versions_of_other_services_are_nobodys_business() -> None:
    source = environment(**PERSON, OS_VOLUME_API_VERSION="3", OS_IDENTITY_API_VERSION="3", OS_COMPUTE_API_VERSION="2")
    assert not [option for option in source.auth if option.endswith("_api_version")]


@pytest.mark.parametrize(("word", "verify"), [("1", False), ("True", False), ("yes", False), ("0", True), ("", True)])
def test_b050_insecure(word: str, verify: bool) -> None:
    assert environment(**PERSON, OS_INSECURE=word).verify is verify


def test_token() -> None:
    source = environment(**URL, OS_AUTH_TYPE="v3token", OS_TOKEN="canary", OS_PROJECT_ID="p")
    assert (secret_option(source), source.auth_type) == ("token", "v3token")


def test_rc_remembers_the_lines() -> None:
    text = "".join(f"export {name}={value}\n" for name, value in CREDENTIAL.items())
    source = from_rc(parse(text.encode(), name="my.sh"))
    assert source.origins["application_credential_id"] == "my.sh line 2"
    assert (source.kind, source.where) == ("rc-file", "my.sh")


def test_b034_rc_that_lacks_things_names_all() -> None:
    with pytest.raises(JsobjError) as caught:
        from_rc(parse(b"export OS_AUTH_TYPE=v3applicationcredential\n", name="my.sh"))
    assert caught.value.code is ExitCode.LOCAL
    for name in ("OS_AUTH_URL", "OS_APPLICATION_CREDENTIAL_ID", "OS_APPLICATION_CREDENTIAL_SECRET"):
        assert name in caught.value.message


def test_secret_from_elsewhere_replaces_the_files() -> None:
    source = environment(**PERSON).with_secret("password", Secret("other"), "standard input")
    assert source.secrets["password"] == (Secret("other"),)
    assert source.origins["password"] == "standard input"


def test_authorities_of_the_environment_serve_and_are_no_part_of_the_login() -> None:
    """The login's own file wins; then OS_CACERT, REQUESTS_CA_BUNDLE, CURL_CA_BUNDLE; none of them where it says no."""
    from dataclasses import replace

    from jsobj.identity.settings import Settings

    environ = {"HOME": "/h", "OS_CACERT": "/os.pem", "REQUESTS_CA_BUNDLE": "/requests.pem"}
    bundle = Settings.read(environ).ca_bundle
    assert bundle == "/os.pem"
    assert Settings.read({"HOME": "/h", "CURL_CA_BUNDLE": "/curl.pem"}).ca_bundle == "/curl.pem"
    found = from_environment(
        {"OS_AUTH_URL": "https://k/v3", "OS_USERNAME": "u", "OS_PASSWORD": "p", "OS_PROJECT_ID": "1"}
    )
    assert found is not None
    assert found.tls is True
    assert replace(found, ca_bundle=bundle).tls == "/os.pem"
    assert replace(found, ca_bundle=bundle, cacert="/own.pem").tls == "/own.pem"
    assert replace(found, ca_bundle=bundle, verify=False).tls is False
