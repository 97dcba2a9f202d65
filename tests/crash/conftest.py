"""What the crash tests share: a HOME whose endpoints lead through the fault proxy to real servers."""

from __future__ import annotations

import contextlib
import shutil
import sys
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from commands import Jsobj
from fixtures_cloud import Cloud
from fixtures_rgw import GLOBAL, Rgw

from jsobj.net import retry
from jsobj.net.connection.wire import Wire

sys.path.insert(0, str(Path(__file__).parent.parent / "faults"))

from crash_scene import Crash
from fault_proxy import fault_proxy

_REGION = "by-way-of-faults"


@pytest.fixture
def short_waits(monkeypatch: pytest.MonkeyPatch) -> None:
    """The same tries, sooner after one another."""
    monkeypatch.setattr(retry, "_BASE", 0.005)


@pytest.fixture
def short_silence(monkeypatch: pytest.MonkeyPatch) -> None:
    """A connection on which nothing comes is given up after 1.5 s; where requests are counted, a busy disk is that."""
    ask = Wire.ask

    def soon(self: Wire, *words: Any, idle: float, **named: Any) -> Any:
        return ask(self, *words, idle=min(idle, 1.5), **named)

    monkeypatch.setattr(Wire, "ask", soon)


@pytest.fixture(scope="session", name="logged_in")
def _logged_in(cloud: Cloud, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A HOME after ``jsobj login`` of alice and ``jsobj ec2-creds``; to be copied."""
    runner = Jsobj(tmp_path_factory.mktemp("crash") / "home", ())
    runner("login", cloud.rc("openrc-password"), "--password-stdin", stdin=cloud.rc("password"))
    runner("ec2-creds")
    yield runner.home
    cloud.delete_ec2_key("alice", runner.profile("demo")["aws_access_key_id"])


@pytest.fixture(name="crash")
def _crash(request: pytest.FixtureRequest, cloud: Cloud, logged_in: Path, tmp_path: Path) -> Iterator[Crash]:
    """An empty bucket on the server that the test names (``indirect``; default: S3 on Swift), behind the proxy."""
    import boto3
    import swiftclient
    from botocore.config import Config

    server: str = getattr(request, "param", "s3")
    upstream, region = cloud.s3_endpoint, cloud.region
    if server == "rgw":
        rgw: Rgw = request.getfixturevalue("rgw")
        upstream, region = rgw.gateway(GLOBAL).endpoint, "us-east-1"
    jsobj = Jsobj(tmp_path / "home", cloud.secrets)
    shutil.copytree(logged_in, jsobj.home, dirs_exist_ok=True)
    held = jsobj.profile("demo")
    boto = boto3.client(
        "s3",
        endpoint_url=upstream,
        region_name=region,
        aws_access_key_id=held["aws_access_key_id"],
        aws_secret_access_key=held["aws_secret_access_key"],
        config=Config(s3={"addressing_style": "path"}, request_checksum_calculation="when_required"),
    )
    swift = swiftclient.Connection(preauthurl=cloud.swift_url, preauthtoken=cloud.keystone_token("alice"), retries=5)
    name = f"t-{uuid.uuid4().hex[:12]}"
    boto.create_bucket(Bucket=name)
    with fault_proxy(upstream) as proxy:
        text = jsobj.config.read_text()
        assert cloud.s3_endpoint in text
        text = text.replace(cloud.s3_endpoint, proxy.url).replace(f"region = {cloud.region}", f"region = {region}")
        jsobj.config.write_text(text)
        if server == "swift":
            text = jsobj.clouds.read_text()
            jsobj.clouds.write_text(text.replace(f"region_name: {cloud.region}", f"region_name: {_REGION}"))
        scene = Crash(server, jsobj, proxy, name, boto, swift)
        way = cloud.published(_REGION, f"{proxy.url}/v1/AUTH_%(project_id)s")
        with way if server == "swift" else contextlib.nullcontext():
            try:
                yield scene
            finally:
                scene.clean_up()
    boto.close()
    swift.close()
    jsobj.check_no_secret_leaked()
