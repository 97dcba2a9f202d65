"""AWS profiles: botocore itself is the judge of what was written."""

from __future__ import annotations

import dataclasses
import stat
from pathlib import Path
from typing import Any

import pytest
from aws_files_cases import CONFIG, CREDENTIALS, OURS, profiles, refused, session

import jsobj
from jsobj.errors import ExitCode
from jsobj.identity.aws_files.profile import AwsFiles, names, read_profile, remove_profile, write_profile
from jsobj.secret import Secret

ROOT = Path(jsobj.__file__).parents[1]


def snapshot(files: AwsFiles) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in files.config.parent.iterdir()}


def test_b101_new_files_are_private_and_complete(files: AwsFiles) -> None:
    config, credentials = write_profile(files, OURS)
    assert (config.path, credentials.path) == (files.config, files.credentials)
    assert config.changed
    assert credentials.changed
    assert {stat.S_IMODE(path.stat().st_mode) for path in files.config.parent.iterdir()} == {0o600}
    assert stat.S_IMODE(files.config.parent.stat().st_mode) == 0o700
    assert files.credentials.read_text() == ("[js2]\naws_access_key_id = 0123abcd\naws_secret_access_key = s3cr3t\n")
    assert files.config.read_text() == (
        "[profile js2]\nendpoint_url = https://js2.example.org:8001\nregion = us-east-1\n"
        "s3 =\n    addressing_style = path\n"
        "request_checksum_calculation = when_required\nresponse_checksum_validation = when_required\n"
    )
    assert read_profile(files, "js2") == OURS
    assert names(files) == ("js2",)


def test_botocore_uses_what_was_written(full: AwsFiles) -> None:
    write_profile(full, OURS)
    client = session(full, "js2").create_client("s3")
    assert client.meta.endpoint_url == OURS.endpoint_url
    assert client.meta.region_name == OURS.region
    assert client.meta.config.s3["addressing_style"] == "path"
    assert client.meta.config.request_checksum_calculation == "when_required"
    assert client.meta.config.response_checksum_validation == "when_required"
    held = session(full, "js2").get_credentials().get_frozen_credentials()
    assert (held.access_key, held.secret_key, held.token) == ("0123abcd", "s3cr3t", None)


def test_p25_other_content_is_untouched(full: AwsFiles) -> None:
    before = profiles(full)
    write_profile(full, OURS)
    assert full.credentials.read_bytes().startswith(CREDENTIALS)
    assert full.config.read_bytes().startswith(CONFIG)
    after = profiles(full)
    after.pop("js2")
    assert after == before
    assert names(full) == ("default", "work", "sso", "js2")


def test_writing_again_changes_nothing(full: AwsFiles) -> None:
    write_profile(full, OURS)
    before = snapshot(full)
    assert [change.changed for change in write_profile(full, OURS)] == [False, False]
    assert [change.changed for change in write_profile(full, OURS, overwrite=True)] == [False, False]
    assert snapshot(full) == before


def test_removal_takes_what_was_written_and_no_more(full: AwsFiles) -> None:
    write_profile(full, OURS)
    changes = remove_profile(full, "js2", access=OURS.access)
    assert [change.path for change in changes] == [full.credentials, full.config]
    assert full.credentials.read_bytes() == CREDENTIALS + b"\n"
    assert full.config.read_bytes() == CONFIG + b"\n"
    assert read_profile(full, "js2") is None
    assert remove_profile(full, "js2", access=OURS.access) == ()


def test_removal_keeps_what_the_user_added(full: AwsFiles) -> None:
    write_profile(full, OURS)
    config = full.config.read_bytes().replace(b"    addressing_style", b"    max_queue_size = 9\n    addressing_style")
    full.config.write_bytes(config + b"output = json\n")
    remove_profile(full, "js2", access=OURS.access)
    assert full.config.read_bytes() == CONFIG + b"\n[profile js2]\ns3 =\n    max_queue_size = 9\noutput = json\n"
    assert profiles(full)["js2"] == {"s3": {"max_queue_size": "9"}, "output": "json"}


