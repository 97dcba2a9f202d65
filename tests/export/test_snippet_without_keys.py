"""Each snippet for private data over Swift and for public data, run as it is printed.

The login is what Horizon makes by default (a restricted application credential), at a Keystone that gives it no S3
keys, on Swift, on a Ceph like Jetstream2's and on one with tenants. A process without any login reads public data.
"""

from __future__ import annotations

import contextlib
import subprocess
import sys
import sysconfig
import uuid
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import product
from pathlib import Path
from typing import Any

import pytest
from commands import Jsobj, Keys, Result
from fixtures_cloud import Cloud
from fixtures_rgw import GLOBAL, TENANTS, Rgw
from snippet_scene import CASES, SHOWS, make_data, run_all, run_alone

SWIFT = "swift"
SERVERS = (SWIFT, GLOBAL, TENANTS)  # the clouds of the HOME too; the first is the default one
OPEN = ".r:*,.rlistings"
LISTING = ("fsspec", "s3fs", "boto3", "obstore", "icechunk")  # they list public data over S3, which a Swift refuses


@dataclass(frozen=True)
class Field:
    """A HOME that is logged in to all three servers. On each is the private container and the public one."""

    jsobj: Jsobj
    project: str
    private: str
    public: str
    accounts: dict[str, str]
    origins: dict[str, str]
    folder: Path
    ended: dict[tuple[str, bool], tuple[bool, str]] = field(default_factory=dict)  # by script, and whether with login

    def snippet(self, name: str, url: str, *words: str) -> Result:
        return self.jsobj("snippet", name, url, *words)

    def run(self, scripts: dict[tuple[str, str, str], str], *, login: bool = True) -> None:
        """Run them as they are, in the HOME or in an empty one: each shows what it should.

        By where, library and key. A script that was run already is not run again.
        """
        environ = self.jsobj.environment({} if login else {"HOME": str(self.folder / "empty"), "PYTHONPATH": ""})
        new = {text: " ".join(case) for case, text in scripts.items() if (text, login) not in self.ended}
        ended = run_all(sys.executable, {name: text for text, name in new.items()}, environ, self.folder)
        self.ended.update({(text, login): ended[name] for text, name in new.items()})
        for case, script in scripts.items():
            good, text = self.ended[script, login]
            assert good, f"{case}: {text}"
            assert CASES[case[1:]] in text, f"{case}: {text}"


@pytest.fixture(name="field", scope="module")
def _field(cloud: Cloud, rgw: Rgw, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Field]:
    folder = tmp_path_factory.mktemp("field")
    (folder / "data").mkdir()
    (folder / "empty").mkdir()
    make_data(folder / "data")
    keys = Keys(cloud, "alice")
    jsobj = Jsobj(folder / "home", cloud.secrets)
    project = cloud.status.projects["demo"]
    unique = uuid.uuid4().hex[:12]
    made = Field(jsobj, project, f"own-{unique}", f"open-{unique}", {}, {}, folder)
    with contextlib.ExitStack() as stack:
        for server in SERVERS:
            region = cloud.region if server == SWIFT else server
            account, origin = cloud.swift_url, cloud.s3_endpoint
            if server != SWIFT:
                gateway = stack.enter_context(rgw.published(server))
                account, origin = gateway.swift_url(project), gateway.endpoint
            made.accounts[server], made.origins[server] = account, origin
            jsobj("login", cloud.rc("app-cred-restricted"), "--as", server, "--region", region)
            for container in (made.private, made.public):
                jsobj("bucket", "create", f"swift://{container}", "--cloud", server)
                jsobj("upload", f"{folder}/data/", f"swift://{container}/", "--cloud", server)
            witness(cloud, account).post_container(made.public, {"X-Container-Read": OPEN})
        yield made
        jsobj.check_no_secret_leaked()
        assert not keys.new
        for server in SERVERS:
            for container in (made.private, made.public):
                jsobj("bucket", "delete", f"swift://{container}", "--recursive", "--yes", "--cloud", server)


