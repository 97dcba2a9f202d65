"""cloud-files (and CloudVolume): an alias for the endpoint, and the secret that goes with it.

The alias becomes a scheme: ``NAME://bucket/path``. Names of schemes are letters and digits.
"""

from __future__ import annotations

import re

from jsobj.export.configuration import Branch, Configuration, Whole
from jsobj.export.logins import S3Login
from jsobj.export.yamltext import inner

ALIASES, SECRETS = "~/.cloudfiles/aliases.json", "~/.cloudvolume/secrets"


def configure(s3: S3Login) -> Configuration:
    """An alias and its secret file."""
    alias = re.sub(r"[^a-z0-9]", "", s3.name.lower()) or "jsobj"
    secret = f"{SECRETS}/{alias}-secret.json"
    pieces = (
        '{\n  "AWS_ACCESS_KEY_ID": "', inner(s3.access),
        '",\n  "AWS_SECRET_ACCESS_KEY": "', inner(s3.secret),
        '",\n  "AWS_DEFAULT_REGION": "', inner(s3.region), '"\n}\n',
    )  # fmt: skip
    return Configuration(
        (Branch(ALIASES, (alias,), {"host": f"s3://{s3.endpoint}/"}, {}), Whole(secret, pieces)),
        f"cloudfiles ls {alias}://{s3.a_bucket}/",
    )
