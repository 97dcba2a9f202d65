"""A bucket for the commands about objects, in both dialects, and a witness who looks without them."""

from __future__ import annotations

import hashlib
import http.client
import subprocess
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlsplit

from commands import Jsobj, Result
from fixtures_cloud import Cloud

DIALECTS = ("s3", "swift")


@dataclass(frozen=True)
class Scene:
    """``url()`` is the bucket as the commands know it; ``swift`` the witness, swiftclient with a token of its own."""

    jsobj: Jsobj
    dialect: str
    bucket: str
    swift: Any

    def url(self, key: str = "") -> str:
        return f"{self.dialect}://{self.bucket}/{key}"

    def fill(self, contents: Mapping[str, bytes]) -> None:
        for key, data in contents.items():
            self.swift.put_object(self.bucket, key, data)

    def put_plainly(self, key: str, data: bytes) -> None:
        """Write a name that HTTP clients would tidy up (``..``), by the standard library."""
        url = urlsplit(self.swift.url)
        connection = http.client.HTTPConnection(url.netloc, timeout=60)
        path = f"{url.path}/{quote(self.bucket)}/{quote(key)}"
        connection.request("PUT", path, body=data, headers={"X-Auth-Token": self.swift.token})
        answer = connection.getresponse()
        answer.read()
        connection.close()
        assert answer.status == 201

    def names(self) -> list[str]:
        return [item["name"] for item in self.swift.get_container(self.bucket, full_listing=True)[1]]

    def __call__(self, verb: str, *argv: str, code: int = 0) -> Result:
        return self.jsobj(verb, *argv, code=code)

    def binary(self, *argv: str, code: int = 0) -> tuple[bytes, str]:
        """Standard output as bytes, and standard error, of a process."""
        done = subprocess.run(
            self.jsobj.command(*argv),
            env=self.jsobj.environment(),
            cwd=self.jsobj.folder,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=60,
            check=False,
        )
        assert done.returncode == code, done.stderr.decode()
        return done.stdout, done.stderr.decode()


@contextmanager
def swift_of(cloud: Cloud) -> Iterator[Any]:
    """swiftclient with a token of alice's."""
    import swiftclient  # not above: it warns, and this file is imported before the warnings are sorted out

    swift = swiftclient.Connection(preauthurl=cloud.swift_url, preauthtoken=cloud.keystone_token("alice"))
    yield swift
    swift.close()


def md5(data: bytes) -> str:
    return hashlib.md5(data).hexdigest()


def damage(cloud_folder: Path, content: bytes, at: int) -> None:
    """Change one byte of an object where Swift keeps it, behind Swift's back."""
    found = [p for p in cloud_folder.rglob("*.data") if p.stat().st_size == len(content) and p.read_bytes() == content]
    assert len(found) == 1
    with found[0].open("r+b") as file:
        file.seek(at)
        file.write(bytes([content[at] ^ 1]))
