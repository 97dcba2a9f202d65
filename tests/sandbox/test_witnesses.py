"""Other people's clients talk to the embedded cloud: if they cannot, it is no cloud."""

from __future__ import annotations

import contextlib
import hashlib
import os
import subprocess
import time
import uuid
from collections.abc import Iterator
from pathlib import Path

import boto3
import botocore.config
import botocore.exceptions
import pytest
import requests
import swiftclient
from fixtures_cloud import Cloud
from keystoneauth1 import session
from keystoneauth1.exceptions import Unauthorized
from keystoneauth1.identity import v3
from keystoneauth1.plugin import BaseAuthPlugin


@pytest.fixture(name="key", scope="module")
def _key(cloud: Cloud) -> Iterator[tuple[str, str]]:
    access, secret = cloud.mint_ec2_key("alice")
    yield access, secret
    cloud.delete_ec2_key("alice", access)


def s3(cloud: Cloud, key: tuple[str, str], region: str | None = None) -> boto3.client:
    return boto3.client(
        "s3",
        endpoint_url=cloud.s3_endpoint,
        aws_access_key_id=key[0],
        aws_secret_access_key=key[1],
        region_name=region or cloud.region,
        config=botocore.config.Config(retries={"max_attempts": 1}),
    )


def test_boto3_round_trip_and_multipart(cloud: Cloud, key: tuple[str, str]) -> None:
    client = s3(cloud, key)
    bucket = f"b-{uuid.uuid4().hex[:12]}"
    client.create_bucket(Bucket=bucket)
    body = os.urandom(70_000)
    answer = client.put_object(Bucket=bucket, Key="a/b.bin", Body=body)
    assert answer["ETag"] == f'"{hashlib.md5(body).hexdigest()}"'
    assert client.get_object(Bucket=bucket, Key="a/b.bin")["Body"].read() == body

    upload = client.create_multipart_upload(Bucket=bucket, Key="big")["UploadId"]
    parts = [os.urandom(5 << 20), b"tail"]
    names = [
        client.upload_part(Bucket=bucket, Key="big", UploadId=upload, PartNumber=n, Body=part)["ETag"]
        for n, part in enumerate(parts, 1)
    ]
    listed = [{"PartNumber": n, "ETag": name} for n, name in enumerate(names, 1)]
    client.complete_multipart_upload(Bucket=bucket, Key="big", UploadId=upload, MultipartUpload={"Parts": listed})
    assert client.get_object(Bucket=bucket, Key="big")["Body"].read() == b"".join(parts)


def test_wrong_region_is_named_by_the_server(cloud: Cloud, key: tuple[str, str]) -> None:
    with pytest.raises(botocore.exceptions.ClientError) as caught:
        s3(cloud, key, region="elsewhere").list_buckets()
    assert caught.value.response["Error"]["Code"] == "AuthorizationHeaderMalformed"
    assert caught.value.response["Error"]["Region"] == cloud.region


def test_a_deleted_key_is_refused_soon(cloud: Cloud) -> None:
    access, secret = cloud.mint_ec2_key("alice")
    client = s3(cloud, (access, secret))
    client.list_buckets()
    cloud.delete_ec2_key("alice", access)

    def use_it_for_a_minute() -> None:
        deadline = time.monotonic() + 60
        while time.monotonic() < deadline:
            client.list_buckets()
            time.sleep(0.5)

    with pytest.raises(botocore.exceptions.ClientError) as caught:
        use_it_for_a_minute()
    assert caught.value.response["Error"]["Code"] == "SignatureDoesNotMatch"


def app_credential(cloud: Cloud, name: str) -> v3.ApplicationCredential:
    script = f'. "{cloud.rc(f"app-cred-{name}")}"; printf "%s\\n" "$OS_AUTH_URL" "$OS_APPLICATION_CREDENTIAL_ID" '
    script += '"$OS_APPLICATION_CREDENTIAL_SECRET"'
    words = subprocess.run(
        ["bash", "-c", script], capture_output=True, text=True, check=True, timeout=30
    ).stdout.split()
    return v3.ApplicationCredential(
        auth_url=words[0], application_credential_id=words[1], application_credential_secret=words[2]
    )


