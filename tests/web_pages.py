"""Web pages of other origins that want to read a bucket: what a browser would be told, and a browser itself."""

from __future__ import annotations

import contextlib
import http.server
import json
import threading
import urllib.error
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from headless import Tab

_ALLOW = "access-control-allow-"


@dataclass(frozen=True)
class Answer:
    status: int
    headers: dict[str, str]

    @property
    def origin(self) -> str:
        """The origin that is let read, "" for none."""
        return self.headers.get(f"{_ALLOW}origin", "")

    @property
    def exposed(self) -> set[str]:
        return {each.strip().lower() for each in self.headers.get("access-control-expose-headers", "").split(",")}


def ask(url: str, method: str, **headers: str) -> Answer:
    """A request without credentials."""
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    request = urllib.request.Request(url, method=method, headers=named)
    try:
        with urllib.request.urlopen(request, timeout=30) as answer:
            return Answer(answer.status, {name.lower(): value for name, value in answer.headers.items()})
    except urllib.error.HTTPError as error:
        return Answer(error.code, {name.lower(): value for name, value in error.headers.items()})


def page_reads(url: str, origin: str) -> bool:
    """Whether a page of ``origin`` may GET with a Range: both answers say so, or neither."""
    before = ask(
        url, "OPTIONS", Origin=origin, Access_Control_Request_Method="GET", Access_Control_Request_Headers="range"
    )
    answer = ask(url, "GET", Origin=origin, Range="bytes=0-1")
    allowed = before.status == 200 and before.origin in {origin, "*"}
    if allowed:
        assert "GET" in before.headers[f"{_ALLOW}methods"]
        assert before.headers[f"{_ALLOW}headers"].lower() == "range"
    assert (answer.origin in {origin, "*"}) == allowed
    return allowed


class _Page(http.server.BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        body = b"<!doctype html><title>viewer</title>"
        self.send_response(200)
        self.send_header("Content-Type", "text/html")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:
        pass


@contextlib.contextmanager
def viewer() -> Iterator[str]:
    """A web server with an empty page; its origin."""
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), _Page)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()


def fetched_by(tab: Tab, origin: str, url: str) -> dict[str, Any]:
    """What a script of a page of ``origin`` gets by ``fetch`` with a Range: status, text, a header; or the error."""
    tab.call("Page.navigate", url=f"{origin}/")
    script = f"""(async () => {{
      while (location.origin !== {json.dumps(origin)}) await new Promise(done => setTimeout(done, 20));
      try {{
        const answer = await fetch({json.dumps(url)}, {{headers: {{Range: "bytes=1-2"}}, cache: "no-store"}});
        return {{status: answer.status, text: await answer.text(), range: answer.headers.get("content-range")}};
      }} catch (error) {{ return {{error: error.name}}; }}
    }})()"""
    answer = tab.call("Runtime.evaluate", expression=script, returnByValue=True, awaitPromise=True)
    assert "exceptionDetails" not in answer, answer["exceptionDetails"]
    return dict(answer["result"]["value"])
