"""cloud-files (and CloudVolume): an alias for the endpoint, and the secret that goes with it.

The alias becomes a scheme: ``NAME://bucket/path``. Names of schemes are letters and digits.
"""

from __future__ import annotations

import re

from jsobj.export.configuration import Branch, Configuration, Whole
from jsobj.export.connection import Connection
from jsobj.export.yamltext import inner

ALIASES, SECRETS = "~/.cloudfiles/aliases.json", "~/.cloudvolume/secrets"


def configure(connection: Connection) -> Configuration:
    """An alias and its secret file."""
    alias = re.sub(r"[^a-z0-9]", "", connection.name.lower()) or "jsobj"
    secret = f"{SECRETS}/{alias}-secret.json"
    pieces = (
        '{\n  "AWS_ACCESS_KEY_ID": "', inner(connection.access),
        '",\n  "AWS_SECRET_ACCESS_KEY": "', inner(connection.secret),
        '",\n  "AWS_DEFAULT_REGION": "', inner(connection.region), '"\n}\n',
    )  # fmt: skip
    return Configuration(
        (Branch(ALIASES, (alias,), {"host": f"s3://{connection.endpoint}/"}, {}), Whole(secret, pieces)),
        f"cloudfiles ls {alias}://{connection.a_bucket}/",
    )
