"""obstore, and others on Rust's object_store crate: variables, which are all that it reads."""

from __future__ import annotations

from jsobj.export.configuration import Configuration, Variables, Word
from jsobj.export.logins import S3Login
from jsobj.export.variables import keys


def configure(s3: S3Login) -> Configuration:
    """Variables."""
    values: dict[str, Word] = {
        **keys(s3),
        "AWS_ENDPOINT": str(s3.endpoint),
        "AWS_REGION": s3.region,
        "AWS_VIRTUAL_HOSTED_STYLE_REQUEST": "false" if s3.path_style else "true",
    }
    if s3.endpoint.scheme != "https":
        values["AWS_ALLOW_HTTP"] = "true"
    line = f'print(S3Store("{s3.a_bucket}").list().collect())'
    return Configuration((Variables("", values),), f"python -c 'from obstore.store import S3Store; {line}'")
