"""nginx as a plain web server on loopback, with one folder under many locations: each is a server of another kind."""

from __future__ import annotations

import contextlib
import os
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from ports import free_port
from tls_front import PATH, make_certificates, wait_for_nginx

WHEN = 1_700_000_000
# The names of locations, and what is set in them beside the folder that they all show.
KINDS = {
    "index": "autoindex on;",
    "rounded": "autoindex on; autoindex_exact_size off; autoindex_localtime on;",
    "json": "autoindex on; autoindex_format json;",
    "none": "",
    "whole": "autoindex on; max_ranges 0;",
    "dated": "autoindex on; etag off;",
    "bare": "autoindex on; etag off; if_modified_since off; add_header Last-Modified '';",
    "zipped": "autoindex on; gzip on; gzip_min_length 1; gzip_types *;",
    "secret": "deny all;",
}
_CONFIGURATION = """\
daemon off;
master_process off;
worker_processes 1;
error_log {folder}/error.log warn;
pid {folder}/nginx.pid;
events {{ worker_connections 1024; }}
http {{
    access_log off;
    client_body_temp_path {folder}/body;
    proxy_temp_path {folder}/proxy;
    fastcgi_temp_path {folder}/fastcgi;
    uwsgi_temp_path {folder}/uwsgi;
    scgi_temp_path {folder}/scgi;
    keepalive_requests 1000000;
    types {{ text/html html; application/gzip gz; }}
    default_type application/octet-stream;
    ssl_certificate {folder}/server.pem;
    ssl_certificate_key {folder}/server.key;
    server {{
        listen 127.0.0.1:{port};
        listen 127.0.0.1:{secure_port} ssl;
        root {root};
        absolute_redirect off;
        charset utf-8;
{locations}
        location /moved/ {{ rewrite ^/moved/(.*)$ /index/$1 redirect; }}
        location /upgrade/ {{ rewrite ^/upgrade/(.*)$ https://127.0.0.1:{secure_port}/index/$1 permanent; }}
        location /downgrade/ {{ rewrite ^/downgrade/(.*)$ http://127.0.0.1:{port}/index/$1 permanent; }}
        location /loop/ {{ rewrite ^/loop/(.*)$ /loop/x$1 redirect; }}
        location /asked/ {{ if ($arg_id) {{ rewrite ^ /index/$arg_id? last; }} return 404; }}
    }}
}}
"""


@dataclass(frozen=True)
class WebServer:
    """``url`` and ``secure_url`` end without a slash; ``root`` is what every kind shows."""

    url: str
    secure_url: str
    authority: Path
    root: Path

    def write(self, name: str, data: bytes) -> Path:
        """A file of long ago: one that is new may change within the second that its time tells."""
        path = self.root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
        os.utime(path, (WHEN, WHEN))
        return path


@contextlib.contextmanager
def web_server(folder: Path) -> Iterator[WebServer]:
    """Over http and https, until left; its files are in ``folder``."""
    make_certificates(folder)
    root = folder / "root"
    root.mkdir()
    port, secure_port = free_port(), free_port()
    locations = "".join(f"        location /{kind}/ {{ alias {root}/; {words} }}\n" for kind, words in KINDS.items())
    configuration = folder / "nginx.conf"
    configuration.write_text(
        _CONFIGURATION.format(folder=folder, root=root, port=port, secure_port=secure_port, locations=locations)
    )
    words = ["nginx", "-p", str(folder), "-c", str(configuration), "-e", str(folder / "error.log")]
    process = subprocess.Popen(
        ["setpriv", "--pdeathsig", "KILL", *words],
        env={"PATH": PATH, "LANG": "C.UTF-8"},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        wait_for_nginx(process, port, folder / "error.log")
        yield WebServer(f"http://127.0.0.1:{port}", f"https://127.0.0.1:{secure_port}", folder / "authority.pem", root)
    finally:
        process.kill()
        process.wait()
