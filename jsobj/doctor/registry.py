"""Every check, in the order in which a cause comes before its effects. A new check is a function and a line here."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from typing import Any

from jsobj.doctor.check import Check
from jsobj.doctor.checks import (
    aws_files,
    aws_profile,
    certificate,
    chosen_login,
    clock,
    clouds_files,
    ec2_key,
    environment,
    fsspec_trip,
    keystone,
    leftovers,
    mounting,
    network,
    other_tools,
    public_read,
    s3_server,
    scratch_bucket,
    swift_api,
)
from jsobj.doctor.checks.fsspec_trip import SECONDS
from jsobj.doctor.checks.round_trip import checksums
from jsobj.doctor.checks.round_trip import round_trip as s3_trip
from jsobj.doctor.checks.swift_round_trip import round_trip as swift_trip

_FILES, _ENV, _LOGIN, _NET, _SERVERS = "files", "environment", "login", "network", "servers"
_KEYSTONE, _KEYS, _SWIFT, _S3, _LEFT, _TRIP = "keystone", "keys", "swift", "s3", "leftovers", "round-trip"
_MOUNTS = "mounts"

_AWS_FILES = ("aws-files", "aws-sections", "aws-values", "aws-endpoint", "aws-logins", "env-aws", "env-ca", "env-proxy")
_CLOUD_FILES = ("ledger", "clouds-files", "clouds-entry", "env-ca", "env-proxy")
_WRITERS = ("round-trip", "checksums", "s3fs", "swift-round-trip", "fsspec", "public-read", "s3-project", "uploads")


def _trip(name: str, title: str, *more: Any, seconds: float = 90, **words: Any) -> Check:
    """A check that makes objects."""
    return replace(Check(name, _TRIP, title, *more, **words), seconds=seconds, writes=True)


CHECKS: tuple[Check, ...] = (
    # Files first: a value that is not read as it was written explains everything below.
    Check("ledger", _FILES, "jsobj's own ledger", clouds_files.own_ledger),
    Check("clouds-files", _FILES, "clouds.yaml and secure.yaml", clouds_files.readable, needs=("ledger",)),
    Check("clouds-entry", _FILES, "The cloud's entry", clouds_files.entry, needs=("clouds-files",)),
    Check("clouds-modes", _FILES, "Who can read the passwords", clouds_files.private),
    Check("aws-files", _FILES, "~/.aws/credentials and config", aws_files.readable),
    Check("aws-sections", _FILES, "Section names of ~/.aws/config", aws_files.sections, needs=("aws-files",)),
    Check("aws-values", _FILES, "Values of the AWS profiles", aws_profile.values, needs=("aws-files",)),
    Check("aws-endpoint", _FILES, "Endpoints of the AWS profiles", aws_profile.endpoint, needs=("aws-values",)),
    Check("aws-logins", _FILES, "Other logins in the profile", aws_profile.other_logins, needs=("aws-files",)),
    Check("aws-checksums", _FILES, "Checksum settings", aws_profile.checksums, needs=("aws-files", "aws-sections")),
    Check("aws-modes", _FILES, "Who can read the keys", aws_files.private),
    Check("rc-files", _FILES, "RC files in the usual places", clouds_files.rc_files),
    Check("other-tls", _FILES, "Certificate checks of other tools", other_tools.certificates),
    Check("other-modes", _FILES, "Key files of other tools", other_tools.open_files),
    Check("other-keys", _FILES, "Keys in other tools' files", other_tools.dead_keys, needs=("ledger",)),
    Check("other-boto", _FILES, "Old boto files", other_tools.shadows),
    Check("fuse", _MOUNTS, "What mounting a bucket needs", mounting.fuse),
    Check("mounters", _MOUNTS, "Programs that mount", mounting.mounters, seconds=30),
    Check("stale-mounts", _MOUNTS, "Mounts that are there", mounting.stale),
    Check("waiting-caches", _MOUNTS, "Written files that were not sent", mounting.waiting, after=("stale-mounts",)),
    # What beats the files. They need readable files, to be able to say what is beaten.
    Check("env-openstack", _ENV, "OS_* variables", environment.openstack, needs=("ledger", "clouds-files")),
    Check("env-aws", _ENV, "AWS_* variables", environment.aws, needs=("aws-files",)),
    Check("env-proxy", _ENV, "Proxy variables", environment.proxies),
    Check("env-ca", _ENV, "Variables that name authorities", environment.bundles),
    Check("login", _LOGIN, "The login in use", chosen_login.login, unless=_CLOUD_FILES),
    Check("profile", _LOGIN, "The AWS profile in use", chosen_login.profile, (), (*_AWS_FILES, "ledger"), ("login",)),
    # The way to each of the two servers; both sides run at the same time. A proxy stands before both.
    Check("proxy", _NET, "The proxy", network.proxies, needs=("env-proxy",), after=("login", "profile")),
    Check("keystone-dns", _NET, "Keystone: name", partial(network.resolve, network.keystone), ("login",), ("proxy",)),
    Check("keystone-tcp", _NET, "Keystone: connection", partial(network.reach, network.keystone), ("keystone-dns",)),
    Check(
        "keystone-tls", _NET, "Keystone: certificate", partial(certificate.prove, network.keystone), ("keystone-tcp",)
    ),
    Check("s3-dns", _NET, "S3: name", partial(network.resolve, network.s3), ("profile",), ("proxy",)),
    Check("s3-tcp", _NET, "S3: connection", partial(network.reach, network.s3), ("s3-dns",)),
    Check("s3-tls", _NET, "S3: certificate", partial(certificate.prove, network.s3), ("s3-tcp",)),
    # Who answers there, before any secret is sent.
    Check("keystone", _SERVERS, "Keystone answers", keystone.discovery, ("keystone-tls",)),
    Check("s3-server", _SERVERS, "The object store answers", s3_server.server, ("s3-tls",)),
    # A wrong clock breaks every signature, so it is looked at before the first.
    Check("clock", _SERVERS, "This computer's clock", clock.skew, after=("keystone", "s3-server")),
    Check("token", _KEYSTONE, "Keystone lets us in", keystone.token, ("keystone",), seconds=30),
    Check("expiry", _KEYSTONE, "How long the login lasts", keystone.expiry, ("token",)),
    Check("role", _KEYSTONE, "Roles in the project", keystone.role, ("token",)),
    Check("project", _KEYSTONE, "The project", keystone.project, ("token",)),
    Check("catalog", _KEYSTONE, "The catalogue", keystone.catalog, ("token",)),
    Check("endpoint", _KEYSTONE, "Profile and catalogue agree", keystone.same_endpoint, ("catalog", "profile")),
    # One after the other, since they share one connection to Keystone. Before the first signature, since Swift calls
    # every refusal SignatureDoesNotMatch and Keystone knows better.
    Check("ec2-key", _KEYS, "The key at Keystone", ec2_key.known, ("token", "profile"), after=("expiry",)),
    Check("ec2-unused", _KEYS, "Unused keys", ec2_key.unused, ("token",), ("aws-files", "ledger"), ("ec2-key",)),
    Check("swift-api", _SWIFT, "The Swift API with the token", swift_api.account, ("catalog", "role")),
    Check("quota", _SWIFT, "Room in the quota", swift_api.quota, ("swift-api",)),
    Check(
        "s3-signature", _S3, "Signed requests", s3_server.signature, ("s3-server",), ("ec2-key", "clock"), seconds=30
    ),
    Check("s3-project", _S3, "S3 and Swift show one project", s3_server.same_buckets, ("s3-signature", "swift-api")),
    # Before the round trips, so that their own buckets are not taken for leftovers.
    Check("uploads", _LEFT, "Unfinished uploads", leftovers.uploads, ("s3-signature",), seconds=30),
    Check("segments", _LEFT, "Segments without their object", leftovers.segments, after=("swift-api", "s3-signature")),
    Check("doctors", _LEFT, "Buckets of earlier runs", leftovers.doctors, after=("swift-api", "s3-signature")),
    # Both ways to the data, each with the library that others use and with what arrays are read with.
    _trip("round-trip", "Objects over S3 (boto3)", s3_trip, ("s3-signature",), ("quota",), ("swift-api",)),
    _trip("checksums", "Default checksums", checksums, ("round-trip",), seconds=30),
    _trip("s3fs", "Objects over S3 (s3fs)", fsspec_trip.s3, ("round-trip",), ("checksums",), seconds=SECONDS),
    _trip(
        "swift-round-trip",
        "Objects over Swift (swiftclient)",
        swift_trip,
        ("swift-api",),
        ("quota",),
        ("s3-signature",),
    ),
    _trip("fsspec", "Objects over Swift (fsspec)", fsspec_trip.swift, ("swift-round-trip",), seconds=SECONDS),
    _trip("public-read", "Private and published objects", public_read.reading, ("swift-round-trip",), seconds=15),
    # Last, whatever happened before: nothing is left behind.
    _trip("clean-up", "Nothing is left behind", scratch_bucket.clean_up, after=_WRITERS, seconds=60),
)
