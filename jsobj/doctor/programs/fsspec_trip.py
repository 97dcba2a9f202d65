"""Stand-alone: a round trip through fsspec over S3 (s3fs) or the Swift API, in a process of its own, since the thread
of its event loop does not end.

One JSON line on standard input says where; one on standard output says how it went. It must not import jsobj: that
fsspec finds jsobj's filesystem by itself is what is tested.
"""

from __future__ import annotations

import json
import os
import sys
from typing import Any


def main() -> None:
    """Write, list, read and delete one object."""
    request = json.loads(sys.stdin.readline())
    answer: dict[str, Any] = {}
    try:
        import fsspec

        if request["protocol"] == "s3":
            import s3fs

            answer = {"version": s3fs.__version__}
            protocol = "s3"
        else:
            answer = {"version": fsspec.__version__, "owner": _owner("swift"), "claimed": _claimed("swift")}
            protocol = "swift" if answer["owner"] == "jsobj" else "jsobj+swift"
        answer |= _trip(fsspec.filesystem(protocol, **request["options"]), f"{protocol}://{request['path']}")
    except Exception as error:  # noqa: BLE001 - whatever fsspec raises is the answer
        answer["failed"] = f"{type(error).__name__}: {str(error)[:300]}"
    sys.stdout.write(json.dumps(answer) + "\n")
    sys.stdout.flush()
    os._exit(0)  # the thread of the event loop would keep the process for a while


def _owner(protocol: str) -> str:
    """The package whose filesystem fsspec takes for a protocol; "" where there is none."""
    import fsspec

    try:
        return str(fsspec.get_filesystem_class(protocol).__module__).partition(".")[0]
    except (ValueError, ImportError):
        return ""


def _claimed(protocol: str) -> list[str]:
    """Every package that registers a protocol; fsspec takes the first that Python finds."""
    from importlib.metadata import entry_points

    found = (entry.value for entry in entry_points(group="fsspec.specs") if entry.name == protocol)
    return sorted({value.partition(":")[0].partition(".")[0] for value in found})


def _trip(files: Any, url: str) -> dict[str, bool]:
    folder, _, name = url.rpartition("/")
    data = os.urandom(4096)
    files.pipe_file(url, data)
    with files.open(url, "rb") as opened:
        same = opened.read() == data
    same = same and files.cat_file(url) == data and files.cat_file(url, start=10, end=20) == data[10:20]
    listed = name in {found.rpartition("/")[2] for found in files.ls(folder, detail=False)}
    files.rm_file(url)
    return {"same": same, "listed": listed, "gone": not files.exists(url)}


if __name__ == "__main__":
    main()
