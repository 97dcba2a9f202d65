"""Reading read.yaml: our plain reading against openstacksdk's loader, and the files that neither should take."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st
from openstack.config import OpenStackConfig

from jsobj.errors import ExitCode, JsobjError
from jsobj.identity.auth_source import SECRET_OPTIONS
from jsobj.identity.clouds_yaml import read
from jsobj.identity.clouds_yaml.read import CloudsFiles, own_files, read_cloud, read_from
from jsobj.identity.settings import Settings

PROFILE = settings(max_examples=150, derandomize=True, deadline=None, database=None)
WORDS = st.text(st.characters(codec="utf-8", exclude_categories=("Cc", "Cs")), min_size=1, max_size=12).filter(
    lambda text: text == text.strip() and "\x85" not in text
)
ODD = st.sampled_from(
    ["${HOME}", "{x}", "a:b", "#no", "no", "1e3", "0o7", "null", "päss wörd", "'", '"', "%s", "=", "-"]
)
VALUES = WORDS | ODD
PERSON = st.fixed_dictionaries(
    {"auth_url": st.sampled_from(["https://k.example/v3", "http://127.0.0.1:5000"])},
    optional={
        "username": VALUES,
        "user_id": VALUES,
        "password": VALUES,
        "project_id": VALUES,
        "project_name": VALUES,
        "user_domain_name": VALUES,
        "user_domain_id": VALUES,
        "project_domain_name": VALUES,
        "project_domain_id": VALUES,
    },
)
CREDENTIAL = st.fixed_dictionaries(
    {"auth_url": st.just("https://k.example/v3"), "application_credential_id": VALUES},
    optional={"application_credential_secret": VALUES},
)
REST = st.fixed_dictionaries(
    {},
    optional={
        "region_name": st.sampled_from(["RegionOne", "IU", "päris"]),
        "interface": st.sampled_from(["public", "internal", "admin"]),
        "identity_api_version": st.sampled_from([3, "3"]),
        "cacert": st.just("/etc/ca.pem"),
        "verify": st.booleans(),
    },
)


@st.composite
def entries(draw: st.DrawFn) -> tuple[dict[str, Any], dict[str, Any] | None]:
    """An entry of read.yaml, and what secure.yaml adds to it or says otherwise."""
    person = draw(st.booleans())
    auth = draw(PERSON if person else CREDENTIAL)
    entry = {**draw(REST), "auth": auth}
    if not person:
        entry["auth_type"] = "v3applicationcredential"
    elif draw(st.booleans()):
        entry["auth_type"] = draw(st.sampled_from(["password", "v3password"]))
    moved = {key: auth.pop(key) for key in sorted(auth) if key != "auth_url" and draw(st.booleans())}
    secure: dict[str, Any] | None = {"auth": moved} if moved else None
    if secure is not None and draw(st.booleans()):
        secure |= draw(REST)
    return entry, secure


def write(folder: Path, entry: object, secure: object = None) -> CloudsFiles:
    files = CloudsFiles(folder / "clouds.yaml", folder / "secure.yaml" if secure is not None else None)
    for path, content in ((files.clouds, entry), (files.secure, secure)):
        if path is not None:
            path.write_text(yaml.safe_dump({"clouds": {"one": content}}, allow_unicode=True), encoding="utf-8")
            path.chmod(0o600)
    return files


def by_loader(files: CloudsFiles) -> Mapping[str, Any]:
    loader = OpenStackConfig(
        config_files=[str(files.clouds)], secure_files=[str(files.secure)] if files.secure else [], load_envvars=False
    )
    config: Mapping[str, Any] = loader.get_one(cloud="one", validate=False, load_envvars=False).config
    return config


@pytest.fixture(name="folder", scope="module")
def _folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("clouds")


@PROFILE
@given(pair=entries())
def test_plain_reading_is_the_loaders(folder: Path, pair: tuple[dict[str, Any], dict[str, Any] | None]) -> None:
    files = write(folder, *pair)
    ours, theirs = read_from(files, "one"), by_loader(files)
    assert read._is_plain(read._merged(*pair)), "the generated entries are to be of the plain kind"
    said = {key: str(value) for key, value in theirs["auth"].items() if value not in (None, "")}
    secret = {key: value for key, value in said.items() if key in SECRET_OPTIONS}
    assert {key: values[0].reveal() for key, values in ours.secrets.items()} == secret
    assert ours.auth == {key: value for key, value in said.items() if key not in secret}
    assert ours.auth_type == theirs["auth_type"]
    assert ours.region == (theirs.get("region_name") or "")
    assert ours.interface == theirs.get("interface", "public")
    assert ours.verify is (theirs.get("verify") is not False)
    assert ours.cacert == (theirs.get("cacert") or "")


def entry_of(**more: object) -> dict[str, Any]:
    auth = {"auth_url": "https://k.example/v3", "username": "u", "password": "canary", "project_name": "p"}
    return {"auth": auth, **more}


def test_richer_entries_go_through_the_loader(tmp_path: Path) -> None:
    """Tenant names and options outside ``auth`` are openstacksdk's to understand."""
    entry = entry_of(region_name="R")
    entry["auth"]["tenant_name"] = entry["auth"].pop("project_name")
    source = read_from(write(tmp_path, entry), "one")
    assert source.auth["project_name"] == "p"
    assert source.secrets["password"][0].reveal() == "canary"


