"""What the tests of large objects in both forms share: one store that speaks both dialects, Swift or Ceph RGW."""

from __future__ import annotations

import contextlib
import shutil
import sys
import uuid
from collections.abc import Iterator
from pathlib import Path

import boto3
import pytest
from botocore.config import Config
from commands import Jsobj, Keys
from fixtures_cloud import Cloud
from fixtures_rgw import GLOBAL, Rgw, need_ceph
from forms_scene import NAME, FormsScene

# The fault proxy, for the modules here.
sys.path.insert(0, str(Path(__file__).parent.parent / "faults"))

SERVERS = ("swift", "rgw")


@pytest.fixture(scope="session", name="forms_homes")
def _forms_homes(cloud: Cloud) -> Iterator[dict[str, Path]]:
    """Server to a HOME with a login and keys, to be copied. The keys end with it."""
    homes: dict[str, Path] = {}
    yield homes
    for home in homes.values():
        Keys(cloud, "alice").delete(Jsobj(home, ()).profile(NAME)["aws_access_key_id"])


@pytest.fixture(params=SERVERS)
def forms(
    request: pytest.FixtureRequest,
    cloud: Cloud,
    forms_homes: dict[str, Path],
    tmp_path: Path,
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[FormsScene]:
    """An empty bucket on each server, and a HOME."""
    import swiftclient  # not above: it warns, and this file is imported before the warnings are sorted out

    server: str = request.param
    endpoint, swift_url, region, signed = cloud.s3_endpoint, cloud.swift_url, cloud.region, cloud.region
    with contextlib.ExitStack() as stack:
        if server == "rgw":
            need_ceph()
            rgw: Rgw = request.getfixturevalue("rgw")
            gateway = stack.enter_context(rgw.published(GLOBAL))
            endpoint, region, signed = gateway.endpoint, GLOBAL, "us-east-1"
            swift_url = gateway.swift_url(cloud.status.projects["demo"])
        if server not in forms_homes:
            first = Jsobj(tmp_path_factory.mktemp(server) / "home", ())
            words = ("--region", region, "--as", NAME, "--password-stdin")
            first("login", cloud.rc("openrc-password"), *words, stdin=cloud.rc("password"))
            first("ec2-creds")
            forms_homes[server] = first.home
        shutil.copytree(forms_homes[server], tmp_path / "home")
        jsobj = Jsobj(tmp_path / "home", cloud.secrets)
        keys = jsobj.profile(NAME)
        config = Config(
            signature_version="s3v4",
            s3={"addressing_style": "path"},
            request_checksum_calculation="when_required",
            response_checksum_validation="when_required",
        )
        session = boto3.Session(keys["aws_access_key_id"], keys["aws_secret_access_key"], region_name=signed)
        boto = session.client("s3", endpoint_url=endpoint, config=config)
        stack.callback(boto.close)
        swift = swiftclient.Connection(preauthurl=swift_url, preauthtoken=cloud.keystone_token("alice"), retries=0)
        stack.callback(swift.close)
        scene = FormsScene(server, jsobj, f"t-{uuid.uuid4().hex[:12]}", boto, swift, endpoint)
        boto.create_bucket(Bucket=scene.bucket)
        stack.callback(scene.drop)
        stack.callback(jsobj.check_no_secret_leaked)
        yield scene
