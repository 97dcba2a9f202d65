"""jsobj as its user runs it: in a HOME of its own, with an environment of its own, judged by what it prints and writes.

Most tests run a command inside this process (a process of its own costs a second); those about signals, terminals and
closed streams start a real one. Whatever a test does, at its end the output of every command and every file below HOME
that has no business with secrets is searched for the secrets in use.
"""

from __future__ import annotations

import base64
import configparser
import contextlib
import io
import json
import os
import subprocess
import sys
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pexpect
from fixtures_cloud import Cloud

import jsobj
from jsobj.cli.main import run

SOURCE = Path(jsobj.__file__).resolve().parent.parent
PROGRAMS = Path(sys.executable).parent  # not resolved: in a virtual environment that is where aws and openstack are
CREDENTIAL_FILES = ("secure.yaml", "credentials")
PIECE = 12  # characters of a secret in a row that are too many
_SEARCHED = 1 << 20  # characters up to which a text is searched for pieces too


@dataclass(frozen=True)
class Result:
    """What a command left: exit code, standard output, standard error."""

    argv: tuple[str, ...]
    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        """The one document on standard output."""
        return json.loads(self.out)

    @property
    def error(self) -> Any:
        """The error document: the last line of standard error."""
        return json.loads(self.err.strip().splitlines()[-1])

    @property
    def lines(self) -> list[str]:
        return self.out.splitlines()

    def expect(self, code: int) -> Result:
        assert self.code == code, str(self)
        assert "Traceback" not in self.err, str(self)
        return self

    def __str__(self) -> str:
        return f"{' '.join(self.argv)}\nexit {self.code}\n--- stdout\n{self.out}\n--- stderr\n{self.err}"


