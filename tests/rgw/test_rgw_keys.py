"""The life of a key on Ceph RGW, which believes a key for up to 300 seconds: only Keystone tells that it is gone."""

from __future__ import annotations

from commands import Jsobj, Keys
from fixtures_cloud import Cloud
from fixtures_rgw import Gateway
from people import CLOUD, Boto, Users, log_in


def test_rotate_and_delete(newcomer: Users, cloud: Cloud, gateway: Gateway, keys: Keys, boto: Boto) -> None:
    alice = newcomer("alice")
    log_in(alice, cloud, gateway, "alice")
    old = alice("ec2-creds", "--json").json["access"]
    rotated = alice("ec2-creds", "rotate")
    (new,) = keys.new
    assert new != old
    assert alice.profile(CLOUD)["aws_access_key_id"] == new
    assert "up to 5 more minutes" in rotated.err
    boto(alice).list_buckets()
    deleted = alice("ec2-creds", "delete", new, "--yes")
    assert keys.new == set()
    assert alice.profile(CLOUD) == {}
    assert "up to 5 more minutes" in deleted.err


def test_second_profile_reuses_the_key(alice: Jsobj, gateway: Gateway, keys: Keys) -> None:
    """A key opens the project wherever its Keystone is asked: each one more would be litter."""
    held = alice.profile(CLOUD)["aws_access_key_id"]
    again = alice("ec2-creds", "--profile", "second", "--json").json
    assert (again["how"], again["access"], again["endpoint_url"]) == ("reused", held, gateway.endpoint)
    assert keys.new == set()
