"""The four programs, each with its store."""

from __future__ import annotations

from collections.abc import Iterator

import book_sides
import pytest
import samples
from book_scene import Side
from fixtures_cloud import Cloud
from fixtures_rgw import GLOBAL, Rgw

SIDES = ("amazon", "azure", "swift", "rgw")


@pytest.fixture(scope="module", name="side", params=SIDES)
def _side(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Side]:
    """One of them, with an empty store."""
    name: str = request.param
    folder = tmp_path_factory.mktemp(name) / "home"
    folder.mkdir()
    if name == "amazon":
        with book_sides.amazon(request.getfixturevalue("moto"), folder) as side:
            yield side
        return
    if name == "azure":
        with book_sides.azure(request.getfixturevalue("azurite"), folder) as side:
            yield side
        return
    pytest.importorskip("duckdb")
    pytest.importorskip("pyarrow")
    cloud: Cloud = request.getfixturevalue("cloud")
    if name == "swift":
        with book_sides.swift(cloud, folder) as side:
            yield side
        return
    rgw: Rgw = request.getfixturevalue("rgw")
    key = cloud.mint_ec2_key("alice")
    try:
        with book_sides.ceph(rgw.gateway(GLOBAL).endpoint, key, folder) as side:
            yield side
    finally:
        cloud.delete_ec2_key("alice", key[0])


@pytest.fixture(scope="module", name="samples")
def _samples(tmp_path_factory: pytest.TempPathFactory) -> samples.Samples:
    return samples.make(tmp_path_factory.mktemp("samples"))
