"""AWS profiles among other programs, other profiles and broken disks, with botocore as the judge."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from aws_files_cases import CREDENTIALS, OURS, profiles, refused
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import jsobj
from jsobj.errors import ExitCode
from jsobj.identity.aws_files import ini_edit
from jsobj.identity.aws_files.profile import AwsFiles, names, read_profile, remove_profile, write_profile

ROOT = Path(jsobj.__file__).parents[1]


def snapshot(files: AwsFiles) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in files.config.parent.iterdir()}


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
    code = (
        "import sys, jsobj.identity.aws_files.profile; print(sorted({'botocore', 'boto3', 'yaml'} & set(sys.modules)))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], env={"PYTHONPATH": str(ROOT)}, capture_output=True, text=True, timeout=60
    )
    assert done.stdout.strip() == "[]", done.stderr


WRITER = """
import sys
from pathlib import Path
from jsobj.identity.aws_files.profile import AwsFiles, AwsProfile, write_profile
from jsobj.secret import Secret
folder, name = Path(sys.argv[1]), sys.argv[2]
files = AwsFiles(folder / "credentials", folder / "config")
write_profile(files, AwsProfile(name, f"key-{name}", Secret(f"secret-{name}"), f"https://{name}.example.org", "r"))
"""


@pytest.mark.parametrize("writers", [8, 16])
def test_b114_0_5_concurrent_writers_all_arrive(full: AwsFiles, writers: int) -> None:
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
    edit = ini_edit.set_section
    monkeypatch.setattr(ini_edit, "set_section", lambda *args, **options: damage(edit(*args, **options)))
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
