"""The account that the doctor's tests look at: swept of what other tests left there, and of nothing else."""

from __future__ import annotations

import uuid

from fixtures_cloud import SEGMENTS, Cloud


def test_segments_without_their_container_are_taken_away_and_others_stay(cloud: Cloud) -> None:
    import swiftclient  # not above: it warns, and this file is imported before the warnings are sorted out

    name = f"t-{uuid.uuid4().hex[:12]}"
    lost = {f"lost-{name}{ending}" for ending in SEGMENTS}
    kept = {name, *(f"{name}{ending}" for ending in SEGMENTS)}
    swift = swiftclient.Connection(preauthurl=cloud.swift_url, preauthtoken=cloud.keystone_token("alice"), retries=5)
    for container in lost | kept:
        swift.put_container(container)
        swift.put_object(container, "a/1", b"x")
    cloud.sweep("alice")
    left = {item["name"] for item in swift.get_account(full_listing=True)[1]}
    assert kept <= left
    assert not lost & left
    for container in kept:
        swift.delete_object(container, "a/1")
        swift.delete_container(container)
    swift.close()
