"""The login of ``az login`` opens a container: azure-identity asks the Azure CLI, here a program that has a token.

Azurite takes tokens over https only, and looks at whom they are for and when they end, not at who has signed them.
"""

from __future__ import annotations

import base64
import json
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from azure_scene import AzureScene
from certificates import certificate
from emulators import LackingError, azurite
from own_python import cache_of
from rigs import lack

ACCOUNT = "samples"


@pytest.fixture
def azure(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[AzureScene]:
    """A container behind https, whose certificate the variables name; who is asked about it is ``az``."""
    pytest.importorskip("azure.identity")
    pem = certificate(tmp_path, host="127.0.0.1", days=2)
    (tmp_path / "server").mkdir()
    try:
        with azurite(tmp_path / "server", cache_of(request.config, "azurite"), pem) as connection:
            scene = AzureScene(connection, tmp_path, more={"connection_verify": str(pem)})
            scene.client.create_container()
            scene.login_by("")
            bin_folder = tmp_path / "bin"
            bin_folder.mkdir()
            path = f"{bin_folder}:/usr/bin:/bin"
            scene.jsobj.variables |= {"AZURE_STORAGE_ACCOUNT": ACCOUNT, "AWS_CA_BUNDLE": str(pem), "PATH": path}
            logged_in(scene)
            with scene.client:
                yield scene
    except LackingError as error:
        lack(str(error))
    scene.jsobj.check_no_secret_leaked()


def logged_in(azure: AzureScene) -> None:
    """What ``az login`` leaves, and where the emulator is."""
    folder = azure.jsobj.home / ".azure"
    folder.mkdir()
    (folder / "azureProfile.json").write_text('\ufeff{"subscriptions": [{"id": "1"}]}')
    (folder / "config").write_text(
        f"[storage]\nconnection_string = AccountName={ACCOUNT};BlobEndpoint={azure.endpoint}\n"
    )


def cli_says(azure: AzureScene, token: str, *, code: int = 0) -> None:
    """Put an ``az`` there that gives this token, or fails with this text."""
    ends = time.strftime("%Y-%m-%d %H:%M:%S.000000", time.localtime(time.time() + 3600))
    document = {"accessToken": token, "expiresOn": ends, "expires_on": int(time.time()) + 3600}
    said = f"echo {json.dumps(token)} >&2" if code else f"cat <<'END'\n{json.dumps(document)}\nEND"
    program = azure.folder / "bin" / "az"
    program.write_text(f'#!/bin/sh\necho "$@" >> "{azure.folder}/asked"\n{said}\nexit {code}\n')
    program.chmod(0o755)


def jwt(seconds: float, audience: str = "https://storage.azure.com") -> str:
    now = int(time.time())
    claims = {
        "aud": audience,
        "iss": "https://sts.windows.net/t/",
        "iat": now - 9,
        "nbf": now - 9,
        "exp": now + seconds,
    }
    parts = ({"alg": "HS256", "typ": "JWT"}, claims)
    words = [base64.urlsafe_b64encode(json.dumps(part).encode()).decode().rstrip("=") for part in parts]
    return ".".join((*words, "c2lnbmF0dXJl"))


def test_a_person_who_is_logged_in(azure: AzureScene) -> None:
    cli_says(azure, jwt(3600))
    (azure.jsobj.folder / "f").write_text("by token")
    azure.jsobj("upload", "f", azure.url("f"))
    assert azure.contents() == {"f": b"by token"}
    assert azure.jsobj("cat", azure.url("f")).out == "by token"
    assert "--resource https://storage.azure.com" in (azure.folder / "asked").read_text()
    found = azure.jsobj("doctor", "--bucket", azure.url(), "--json").json["checks"]
    login = next(check for check in found if check["id"] == "azure-login")
    assert (login["status"], login["evidence"]["from"]) == ("PASS", "az login")

    asked = (azure.folder / "asked").read_text().count("\n")
    cli_says(azure, jwt(-60))  # the CLI says that it lasts, and the server that it does not
    refused = azure.jsobj("--json", "ls", azure.url(), code=4).error
    assert (refused["reference"], refused["hint"]) == ("azure-login-refused", "log in again: az login")
    assert (azure.folder / "asked").read_text().count("\n") == asked + 2  # another token was asked for, once
    cli_says(azure, "Please run 'az login' to setup account.", code=1)
    refused = azure.jsobj("--json", "ls", azure.url(), code=4).error
    assert (refused["reference"], refused["hint"]) == ("azure-login-refused", "az login")
    assert "az login" in refused["context"]
