"""boto3 as its guide has it: TransferConfig's defaults, one transfer manager (a pool of threads) for a tree."""

import os
import sys
from pathlib import Path

import boto3
from boto3.s3.transfer import TransferConfig, create_transfer_manager


def main() -> None:
    verb, local, bucket, key = sys.argv[1:]
    client = boto3.client("s3")
    if verb == "put":
        client.upload_file(local, bucket, key)
    elif verb == "get":
        client.download_file(bucket, key, local)
    elif verb == "put_tree":
        with create_transfer_manager(client, TransferConfig()) as manager:
            futures = [
                manager.upload(os.path.join(folder, name), bucket, key + os.path.relpath(f"{folder}/{name}", local))
                for folder, _, names in os.walk(local)
                for name in names
            ]
            for future in futures:
                future.result()
    else:
        pages = client.get_paginator("list_objects_v2").paginate(Bucket=bucket, Prefix=key)
        keys = (found["Key"] for page in pages for found in page.get("Contents", []))
        if verb == "get_tree":
            with create_transfer_manager(client, TransferConfig()) as manager:
                futures = []
                for name in keys:
                    target = Path(local, name[len(key) :])
                    target.parent.mkdir(parents=True, exist_ok=True)
                    futures.append(manager.download(bucket, name, str(target)))
                for future in futures:
                    future.result()
        else:
            for name in keys:
                print(name)


main()
