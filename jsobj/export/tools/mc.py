"""The MinIO client: an alias in its JSON file (version 10 of it, which every release since 2020 writes)."""

from __future__ import annotations

from jsobj.export.configuration import Branch, Configuration, Word
from jsobj.export.logins import S3Login

PATH = "~/.mc/config.json"


def configure(s3: S3Login) -> Configuration:
    """An alias with path style and Signature Version 4."""
    value: dict[str, Word] = {
        "url": str(s3.endpoint),
        "accessKey": s3.access,
        "secretKey": s3.secret,
        "api": "S3v4",
        "path": "on" if s3.path_style else "off",
    }
    alias = s3.name.replace(".", "-")
    if not alias[0].isalpha():  # mc refuses such an alias
        alias = f"s3-{alias}"
    return Configuration((Branch(PATH, ("aliases", alias), value, {"version": "10", "aliases": {}}),), f"mc ls {alias}")
