"""AWS profiles: botocore itself is the judge of what was written."""

from __future__ import annotations

import dataclasses
import os
import stat
import subprocess
import sys
from pathlib import Path
from typing import Any

import botocore.session
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import jsobj
from jsobj.errors import ExitCode, JsobjError
from jsobj.identity import inifile
from jsobj.identity.awsfiles import AwsFiles, AwsProfile, names, read_profile, remove_profile, write_profile
from jsobj.secret import Secret

ROOT = Path(jsobj.__file__).parents[1]
OURS = AwsProfile("js2", "0123abcd", Secret("s3cr3t"), "https://js2.example.org:8001", "us-east-1")
CREDENTIALS = b"""# mine
[default]
aws_access_key_id = AKIADEFAULT
aws_secret_access_key = default-secret

[work]  # office
aws_access_key_id=AKIAWORK
aws_secret_access_key=work/secret==
aws_session_token = token
"""
CONFIG = b"""[default]
region = eu-west-1

[profile work]
region = eu-central-1
s3 =
    max_concurrent_requests = 20

[profile sso]
sso_session = corp
[sso-session corp]
sso_region = us-east-1
"""


@pytest.fixture
def files(tmp_path: Path) -> AwsFiles:
    return AwsFiles(tmp_path / ".aws" / "credentials", tmp_path / ".aws" / "config")


@pytest.fixture
def full(files: AwsFiles) -> AwsFiles:
    """Files of a user with other profiles."""
    files.config.parent.mkdir(mode=0o700)
    for path, data in ((files.credentials, CREDENTIALS), (files.config, CONFIG)):
        path.write_bytes(data)
        path.chmod(0o600)
    return files


def session(files: AwsFiles, name: str | None = None) -> Any:
    made = botocore.session.Session(profile=name)
    made.set_config_variable("config_file", str(files.config))
    made.set_config_variable("credentials_file", str(files.credentials))
    return made


def profiles(files: AwsFiles) -> dict[str, dict[str, Any]]:
    """Every profile as botocore puts it together."""
    return dict(session(files).full_config["profiles"])


def refused(call: Any, code: ExitCode = ExitCode.REFUSED) -> JsobjError:
    with pytest.raises(JsobjError) as caught:
        call()
    assert caught.value.code is code
    return caught.value


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


def test_b118_s25_other_sources_of_keys_are_not_consulted(files: AwsFiles, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "from-the-environment")
    monkeypatch.setenv("AWS_PROFILE", "other")
    canary = files.config.parent.parent / "canary"
    files.config.parent.mkdir()
    files.config.write_bytes(f"[profile p]\ncredential_process = touch {canary}\n".encode())
    held = read_profile(files, "p")
    assert held is not None
    assert (held.access, held.endpoint_url, held.checksums, held.addressing_style) == ("", "", "", "")
    assert names(files) == ("p",)
    assert not canary.exists()


def test_importing_needs_no_botocore() -> None:
    code = "import sys, jsobj.identity.awsfiles; print(sorted({'botocore', 'boto3', 'yaml'} & set(sys.modules)))"
    done = subprocess.run(
        [sys.executable, "-c", code], env={"PYTHONPATH": str(ROOT)}, capture_output=True, text=True, timeout=60
    )
    assert done.stdout.strip() == "[]", done.stderr


WRITER = """
import sys
from pathlib import Path
from jsobj.identity.awsfiles import AwsFiles, AwsProfile, write_profile
from jsobj.secret import Secret
folder, name = Path(sys.argv[1]), sys.argv[2]
files = AwsFiles(folder / "credentials", folder / "config")
write_profile(files, AwsProfile(name, f"key-{name}", Secret(f"secret-{name}"), f"https://{name}.example.org", "r"))
"""


