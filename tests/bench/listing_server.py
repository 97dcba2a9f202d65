"""A server that has one bucket with very many keys and can do nothing but list it: ListObjects (V1, V2), HEAD bucket.

A real gateway needs hours to be filled with a million objects. Signatures are not looked at. It is fast: a full page is
a ready-made text with one number put in, so that what is measured is the client.

Source of the rules: Amazon S3 API reference, ListObjects and ListObjectsV2. boto3 checks it in test_bench_servers.py.
"""

from __future__ import annotations

import argparse
import contextlib
import socket
import socketserver
import subprocess
import sys
from collections.abc import Iterator
from urllib.parse import parse_qs, unquote, urlsplit

PAGE = 1000  # keys, as S3 has it
_NAME = "key-{:07d}.nc"
_ENTRY = (
    "<Contents><Key>%b</Key><LastModified>2026-01-02T03:04:05.000Z</LastModified><ETag>&quot;"
    "620f0b67a91f7f74151bc5be745b7110&quot;</ETag><Size>4096</Size><StorageClass>STANDARD</StorageClass></Contents>"
)
_HOLE = b"@@@@"  # stands for a page's number: the digits before the last three


def key(number: int) -> str:
    """The name of a key; they sort as their numbers do."""
    return _NAME.format(number)


def _entries(numbers: range) -> bytes:
    return b"".join(_ENTRY.encode() % key(number).encode() for number in numbers)


_FULL = b"".join(_ENTRY.encode() % (b"key-" + _HOLE + f"{number:03d}.nc".encode()) for number in range(PAGE))


class Listing:
    """What the bucket answers."""

    def __init__(self, bucket: str, count: int) -> None:
        self.bucket = bucket
        self.count = count

    def answer(self, query: dict[str, list[str]]) -> bytes:
        """One page. The continuation token is the number of the next key."""
        if "location" in query:
            return _document("LocationConstraint", b"")
        second = query.get("list-type") == ["2"]
        start = self._start(query)
        wanted = min(int(query.get("max-keys", [str(PAGE)])[0]), PAGE)
        if not key(0).startswith(query.get("prefix", [""])[0][:4]):
            start = self.count
        end = min(start + wanted, self.count)
        more = end < self.count
        parts = [
            f"<Name>{self.bucket}</Name><Prefix></Prefix><MaxKeys>{wanted}</MaxKeys>".encode(),
            f"<IsTruncated>{str(more).lower()}</IsTruncated>".encode(),
        ]
        if "encoding-type" in query:
            parts.append(b"<EncodingType>url</EncodingType>")
        if second:
            parts.append(f"<KeyCount>{end - start}</KeyCount>".encode())
        if more:
            following = f"<NextContinuationToken>{end}</NextContinuationToken>"
            parts.append((following if second else f"<NextMarker>{key(end - 1)}</NextMarker>").encode())
        if end - start == PAGE and start % PAGE == 0:
            parts.append(_FULL.replace(_HOLE, b"%04d" % (start // PAGE)))
        else:
            parts.append(_entries(range(start, end)))
        return _document("ListBucketResult", b"".join(parts))

    def _start(self, query: dict[str, list[str]]) -> int:
        if "continuation-token" in query:
            return int(query["continuation-token"][0])
        after = query.get("start-after", query.get("marker", [""]))[0]
        if not after:
            return 0
        digits = after.removeprefix("key-").removesuffix(".nc")
        return min(int(digits) + 1, self.count) if digits.isdigit() else self.count


def _document(name: str, inside: bytes) -> bytes:
    return (
        b'<?xml version="1.0" encoding="UTF-8"?>'
        + f'<{name} xmlns="http://s3.amazonaws.com/doc/2006-03-01/">'.encode()
        + inside
        + f"</{name}>".encode()
    )


class _Handler(socketserver.StreamRequestHandler):
    """Just enough of HTTP/1.1 for requests without a body."""

    wbufsize = -1
    disable_nagle_algorithm = True

    def handle(self) -> None:
        with contextlib.suppress(OSError):
            while self._one():
                pass

    def _one(self) -> bool:
        words = self.rfile.readline(65536).split()
        if len(words) != 3:
            return False
        while self.rfile.readline(65536) not in (b"\r\n", b""):
            pass
        method, target = words[0].decode(), urlsplit(words[1].decode())
        listing: Listing = self.server.listing  # type: ignore[attr-defined]
        name, _, rest = unquote(target.path).lstrip("/").partition("/")
        if method not in {"GET", "HEAD"} or name != listing.bucket:
            status, body = "501 Not Implemented", b"<Error><Code>NotImplemented</Code></Error>"
        elif rest:
            status, body = "404 Not Found", b"<Error><Code>NoSuchKey</Code></Error>"
        else:
            status = "200 OK"
            body = b"" if method == "HEAD" else listing.answer(parse_qs(target.query, keep_blank_values=True))
        head = f"HTTP/1.1 {status}\r\nContent-Type: application/xml\r\nx-amz-bucket-region: us-east-1\r\n"
        self.wfile.write(f"{head}Content-Length: {len(body)}\r\n\r\n".encode() + (b"" if method == "HEAD" else body))
        self.wfile.flush()
        return True


class _Server(socketserver.ThreadingTCPServer):
    daemon_threads = True
    allow_reuse_address = True
    address_family = socket.AF_INET


@contextlib.contextmanager
def listing_server(bucket: str, count: int) -> Iterator[str]:
    """The origin of a server, in a process of its own, with the keys ``key(0)`` to ``key(count - 1)``; until left."""
    words = ["setpriv", "--pdeathsig", "KILL", sys.executable, __file__, bucket, str(count)]
    with subprocess.Popen(words, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout is not None
            line = process.stdout.readline().strip()
            if not line:
                raise RuntimeError("the listing server did not start")
            yield f"http://127.0.0.1:{line}"
        finally:
            process.kill()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("bucket")
    parser.add_argument("count", type=int)
    options = parser.parse_args()
    with _Server(("127.0.0.1", 0), _Handler) as server:
        server.listing = Listing(options.bucket, options.count)  # type: ignore[attr-defined]
        print(server.server_address[1], flush=True)
        server.serve_forever()


if __name__ == "__main__":
    main()
