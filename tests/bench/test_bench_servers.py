"""What the benches stand on does what they believe: checked by boto3 and by plain sockets."""

from __future__ import annotations

import hashlib
import os
import socket
import ssl
import threading
import time
import urllib.error
import urllib.request
from pathlib import Path

import boto3
import pytest
from botocore.config import Config
from latency import far_away
from listening import answering
from listing_server import key, listing_server
from rigs import lack
from tls_front import lacking, tls_front

COUNT = 2345


def _client(endpoint: str) -> object:
    return boto3.client(
        "s3",
        endpoint_url=endpoint,
        aws_access_key_id="any",
        aws_secret_access_key="any",
        region_name="us-east-1",
        config=Config(s3={"addressing_style": "path"}),
    )


@pytest.mark.parametrize("call", ["list_objects", "list_objects_v2"])
@pytest.mark.parametrize("page", [1000, 7])
def test_boto3_lists_every_key_once_and_in_order(call: str, page: int) -> None:
    with listing_server("many", COUNT) as endpoint:
        pages = _client(endpoint).get_paginator(call).paginate(Bucket="many", PaginationConfig={"PageSize": page})
        keys = [found["Key"] for answer in pages for found in answer["Contents"]]
    assert keys == [key(number) for number in range(COUNT)]


def test_start_after_and_a_foreign_prefix() -> None:
    with listing_server("many", COUNT) as endpoint:
        client = _client(endpoint)
        assert client.head_bucket(Bucket="many")["ResponseMetadata"]["HTTPStatusCode"] == 200
        after = client.list_objects_v2(Bucket="many", StartAfter=key(COUNT - 3))
        assert [found["Key"] for found in after["Contents"]] == [key(COUNT - 2), key(COUNT - 1)]
        assert client.list_objects_v2(Bucket="many", Prefix="other/")["KeyCount"] == 0


def test_the_relay_delays_and_keeps_every_byte() -> None:
    sent = os.urandom(3_000_000)

    def echo(listener: socket.socket) -> None:
        connection, _ = listener.accept()
        with connection:
            while piece := connection.recv(1 << 20):
                connection.sendall(piece)

    with socket.create_server(("127.0.0.1", 0)) as listener:
        thread = threading.Thread(target=echo, args=(listener,), daemon=True)
        thread.start()
        with far_away(f"127.0.0.1:{listener.getsockname()[1]}", seconds=0.05) as address:
            host, _, port = address.partition(":")
            with socket.create_connection((host, int(port)), timeout=30) as connection:
                began = time.monotonic()
                connection.sendall(b"a")
                assert connection.recv(1) == b"a"
                assert time.monotonic() - began >= 0.1
                sender = threading.Thread(target=lambda: (connection.sendall(sent), connection.shutdown(1)))
                sender.start()
                came = b"".join(iter(lambda: connection.recv(1 << 20), b""))
                sender.join()
        thread.join(30)
    assert hashlib.sha256(came).digest() == hashlib.sha256(sent).digest()


def test_the_tls_front_passes_on_and_is_trusted_by_its_authority_only(tmp_path: Path) -> None:
    if why := lacking():
        lack(why)
    with answering(200, {"X-Behind": "yes"}, b"hello") as (url, _), tls_front(tmp_path, url[7:]) as front:
        context = ssl.create_default_context(cafile=str(front.authority))
        with urllib.request.urlopen(f"{front.origin}/x", context=context, timeout=30) as answer:
            assert (answer.read(), answer.headers["X-Behind"]) == (b"hello", "yes")
        with pytest.raises(urllib.error.URLError, match="CERTIFICATE_VERIFY_FAILED"):
            urllib.request.urlopen(front.origin, timeout=30)
