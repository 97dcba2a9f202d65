"""A bucket at what stands in for Google's storage, judged by Google's own library; and logins at a server of tokens.

fake-gcs-server does otherwise than the documentation of Google's JSON API says:

- it takes a whole object whose MD5 is not the one that was sent before it (Google: 400);
- it tells an MD5 of objects that were put together (Google: none, and a ``componentCount``);
- it ignores ``ifGenerationMatch`` of compositions, copies and their sources (Google: 412);
- it answers 500 where a part to put together is not there (Google: 404), and "Not Found" alone, whether an object or
  its bucket is missing (Google says which);
- it knows no logins (Google: 401, 403).

:class:`AsDocumented` stands before it and puts right what a test needs of that.
"""

from __future__ import annotations

import base64
import contextlib
import hashlib
import json
import re
import threading
import uuid
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, unquote

from commands import Jsobj
from google.auth.credentials import AnonymousCredentials
from google.cloud import storage
from meddler import Answer, Passing

from jsobj.identity.foreign.google import google_login
from jsobj.identity.settings import Settings
from jsobj.net.retry import RetryPolicy
from jsobj.store.foreign.google.open import open_google
from jsobj.store.foreign.google.store import GoogleStore
from jsobj.store.location import Location

MIB = 1024 * 1024
ENDPOINT = "CLOUDSDK_API_ENDPOINT_OVERRIDES_STORAGE"
_COMPOSE = re.compile(r"/storage/v1/b/[^/]+/o/([^/]+)/compose")


@dataclass
class GoogleScene:
    """``client`` is Google's library; ``jsobj`` runs commands whose Google is the emulator."""

    endpoint: str
    jsobj: Jsobj
    client: Any
    bucket: Any

    @property
    def url(self) -> str:
        return f"gs://{self.bucket.name}"

    def put(self, key: str, data: bytes, **more: Any) -> Any:
        """Google's library writes an object; its description."""
        blob = self.bucket.blob(key)
        for name, value in more.items():
            setattr(blob, name, value)
        blob.upload_from_string(data, content_type=more.get("content_type", "application/octet-stream"))
        return blob

    def data(self, key: str) -> bytes:
        found: bytes = self.bucket.blob(key).download_as_bytes(raw_download=True)
        return found

    def keys(self) -> list[str]:
        return [blob.name for blob in self.client.list_blobs(self.bucket)]

    def file(self, name: str, data: bytes) -> Path:
        path = self.jsobj.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
        return path

    def store(self, endpoint: str = "", *, tries: float = 3, **environ: str) -> GoogleStore:
        """The bucket as the store of this process; ``environ``: another login than the emulator's."""
        environ = environ or {"STORAGE_EMULATOR_HOST": endpoint or self.endpoint}
        settings = Settings.read({"HOME": str(self.jsobj.home), **environ})
        assert google_login(settings) is not None
        return open_google(settings, Location("gs", self.bucket.name), retry=RetryPolicy(tries=tries))


@contextlib.contextmanager
def google_scene(endpoint: str, home: Path) -> Iterator[GoogleScene]:
    """An empty bucket of its own."""
    client = storage.Client(
        project="samples", credentials=AnonymousCredentials(), client_options={"api_endpoint": endpoint}
    )
    bucket = client.create_bucket(f"b-{uuid.uuid4().hex[:12]}")
    runner = Jsobj(home, ())
    runner.variables["STORAGE_EMULATOR_HOST"] = endpoint
    try:
        yield GoogleScene(endpoint, runner, client, bucket)
        runner.check_no_secret_leaked()
    finally:
        client.close()


# -- what the emulator does otherwise


def google_error(status: int, message: str, reason: str = "") -> Answer:
    """An error as Google writes it."""
    errors = [{"domain": "global", "reason": reason or "invalid", "message": message}]
    body = json.dumps({"error": {"code": status, "message": message, "errors": errors}}).encode()
    return status, {"content-type": "application/json"}, body


