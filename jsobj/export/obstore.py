"""obstore, and others on Rust's object_store crate: variables, which are all that it reads."""

from __future__ import annotations

from jsobj.export.configuration import Configuration, Variables, Word
from jsobj.export.connection import Connection
from jsobj.export.variables import keys


def configure(connection: Connection) -> Configuration:
    """Variables."""
    values: dict[str, Word] = {
        **keys(connection),
        "AWS_ENDPOINT": str(connection.endpoint),
        "AWS_REGION": connection.region,
        "AWS_VIRTUAL_HOSTED_STYLE_REQUEST": "false" if connection.path_style else "true",
    }
    if connection.endpoint.scheme != "https":
        values["AWS_ALLOW_HTTP"] = "true"
    line = f'print(S3Store("{connection.a_bucket}").list().collect())'
    return Configuration((Variables("", values),), f"python -c 'from obstore.store import S3Store; {line}'")
