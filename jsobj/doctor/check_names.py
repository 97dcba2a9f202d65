"""The names of layers and checks, for Tab, which must not wait for the import of all checks.

The checks themselves are in ``registry.py``; a test compares the two.
"""

from __future__ import annotations

LAYERS: dict[str, tuple[str, ...]] = {
    "files": (
        "ledger",
        "clouds-files",
        "clouds-entry",
        "clouds-modes",
        "aws-files",
        "aws-sections",
        "aws-values",
        "aws-endpoint",
        "aws-logins",
        "aws-checksums",
        "aws-modes",
        "rc-files",
        "other-tls",
        "other-modes",
        "other-keys",
        "other-boto",
    ),
    "mounts": ("fuse", "mounters", "stale-mounts", "waiting-caches"),
    "environment": ("env-openstack", "env-aws", "env-proxy", "env-ca"),
    "login": ("login", "profile"),
    "network": ("proxy", "keystone-dns", "keystone-tcp", "keystone-tls", "s3-dns", "s3-tcp", "s3-tls"),
    "servers": ("keystone", "s3-server", "clock"),
    "keystone": ("token", "expiry", "role", "project", "catalog", "endpoint"),
    "keys": ("ec2-key", "ec2-unused"),
    "swift": ("swift-api", "quota"),
    "s3": ("s3-signature", "s3-project"),
    "leftovers": ("uploads", "segments", "doctors"),
    "round-trip": ("round-trip", "checksums", "s3fs", "swift-round-trip", "fsspec", "public-read", "clean-up"),
}
