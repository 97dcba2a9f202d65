"""polars: it does not read a profile's endpoint, so boto3 finds the key, and the rest is said."""

from __future__ import annotations

from jsobj.export.snippets.target import Target, repr_of, session


def code(target: Target) -> str:
    """The lines."""
    words = [f'"aws_endpoint_url": {repr_of(target.endpoint_url)}', f'"aws_region": {repr_of(target.region)}']
    imports, key = "import polars as pl\n", ""
    if target.public:
        words.append('"aws_skip_signature": "true"')
    else:
        imports = f"import boto3\n{imports}"
        key = f"key = {session(target)}.get_credentials()\n"
        words += ['"aws_access_key_id": key.access_key', '"aws_secret_access_key": key.secret_key']
    if target.http:
        words.append('"aws_allow_http": "true"')
    body = "".join(f"    {word},\n" for word in words)
    return (
        f"{imports}\n{key}options = {{\n{body}}}\n"
        f"data = pl.scan_parquet({target.quoted()}, storage_options=options)\n"
        "print(data.head().collect())\n"
    )