@contextlib.contextmanager
def logged_in(auth: BaseAuthPlugin) -> Iterator[session.Session]:
    with requests.Session() as connections:
        yield session.Session(auth, session=connections)


@pytest.mark.parametrize(("name", "restricted"), [("restricted", True), ("unrestricted", False)])
def test_swift_with_an_application_credential(cloud: Cloud, name: str, restricted: bool) -> None:
    with logged_in(app_credential(cloud, name)) as keystone:
        answer = keystone.get(f"{cloud.auth_url}/auth/tokens", headers={"X-Subject-Token": keystone.get_token()}).json()
        assert answer["token"]["application_credential"]["restricted"] is restricted
        url = keystone.get_endpoint(service_type="object-store", region_name=cloud.region)
        assert url == cloud.swift_url
        connection = swiftclient.Connection(preauthurl=url, preauthtoken=keystone.get_token(), retries=0)
        container = f"c-{uuid.uuid4().hex[:12]}"
        connection.put_container(container)
        etag = connection.put_object(container, "o", b"words")
        assert etag == hashlib.md5(b"words").hexdigest()
        assert connection.get_object(container, "o")[1] == b"words"
        connection.close()


def test_the_expired_application_credential_is_refused(cloud: Cloud) -> None:
    with logged_in(app_credential(cloud, "expired")) as keystone, pytest.raises(Unauthorized):
        keystone.get_token()


def test_a_reader_reads_and_may_not_write(cloud: Cloud) -> None:
    token = cloud.keystone_token("rita")
    connection = swiftclient.Connection(preauthurl=cloud.swift_url, preauthtoken=token, retries=0)
    connection.get_account()
    with pytest.raises(swiftclient.ClientException) as caught:
        connection.put_container("readers-dream")
    assert caught.value.http_status == 403
    connection.close()


def test_otto_sees_nothing_of_demo(cloud: Cloud) -> None:
    connection = swiftclient.Connection(
        preauthurl=cloud.swift_url, preauthtoken=cloud.keystone_token("otto"), retries=0
    )
    with pytest.raises(swiftclient.ClientException) as caught:
        connection.get_account()
    assert caught.value.http_status == 403
    connection.close()


def test_info_names_the_middleware(cloud: Cloud) -> None:
    info = swiftclient.Connection(preauthurl=cloud.swift_url, preauthtoken="none", retries=0).get_capabilities()
    assert {"slo", "s3api", "tempurl", "staticweb", "bulk_upload", "versioned_writes", "symlink"} <= set(info)
    assert info["s3api"]["max_upload_part_num"] == 1000


def test_clouds_yaml_works_with_the_openstack_loader(cloud: Cloud, monkeypatch: pytest.MonkeyPatch) -> None:
    import openstack.config

    for name in [name for name in os.environ if name.startswith("OS_")]:
        monkeypatch.delenv(name)
    loader = openstack.config.OpenStackConfig(config_files=[str(cloud.rc("clouds"))], secure_files=[])
    region = loader.get_one(cloud="sandbox-restricted")
    with logged_in(region.get_auth()) as keystone:
        assert keystone.get_project_id() == cloud.status.projects["demo"]
    names = {one.name for one in loader.get_all()}
    assert names == {"sandbox", "sandbox-restricted", "sandbox-unrestricted"}


def test_the_password_rc_works_in_bash(cloud: Cloud) -> None:
    script = f'. "{cloud.rc("openrc-password")}" > /dev/null; printf "%s\\n%s\\n" "$OS_PASSWORD" "$OS_PROJECT_ID"'
    with Path(cloud.rc("password")).open() as password:
        ran = subprocess.run(
            ["bash", "-c", script], stdin=password, capture_output=True, text=True, check=True, timeout=30
        )
    assert ran.stderr == ""
    assert ran.stdout == f"{cloud.password('alice')}\n{cloud.status.projects['demo']}\n"