@pytest.fixture
def made_keys(cloud: Cloud) -> Iterator[None]:
    """For tests that make S3 keys: they are gone at the end."""
    keys = Keys(cloud, "alice")
    yield
    for access in keys.new:
        keys.delete(access)


def witness(cloud: Cloud, account: str) -> Any:
    import swiftclient  # not above: it warns, and this file is imported before the warnings are sorted out

    return swiftclient.Connection(preauthurl=account, preauthtoken=cloud.keystone_token("alice"), retries=5)


# -- private data


@pytest.mark.timeout(400)
def test_an_application_credential_reads_private_data_with_every_library(field: Field) -> None:
    scripts = {}
    for server, (name, key) in product(SERVERS, CASES):
        named = () if server == SWIFT else ("--cloud", server)  # the default login needs no name
        result = field.snippet(name, f"swift://{field.private}/{key}", *named)
        assert (f'"cloud": "{server}"' in result.out or f'cloud="{server}"' in result.out) or not named
        assert "options = " not in result.out or named
        scripts[server, name, key] = result.out
    field.run(scripts)


@pytest.mark.timeout(600)
def test_what_it_needs_is_enough(field: Field) -> None:
    """In a process in which nothing else can be imported; public data without jsobj."""
    private, public = f"swift://{field.private}", f"swift://{field.public}"
    for name, (key, word) in SHOWS.items():
        found = field.snippet(name, f"{private}/{key}", "--json").json
        shown = run_alone(found["code"], found["needs"], field.jsobj.environment(), field.folder)
        assert word in shown, name
    for name in sorted({*SHOWS} - {*LISTING}):
        found = field.snippet(name, f"{public}/{SHOWS[name][0]}", "--no-sign-request", "--json").json
        assert "jsobj" not in f"{found['needs']} {found['code']}"
        shown = run_alone(found["code"], found["needs"], field.jsobj.environment(), field.folder)
        assert SHOWS[name][1] in shown, name


@pytest.mark.timeout(200)
def test_variables_are_login_enough(cloud: Cloud, field: Field, tmp_path: Path) -> None:
    """As in CI: no file at all."""
    lines = cloud.rc("app-cred-restricted").read_text().splitlines()
    assigned = [line.removeprefix("export ").partition("=") for line in lines if line.startswith("export ")]
    variables = {name: value.strip('"') for name, _, value in assigned}
    jsobj = Jsobj(tmp_path / "home", cloud.secrets)
    scripts = {}
    for name in ("xarray", "swiftclient"):
        key = SHOWS[name][0]
        scripts[name] = jsobj("snippet", name, f"swift://{field.private}/{key}", env=variables).out
        assert "cloud=" not in scripts[name]
    ended = run_all(sys.executable, scripts, jsobj.environment(variables), tmp_path)
    assert all(good and SHOWS[name][1] in text for name, (good, text) in ended.items()), ended
    jsobj.check_no_secret_leaked()


def test_what_is_there_decides_where_the_name_does_not(field: Field) -> None:
    data, private = field.folder / "data", f"swift://{field.private}"
    for source, name in (("run.zarr", "model"), ("run.nc", "ocean"), ("table.parquet", "stations")):
        field.jsobj("upload", data / source, f"{private}/odd/{name}")
    assert "open_zarr" in field.snippet("netcdf", f"{private}/odd/model").out
    assert "h5netcdf" in field.snippet("xarray", f"{private}/odd/ocean").out
    stations = field.snippet("xarray", f"{private}/odd/stations")
    assert "read_parquet" in stations.out
    assert "this is Parquet, and not a Zarr or NetCDF: these are lines for pandas" in stations.err
    nothing = field.snippet("xarray", f"{private}/odd/nothing")
    assert "open_zarr" in nothing.out
    assert "there is nothing at" in nothing.err


