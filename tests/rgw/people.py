"""The users of the embedded cloud as they come to a gateway, and marks for tests of one gateway only."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeAlias

import pytest
from commands import Jsobj
from fixtures_cloud import Cloud
from fixtures_rgw import GLOBAL, TENANTS, Gateway

CLOUD = "ceph"  # what the users call the gateway's cloud, and thereby its profile
RC_SUFFIX = {"alice": "", "rita": "-reader", "otto": "-other"}

Users: TypeAlias = Callable[[str], Jsobj]  # by name
Boto: TypeAlias = Callable[[Jsobj], Any]  # a client in the HOME of this jsobj
Swift: TypeAlias = Callable[[str], Any]  # a connection of the user of this name

on_global = pytest.mark.parametrize("gateway", [GLOBAL], indirect=True)
on_tenants = pytest.mark.parametrize("gateway", [TENANTS], indirect=True)


def log_in(jsobj: Jsobj, cloud: Cloud, gateway: Gateway, user: str) -> Any:
    """``jsobj login`` with the user's downloaded file and password; the answer."""
    suffix = RC_SUFFIX[user]
    rc, password = cloud.rc(f"openrc{suffix}" if suffix else "openrc-password"), cloud.rc(f"password{suffix}")
    words = ("--region", gateway.region, "--as", CLOUD, "--password-stdin", "--json")
    return jsobj("login", rc, *words, stdin=password).json


def drop_segments(connection: Any, bucket: str) -> None:
    """Delete the segments of a bucket's large objects, which stay when it is deleted over S3."""
    segments = f"{bucket}_segments"
    if segments in {each["name"] for each in connection.get_account(full_listing=True)[1]}:
        for each in connection.get_container(segments, full_listing=True)[1]:
            connection.delete_object(segments, each["name"])
        connection.delete_container(segments)