def test_b115_another_key_is_not_removed(full: AwsFiles) -> None:
    before = snapshot(full)
    assert refused(lambda: remove_profile(full, "default", access="0123abcd")).reference == "profile-holds-another-key"
    assert refused(lambda: remove_profile(full, "sso", access="0123abcd")).reference == "profile-holds-another-key"
    assert snapshot(full) == before


def test_a_removal_that_was_cut_short_is_finished(full: AwsFiles) -> None:
    write_profile(full, OURS)
    full.credentials.write_bytes(CREDENTIALS)
    (change,) = remove_profile(full, "js2", access=OURS.access)
    assert change.path == full.config
    assert read_profile(full, "js2") is None


@pytest.mark.parametrize("name", ["default", "work", "sso"])
def test_b115_another_setup_is_never_replaced_unasked(full: AwsFiles, name: str) -> None:
    before = snapshot(full)
    error = refused(lambda: write_profile(full, dataclasses.replace(OURS, name=name)))
    assert error.reference == "profile-holds-another-key"
    assert "--overwrite" in error.hint
    assert "--profile" in error.hint
    assert "secret" not in f"{error.message}{error.context}{error.hint}"
    assert snapshot(full) == before


@pytest.mark.parametrize("name", ["default", "work", "sso"])
def test_b115_overwriting_makes_a_backup_and_a_working_profile(full: AwsFiles, name: str) -> None:
    write_profile(full, dataclasses.replace(OURS, name=name), overwrite=True)
    assert read_profile(full, name) == dataclasses.replace(OURS, name=name)
    held = session(full, name).get_credentials()
    assert (type(held).__name__, held.access_key, held.token) == ("Credentials", "0123abcd", None)
    kept = {path.name: path for path in full.config.parent.glob("*.jsobj-backup")}
    assert kept["credentials.jsobj-backup"].read_bytes() == CREDENTIALS
    assert kept["config.jsobj-backup"].read_bytes() == CONFIG
    assert {stat.S_IMODE(path.stat().st_mode) for path in kept.values()} == {0o600}
    if name == "work":
        assert profiles(full)["work"]["s3"] == {"max_concurrent_requests": "20", "addressing_style": "path"}


@pytest.mark.parametrize(
    "setting",
    [b"endpoint_url = https://other", b"role_arn = x", b"services = s", b"ignore_configured_endpoint_urls = true"],
)
@pytest.mark.parametrize("where", ["config", "credentials"])
def test_b115_another_endpoint_or_login_is_another_setup(files: AwsFiles, setting: bytes, where: str) -> None:
    write_profile(files, OURS)
    path = getattr(files, where)
    removed = b"" if where == "credentials" else b"endpoint_url = https://js2.example.org:8001\n"
    path.write_bytes(path.read_bytes().replace(removed, b"") + setting + b"\n")
    refused(lambda: write_profile(files, OURS))
    write_profile(files, OURS, overwrite=True)
    assert read_profile(files, "js2") == OURS
    assert session(files, "js2").create_client("s3").meta.endpoint_url == OURS.endpoint_url


def test_what_the_credentials_file_says_wins_and_is_made_to_agree(files: AwsFiles) -> None:
    files.credentials.parent.mkdir()
    files.credentials.write_bytes(b"[js2]\nregion = elsewhere\ns3 =\n  addressing_style = virtual\n  k = v\n")
    write_profile(files, OURS)
    assert read_profile(files, "js2") == OURS
    assert profiles(files)["js2"]["s3"] == {"addressing_style": "path", "k": "v"}


def test_the_default_profile_has_its_own_header(files: AwsFiles) -> None:
    ours = dataclasses.replace(OURS, name="default", ca_bundle="/etc/ssl/own.pem")
    write_profile(files, ours)
    assert files.config.read_bytes().startswith(b"[default]\n")
    assert read_profile(files, "default") == ours
    assert session(files).create_client("s3").meta.endpoint_url == OURS.endpoint_url