def test_without_s3_keys_the_hint_is_the_same_snippet_over_swift(field: Field) -> None:
    """With the cloud that was typed, and what the hint says works."""
    place = f"{field.private}/run.zarr"
    refused = field.jsobj("snippet", "xarray", f"s3://{place}", "--cloud", GLOBAL, "--json", code=4).error
    assert refused["reference"] == "no-s3-keys"
    assert f"jsobj snippet xarray swift://{place} --cloud {GLOBAL}" in refused["hint"]
    assert "swift://" in field.snippet("xarray", place).out  # nothing typed: what serves


# -- public data


@pytest.mark.timeout(400)
def test_anybody_reads_what_the_owner_prints(field: Field) -> None:
    scripts = {}
    for server, dialect, (name, key) in product(SERVERS, ("swift", "s3"), CASES):
        words = ("snippet", name, f"{dialect}://{field.public}/{key}", "--no-sign-request", "--cloud", server)
        if server == SWIFT and name in LISTING:
            assert field.jsobj(*words, "--json", code=2).error["reference"] == "snippet-needs-listing"
            continue
        result = field.jsobj(*words)
        assert "Warning" not in result.err
        assert not [origin for each, origin in field.origins.items() if each != server and origin in result.out]
        scripts[f"{dialect} {server}", name, key] = result.out
    field.run(scripts, login=False)


@pytest.mark.timeout(400)
def test_anybody_prints_them_who_knows_the_server(field: Field, cloud: Cloud, tmp_path: Path) -> None:
    """Without a login here too: with Swift's account, Ceph's endpoint, and Ceph's endpoint with a tenant."""
    stranger = Jsobj(tmp_path / "home", cloud.secrets)
    scripts = {}
    for server, (name, key) in product(SERVERS, CASES):
        bucket = f"{field.project}:{field.public}" if server == TENANTS else field.public
        endpoint = field.accounts[server] if server == SWIFT else field.origins[server]
        if server != SWIFT or name not in LISTING:
            words = ("--no-sign-request", "--endpoint", endpoint)
            scripts[server, name, key] = stranger("snippet", name, f"s3://{bucket}/{key}", *words).out
    field.run(scripts, login=False)


@pytest.mark.timeout(100)
def test_one_object_is_read_over_https_where_nothing_is_listed(field: Field) -> None:
    for name in ("fsspec", "obstore"):
        code = field.snippet(name, f"swift://{field.public}/table.csv", "--no-sign-request").out
        environ = field.jsobj.environment({"HOME": str(field.folder / "empty")})
        good, text = run_all(sys.executable, {name: code}, environ, field.folder)[name]
        assert good, text
        assert "temperature" in text


@pytest.mark.parametrize("server", SERVERS)
def test_what_nobody_can_read_is_told(field: Field, server: str) -> None:
    """With a way out that works: the owner's next line publishes it."""
    container = f"closed-{uuid.uuid4().hex[:12]}"
    words = ("--no-sign-request", "--cloud", server)
    field.jsobj("bucket", "create", f"swift://{container}", "--cloud", server)
    field.jsobj("upload", field.folder / "data/run.zarr", f"swift://{container}/", "--cloud", server)
    closed = field.snippet("xarray", f"swift://{container}/run.zarr", *words)
    assert "this cannot be read without a login" in closed.err
    publish = closed.err.partition("lets everybody read it: ")[2].splitlines()[0]
    field.jsobj.tool("bash", "-c", publish)
    opened = field.snippet("xarray", f"swift://{container}/run.zarr", *words)
    assert "Warning" not in opened.err
    assert opened.out == closed.out
    missing = field.snippet("xarray", f"swift://{container}/other.zarr", *words)
    assert "this was not found" in missing.err or "this cannot be read" in missing.err
    field.jsobj("bucket", "delete", f"swift://{container}", "--recursive", "--yes", "--cloud", server)


