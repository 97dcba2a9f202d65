"""``jsobj export`` as a command: what is shown, what is merged, and what is never replaced."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from commands import Jsobj
from fixtures_places import PROFILE, Place

from jsobj.export.registry import TOOLS, Speaks


@pytest.fixture
def home(place_on: Callable[[str], Place]) -> Place:
    return place_on("swift")


@pytest.fixture
def runner(home: Place) -> Jsobj:
    return Jsobj(home.home, (home.key[1],))


def export(runner: Jsobj, *words: str, code: int = 0, shows: bool = False):  # type: ignore[no-untyped-def]
    return runner("export", *words, "--profile", PROFILE, code=code, shows_secrets=shows)


def test_each_tool_is_listed_and_masked_in_json(runner: Jsobj, home: Place) -> None:
    assert [item["tool"] for item in export(runner, "--list", "--json").json["items"]] == [t.name for t in TOOLS]
    for tool in [each for each in TOOLS if Speaks.S3 in each.speaks]:
        (item,) = export(runner, tool.name, "--json").json["items"]
        assert item["example"]
        whole = export(runner, tool.name, "--json", "--stdout", shows=True).out
        assert (home.key[1] in whole) == any("***" in file["text"] for file in item["files"])


def test_restic_says_that_it_needs_https(runner: Jsobj, home: Place) -> None:
    told = export(runner, "restic")
    assert "https only: over plain http Ceph RGW and Swift refuse what restic sends" in told.out + told.err


def test_merging_keeps_what_is_there(runner: Jsobj, home: Place) -> None:
    folder = home.home
    (folder / ".config/rclone").mkdir(parents=True)
    rclone = folder / ".config/rclone/rclone.conf"
    rclone.write_text("# mine\n[other]\ntype = local\n")
    (folder / ".mc").mkdir()
    (folder / ".mc/config.json").write_text('{"version": "10", "aliases": {"play": {"url": "https://play"}}, "x": 1}')
    export(runner, "--all", "--write")
    assert rclone.read_text().startswith("# mine\n[other]\ntype = local\n\n[science]\n")
    document = json.loads((folder / ".mc/config.json").read_text())
    assert document["aliases"]["play"] == {"url": "https://play"}
    assert document["aliases"]["science"]["secretKey"] == home.key[1]
    assert document["x"] == 1
    written = [rclone, folder / ".mc/config.json", folder / ".s3cfg", folder / ".passwd-s3fs-science"]
    assert {path.stat().st_mode & 0o777 for path in written} == {0o600}
    states = {item["state"] for item in export(runner, "--all", "--write", "--json").json["items"]}
    assert states == {"unchanged"}
    assert "services" not in (folder / ".aws/config").read_text()


@pytest.mark.parametrize(
    ("tool", "path", "text"),
    [
        ("s3cmd", ".s3cfg", "[default]\naccess_key = theirs\nsecret_key = hidden-of-theirs\n"),
        (
            "mc",
            ".mc/config.json",
            '{"aliases": {"science": {"url": "x", "secretKey": "hidden-of-theirs"}}}',
        ),
        ("s3fs-fuse", ".passwd-s3fs-science", "theirs:hidden-of-theirs\n"),
        ("dotenv", ".env", "A=1\nAWS_ACCESS_KEY_ID=theirs\nAWS_SECRET_ACCESS_KEY=hidden-of-theirs\n"),
    ],
)
def test_another_setup_is_replaced_only_when_that_is_said(
    runner: Jsobj, home: Place, tool: str, path: str, text: str
) -> None:
    file = home.home / path
    file.parent.mkdir(exist_ok=True)
    file.write_text(text)
    words = (tool, "--write", *(("--file", str(file)) if tool == "dotenv" else ()))
    refused = export(runner, *words, code=6)
    assert "export-would-replace" in refused.err
    assert file.read_text() == text
    done = export(runner, *words, "--overwrite")
    assert home.key[0] in file.read_text()
    assert "hidden-of-theirs" not in done.out + done.err
    backups = [each for each in file.parent.iterdir() if "jsobj-backup" in each.name]
    assert [each.read_text() for each in backups] == [text]


def test_what_cannot_be_is_said_before_anything_is_written(runner: Jsobj, home: Place, tmp_path: Path) -> None:
    assert "did you mean 'rclone'" in export(runner, "rcloen", code=2).err
    assert "--file FILE" in export(runner, "restic", "--write", code=2).err
    assert "--as NAME" in export(runner, "s3fs-fuse", "--write", "--as", "../elsewhere", code=2).err
    export(runner, "aws", "--write", "--file", str(tmp_path / "x"), code=2)
    broken = home.home / ".mc"
    broken.mkdir()
    (broken / "config.json").write_text("{")
    assert "json-malformed" in export(runner, "mc", "--write", code=9).err
    (home.home / ".config/rclone").mkdir(parents=True)
    (home.home / ".config/rclone/rclone.conf").write_text("# Encrypted\n\nRCLONE_ENCRYPT_V0:\nxx")
    assert "file-encrypted" in export(runner, "rclone", "--write", code=9).err
