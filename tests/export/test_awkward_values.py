"""Values in which formats see more than a text: each is read back, by the tool itself where it can say what it read."""

from __future__ import annotations

import json
import re
import subprocess
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import botocore.session
import pytest
import yaml
from rigs import need_program

from jsobj.errors import ExitCode, JsobjError
from jsobj.export.configuration import Branch, Configuration
from jsobj.export.logins import Logins, S3Login, SwiftLogin, check
from jsobj.export.registry import TOOLS, Speaks, find_tool
from jsobj.export.render import part_text, text_of
from jsobj.identity.auth_source import APPLICATION_CREDENTIAL, AuthSource
from jsobj.secret import Secret
from jsobj.urls import require_origin

SECRET = "a'b\"c$HOME#d;e%f\\g`h${x} /+=\u2019z"
BUNDLE = "/home/o'b\u2019r n/$x#y/\u2018ca\".pem"
S3 = S3Login(
    "2026-sci.a",
    "2026-sci.a",
    require_origin("https://store.example:8080"),
    "RegionOne",
    "ACCESS",
    Secret(SECRET),
    ca_bundle=BUNDLE,
    bucket="results",
)
SWIFT = SwiftLogin(
    "2026-sci.a",
    AuthSource(
        "clouds.yaml",
        "clouds.yaml",
        APPLICATION_CREDENTIAL,
        {"auth_url": "https://keystone.example:5000/v3", "application_credential_id": "it's$ID"},
        {"application_credential_secret": (Secret(SECRET),)},
        {},
        region="it's$REGION",
        cloud="sci",
    ),
    "results",
    BUNDLE,
    "https://store.example:8080/v1/AUTH_it's$P",
)
Reader = Callable[[Configuration, Path], "set[str]"]


def values_in(document: object) -> Iterator[str]:
    """Every text in a tree."""
    if isinstance(document, dict):
        for value in document.values():
            yield from values_in(value)
    else:
        yield str(document)


def by_aws(configuration: Configuration, folder: Path) -> set[str]:
    texts = {"config": "", "credentials": ""}
    for part in configuration.parts:
        texts[Path(part.path).name] += part_text(part, secrets=True)
    for name, text in texts.items():
        (folder / name).write_text(text)
    session = botocore.session.Session()
    session.set_config_variable("config_file", str(folder / "config"))
    session.set_config_variable("credentials_file", str(folder / "credentials"))
    return set(values_in(session.full_config["profiles"]))


def by_bash(configuration: Configuration, folder: Path) -> set[str]:
    script = f"set -aeu\n{text_of(configuration, secrets=True)}\nexec env -0"
    done = subprocess.run(["bash", "-c", script], env={"PATH": "/usr/bin:/bin"}, capture_output=True, check=True)
    return {line.partition("=")[2] for line in done.stdout.decode().split("\0")}


def by_rclone(configuration: Configuration, folder: Path) -> set[str]:
    (folder / "rclone.conf").write_text(text_of(configuration, secrets=True))
    words = [need_program("rclone"), "--config", str(folder / "rclone.conf"), "config", "dump"]
    return set(values_in(json.loads(subprocess.run(words, capture_output=True, check=True).stdout)))


def by_s3cmd(configuration: Configuration, folder: Path) -> set[str]:
    (folder / "s3cfg").write_text(text_of(configuration, secrets=True))
    words = [need_program("s3cmd"), "-c", str(folder / "s3cfg"), "--dump-config"]
    told = subprocess.run(words, capture_output=True, check=True, text=True).stdout
    return {line.partition(" = ")[2] for line in told.splitlines()}


def by_json(configuration: Configuration, folder: Path) -> set[str]:
    return {value for part in configuration.parts for value in values_in(json.loads(part_text(part, secrets=True)))}


def by_yaml(configuration: Configuration, folder: Path) -> set[str]:
    return set(values_in(yaml.safe_load(text_of(configuration, secrets=True))))


def by_gitlab(configuration: Configuration, folder: Path) -> set[str]:
    """A dollar that is not doubled would begin a name: https://docs.gitlab.com/ci/variables/."""
    found = by_yaml(configuration, folder)
    assert not any("$" in value.replace("$$", "") for value in found)
    return {value.replace("$$", "$") for value in found}


def by_powershell(configuration: Configuration, folder: Path) -> set[str]:
    """As its language specification has it (section 2.3.5.2): five characters are a quote, two of them one."""
    quote = "['\u2018\u2019\u201a\u201b]"
    found = set()
    lines = text_of(configuration, secrets=True).splitlines()
    for line in [line for line in lines if not line.startswith("Remove-Item Env:")]:
        match = re.fullmatch(rf"\$Env:[A-Z_]+ = {quote}((?:(?!{quote}).|{quote}{{2}})*){quote}", line)
        assert match, line
        found.add(re.sub(rf"{quote}({quote})", r"\1", match[1]))
    return found


def by_duckdb(configuration: Configuration, folder: Path) -> set[str]:
    duckdb = pytest.importorskip("duckdb")
    text = text_of(configuration, secrets=True)
    starts = [at for at, kind in duckdb.tokenize(text) if kind == duckdb.token_type.string_const]
    literals = [re.match(r"'(?:[^']|'')*'", text[at:]) for at in starts]
    return set(duckdb.sql(f"SELECT {', '.join(literal[0] for literal in literals if literal)}").fetchone())