def test_a_zarr_whose_missing_chunks_are_refused_is_told(field: Field, cloud: Cloud) -> None:
    """Ceph refuses what is not there to those who may not list the bucket."""
    container = f"chunks-{uuid.uuid4().hex[:12]}"
    field.jsobj("bucket", "create", f"swift://{container}", "--cloud", GLOBAL)
    field.jsobj("upload", field.folder / "data/run.zarr", f"swift://{container}/", "--cloud", GLOBAL)
    import boto3
    from fixtures_places import s3_config

    pair = cloud.mint_ec2_key("alice")
    client = boto3.Session(*pair, region_name="us-east-1").client(
        "s3", endpoint_url=field.origins[GLOBAL], config=s3_config()
    )
    policy = (
        '{"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Principal": "*", "Action": ["s3:GetObject"], '
        f'"Resource": ["arn:aws:s3:::{container}/*"]}}]}}'
    )
    client.put_bucket_policy(Bucket=container, Policy=policy)
    client.close()
    cloud.delete_ec2_key("alice", pair[0])
    found = field.snippet("xarray", f"s3://{container}/run.zarr", "--no-sign-request", "--cloud", GLOBAL)
    assert "empty chunks of this Zarr would be refused" in found.err
    field.jsobj("bucket", "delete", f"swift://{container}", "--recursive", "--yes", "--cloud", GLOBAL)


def test_swifts_address_is_no_s3_endpoint(field: Field) -> None:
    """As `ls` says; a whole account's URL is Swift's way to public data."""
    words = ("snippet", "xarray", f"s3://{field.public}/run.zarr", "--no-sign-request", "--endpoint")
    refused = field.jsobj(*words, field.accounts[GLOBAL], "--json", code=2).error
    assert refused["reference"] == "endpoint-is-swift"
    assert field.accounts[TENANTS] in field.jsobj(*words, field.accounts[TENANTS]).out


@pytest.mark.timeout(200)
@pytest.mark.usefixtures("made_keys")
def test_two_clouds_are_never_mixed(field: Field, cloud: Cloud, tmp_path: Path) -> None:
    """A profile means its own cloud; what is named decides endpoint, region and account."""
    jsobj = Jsobj(tmp_path / "home", cloud.secrets)
    for name, region in (("sci", TENANTS), ("swiftlab", cloud.region)):
        words = ("--as", name, "--region", region, "--password-stdin")
        jsobj("login", cloud.rc("openrc-password"), *words, stdin=cloud.rc("password"))
        jsobj("ec2-creds", "--cloud", name)
    place = f"s3://{field.public}/run.zarr"
    for words, server in (
        ((), TENANTS),
        (("--cloud", "swiftlab"), SWIFT),
        (("--profile", "swiftlab"), SWIFT),
        (("--profile", "sci"), TENANTS),
    ):
        for dialect in ("s3", "swift"):
            url = f"{dialect}://{field.public}/run.zarr"
            found = jsobj("snippet", "xarray", url, "--no-sign-request", *words)
            assert f'"{field.accounts[server]}/{field.public}/run.zarr"' in found.out
            assert "Warning" not in found.err
    by_variable = jsobj("snippet", "xarray", place, "--no-sign-request", env={"AWS_PROFILE": "swiftlab"})
    assert field.accounts[SWIFT] in by_variable.out
    both = jsobj(
        "snippet", "xarray", place, "--no-sign-request", "--cloud", "sci", "--profile", "swiftlab", "--json", code=2
    )
    assert both.error["reference"] == "two-clouds"
    assert (
        'cloud": "swiftlab"'
        in jsobj("snippet", "xarray", f"swift://{field.public}/run.zarr", "--profile", "swiftlab").out
    )
    jsobj.check_no_secret_leaked()