@pytest.mark.parametrize("writers", [8, 16])
def test_b114_concurrent_writers_all_arrive(full: AwsFiles, writers: int) -> None:
    before = profiles(full)
    running = [
        subprocess.Popen(
            [sys.executable, "-c", WRITER, str(full.config.parent), f"p{number}"], env={"PYTHONPATH": str(ROOT)}
        )
        for number in range(writers)
    ]
    assert [process.wait(100) for process in running] == [0] * writers
    after = profiles(full)
    for number in range(writers):
        ours = after.pop(f"p{number}")
        assert ours["aws_secret_access_key"] == f"secret-p{number}"
        assert ours["endpoint_url"] == f"https://p{number}.example.org"
    assert after == before
    assert full.credentials.read_bytes().startswith(CREDENTIALS)
    assert sorted(os.listdir(full.config.parent)) == ["config", "credentials"]


def test_c10_a_run_that_dies_between_the_files_leaves_no_key_without_its_endpoint(files: AwsFiles) -> None:
    """The folder of the credentials cannot be written: the config file must be the one that exists."""
    blocked = AwsFiles(files.config.parent / "file" / "credentials", files.config)
    files.config.parent.mkdir()
    (files.config.parent / "file").write_bytes(b"")
    refused(lambda: write_profile(blocked, OURS), ExitCode.LOCAL)
    assert profiles(AwsFiles(files.config.parent / "none", files.config))["js2"]["endpoint_url"] == OURS.endpoint_url
    write_profile(files, OURS)
    assert read_profile(files, "js2") == OURS


@pytest.mark.parametrize(
    "damage",
    [
        lambda data: data.replace(b"eu-central-1", b"us-east-1"),
        lambda data: data.replace(b"[profile work]", b"[profile gone]"),
        lambda data: data.replace(b"endpoint_url = https", b"endpoint_url = http"),
        lambda data: data + b"junk\n",
    ],
)
def test_b107_what_comes_back_wrong_from_the_disk_is_not_put_in_place(
    full: AwsFiles, monkeypatch: pytest.MonkeyPatch, damage: Any
) -> None:
    """The last proof stands on its own: here the editing itself is broken."""
    edit = inifile.set_section
    monkeypatch.setattr(inifile, "set_section", lambda *args, **options: damage(edit(*args, **options)))
    before = snapshot(full)
    refused(lambda: write_profile(full, OURS), ExitCode.LOCAL)
    assert snapshot(full) == before


KEYS = [
    "region = a",
    "output = json",
    "# c",
    "",
    "x=1",
    "s3 =\n  k = v",
    "endpoint_url = https://e",
    "aws_access_key_id = K",
]
BODY = st.lists(st.sampled_from(KEYS), max_size=4, unique=True)
USERS = st.dictionaries(st.sampled_from(["default", "a", "b-c", "d e"]), st.tuples(BODY, BODY), max_size=4)


@settings(
    max_examples=40,
    deadline=None,
    derandomize=True,
    database=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(users=USERS, ending=st.sampled_from(["\n", "\r\n"]), final=st.booleans())
def test_p25_other_profiles_resolve_the_same_in_botocore(
    tmp_path_factory: pytest.TempPathFactory, users: dict[str, tuple[list[str], list[str]]], ending: str, final: bool
) -> None:
    folder = tmp_path_factory.mktemp("aws")
    files = AwsFiles(folder / "credentials", folder / "config")
    for path, place in ((files.credentials, 0), (files.config, 1)):
        lines = []
        for name, bodies in users.items():
            quoted = f'"{name}"' if " " in name else name
            lines += [f"[{name}]" if place == 0 or name == "default" else f"[profile {quoted}]", *bodies[place]]
        text = "\n".join(lines) + ("\n" if final else "")
        path.write_bytes(text.replace("\n", ending).encode())
    before, old = profiles(files), snapshot(files)
    write_profile(files, OURS)
    after = profiles(files)
    ours = after.pop("js2")
    assert ours["aws_secret_access_key"] == "s3cr3t"
    assert after == before
    assert all(data.startswith(old[name]) for name, data in snapshot(files).items())
    assert read_profile(files, "js2") == OURS
    remove_profile(files, "js2", access=OURS.access)
    assert profiles(files) == before