def test_b055_regions(tmp_path: Path) -> None:
    for regions in (["A", "B"], [{"name": "A", "values": {}}, {"name": "B", "values": {}}]):
        files = write(tmp_path, entry_of(regions=regions))
        with pytest.raises(JsobjError) as caught:
            read_from(files, "one")
        assert (caught.value.code, caught.value.reference) == (ExitCode.USAGE, "region-needed")
        assert read_from(files, "one", region="B").region == "B"
        with pytest.raises(JsobjError):
            read_from(files, "one", region="b")
    assert read_from(write(tmp_path, entry_of(regions=["A"])), "one").region == "A"


@pytest.mark.parametrize(
    ("row", "text", "words"),
    [
        ("B043", "clouds:\n  one: !!python/object/apply:os.system ['touch canary']\n", "line 2"),
        ("B045", "clouds:\n\tone: 1\n", "line 2"),
        ("B045", "clouds:\n  one:\n   - a\n  b: [\n", "line"),
        ("B048", "one: 1\n", "no 'clouds:'"),
        ("B048", "- clouds\n", "no 'clouds:'"),
        ("B048", "clouds: 5\n", "no 'clouds:'"),
    ],
)
def test_b043_b045_b048_files_that_are_none(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, row: str, text: str, words: str
) -> None:
    monkeypatch.chdir(tmp_path)
    path = tmp_path / "clouds.yaml"
    path.write_text(text)
    with pytest.raises(JsobjError) as caught:
        read_from(CloudsFiles(path, None), "one")
    assert caught.value.code is ExitCode.LOCAL, row
    assert words in caught.value.message
    assert not (tmp_path / "canary").exists()


WRONG_KINDS: tuple[object, ...] = (
    5,
    None,
    [],
    {"auth": 5},
    {"auth": ["a"]},
    {"auth": None},
    entry_of(regions=5),
    entry_of(verify=[]),
)


@pytest.mark.parametrize("entry", WRONG_KINDS)
def test_values_of_the_wrong_kind_are_no_crash(tmp_path: Path, entry: object) -> None:
    try:
        read_from(write(tmp_path, entry), "one")
        code = None
    except JsobjError as error:
        code = error.code
    assert code in {None, ExitCode.LOCAL, ExitCode.USAGE}


def test_no_secret_in_the_error_for_a_broken_file(tmp_path: Path) -> None:
    path = tmp_path / "secure.yaml"
    path.write_text("clouds:\n  one:\n    auth:\n      password: 'canary\n")
    with pytest.raises(JsobjError) as caught:
        read_from(CloudsFiles(path, None), "one")
    assert "canary" not in caught.value.message + caught.value.context + caught.value.hint


def world(tmp_path: Path, **variables: str) -> Settings:
    return Settings.read({"HOME": str(tmp_path), **variables})


def test_b052_placeholders_are_literal(tmp_path: Path) -> None:
    entry = entry_of()
    entry["auth"]["password"] = "${HOME}/$USER"
    assert read_from(write(tmp_path, entry), "one").secrets["password"][0].reveal() == "${HOME}/$USER"


def test_b049_unknown_cloud_names_those_that_are_known(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    write(tmp_path, entry_of())
    with pytest.raises(JsobjError) as caught:
        read_cloud(world(tmp_path), "two")
    assert (caught.value.code, caught.value.context) == (ExitCode.NOT_FOUND, "clouds found: one")


def test_b054_modes_are_told(tmp_path: Path) -> None:
    files = write(tmp_path, entry_of())
    files.clouds.chmod(0o644)
    assert f"chmod 600 {files.clouds}" in read_from(files, "one").notices[0]


def test_own_files(tmp_path: Path) -> None:
    folder = tmp_path / ".config/openstack"
    assert own_files(world(tmp_path)) == CloudsFiles(folder / "clouds.yaml", folder / "secure.yaml")
    named = world(tmp_path, OS_CLIENT_CONFIG_FILE=str(tmp_path / "x/c.yaml"))
    assert own_files(named) == CloudsFiles(tmp_path / "x/c.yaml", tmp_path / "x/secure.yaml")
    folder.mkdir(parents=True)
    (folder / "clouds.yml").write_text("clouds: {}\n")
    assert own_files(world(tmp_path)).clouds == folder / "clouds.yml"
