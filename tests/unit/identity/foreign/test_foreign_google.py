"""Where a login at Google is looked for, in which order; and files that are none."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from jsobj.errors import JsobjError
from jsobj.identity.foreign import google
from jsobj.identity.foreign.google import STORAGE, GoogleLogin, google_login
from jsobj.identity.settings import Settings

PERSON = {"type": "authorized_user", "client_id": "c", "client_secret": "s", "refresh_token": "r"}
ROBOT = {"type": "service_account", "client_email": "robot@x", "private_key": "k", "token_uri": "https://t"}


def found(home: Path, **environ: str) -> GoogleLogin:
    return google_login(Settings.read({"HOME": str(home), **environ}))


def test_nothing_is_looked_for_where_public_data_are_meant(tmp_path: Path) -> None:
    environ = {"GOOGLE_APPLICATION_CREDENTIALS": "/nowhere", "GOOGLE_OAUTH_ACCESS_TOKEN": "t"}
    settings = Settings.read({"HOME": str(tmp_path), **environ})
    assert google_login(settings, unsigned=True) == GoogleLogin("", "no login, for public data")


def written(path: Path, info: object, mode: int = 0o600) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(info))
    path.chmod(mode)
    return path


@pytest.fixture(autouse=True)
def _nobodys_machine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(google, "_MACHINE", tmp_path / "product_name")


def test_the_first_that_is_there(tmp_path: Path) -> None:
    """From the last to the first: each beats those before."""
    usual = tmp_path / ".config/gcloud/application_default_credentials.json"
    none = found(tmp_path)
    assert (none.kind, none.endpoint) == ("", STORAGE)
    assert str(usual) in none.searched
    (tmp_path / "product_name").write_text("Google Compute Engine\n")
    assert found(tmp_path).kind == "machine"
    (tmp_path / "product_name").write_text("OpenStack Nova\n")
    assert found(tmp_path, GCE_METADATA_HOST="127.0.0.1:9").kind == "machine"
    written(usual, PERSON | {"quota_project_id": "pays"})
    person = found(tmp_path, GCE_METADATA_HOST="127.0.0.1:9")
    assert (person.kind, person.info["type"], person.quota_project) == ("file", "authorized_user", "pays")
    assert found(tmp_path, GOOGLE_CLOUD_QUOTA_PROJECT="other").quota_project == "other"
    named = written(tmp_path / "robot.json", ROBOT)
    robot = found(tmp_path, GOOGLE_APPLICATION_CREDENTIALS=str(named))
    assert (robot.who, robot.info["type"]) == ("robot@x", "service_account")
    token = found(tmp_path, GOOGLE_APPLICATION_CREDENTIALS=str(named), CLOUDSDK_AUTH_ACCESS_TOKEN="ya29.x")
    assert (token.kind, token.token.reveal()) == ("token", "ya29.x")
    emulator = found(tmp_path, GOOGLE_OAUTH_ACCESS_TOKEN="ya29.x", STORAGE_EMULATOR_HOST="localhost:9023")
    assert (emulator.kind, emulator.endpoint) == ("", "http://localhost:9023")


def test_another_folder_of_gclouds(tmp_path: Path) -> None:
    written(tmp_path / "other/application_default_credentials.json", PERSON)
    assert found(tmp_path).kind == ""
    assert found(tmp_path, CLOUDSDK_CONFIG=str(tmp_path / "other")).kind == "file"


def test_an_endpoint_of_ones_own(tmp_path: Path) -> None:
    own = found(tmp_path, CLOUDSDK_API_ENDPOINT_OVERRIDES_STORAGE="https://storage-mine.p.googleapis.com/storage/v1/")
    assert own.endpoint == "https://storage-mine.p.googleapis.com/storage/v1/"


def test_secrets_do_not_show_themselves(tmp_path: Path) -> None:
    path = written(tmp_path / "robot.json", ROBOT | {"private_key": "never-to-be-seen"})
    for login in (
        found(tmp_path, GOOGLE_APPLICATION_CREDENTIALS=str(path)),
        found(tmp_path, GOOGLE_OAUTH_ACCESS_TOKEN="never-to-be-seen"),
    ):
        assert "never-to-be-seen" not in repr(login)


def test_a_file_that_others_can_read_is_used_and_noted(tmp_path: Path) -> None:
    path = written(tmp_path / "robot.json", ROBOT, 0o644)
    login = found(tmp_path, GOOGLE_APPLICATION_CREDENTIALS=str(path))
    assert login.kind == "file"
    assert f"chmod 600 {path}" in login.notice
    path.chmod(0o600)
    assert found(tmp_path, GOOGLE_APPLICATION_CREDENTIALS=str(path)).notice == ""


@pytest.mark.parametrize(
    "info", [[], {}, {"type": 3}, {"type": "gdch_service_account"}, {"web": {}}, {**ROBOT, "token_uri": ""}]
)
def test_files_that_are_no_login(tmp_path: Path, info: object) -> None:
    written(tmp_path / ".config/gcloud/application_default_credentials.json", info)
    with pytest.raises(JsobjError) as raised:
        found(tmp_path)
    assert raised.value.reference == "google-credentials-file"


def test_a_folder_or_nothing_where_a_file_is_named(tmp_path: Path) -> None:
    for place in (tmp_path, tmp_path / "nothing", "relative.json"):
        with pytest.raises(JsobjError) as raised:
            found(tmp_path, GOOGLE_APPLICATION_CREDENTIALS=str(place))
        assert raised.value.reference == "google-credentials-file"
        assert "export GOOGLE_APPLICATION_CREDENTIALS=FILE" in raised.value.hint
        assert "unset GOOGLE_APPLICATION_CREDENTIALS" in raised.value.hint
