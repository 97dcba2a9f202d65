"""What scientists' libraries write through a mount is in the store, byte for byte, and is read back through another."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from commands import Jsobj, edited
from fixtures_cloud import Cloud
from fixtures_tls import Fronts
from mount_scene import BACKENDS, Scene

np = pytest.importorskip("numpy")
netCDF4 = pytest.importorskip("netCDF4", reason="pip install netCDF4", exc_type=ImportError)

GROUNDS = [(backend, server, tls) for backend in BACKENDS for server, tls in (("swift", 0), ("rgw", 0), ("rgw", 1))]


def write_append_read(folder: Path) -> bytes:
    """A file is made, grows by appending, and is read by slices; its bytes as the mount shows them."""
    path = folder / "air.nc"
    with netCDF4.Dataset(path, "w") as made:
        made.createDimension("time", None)
        made.createDimension("x", 500)
        made.createVariable("t", "f8", ("time", "x"), zlib=True)[0:20] = np.arange(10_000.0).reshape(20, 500)
    with netCDF4.Dataset(path, "a") as grown:
        grown["t"][20:40] = np.arange(10_000.0, 20_000.0).reshape(20, 500)
    with netCDF4.Dataset(path) as seen:
        assert seen["t"].shape == (40, 500)
        assert float(seen["t"][39, 499]) == 19_999.0
    return path.read_bytes()


def iris_writes_and_reads(folder: Path) -> None:
    iris = pytest.importorskip("iris.cube", reason="pip install scitools-iris", exc_type=ImportError)
    from iris import load_cube, save

    cube = iris.Cube(np.arange(1000.0), long_name="speed", units="m s-1")
    save(cube, str(folder / "iris.nc"))
    assert float(load_cube(str(folder / "iris.nc")).data[999]) == 999.0


@pytest.mark.filterwarnings("ignore")  # of iris and netCDF4
@pytest.mark.parametrize(("backend", "server", "tls"), GROUNDS)
def test_written_appended_and_read_back(scene_on: Any, fronts: Fronts, backend: str, server: str, tls: int) -> None:
    scene: Scene = scene_on(server)
    if tls:
        front = fronts.before(scene.place.endpoint)
        scene.jsobj.variables = {"AWS_ENDPOINT_URL_S3": front.origin, "AWS_CA_BUNDLE": str(front.authority)}
    folder = scene.mount("--write", "--backend", backend)
    body = write_append_read(folder)
    iris_writes_and_reads(folder)
    scene.umount()
    assert scene.place.body("air.nc") == body
    assert sorted(scene.place.names()) == ["air.nc", "iris.nc"]
    folder = scene.mount("--backend", backend)
    assert (folder / "air.nc").read_bytes() == body
    with pytest.raises(OSError):
        (folder / "new").write_text("of a mount that only reads")
    scene.umount()
    scene.nothing_left()


@pytest.mark.parametrize("region", ["swift", "rgw"])
def test_a_restricted_application_credential_mounts_without_a_key(
    cloud: Cloud, scene_on: Any, rgw: Any, region: str
) -> None:
    """Over Swift's own API, on Swift and on Ceph RGW."""
    scene: Scene = scene_on(region)
    login = cloud.rc("app-cred-restricted")
    user = Jsobj(scene.jsobj.home.parent / "keyless", cloud.secrets)
    there = cloud.published("rgw", rgw.gateway("rgw").swift_url("%(project_id)s")) if region == "rgw" else None
    if there is None:
        _mounts_keyless(user, scene, login)
        return
    with there:
        _mounts_keyless(user, scene, login, "--region", "rgw")


def test_so_it_does_over_https_with_an_authority_of_our_own(cloud: Cloud, scene_on: Any, fronts: Fronts) -> None:
    """Keystone and Swift both have a certificate that only the authorities named at the login vouch for."""
    scene: Scene = scene_on("swift")
    keystone, swift = urlsplit(cloud.auth_url), urlsplit(cloud.swift_url)
    before_keystone = fronts.before(f"http://{keystone.netloc}").origin
    before_swift = fronts.before(f"http://{swift.netloc}").origin
    user = Jsobj(scene.jsobj.home.parent / "keyless", cloud.secrets)
    url, region = (cloud.auth_url, f"{before_keystone}{keystone.path}"), (f'"{cloud.region}"', '"secure"')
    login = edited(cloud, user, "app-cred-restricted", url, region)
    with cloud.published("secure", f"{before_swift}/v1/AUTH_%(project_id)s"):
        _mounts_keyless(user, scene, login, env={"OS_CACERT": str(fronts.authorities())})


def _mounts_keyless(user: Jsobj, scene: Scene, login: Path, *region: str, env: Mapping[str, str] | None = None) -> None:
    user("login", login, *region, "--as", "keyless", env=env)
    keyless = Scene(scene.place, user, user.folder / "m", (), f"swift://{scene.place.bucket}", scene.secrets)
    folder = keyless.mount("--write")
    body = write_append_read(folder)
    keyless.umount()
    assert scene.place.body("air.nc") == body
    keyless.mount("--backend", "s3fs", code=2)
    keyless.nothing_left()
    user.check_no_secret_leaked()


def test_public_data_are_mounted_without_any_login(scene: Scene, tmp_path: Path) -> None:
    scene.place.put("seen", b"for all")
    scene.place.publish()
    scene.place.witness.put_object_acl(Bucket=scene.place.bucket, Key="seen", ACL="public-read")
    anybody = Jsobj(tmp_path / "anybody", ())
    public = Scene(
        scene.place, anybody, anybody.folder / "m", ("--no-sign-request", "--endpoint", scene.place.endpoint)
    )
    for backend in BACKENDS:
        folder = public.mount("--backend", backend, url=scene.url)
        assert (folder / "seen").read_bytes() == b"for all"
        public.umount()
    public.mount("--write", url=scene.url, code=2)


def test_below_a_prefix(scene: Scene) -> None:
    scene.place.put("a/b:c/seen", b"1")
    scene.place.put("a/other", b"2")
    for backend in BACKENDS:
        folder = scene.mount("--write", "--backend", backend, url=f"{scene.url}/a/b:c/")
        assert "seen" in [each.name for each in folder.iterdir()]
        (folder / f"new-{backend}").write_bytes(b"3")
        scene.umount()
        assert scene.place.body(f"a/b:c/new-{backend}") == b"3"
