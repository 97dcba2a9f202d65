"""A network of its own, with its own name server and one https server: run by ``unshare -rmn`` (test_fault_dns.py).

    unshare -rmn python dns_world.py HOW FOLDER COMMAND...

``HOW`` the name server answers: ``nxdomain``, ``servfail``, ``silent``, ``dead-aaaa`` (the IPv6 address leads nowhere),
``moves`` (the first address leads nowhere, later ones do not) or ``no-route`` (no network leads to the address).
``FOLDER`` holds server.pem. Prints JSON: the command's exit code and words, and which names were asked for.
"""

from __future__ import annotations

import ctypes
import fcntl
import json
import os
import socket
import ssl
import struct
import subprocess
import sys
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

LISTING = b"<ListBucketResult><Name>b</Name><KeyCount>1</KeyCount><IsTruncated>false</IsTruncated><Contents>\
<Key>there</Key><Size>1</Size><LastModified>2026-01-01T00:00:00.000Z</LastModified></Contents></ListBucketResult>"
A, AAAA = 1, 28
NAME_ERROR, SERVER_FAILURE = 3, 2


class _Store(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *_: object) -> None:
        """Say nothing."""

    def do_GET(self) -> None:
        self.send_response(200)
        self.send_header("Content-Length", str(len(LISTING)))
        self.end_headers()
        self.wfile.write(LISTING)


class NameServer:
    """``asked``: the types of the questions, in their order."""

    def __init__(self, how: str) -> None:
        self._how = how
        self.asked: list[int] = []
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._socket.bind(("127.0.0.1", 53))

    def serve(self) -> None:
        while True:
            question, sender = self._socket.recvfrom(4096)
            end = question.index(b"\0", 12) + 5
            kind = struct.unpack("!H", question[end - 4 : end - 2])[0]
            self.asked.append(kind)
            if self._how != "silent":
                self._socket.sendto(self._answer(question[:2], question[12:end], kind), sender)

    def _answer(self, number: bytes, question: bytes, kind: int) -> bytes:
        code = {"nxdomain": NAME_ERROR, "servfail": SERVER_FAILURE}.get(self._how, 0)
        address = b"" if code else self._address(kind)
        head = number + struct.pack("!HHHHH", 0x8180 | code, 1, bool(address), 0, 0)
        record = b"\xc0\x0c" + struct.pack("!HHIH", kind, 1, 0, len(address)) + address if address else b""
        return head + question + record

    def _address(self, kind: int) -> bytes:
        if kind == AAAA:
            return socket.inet_pton(socket.AF_INET6, "::1") if self._how == "dead-aaaa" else b""
        first = self._how == "moves" and self.asked.count(A) == 1
        where = "127.0.0.9" if first else "192.0.2.1" if self._how == "no-route" else "127.0.0.1"
        return socket.inet_aton(where) if kind == A else b""


def _loopback_up() -> None:
    with socket.socket() as any_socket:
        # struct ifreq with IFF_UP | IFF_RUNNING, by SIOCSIFFLAGS: netdevice(7)
        fcntl.ioctl(any_socket, 0x8914, struct.pack("16sh14x", b"lo", 0x1 | 0x40))


def _bind_mount(source: Path, target: str) -> None:
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.mount(str(source).encode(), target.encode(), None, 0x1000, None):  # MS_BIND: mount(2)
        raise OSError(ctypes.get_errno(), f"cannot mount over {target}")


def main() -> None:
    how, folder, command = sys.argv[1], Path(sys.argv[2]), sys.argv[3:]
    _loopback_up()
    settings = folder / "resolv.conf"
    settings.write_text("nameserver 127.0.0.1\noptions timeout:1 attempts:1\n")
    _bind_mount(settings, "/etc/resolv.conf")
    names = NameServer(how)
    threading.Thread(target=names.serve, daemon=True).start()
    store = ThreadingHTTPServer(("127.0.0.1", 8443), _Store)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(folder / "server.pem", folder / "server.key")
    store.socket = context.wrap_socket(store.socket, server_side=True)
    threading.Thread(target=store.serve_forever, daemon=True).start()
    began = time.monotonic()
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    told = {"code": done.returncode, "out": done.stdout, "err": done.stderr, "seconds": time.monotonic() - began}
    sys.stdout.write(json.dumps({**told, "asked": names.asked}))
    sys.stdout.flush()
    os._exit(0)


if __name__ == "__main__":
    main()