class Jsobj:
    """``jsobj("bucket", "list")`` in this process; ``.process(...)`` in one of its own; ``.tool("aws", ...)``."""

    def __init__(self, home: Path, secrets: Iterable[str]) -> None:
        self.home = home
        self.folder = home / "work"
        self.folder.mkdir(parents=True, exist_ok=True)
        self.variables: dict[str, str] = {}  # what the user has exported, for every command
        self.private: set[Path] = set()  # more files that hold secrets by right
        self._secrets = set(secrets)
        self._said: list[str] = []

    @property
    def clouds(self) -> Path:
        return self.home / ".config/openstack/clouds.yaml"

    @property
    def secure(self) -> Path:
        return self.home / ".config/openstack/secure.yaml"

    @property
    def credentials(self) -> Path:
        return self.home / ".aws/credentials"

    @property
    def config(self) -> Path:
        return self.home / ".aws/config"

    @property
    def ledger(self) -> Any:
        return json.loads((self.home / ".local/state/jsobj/ledger.json").read_text())

    def profile(self, name: str) -> dict[str, str]:
        """What a reader of INI files finds in ~/.aws/credentials; {} for no such section."""
        parser = configparser.RawConfigParser()
        parser.read(self.credentials)
        return dict(parser[name]) if parser.has_section(name) else {}

    def environment(self, extra: Mapping[str, str] | None = None) -> dict[str, str]:
        path = f"{PROGRAMS}:/usr/local/bin:/usr/bin:/bin"
        own = {"HOME": str(self.home), "PATH": path, "LANG": "C.UTF-8", "TERM": "dumb", "PYTHONPATH": str(SOURCE)}
        if compiled := os.environ.get("JSOBJ_COMPILED"):
            own["JSOBJ_COMPILED"] = compiled
        return {**own, **self.variables, **(extra or {})}

    def __call__(
        self,
        *argv: str | Path,
        code: int = 0,
        stdin: str | Path = "",
        env: Mapping[str, str] | None = None,
        shows_secrets: bool = False,
    ) -> Result:
        """Run in this process. ``stdin`` is a text or a file."""
        words = tuple(map(str, argv))
        data = stdin.read_bytes() if isinstance(stdin, Path) else stdin.encode()
        with _surroundings(self.environment(env), self.folder, data) as (out, err):
            status = run(words)
        return self._done(Result(words, status, _text(out), _text(err)), code, shows_secrets)

    def process(
        self,
        *argv: str | Path,
        code: int = 0,
        stdin: str | Path | None = None,
        env: Mapping[str, str] | None = None,
        cwd: Path | None = None,
        timeout: float = 60,
    ) -> Result:
        """Run as a process. ``stdin`` None is a closed one."""
        words = tuple(map(str, argv))
        data = stdin.read_bytes() if isinstance(stdin, Path) else (stdin or "").encode()
        done = subprocess.run(
            self.command(*words),
            input=data,
            env=self.environment(env),
            cwd=cwd or self.folder,
            capture_output=True,
            timeout=timeout,
            check=False,
        )
        return self._done(Result(words, done.returncode, done.stdout.decode(), done.stderr.decode()), code, False)

    def command(self, *argv: str | Path) -> list[str]:
        return [sys.executable, "-m", "jsobj", *map(str, argv)]

    def start(
        self, *argv: str | Path, env: Mapping[str, str] | None = None, stdin: int = subprocess.DEVNULL
    ) -> subprocess.Popen[bytes]:
        """Start a process; the caller ends it. Its output goes to the file ``output`` beside the work folder."""
        with (self.home / "output").open("ab") as output:
            return subprocess.Popen(
                self.command(*argv),
                env=self.environment(env),
                cwd=self.folder,
                stdin=stdin,
                stdout=output,
                stderr=output,
            )

    @contextlib.contextmanager
    def terminal(
        self, *argv: str | Path, env: Mapping[str, str] | None = None, columns: int = 100
    ) -> Iterator[pexpect.spawn]:
        """Run on a terminal of its own."""
        seen = io.StringIO()
        command = self.command(*argv)
        child = pexpect.spawn(
            command[0],
            command[1:],
            env={**self.environment({"TERM": "xterm"}), **(env or {})},
            cwd=str(self.folder),
            encoding="utf-8",
            timeout=30,
            dimensions=(40, columns),
        )
        child.logfile_read = seen
        try:
            yield child
        finally:
            child.close(force=True)
            self._said.append(seen.getvalue())

    def tool(
        self, program: str, *argv: str | Path, code: int = 0, env: Mapping[str, str] | None = None, stdin: str = ""
    ) -> Result:
        """Another program as the witness, in the same HOME."""
        found = PROGRAMS / program
        words = (str(found if found.exists() else program), *map(str, argv))
        done = subprocess.run(
            words,
            env=self.environment(env),
            cwd=self.folder,
            input=stdin,
            capture_output=True,
            text=True,
            timeout=90,
            check=False,
        )
        result = Result(words, done.returncode, done.stdout, done.stderr)
        assert result.code == code, str(result)
        return result

    def snapshot(self) -> dict[str, bytes]:
        """Every file below HOME that some tool reads: caches and locks left out."""
        return {
            str(path.relative_to(self.home)): path.read_bytes()
            for path in sorted(self.home.rglob("*"))
            if path.is_file() and ".cache" not in path.parts and not path.name.endswith(".lock") and path.stat().st_size
        }

    def _done(self, result: Result, code: int, shows_secrets: bool) -> Result:
        if not shows_secrets:
            self._said += [result.out, result.err]
        return result.expect(code)

    def check_no_secret_leaked(self) -> None:
        """Fail where a secret stands in anything that was printed, or in a file that is not for secrets."""
        self._secrets |= set(self._keys_in_use())
        places = [("the output of a command", text) for text in self._said]
        for path in self.home.rglob("*"):
            by_right = path.name.startswith(CREDENTIAL_FILES) or path in self.private
            if path.is_file() and not by_right:
                places.append((str(path), path.read_bytes().decode("utf-8", "replace")))
        for where, text in places:
            assert not shows(text, self._secrets), f"a secret is in {where}:\n{text}"
            assert "gAAAAA" not in text, f"a token is in {where}:\n{text}"

    def _keys_in_use(self) -> Iterator[str]:
        parser = configparser.RawConfigParser(strict=False)
        with contextlib.suppress(configparser.Error, OSError, UnicodeDecodeError):
            parser.read(self.credentials)
            for section in parser.sections():
                if secret := parser[section].get("aws_secret_access_key"):
                    yield secret


