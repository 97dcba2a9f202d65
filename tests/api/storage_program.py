"""A program for CloudBridge's storage service. Only where ``provider`` comes from differs: see the end.

It prints what it saw as one JSON document, which must be the same whoever provides.
"""

from __future__ import annotations

import io
import json
import sys
import urllib.request
from datetime import datetime
from pathlib import Path


def refused(action) -> bool:
    try:
        action()
    except Exception:  # noqa: BLE001 - the two raise different ones
        return True
    return False


def page_of(results) -> list:
    return [[each.name for each in results], results.is_truncated, results.marker, results.supports_total]


def with_buckets(buckets, name: str) -> dict:
    seen = {"nothing yet": buckets.get(name)}
    bucket = buckets.create(name)
    seen["made"] = [bucket.id, bucket.name]
    seen["made twice"] = refused(lambda: buckets.create(name))
    seen["again"] = buckets.get(name).name
    seen["found"] = [each.name for each in buckets.find(name=name)]
    seen["found by a part"] = name in [each.name for each in buckets.find(name=name[2:-2])]
    seen["not found"] = list(buckets.find(name=f"{name}-other"))
    seen["listed"] = name in [each.name for each in buckets.list(limit=1000)]
    first = buckets.list(limit=1)
    seen["paged"] = [len(first), first.is_truncated, first.marker == first[0].id, first.supports_server_paging]
    seen["after"] = first[0].name in [each.name for each in buckets.list(limit=1000, marker=first.marker)]
    seen["all"] = sum(each.name == name for each in buckets)
    return seen


def with_contents(bucket, folder: Path) -> dict:
    seen = {"nothing yet": [bucket.objects.get("a/one.txt"), list(bucket.objects)]}
    one = bucket.objects.create("a/one.txt")
    seen["made"] = [one.id, one.name, one.size, one.bucket.name]
    for content in ("t\u00e4xt", b"\x00bytes", io.BytesIO(b"stream" * 1000)):
        one.upload(content)
        one.refresh()
        target = io.BytesIO()
        one.save_content(target)
        seen[f"sent {type(content).__name__}"] = [one.size, target.getvalue()[:12].decode("latin-1")]
    seen["chunks"] = [len(chunk) for chunk in one.iter_content(chunk_size=1024)]
    seen["one chunk"] = [len(chunk) for chunk in one.iter_content()]
    seen["no chunks"] = refused(lambda: list(one.iter_content(chunk_size=0)))
    datetime.strptime(one.last_modified, "%Y-%m-%dT%H:%M:%S.%f")  # noqa: DTZ007 - as CloudBridge writes it
    large = bytes(range(256)) * 4 * 1024 * 7  # 7 MiB
    (folder / "large").write_bytes(large)
    two = bucket.objects.create("two \u00fc.bin")
    two.upload_from_file(str(folder / "large"))
    two.refresh()
    two.download_to_file(str(folder / "fetched"))
    seen["file"] = [two.size, (folder / "fetched").read_bytes() == large]
    return seen


def with_pages(bucket) -> dict:
    for number in range(5):
        bucket.objects.create(f"p/{number}").upload(str(number))
    first = bucket.objects.list(limit=2, prefix="p/")
    second = bucket.objects.list(limit=2, prefix="p/", marker=first.marker)
    third = bucket.objects.list(limit=2, prefix="p/", marker=second.marker)
    found = bucket.objects.find(name="p/*")
    return {
        "pages": [page_of(first), page_of(second), page_of(third)],
        "server": [first.supports_server_paging, found.supports_server_paging],
        "found": [*page_of(found), found.total_results, len(found.data)],
        "found one": [each.name for each in bucket.objects.find(name="p/3")],
        "prefix": [each.name for each in bucket.objects.iter(prefix="p/")],
        "all": [each.name for each in bucket.objects],
    }


def with_links(bucket) -> dict:
    one = bucket.objects.get("a/one.txt")
    with urllib.request.urlopen(one.generate_url(expires_in=60), timeout=30) as answer:
        seen = {"read": len(answer.read())}
    request = urllib.request.Request(one.generate_url(expires_in=60, writable=True), data=b"sent", method="PUT")
    with urllib.request.urlopen(request, timeout=30):
        one.refresh()
    seen["written"] = [one.size, [*one.iter_content()] == [b"sent"]]
    one.delete()
    seen["deleted"] = bucket.objects.get("a/one.txt")
    return seen


def main(provider, name: str, folder: Path) -> dict:
    buckets = provider.storage.buckets
    seen = {"buckets": with_buckets(buckets, name)}
    bucket = buckets.get(name)
    seen["contents"], seen["pages"], seen["links"] = (
        with_contents(bucket, folder),
        with_pages(bucket),
        with_links(bucket),
    )
    seen["not empty"] = refused(bucket.delete)
    bucket.delete(delete_contents=True)
    seen["gone"] = [buckets.get(name), refused(lambda: buckets.delete(name))]
    return seen


def cloudbridge(config: dict):
    from cloudbridge.factory import CloudProviderFactory, ProviderList

    return CloudProviderFactory().create_provider(ProviderList.OPENSTACK, config)


def ours(config: dict):
    import jsobj

    return jsobj.connect(**config)


if __name__ == "__main__":
    kind, bucket_name, work = sys.argv[1:]
    provider = {"cloudbridge": cloudbridge, "ours": ours}[kind](json.load(sys.stdin))
    json.dump(main(provider, bucket_name, Path(work)), sys.stdout)