@pytest.mark.parametrize("header", [b"[profile  js2]", b'[profile "js2"]', b"[profile\tjs2]", b"[profiles js2]"])
def test_a_header_in_another_spelling_is_the_same_profile(files: AwsFiles, header: bytes) -> None:
    files.config.parent.mkdir()
    files.config.write_bytes(header + b"\noutput = json\n")
    write_profile(files, OURS)
    assert files.config.read_bytes().startswith(header + b"\noutput = json\nendpoint_url")
    assert read_profile(files, "js2") == OURS
    assert profiles(files)["js2"]["endpoint_url"] == OURS.endpoint_url


def test_two_headers_for_one_profile_are_refused(files: AwsFiles) -> None:
    files.config.parent.mkdir()
    files.config.write_bytes(b'[profile js2]\n[profile "js2"]\n')
    error = refused(lambda: write_profile(files, OURS), ExitCode.LOCAL)
    assert '[profile js2] and [profile "js2"]' in error.message
    assert not files.credentials.exists()


def test_a_section_that_no_tool_reads_is_told(files: AwsFiles) -> None:
    files.config.parent.mkdir()
    files.config.write_bytes(b"[js2]\nendpoint_url = https://forgotten\n")
    config, credentials = write_profile(files, OURS)
    assert any("[js2]" in notice and "[profile js2]" in notice for notice in config.notices)
    assert credentials.notices == ()
    assert profiles(files)["js2"]["endpoint_url"] == OURS.endpoint_url


def test_one_file_may_be_both(tmp_path: Path) -> None:
    both = AwsFiles(tmp_path / "aws", tmp_path / "aws")
    write_profile(both, OURS)
    assert read_profile(both, "js2") == OURS
    remove_profile(both, "js2", access=OURS.access)
    assert read_profile(both, "js2") is None


@pytest.mark.parametrize("bad", [b"[a]\n[a]\n", b"[a]\njunk\n", b"\xef\xbb\xbf[a]\n", b"[a]\nx = \xe9\n"])
@pytest.mark.parametrize("where", ["config", "credentials"])
def test_b104_a_malformed_file_stops_everything_before_the_first_write(full: AwsFiles, bad: bytes, where: str) -> None:
    path = getattr(full, where)
    path.write_bytes(bad)
    before = snapshot(full)
    for call in (
        lambda: write_profile(full, OURS),
        lambda: write_profile(full, OURS, overwrite=True),
        lambda: remove_profile(full, "work", access="AKIAWORK"),
        lambda: read_profile(full, "work"),
        lambda: names(full),
    ):
        error = refused(call, ExitCode.LOCAL)
        assert str(path) in error.message
        assert "line" in error.message
    assert snapshot(full) == before


@pytest.mark.parametrize(
    "change",
    [
        {"name": "a]b"},
        {"name": "a\nb"},
        {"name": "a b"},
        {"name": "it's"},
        {"name": "a\\b"},
        {"name": ""},
        {"name": "DEFAULT"},
        {"access": "canary\nx"},
        {"secret": Secret("canary\nx")},
        {"secret": Secret("")},
        {"endpoint_url": ""},
        {"region": "r\r"},
        {"ca_bundle": "a\0"},
    ],
    ids=str,
)
def test_b108_bad_values_are_refused_before_the_first_write(files: AwsFiles, change: dict[str, Any]) -> None:
    error = refused(lambda: write_profile(files, dataclasses.replace(OURS, **change)), ExitCode.USAGE)
    assert "canary" not in f"{error.message}{error.context}{error.hint}"
    assert not files.config.parent.exists()


@pytest.mark.parametrize("secret", ["a=b", "#a;b", "%(x)s", "[a]", "a b", "'\"", "a\\b", "a:b", "é", "${HOME}"])
def test_b107_hostile_secrets_reach_botocore_unharmed(files: AwsFiles, secret: str) -> None:
    write_profile(files, dataclasses.replace(OURS, secret=Secret(secret)))
    assert session(files, "js2").get_credentials().secret_key == secret
    assert read_profile(files, "js2") == dataclasses.replace(OURS, secret=Secret(secret))