def edited(cloud: Cloud, jsobj: Jsobj, role: str, *changes: tuple[str, str], name: str = "edited.sh") -> Path:
    """A copy of one of the cloud's files with words replaced. It is a file with secrets by right."""
    text = cloud.rc(role).read_text()
    for old, new in changes:
        assert old in text
        text = text.replace(old, new)
    path = jsobj.folder / name
    path.write_text(text)
    path.chmod(0o600)
    jsobj.private.add(path)
    return path


class Keys:
    """The EC2 keys of one user at Keystone, seen past jsobj."""

    def __init__(self, cloud: Cloud, user: str) -> None:
        self._api = cloud.keystone(user)
        self._path = f"/users/{cloud.user_id(user)}/credentials/OS-EC2"
        self.before = self.all()

    def all(self) -> dict[str, str]:
        """Access key to project id."""
        listed = self._api.call("GET", self._path)["credentials"]
        return {item["access"]: item["tenant_id"] for item in listed}

    @property
    def new(self) -> set[str]:
        """The access keys that were made since the test began."""
        return set(self.all()) - set(self.before)

    @property
    def gone(self) -> set[str]:
        return set(self.before) - set(self.all())

    def mint(self, project: str) -> str:
        """A key that jsobj knows nothing of; the access key."""
        made: str = self._api.call("POST", self._path, {"tenant_id": project})["credential"]["access"]
        return made

    def delete(self, access: str) -> None:
        self._api.call("DELETE", f"{self._path}/{access}")


def shows(text: str, secrets: Iterable[str]) -> bool:
    """Whether a secret stands in a text: as it is, in base64, URL-quoted, JSON-escaped, in hex, or ``PIECE`` of it."""
    forms = {form for secret in secrets for form in _forms(secret)}
    if any(form in text for form in forms):
        return True
    pieces = {form[start : start + PIECE] for form in forms for start in range(len(form) - PIECE + 1)}
    return len(text) <= _SEARCHED and any(text[at : at + PIECE] in pieces for at in range(len(text) - PIECE + 1))


def _forms(secret: str) -> set[str]:
    raw = secret.encode()
    return {
        secret,
        base64.b64encode(raw).decode().rstrip("="),
        quote(secret, safe=""),
        json.dumps(secret)[1:-1],
        raw.hex(),
    }


def _text(stream: io.TextIOWrapper) -> str:
    stream.flush()
    buffer = stream.buffer
    assert isinstance(buffer, io.BytesIO)
    return buffer.getvalue().decode()


@contextlib.contextmanager
def _surroundings(
    environ: Mapping[str, str], folder: Path, stdin: bytes
) -> Iterator[tuple[io.TextIOWrapper, io.TextIOWrapper]]:
    """This process with another environment, folder and streams, and its own again afterwards."""
    before, cwd, streams = dict(os.environ), Path.cwd(), (sys.stdin, sys.stdout, sys.stderr)
    fresh = [io.TextIOWrapper(io.BytesIO(data), encoding="utf-8", newline="\n") for data in (stdin, b"", b"")]
    try:
        os.environ.clear()
        os.environ.update(environ)
        os.chdir(folder)
        sys.stdin, sys.stdout, sys.stderr = fresh
        yield fresh[1], fresh[2]
    finally:
        sys.stdin, sys.stdout, sys.stderr = streams
        os.chdir(cwd)
        os.environ.clear()
        os.environ.update(before)