@dataclass
class AsDocumented:
    """For :class:`meddler.Meddler`. ``google``: asked for what is there; ``composed``: what was put together."""

    google: GoogleScene
    composed: set[str] = field(default_factory=set)

    def __call__(self, passing: Passing) -> Answer | None:
        if wrong := _wrong_md5(passing) or self._other_generation(passing):
            return wrong
        status, headers, body = passing.ask()
        path = passing.path.partition("?")[0]
        if match := _COMPOSE.fullmatch(path):
            if status == 500:
                return google_error(404, "No such object: one of the parts", "notFound")
            self.composed.add(unquote(match[1]))
        if "x-goog-hash" in headers and unquote(path.rpartition("/")[2]) in self.composed:
            headers["x-goog-hash"] = headers["x-goog-hash"].partition(",md5=")[0]
        if "application/json" in headers.get("content-type", "") and "/download/" not in path:
            body = json.dumps(self._without_md5(json.loads(body))).encode()
            headers["content-length"] = str(len(body))
        return status, headers, body

    def _other_generation(self, passing: Passing) -> Answer | None:
        path, _, query = passing.path.partition("?")
        wanted = parse_qs(query).get("ifGenerationMatch")
        if wanted is None or not (match := _COMPOSE.fullmatch(path)):
            return None
        blob = self.google.bucket.get_blob(unquote(match[1]))
        if str(blob.generation if blob else 0) == wanted[0]:
            return None
        return google_error(412, "At least one of the pre-conditions you specified did not hold.", "conditionNotMet")

    def _without_md5(self, document: Any) -> Any:
        if not isinstance(document, dict):
            return document
        for each in (document, *document.get("items", ())):
            if each.get("name") in self.composed:
                each.pop("md5Hash", None)
                each["componentCount"] = 2
        return document


def _wrong_md5(passing: Passing) -> Answer | None:
    if "uploadType=multipart" not in passing.path:
        return None
    boundary = passing.headers["content-type"].partition("boundary=")[2].strip('"').encode()
    _, first, rest = passing.body.split(b"--" + boundary + b"\r\n", 2)
    told = json.loads(first.partition(b"\r\n\r\n")[2]).get("md5Hash")
    data = rest.partition(b"\r\n\r\n")[2].removesuffix(b"\r\n--" + boundary + b"--\r\n")
    found = base64.b64encode(hashlib.md5(data).digest()).decode()
    if told in {None, found}:
        return None
    return google_error(400, f'Provided MD5 hash "{told}" doesn\'t match calculated MD5 hash "{found}".')


# -- logins


@dataclass
class TokenServer:
    """Gives tokens, as Google's; ``error``: what it answers instead. ``given``: all tokens so far."""

    url: str = ""
    error: dict[str, str] = field(default_factory=dict)
    seconds: int = 3600
    given: list[str] = field(default_factory=list)
    asked: list[dict[str, list[str]]] = field(default_factory=list)

    def require(self, passing: Passing) -> Answer | None:
        """For :class:`meddler.Meddler`: the newest token, or 401 as Google answers."""
        if self.given and passing.headers.get("authorization") == f"Bearer {self.given[-1]}":
            return passing.ask()
        return google_error(401, "Invalid Credentials", "authError")


@contextlib.contextmanager
def token_server() -> Iterator[TokenServer]:
    """On loopback."""
    state = TokenServer()

    class Handler(BaseHTTPRequestHandler):
        def log_message(self, format: str, *args: object) -> None:
            pass

        def do_POST(self) -> None:
            state.asked.append(parse_qs(self.rfile.read(int(self.headers["content-length"])).decode()))
            self._answer()

        def do_GET(self) -> None:  # the metadata server's way
            self._answer()

        def _answer(self) -> None:
            answer: dict[str, object] = dict(state.error)
            if not answer and (self.command == "POST" or self.path.partition("?")[0].endswith("/token")):
                state.given.append(f"ya29.{uuid.uuid4().hex}{uuid.uuid4().hex}")
                answer = {"access_token": state.given[-1], "expires_in": state.seconds, "token_type": "Bearer"}
            body = json.dumps(answer or {"email": "robot@samples.example", "scopes": ["all"]}).encode()
            self.send_response(400 if state.error else 200)
            self.send_header("content-type", "application/json")
            self.send_header("metadata-flavor", "Google")
            self.send_header("content-length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    state.url = f"http://127.0.0.1:{server.server_port}/token"
    thread = threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True)
    thread.start()
    try:
        yield state
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def private_key() -> str:
    """Of a service account that is nobody's."""
    from cryptography.hazmat.primitives import serialization
    from cryptography.hazmat.primitives.asymmetric import rsa

    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    plain = serialization.NoEncryption()
    return key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, plain).decode()


def service_account(folder: Path, token_uri: str, key: str) -> Path:
    """The file of its key."""
    path = folder / "credentials-robot.json"
    info = {
        "type": "service_account",
        "project_id": "samples",
        "private_key_id": "1",
        "private_key": key,
        "client_email": "robot@samples.example",
        "client_id": "1",
        "token_uri": token_uri,
    }
    path.write_text(json.dumps(info))
    path.chmod(0o600)
    return path
