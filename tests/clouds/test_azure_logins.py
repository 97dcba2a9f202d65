"""Logins that are wrong, over or missing: the cause, the next command, and never a secret."""

from __future__ import annotations

import base64
import secrets
from contextlib import closing

import pytest
from azure_scene import AzureScene

from jsobj.errors import EndpointUnreachable
from jsobj.identity.settings import Settings
from jsobj.net.retry import RetryPolicy
from jsobj.store.foreign.azure.open import open_azure
from jsobj.store.location import Location


def error(azure: AzureScene, *words: str, code: int) -> dict[str, str]:
    found: dict[str, str] = azure.jsobj("--json", *words, code=code).error
    assert found["hint"]
    return found


def test_a_wrong_key(azure: AzureScene) -> None:
    azure.login_by(azure.connection.replace(azure.key, base64.b64encode(secrets.token_bytes(64)).decode()))
    found = error(azure, "ls", azure.url(), code=4)
    assert found["reference"] == "azure-login-refused"
    azure.login_by(azure.connection.replace(azure.key, "not%whole"))
    assert error(azure, "ls", azure.url(), code=2)["reference"] == "usage"


def test_sas_tokens(azure: AzureScene) -> None:
    azure.client.upload_blob("k", b"shared")
    azure.login_by(f"BlobEndpoint={azure.endpoint};SharedAccessSignature={azure.sas('rl')}")
    assert azure.jsobj("cat", azure.url("k")).out == "shared"
    assert azure.jsobj("ls", azure.url()).out.split() == ["k"]
    (azure.jsobj.folder / "new").write_text("x")
    assert "[bucket-forbidden]" in azure.jsobj("upload", "new", azure.url("new"), code=6).err
    over = azure.sas("rl", hours=-1)
    azure.login_by(f"BlobEndpoint={azure.endpoint};SharedAccessSignature={over}")
    found = error(azure, "cat", azure.url("k"), code=4)
    assert "ended at" in found["message"]
    assert over.rpartition("sig=")[2] not in f"{found}"


def test_the_variables_of_azures_own_tools(azure: AzureScene) -> None:
    azure.client.upload_blob("k", b"shared")
    del azure.jsobj.variables["AZURE_STORAGE_CONNECTION_STRING"]
    file = azure.jsobj.home / ".azure" / "config"
    file.parent.mkdir()
    file.write_text(f"[storage]\nconnection_string = {azure.connection}\n")
    azure.jsobj.private.add(file)
    assert azure.jsobj("cat", azure.url("k")).out == "shared"
    file.unlink()
    assert error(azure, "cat", azure.url("k"), code=4)["reference"] == "azure-account-missing"


def test_without_a_login(azure: AzureScene) -> None:
    azure.client.upload_blob("k", b"public")
    azure.login_by(f"AccountName={azure.account};BlobEndpoint={azure.endpoint}")
    found = error(azure, "ls", azure.url(), code=4)
    assert found["reference"] == "not-public"
    azure.client.set_container_access_policy({}, public_access="container")
    assert azure.jsobj("ls", azure.url()).out.split() == ["k"]
    assert azure.jsobj("cat", azure.url("k")).out == "public"
    assert error(azure, "cat", azure.url("nope"), code=5)["reference"] == "object-not-found"
    azure.login_by(azure.connection)
    assert azure.jsobj("cat", azure.url("k"), "--no-sign-request").out == "public"


def test_a_container_that_is_not_there(azure: AzureScene) -> None:
    found = error(azure, "ls", f"az://no-{azure.container}", code=5)
    assert found["reference"] == "bucket-not-found"
    assert "az storage container list" in found["hint"]
    (azure.jsobj.folder / "f").write_text("x")
    assert error(azure, "upload", "f", f"az://no-{azure.container}/f", code=5)["reference"] == "bucket-not-found"


def test_an_account_that_is_not_there(azure: AzureScene) -> None:
    azure.login_by(f"AccountName=nobodyhasthis;AccountKey={azure.key};EndpointSuffix=invalid")
    found = error(azure, "ls", azure.url(), code=7)
    assert "no storage account 'nobodyhasthis'" in found["message"]


def test_a_proxy_that_refuses_is_named(azure: AzureScene) -> None:
    environ = {"HOME": str(azure.folder), "https_proxy": "http://127.0.0.1:9"}
    environ |= {"AZURE_STORAGE_ACCOUNT": "samples", "AZURE_STORAGE_KEY": azure.key}
    store = open_azure(Settings.read(environ), Location("az", "one"), retry=RetryPolicy(tries=1))
    with closing(store), pytest.raises(EndpointUnreachable) as caught:
        store.head("k")
    assert "storage account" not in caught.value.message
    assert "the proxy 127.0.0.1:9" in caught.value.context


def test_other_commands_say_that_it_is_another_clouds(azure: AzureScene) -> None:
    for words in (("rm", azure.url("k")), ("bucket", "create", "az://new")):
        found = error(azure, *words, code=2)
        assert "another cloud" in found["message"]
        assert "s3://" not in found["hint"]
        assert "jsobj help clouds" in found["hint"]
    one = error(azure, "cp", azure.url("k"), "s3://b/k", "--version", "1", code=2)
    assert "--version is for s3:// and swift://" in one["message"]
    assert "jsobj cp az://" in one["hint"]


def test_a_folder_of_ones_own_is_downloaded_to(azure: AzureScene) -> None:
    for source in (azure.url("raw/"), "s3://b/raw/", "swift://b/raw/"):
        assert error(azure, "cp", source, "./new/", code=2)["hint"] == f"jsobj download {source} ./new/"


def test_the_doctor(azure: AzureScene) -> None:
    found = azure.jsobj("doctor", "--bucket", azure.url(), "--strict", "--json").json
    checks = {check["id"]: check["status"] for check in found["checks"]}
    assert checks["azure-login"] == checks["azure-container"] == "PASS"
    assert "azure-write" not in checks
    assert {name for name in checks if not name.startswith("azure-")} == {"env-proxy", "env-ca"}
    assert azure.contents() == {}
    azure.jsobj("doctor", "--bucket", azure.url(), "azure-write")
    assert azure.contents() == {}
    over = azure.sas("rl", hours=-1)
    azure.login_by(f"BlobEndpoint={azure.endpoint};SharedAccessSignature={over}")
    said = azure.jsobj("doctor", "--bucket", azure.url(), code=10)
    assert "has ended" in said.out + said.err
    azure.login_by(azure.connection)
    file = azure.jsobj.home / ".azure" / "config"
    file.parent.mkdir()
    file.write_text("[storage]\nkey = a2V5\n")
    file.chmod(0o644)
    found = azure.jsobj("doctor", "--bucket", azure.url(), "--strict", "--json", code=10).json
    assert f"chmod 600 {file}" in [check["hint"] for check in found["checks"]]
