"""An S3 server that keeps no bytes: for transfers of more than a test machine can hold.

It answers as a correct server does: each ETag is the MD5 of what came (or the composite of the parts'), HEAD and
listings show what was made. Only GET of an object is missing. Zeros, of which sparse files consist, are recognised, and
their MD5 is computed once for each length. test_transfer_scale.py compares its answers with those of Ceph RGW.

Source of the rules: Amazon S3 API reference, PutObject, CreateMultipartUpload, UploadPart, CompleteMultipartUpload.
"""

from __future__ import annotations

import contextlib
import hashlib
import re
import subprocess
import sys
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, quote, unquote, urlsplit
from xml.sax.saxutils import escape

_BUFFER = 1024 * 1024
_ZEROS = bytes(_BUFFER)
_NAMESPACE = 'xmlns="http://s3.amazonaws.com/doc/2006-03-01/"'


class Sink:
    """What the server remembers: sizes and digests."""

    def __init__(self) -> None:
        self.lock = threading.Lock()
        self.objects: dict[str, tuple[int, str, dict[str, str]]] = {}
        self.uploads: dict[str, tuple[str, dict[str, str], dict[int, tuple[int, str]]]] = {}
        self.zeros: dict[int, str] = {}

    def digest_of_zeros(self, size: int) -> str:
        if size not in self.zeros:
            digest = hashlib.md5()
            for _ in range(size // _BUFFER):
                digest.update(_ZEROS)
            digest.update(_ZEROS[: size % _BUFFER])
            self.zeros[size] = digest.hexdigest()
        return self.zeros[size]


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    wbufsize = -1
    disable_nagle_algorithm = True
    server: _Server

    def setup(self) -> None:
        super().setup()
        self.view = memoryview(bytearray(_BUFFER))

    def log_message(self, *_: object) -> None:
        """Say nothing."""

    def parse(self) -> tuple[str, dict[str, str]]:
        url = urlsplit(self.path)
        query = {name: values[0] for name, values in parse_qs(url.query, keep_blank_values=True).items()}
        return unquote(url.path).lstrip("/").partition("/")[2], query

    def metadata(self) -> dict[str, str]:
        kept = ("x-amz-meta-", "content-type", "content-encoding")
        return {name: value for name, value in self.headers.items() if name.lower().startswith(kept)}

    def do_PUT(self) -> None:
        key, query = self.parse()
        sink = self.server.sink
        size, md5 = self.body()
        if "uploadId" in query:
            with sink.lock:
                sink.uploads[query["uploadId"]][2][int(query["partNumber"])] = (size, md5)
        elif key:
            with sink.lock:
                sink.objects[key] = (size, md5, self.metadata())
        self.answer(200, headers={"ETag": f'"{md5}"'})

    def do_POST(self) -> None:
        key, query = self.parse()
        sink = self.server.sink
        sent = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        with sink.lock:
            if "uploads" in query:
                number = f"upload-{len(sink.uploads) + 1}"
                sink.uploads[number] = (key, self.metadata(), {})
                self.document("InitiateMultipartUploadResult", f"<Key>{escape(key)}</Key><UploadId>{number}</UploadId>")
                return
            _, metadata, parts = sink.uploads.pop(query["uploadId"])
        wanted = [int(found) for found in re.findall(rb"<PartNumber>(\d+)</PartNumber>", sent)]
        digests = b"".join(bytes.fromhex(parts[number][1]) for number in wanted)
        etag = f"{hashlib.md5(digests).hexdigest()}-{len(wanted)}"
        with sink.lock:
            sink.objects[key] = (sum(parts[number][0] for number in wanted), etag, metadata)
        self.document("CompleteMultipartUploadResult", f"<Key>{escape(key)}</Key><ETag>&quot;{etag}&quot;</ETag>")

    def do_DELETE(self) -> None:
        key, query = self.parse()
        with self.server.sink.lock:
            self.server.sink.uploads.pop(query.get("uploadId", ""), None)
            if "uploadId" not in query:
                self.server.sink.objects.pop(key, None)
        self.answer(204)

    def do_HEAD(self) -> None:
        key, _ = self.parse()
        found = self.server.sink.objects.get(key)
        if not key or found is None:
            self.answer(404 if key else 200)
            return
        size, etag, metadata = found
        modified = {"Last-Modified": "Fri, 02 Jan 2026 03:04:05 GMT"}
        self.answer(200, headers={**metadata, **modified, "ETag": f'"{etag}"'}, length=size)

    def do_GET(self) -> None:
        key, query = self.parse()
        if key or "uploads" in query:
            self.document("Error", "<Code>NotImplemented</Code><Message>a sink</Message>", status=501)
            return
        with self.server.sink.lock:
            found = sorted(self.server.sink.objects.items())
        lines = "".join(
            f"<Contents><Key>{quote(name)}</Key><LastModified>2026-01-02T03:04:05.000Z</LastModified>"
            f"<ETag>&quot;{etag}&quot;</ETag><Size>{size}</Size></Contents>"
            for name, (size, etag, _) in found
            if name.startswith(query.get("prefix", ""))
        )
        self.document("ListBucketResult", f"<EncodingType>url</EncodingType><IsTruncated>false</IsTruncated>{lines}")

    def body(self) -> tuple[int, str]:
        """Size and MD5 of what comes."""
        left = size = int(self.headers.get("Content-Length", 0))
        digest, zeros, only_zeros = hashlib.md5(), 0, True
        while left:
            count = self.rfile.readinto(self.view[:left])  # type: ignore[attr-defined]
            if not count:
                raise ConnectionError("the body was cut")
            left -= count
            if only_zeros and self.view[:count] == memoryview(_ZEROS)[:count]:
                zeros += count
                continue
            if only_zeros:
                only_zeros = False
                for start in range(0, zeros, _BUFFER):
                    digest.update(_ZEROS[: zeros - start])
            digest.update(self.view[:count])
        return size, self.server.sink.digest_of_zeros(size) if only_zeros else digest.hexdigest()

    def document(self, name: str, inside: str, status: int = 200) -> None:
        text = f'<?xml version="1.0" encoding="UTF-8"?><{name} {_NAMESPACE}>{inside}</{name}>'
        self.answer(status, text.encode(), headers={"Content-Type": "application/xml"})

    def answer(
        self, status: int, body: bytes = b"", *, headers: dict[str, str] | None = None, length: int | None = None
    ) -> None:
        self.send_response(status)
        for name, value in (headers or {}).items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body) if length is None else length))
        self.end_headers()
        self.wfile.write(body)


class _Server(ThreadingHTTPServer):
    sink: Sink
    daemon_threads = True
    request_queue_size = 64


@contextlib.contextmanager
def sink_server() -> Iterator[str]:
    """The origin of a sink in a process of its own; until left."""
    with subprocess.Popen(
        [sys.executable, __file__], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, text=True
    ) as process:
        try:
            assert process.stdout is not None
            line = process.stdout.readline().strip()
            assert line, "the sink did not start"
            yield f"http://127.0.0.1:{line}"
        finally:
            process.kill()


def main() -> None:
    with _Server(("127.0.0.1", 0), _Handler) as server:
        server.sink = Sink()
        print(server.server_address[1], flush=True)  # noqa: T201 - its parent reads it
        server.serve_forever()


if __name__ == "__main__":
    main()
