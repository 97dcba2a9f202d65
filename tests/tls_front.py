"""nginx as a TLS front before a plain HTTP server on loopback, with an authority of its own: what clouds have in front.

Buffering is off both ways: a body passes through as it comes, as it must where objects are large.
"""

from __future__ import annotations

import contextlib
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from ports import free_port

PACKAGES = "nginx-light openssl"
START_SECONDS = 20.0
PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"

_CONFIGURATION = """\
daemon off;
master_process off;
worker_processes 1;
error_log {folder}/error.log warn;
pid {folder}/nginx.pid;
events {{ worker_connections 1024; }}
http {{
    access_log off;
    client_max_body_size 0;
    client_body_temp_path {folder}/body;
    proxy_temp_path {folder}/proxy;
    fastcgi_temp_path {folder}/fastcgi;
    uwsgi_temp_path {folder}/uwsgi;
    scgi_temp_path {folder}/scgi;
    keepalive_timeout 60s;
    keepalive_requests 1000000;
    ssl_certificate {folder}/server.pem;
    ssl_certificate_key {folder}/server.key;
    ssl_protocols TLSv1.2 TLSv1.3;
    ssl_session_cache shared:sessions:1m;
    upstream behind {{
        server {upstream};
        keepalive 64;
        keepalive_requests 1000000;
    }}
    server {{
        listen 127.0.0.1:{port} ssl backlog=1024;
        location / {{
            proxy_pass http://behind;
            proxy_http_version 1.1;
            proxy_set_header Host $http_host;
            proxy_set_header Connection "";
            proxy_request_buffering off;
            proxy_buffering {buffering};
            proxy_buffer_size 64k;
            proxy_buffers 16 64k;
            proxy_max_temp_file_size 0;
        }}
    }}
}}
"""


@dataclass(frozen=True, slots=True)
class Front:
    """Where it listens, and the file with the authority that a client must trust."""

    origin: str
    authority: Path
    pid: int


def lacking() -> str:
    """Why it cannot run here; "" where it can."""
    if missing := [program for program in ("nginx", "openssl") if shutil.which(program, path=PATH) is None]:
        return f"{', '.join(missing)} not found: apt-get install --no-install-recommends {PACKAGES}"
    return ""


@contextlib.contextmanager
def tls_front(folder: Path, upstream: str, *, buffering: bool = False) -> Iterator[Front]:
    """https on a free port of loopback before ``upstream`` (host:port), until left; its files are in ``folder``."""
    make_certificates(folder)
    port = free_port()
    configuration = folder / "nginx.conf"
    configuration.write_text(
        _CONFIGURATION.format(folder=folder, upstream=upstream, port=port, buffering="on" if buffering else "off")
    )
    process = subprocess.Popen(
        [
            "setpriv",
            "--pdeathsig",
            "KILL",
            "nginx",
            "-p",
            str(folder),
            "-c",
            str(configuration),
            "-e",
            str(folder / "error.log"),
        ],
        env={"PATH": PATH, "LANG": "C.UTF-8"},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        wait_for_nginx(process, port, folder / "error.log")
        yield Front(f"https://127.0.0.1:{port}", folder / "authority.pem", process.pid)
    finally:
        process.kill()
        process.wait()


def make_certificates(folder: Path, name: str = "localhost") -> None:
    """``authority.pem`` and, signed by it, ``server.pem`` with ``server.key`` for 127.0.0.1 and a name."""
    _openssl(
        folder,
        "authority",
        "/CN=a test's authority",
        "basicConstraints=critical,CA:TRUE",
        "-addext",
        "keyUsage=critical,keyCertSign,cRLSign",
    )
    _openssl(
        folder,
        "server",
        "/CN=localhost",
        f"subjectAltName=IP:127.0.0.1,DNS:{name}",
        "-addext",
        "basicConstraints=critical,CA:FALSE",
        "-CA",
        "authority.pem",
        "-CAkey",
        "authority.key",
    )


def _openssl(folder: Path, name: str, subject: str, extension: str, *more: str) -> None:
    made = ["-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2"]
    made += ["-keyout", f"{name}.key", "-out", f"{name}.pem", "-subj", subject, "-addext", extension, *more]
    done = subprocess.run(["openssl", "req", *made], cwd=folder, capture_output=True, text=True, check=False)
    if done.returncode:
        raise RuntimeError(f"openssl made no certificate:\n{done.stderr}")


def wait_for_nginx(process: subprocess.Popen[bytes], port: int, log: Path) -> None:
    """Until it listens. Raises :class:`RuntimeError` with its log where it does not."""
    deadline = time.monotonic() + START_SECONDS
    while True:
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=1.0):
            return
        if process.poll() is not None or time.monotonic() > deadline:
            raise RuntimeError(f"nginx did not start:\n{log.read_text() if log.exists() else ''}")
        time.sleep(0.02)
