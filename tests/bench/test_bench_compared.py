"""The bench tells who compares a digest from who counts bytes and who does neither, on a Ceph RGW of its own."""

from __future__ import annotations

import contextlib
import sys
from collections.abc import Iterator
from pathlib import Path

import ceph_cluster
import pytest
import tls_front
from compared import Comparing
from rigs import lack
from servers import gateway
from tools import Tool, tools
from witness import Witness

_SCRIPT = """
import hashlib, sys, boto3
check, local, bucket, key = sys.argv[1:]
answer = boto3.client("s3").get_object(Bucket=bucket, Key=key)
size = boto3.client("s3").head_object(Bucket=bucket, Key=key)["ContentLength"]
data = answer["Body"].read()
if check == "size" and len(data) != size:
    sys.exit("too few bytes")
open(local, "wb").write(data)
"""


@pytest.fixture(scope="module")
def comparing(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Comparing]:
    if why := ceph_cluster.lacking() or tls_front.lacking():
        lack(why)
    folder = tmp_path_factory.mktemp("bench")
    with contextlib.ExitStack() as stack:
        place = stack.enter_context(gateway(folder / "ceph"))
        witness = Witness(place)
        stack.callback(witness.close)
        yield Comparing(folder / "compared", place, witness, 20 << 20, stack)


def _plain(check: str) -> Tool:
    return Tool(check, {"get": lambda *words: [sys.executable, "-c", _SCRIPT, check, *words]})


@pytest.mark.parametrize("scheme", ["http", "https"])
@pytest.mark.parametrize("check", ["size", "nothing"])
def test_who_compares_no_digest_is_told(comparing: Comparing, check: str, scheme: str) -> None:
    found = comparing.look(_plain(check), [f"get {scheme}", f"put {scheme}"], Path(sys.executable).parent)
    assert found == {f"get {scheme}": check}


@pytest.mark.parametrize("scheme", ["http", "https"])
def test_jsobj_compares_a_digest_both_ways(comparing: Comparing, scheme: str) -> None:
    kinds = [f"{verb} {scheme}" for verb in ("put", "get", "put_tree", "get_tree", "again_up", "again_down", "ls")]
    ours = tools(Path(sys.executable).parent, f"{sys.executable} -m jsobj")["jsobj"]
    assert comparing.look(ours, kinds, Path(sys.executable).parent) == dict.fromkeys(kinds[:-1], "digest")
