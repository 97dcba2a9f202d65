"""Stand-alone: a round trip through s3fs, in a process of its own, since its event loop outlives whoever starts it.

One JSON line on standard input says where; one on standard output says how it went. It must not import jsobj.
"""

from __future__ import annotations

import json
import os
import sys


def main() -> None:
    """Write, list, read and delete one object."""
    wish = json.loads(sys.stdin.readline())
    import s3fs

    options: dict[str, object] = {"use_listings_cache": False, "skip_instance_cache": True}
    if wish["profile"]:
        options["profile"] = wish["profile"]
    else:
        options |= {"key": wish["key"], "secret": wish["secret"], "endpoint_url": wish["endpoint_url"]}
        options["client_kwargs"] = {"region_name": wish["region"], "verify": wish["verify"]}
        checksums = {"request_checksum_calculation": "when_required", "response_checksum_validation": "when_required"}
        options["config_kwargs"] = {"s3": {"addressing_style": "path"}, **checksums}
    path, data = wish["path"], os.urandom(4096)
    try:
        files = s3fs.S3FileSystem(**options)
        files.pipe_file(path, data)
        listed = [name.rpartition("/")[2] for name in files.ls(path.rpartition("/")[0])]
        same = files.cat_file(path) == data and files.cat_file(path, start=10, end=20) == data[10:20]
        files.rm_file(path)
        answer = {"same": same, "listed": path.rpartition("/")[2] in listed, "version": s3fs.__version__}
    except Exception as error:  # noqa: BLE001 - whatever s3fs raises is the answer
        answer = {"failed": f"{type(error).__name__}: {str(error)[:300]}"}
    sys.stdout.write(json.dumps(answer) + "\n")
    sys.stdout.flush()
    os._exit(0)  # its loop's thread would keep the process for a while


if __name__ == "__main__":
    main()
