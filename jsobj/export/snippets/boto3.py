"""boto3: list and read, with nothing else installed."""

from __future__ import annotations

from jsobj.export.snippets.target import Target, repr_of, session


def code(target: Target) -> str:
    """The lines."""
    bucket, key = repr_of(target.bucket), repr_of(target.key)
    if target.public:
        imports = "import boto3\nfrom botocore import UNSIGNED\nfrom botocore.config import Config\n"
        verify = f", verify={repr_of(target.ca_bundle)}" if target.ca_bundle else ""
        client = (
            f'boto3.client("s3", endpoint_url={repr_of(target.endpoint_url)}, region_name={repr_of(target.region)},\n'
            f"    config=Config(signature_version=UNSIGNED){verify})"
        )
    else:
        imports = "import boto3\n"
        client = f'{session(target)}.client("s3")'
        if not target.profile:
            client = f'boto3.client("s3", endpoint_url={repr_of(target.endpoint_url)})'
    return (
        f"{imports}\ns3 = {client}\n"
        f'for item in s3.list_objects_v2(Bucket={bucket}, Prefix={key}).get("Contents", []):\n'
        '    print(item["Key"], item["Size"])\n'
    )
