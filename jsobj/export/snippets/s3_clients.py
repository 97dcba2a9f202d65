"""Libraries that have an S3 client of their own: with a profile's keys, with ``AWS_*`` variables, or anonymously.

botocore refuses the bucket ``project:bucket`` (Ceph with tenants) before it sends anything: its check is taken out. The
servers know such names.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from jsobj.export.snippets.target import Target, lines_of, literal

_UNREGISTER = (
    'meta.events.unregister("before-parameter-build.s3", botocore.handlers.validate_bucket_name)'
    "  # it refuses PROJECT:BUCKET\n"
)


def boto3(target: Target, kind: str) -> str:
    """List every object, page by page."""
    imports = ["import boto3"]
    typed = f", endpoint_url={_endpoint(target)}" if target.typed_endpoint or not target.profile else ""
    client = f'{target.session if target.profile else "boto3"}.client("s3"{typed})'
    if target.public:
        imports += ["from botocore import UNSIGNED", "from botocore.config import Config"]
        client = (
            f'boto3.client("s3", endpoint_url={_endpoint(target)}, region_name={literal(target.region)},\n'
            f"    config=Config(signature_version=UNSIGNED))"
        )
    bucket, key = literal(target.bucket), literal(target.key)
    return (
        f"{_imports(target, imports)}\n\ns3 = {client}\n"
        f"{'s3.' + _UNREGISTER if target.tenant else ''}"
        f'for page in s3.get_paginator("list_objects_v2").paginate(Bucket={bucket}, Prefix={key}):\n'
        '    for item in page.get("Contents", []):\n'
        '        print(item["Key"], item["Size"])\n'
    )


def s3fs(target: Target, kind: str) -> str:
    """List a folder."""
    options = target.storage_options
    if target.public:
        options = lines_of(
            "{}",
            '"anon": True',
            f'"endpoint_url": {_endpoint(target)}',
            f'"client_kwargs": {target.client_arguments}',
        )
    unregister = f"fs.connect()\nfs.s3.{_UNREGISTER}" if target.tenant else ""
    path = literal(f"{target.bucket}/{target.key}".rstrip("/"))
    return (
        f"{_imports(target, ['import s3fs'])}\n\noptions = {options}\n"
        f"fs = s3fs.S3FileSystem(**options)\n{unregister}print(fs.ls({path}))\n"
    )


def obstore(target: Target, kind: str) -> str:
    """List a prefix. It reads no profile, so boto3 finds the key for it."""
    words = [literal(_escaped(target)), f"endpoint={_endpoint(target)}", f"region={literal(target.region)}"]
    imports = ["from obstore.store import S3Store"]
    if target.public:
        words.append("skip_signature=True")
    elif target.profile:
        imports = ["import boto3", "from obstore.auth.boto3 import Boto3CredentialProvider", *imports]
        words.append(f"credential_provider=Boto3CredentialProvider({target.session})")
    if _http(target):
        words.append('client_options={"allow_http": True}')
    words.append("virtual_hosted_style_request=False")
    arguments = lines_of("()", *words)
    return "\n".join(imports) + (
        f"\n\nstore = S3Store{arguments}\n"
        f"for item in store.list({literal(target.key)}).collect():\n"
        '    print(item["path"], item["size"])\n'
    )


def polars(target: Target, kind: str) -> str:
    """It does not read a profile's endpoint, so boto3 finds the key, and the rest is said."""
    words = [
        f'"aws_endpoint_url": {_endpoint(target)}',
        f'"aws_region": {literal(target.region)}',
        '"aws_access_key_id": key.access_key',
        '"aws_secret_access_key": key.secret_key',
    ]
    if _http(target):
        words.append('"aws_allow_http": "true"')
    url = f"s3://{_escaped(target)}/{target.key}"
    return (
        f"import boto3\nimport polars as pl\n\nkey = {target.session}.get_credentials()\n"
        f"options = {lines_of('{}', *words)}\n"
        f"data = pl.scan_{kind}({literal(url)}, storage_options=options)\n"
        "print(data.head().collect())\n"
    )


def icechunk(target: Target, kind: str) -> str:
    """A repository. It relies on conditional writes, which not every Swift or Ceph RGW has: they are turned off.

    Without them two writers at the same moment may both believe that they have committed: one writer at a time.
    """
    words = [
        f"bucket={literal(target.bucket)}",
        f"prefix={literal(target.key.rstrip('/'))}",
        f"endpoint_url={_endpoint(target)}",
        f"region={literal(target.region)}",
        "force_path_style=True",
    ]
    imports, key = "import icechunk\nimport zarr\n", ""
    if _http(target):
        words.append("allow_http=True")
    if target.public:
        words.append("anonymous=True")
    else:
        imports, key = f"import boto3\n{imports}", f"key = {target.session}.get_credentials()\n"
        words += ["access_key_id=key.access_key", "secret_access_key=key.secret_key"]
    return (
        f"{imports}\n{key}storage = icechunk.s3_storage{lines_of('()', *words)}\n"
        "config = icechunk.RepositoryConfig.default()\n"
        "config.storage = icechunk.StorageSettings(\n"
        "    unsafe_use_conditional_create=False, unsafe_use_conditional_update=False\n)  # one writer at a time\n"
        "repository = icechunk.Repository.open(storage, config=config)\n"
        'data = zarr.open(repository.readonly_session("main").store, mode="r")\n'
        "print(data.info)\n"
    )


@dataclass(frozen=True, slots=True)
class S3Client:
    """``needs`` is for pip, and ``keys`` too where keys are to be found; ``code``: lines for a target and a kind."""

    needs: str
    code: Callable[[Target, str], str]
    keys: str = ""


S3_CLIENTS = {
    "s3fs": S3Client("s3fs", s3fs),
    "boto3": S3Client("boto3", boto3),
    "obstore": S3Client("obstore", obstore, "boto3"),
    "polars": S3Client("polars", polars, "boto3"),
    "icechunk": S3Client("icechunk", icechunk, "boto3"),
}


def _imports(target: Target, imports: list[str]) -> str:
    handlers = ["import botocore.handlers"] if target.tenant else []
    return "\n".join(sorted([*imports, *handlers], key=lambda line: (line.startswith("from"), line)))


def _escaped(target: Target) -> str:
    """The bucket for polars and obstore, which are built on object_store (Rust).

    With a bare colon polars takes what follows for a port, and obstore signs another path than it sends.
    """
    return target.bucket.replace(":", "%3A")


def _endpoint(target: Target) -> str:
    return literal(str(target.endpoint))


def _http(target: Target) -> bool:
    """Whether the endpoint is not encrypted, which some libraries must be told."""
    return target.endpoint is not None and target.endpoint.scheme != "https"