def by_s3fs(configuration: Configuration, folder: Path) -> set[str]:
    return set(text_of(configuration, secrets=True).removesuffix("\n").split(":", 1))


READERS: dict[str, Reader] = {
    **dict.fromkeys(("aws", "aws-services", "boto3", "credential-process"), by_aws),
    **dict.fromkeys(("s5cmd", "restic", "gdal", "obstore", "shell"), by_bash),
    **dict.fromkeys(("mc", "cloud-files"), by_json),
    **dict.fromkeys(("kubernetes", "dask", "github-actions"), by_yaml),
    "rclone": by_rclone,
    "s3cmd": by_s3cmd,
    "gitlab-ci": by_gitlab,
    "powershell": by_powershell,
    "duckdb": by_duckdb,
    "s3fs-fuse": by_s3fs,
}
KEYLESS: dict[str, Reader] = READERS | {"openstack": by_yaml, "swift": by_bash}
# The others have a note or another program's own setting for it.
WITH_BUNDLE = {
    "aws", "aws-services", "boto3", "credential-process", "s3cmd", "s5cmd", "gdal",
    "shell", "powershell", "github-actions", "gitlab-ci", "kubernetes", "dask",
}  # fmt: skip


@pytest.mark.parametrize("name", [tool.name for tool in TOOLS if Speaks.S3 in tool.speaks and tool.name != "dotenv"])
def test_a_value_is_read_as_it_is(name: str, tmp_path: Path) -> None:
    configuration = find_tool(name).configure(Logins(S3))
    found = READERS[name](configuration, tmp_path)
    shown = text_of(configuration, secrets=False)
    assert "***" not in shown or SECRET in found
    assert name not in WITH_BUNDLE or BUNDLE in found


@pytest.mark.parametrize("name", [tool.name for tool in TOOLS if tool.without_keys and tool.name != "dotenv"])
def test_a_value_of_a_login_is_read_as_it_is(name: str, tmp_path: Path) -> None:
    configuration = find_tool(name).configure(Logins(None, SWIFT))
    found = KEYLESS[name](configuration, tmp_path)
    in_ci = name in {"github-actions", "gitlab-ci"}  # there the store of secrets has them
    assert in_ci or {SECRET, "it's$ID"} <= found
    assert {"it's$REGION", "https://keystone.example:5000/v3"} <= found
    assert BUNDLE in found or (name == "rclone" and BUNDLE in configuration.note)
    assert SECRET not in text_of(configuration, secrets=False)
    assert ("***" in text_of(configuration, secrets=False)) != in_ci


def test_a_line_that_readers_of_env_files_would_dispute_is_not_written(tmp_path: Path) -> None:
    dotenv, plain = find_tool("dotenv"), replace(S3, secret=Secret('a"b$c d#e'), ca_bundle="")
    assert 'a"b$c d#e' in by_bash(dotenv.configure(Logins(plain)), tmp_path)
    for disputed in ("it's", "back\\slash", "${HOME}"):
        secrets = {"application_credential_secret": (Secret(disputed),)}
        for connection in (
            Logins(replace(plain, secret=Secret(disputed))),
            Logins(None, replace(SWIFT, source=replace(SWIFT.source, secrets=secrets))),
        ):
            made = dotenv.configure(connection)
            with pytest.raises(JsobjError) as refused:
                text_of(made, secrets=True)
            assert (refused.value.reference, refused.value.code) == ("dotenv-ambiguous", ExitCode.REFUSED)
            assert disputed not in f"{refused.value.message}{refused.value.context}"


@pytest.mark.parametrize("name", ["", "../x", "a/b", "my sci", "a'b", "-x", "na\u00efve", "x" * 65])
def test_a_name_that_not_every_tool_can_have_is_refused(name: str) -> None:
    for connection in (Logins(replace(S3, name=name)), Logins(None, replace(SWIFT, name=name))):
        with pytest.raises(JsobjError) as refused:
            check(connection)
        assert (refused.value.reference, refused.value.code) == ("export-name-bad", ExitCode.USAGE)
        assert "--as NAME" in refused.value.hint


@pytest.mark.parametrize(
    "connection",
    [
        Logins(replace(S3, secret=Secret("s\n"))),
        Logins(replace(S3, access="a\r")),
        Logins(replace(S3, ca_bundle="/a\x00")),
        Logins(replace(S3, region="\u2028")),
        Logins(None, replace(SWIFT, cacert="/a\n")),
        Logins(None, replace(SWIFT, source=replace(SWIFT.source, region="a\r"))),
        Logins(None, replace(SWIFT, source=replace(SWIFT.source, secrets={"password": (Secret("s\n"),)}))),
    ],
)
def test_a_value_that_does_not_stay_in_its_line_is_refused(connection: Logins) -> None:
    with pytest.raises(JsobjError) as refused:
        check(connection)
    assert (refused.value.reference, refused.value.code) == ("export-value-bad", ExitCode.USAGE)


def test_names_that_a_tool_would_refuse_are_others_there() -> None:
    """mc: a letter first, then letters, digits, ``-`` and ``_``."""
    (part,) = find_tool("mc").configure(Logins(S3)).parts
    assert isinstance(part, Branch)
    assert part.route == ("aliases", "s3-2026-sci-a")
