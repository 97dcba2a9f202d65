"""What the tests of published pages share: alice's HOME at each server, and buckets that everybody may read."""

from __future__ import annotations

import os
import shutil
import subprocess
import tarfile
import uuid
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import TypeAlias

import pytest
from commands import Jsobj, Keys
from fixtures_cloud import Cloud
from fixtures_rgw import Rgw
from headless import Tab, chromium
from publish_scene import GROUNDS, HOSTILE, Published, Scene
from rigs import lack

from jsobj.sandbox.population import MEMBERS

Open: TypeAlias = Callable[[], Scene]
_AXE = "4.14.1"
README = b"""# Sea surface

Read <b>this</b>. <script>window.intruder = 1</script> [link](javascript:window.intruder=1)
<img src=x onerror="window.intruder=1">
"""


@pytest.fixture(name="homes", scope="session")
def _homes(cloud: Cloud) -> Iterator[dict[str, Path]]:
    """Of each ground, a HOME after ``jsobj login`` and ``jsobj ec2-creds``. The keys end with the tests."""
    homes: dict[str, Path] = {}
    yield homes
    for home in homes.values():
        (access,) = {line.split("=")[1].strip() for line in _lines(home) if line.startswith("aws_access_key_id")}
        Keys(cloud, "alice").delete(access)


def _lines(home: Path) -> list[str]:
    return (home / ".aws/credentials").read_text().splitlines()


@pytest.fixture(name="opened", scope="module", params=GROUNDS)
def _opened(
    request: pytest.FixtureRequest, cloud: Cloud, homes: dict[str, Path], tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Open]:
    """Makes scenes at one server, each with a bucket of its own, which are deleted at the end of the module."""
    import swiftclient  # not above: it warns, and this file is imported before the warnings are sorted out

    ground, made = request.param, []
    with ExitStack() as stack:
        url, region = cloud.swift_url, ()
        if ground != "swift":
            rgw: Rgw = request.getfixturevalue("rgw")
            gateway = stack.enter_context(rgw.published(ground))
            url, region = gateway.swift_url(cloud.status.projects[MEMBERS["alice"][0]]), ("--region", ground)
        if ground not in homes:
            first = Jsobj(tmp_path_factory.mktemp(ground) / "home", ())
            words = (*region, "--as", "data", "--password-stdin")
            first("login", cloud.rc("openrc-password"), *words, stdin=cloud.rc("password"))
            first("ec2-creds")
            homes[ground] = first.home
        jsobj = Jsobj(tmp_path_factory.mktemp("alice") / "home", cloud.secrets)
        shutil.copytree(homes[ground], jsobj.home, dirs_exist_ok=True)
        swift = swiftclient.Connection(preauthurl=url, preauthtoken=cloud.keystone_token("alice"), retries=0)
        stack.callback(swift.close)

        def make() -> Scene:
            made.append(Scene(ground, jsobj, f"t-{uuid.uuid4().hex[:12]}", swift))
            jsobj("bucket", "create", made[-1].bucket)
            jsobj("bucket", "public", made[-1].bucket)
            return made[-1]

        yield make
        for scene in made:
            jsobj("bucket", "delete", scene.bucket, "--recursive", "--yes")
        jsobj.check_no_secret_leaked()


@pytest.fixture
def scene(opened: Open) -> Scene:
    """An empty public bucket."""
    return opened()


@pytest.fixture(scope="session")
def axe(tmp_path_factory: pytest.TempPathFactory) -> str:
    """axe-core, the program that finds what keeps people from using a page; from npm."""
    folder, npm = tmp_path_factory.mktemp("axe"), shutil.which("npm")
    if npm is None:
        lack("npm not found: apt-get install npm")
    command = [npm, "pack", "--silent", f"axe-core@{_AXE}"]
    for _ in range(3):  # a network may be gone for a moment
        done = subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=90, check=False)
        if not done.returncode:
            break
    else:
        lack(f"npm has no axe-core: {done.stderr[-300:]}")
    with tarfile.open(folder / done.stdout.split()[-1]) as archive:
        source = archive.extractfile("package/axe.min.js")
        assert source is not None
        return source.read().decode()


@pytest.fixture(scope="session")
def tab(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Tab]:
    """A Chromium for all tests."""
    with chromium(tmp_path_factory.mktemp("chromium")) as tab:
        yield tab


@pytest.fixture(scope="module")
def published(opened: Open, tmp_path_factory: pytest.TempPathFactory) -> Published:
    """A folder with a Zarr, a NetCDF, a description, files and hostile names."""
    import numpy as np
    import xarray

    folder = tmp_path_factory.mktemp("data") / "my data"
    values = np.arange(24, dtype="float32").reshape(2, 3, 4)
    space = {"lat": [10.0, 20.0, 30.0], "lon": [1.0, 2.0, 3.0, 4.0]}
    data = xarray.Dataset({"sst": (("time", "lat", "lon"), values, {"units": "K"})}, {"time": [0, 1], **space})
    data.attrs["title"] = "Sea </script><script>window.intruder = 1</script>"
    data.to_zarr(folder / "sea.zarr", zarr_format=2)
    data.to_netcdf(folder / "run_1.nc", engine="h5netcdf")
    (folder / "run_2.bin").write_bytes(body := os.urandom(20_000))
    (folder / "run_10.bin").write_bytes(b"ten" * 40_000)
    (folder / "README.md").write_bytes(README)
    (folder / "raw").mkdir()
    (folder / "raw/notes.txt").write_text("notes")
    scene = opened()
    scene.jsobj("upload", f"{folder}/", f"{scene.bucket}/my data/")
    # obstore lists no name with a newline
    scene.fill({f"my data/{name}": b"hostile" for name in HOSTILE if "/" not in name and "\n" not in name})
    urls = scene.publish("--title", "Sea surface temperature", key="my data").json["urls"]
    return Published(scene, urls, body)