@pytest.mark.timeout(400)
@pytest.mark.usefixtures("made_keys")
def test_another_projects_bucket_is_read_with_keys(field: Field, cloud: Cloud, tmp_path: Path) -> None:
    """On a Ceph with tenants it is PROJECT:BUCKET, which botocore and polars refuse as it is."""
    jsobj = Jsobj(tmp_path / "home", cloud.secrets)
    words = ("--as", "keyed", "--region", TENANTS, "--password-stdin")
    jsobj("login", cloud.rc("openrc-password"), *words, stdin=cloud.rc("password"))
    jsobj("ec2-creds")
    scripts = {
        f"{name} {key}": jsobj("snippet", name, f"s3://{field.project}:{field.private}/{key}").out
        for name, key in CASES
        if name != "swiftclient"
    }
    ended = run_all(sys.executable, scripts, jsobj.environment(), field.folder)
    for case, word in CASES.items():
        if case[0] != "swiftclient":
            good, text = ended[" ".join(case)]
            assert good, text
            assert word in text, case
    jsobj.check_no_secret_leaked()


@pytest.mark.timeout(400)
@pytest.mark.parametrize("key", ["a b#c?d%e+f=ü&;'$.csv", "x" * 200 + ".csv"])
def test_awkward_names_are_read_as_they_are(field: Field, key: str) -> None:
    for container in (field.private, field.public):
        field.jsobj("upload", field.folder / "data/table.csv", f"swift://{container}/{key}", "--cloud", TENANTS)
    private = field.snippet("pandas", f"swift://{field.private}/{key}", "--cloud", TENANTS).out
    url = f"swift://{field.public}/{key}"
    public = {
        name: field.snippet(name, url, "--no-sign-request", "--cloud", TENANTS).out
        for name in ("pandas", "polars", "dask.dataframe", "fsspec", "obstore")
    }
    environ = field.jsobj.environment()
    for name, (good, text) in run_all(sys.executable, {"own": private, **public}, environ, field.folder).items():
        assert good, text
        assert "281.4" in text, name


# -- zarr-python 2


@pytest.fixture(scope="module")
def zarr_two(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The Python of an environment with zarr-python 2. Everything else is this one's, behind it."""
    folder = tmp_path_factory.mktemp("zarr2")
    subprocess.run([sys.executable, "-m", "venv", folder], check=True, timeout=120)
    subprocess.run([folder / "bin/pip", "install", "-q", "zarr<3", "numcodecs<0.16"], check=True, timeout=300)
    own = next(folder.glob("lib/python*/site-packages"))
    (own / "behind.pth").write_text(f"import site; site.addsitedir({sysconfig.get_path('purelib')!r})\n")
    return folder / "bin/python"


@pytest.mark.timeout(600)
@pytest.mark.usefixtures("made_keys")
def test_zarr_two_reads_what_is_there(field: Field, zarr_two: Path, cloud: Cloud, tmp_path: Path) -> None:
    keyed = Jsobj(tmp_path / "home", cloud.secrets)
    keyed(
        "login",
        cloud.rc("openrc-password"),
        "--region",
        GLOBAL,
        "--as",
        "keyed",
        "--password-stdin",
        stdin=cloud.rc("password"),
    )
    keyed("ec2-creds")
    signed = {"signed": keyed("snippet", "zarr-v2", f"s3://{field.private}/run.zarr").out}
    mine = {
        f"private {server}": field.snippet("zarr-v2", f"swift://{field.private}/run.zarr", "--cloud", server).out
        for server in SERVERS
    }
    anybody = {
        f"public {server}": field.snippet(
            "zarr-v2", f"swift://{field.public}/run.zarr", "--cloud", server, "--no-sign-request"
        ).out
        for server in SERVERS
    }
    empty = {**field.jsobj.environment(), "HOME": str(field.folder / "empty"), "PYTHONPATH": ""}
    for scripts, environ in (
        (signed, {**keyed.environment(), "PYTHONPATH": ""}),
        (mine, {**field.jsobj.environment(), "PYTHONPATH": ""}),
        (anybody, empty),
    ):
        for name, (good, text) in run_all(zarr_two, scripts, environ, field.folder).items():
            assert good, text
            assert "Group" in text, name
