"""Whether a tool compares what it moves: shown by runs over a way on which one bit is flipped.

Only the first body that passes is spoiled, and the same one when it is asked for or sent again, twice: who looks fails,
or ends with the right bytes. Who does not look may still count bytes: of a download the last one is missing then.
"""

from __future__ import annotations

import contextlib
import os
import random
import shutil
import threading
from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from pathlib import Path
from urllib.parse import urlsplit

import storage
from meddler import Answer, Passing, meddling
from processes import FailedRun, spend
from servers import Place, Places
from tools import Tool
from witness import BUCKET, Witness

DIGEST, SIZE, NOTHING, UNKNOWN = "digest", "size", "nothing", "unknown"
VERBS = ("put", "get", "put_tree", "get_tree", "again_up", "again_down")
_TIMES = 2
_PREFIX = "compared"


def flipped(body: bytes) -> bytes:
    """One bit, anywhere, is another."""
    at = random.randrange(len(body))
    return body[:at] + bytes([body[at] ^ 1 << random.randrange(8)]) + body[at + 1 :]


def cut(body: bytes) -> bytes:
    """The last byte is missing."""
    return body[:-1]


class Spoiler:
    """Spoils one body of an object, of ``least`` bytes or more, going up (PUT) or coming down (GET).

    ``spoiled``: how often.
    """

    def __init__(self, method: str, how: Callable[[bytes], bytes], least: int = 1) -> None:
        self.spoiled = 0
        self._method = method
        self._how = how
        self._least = least
        self._lock = threading.Lock()
        self._chosen: tuple[str, str] | None = None

    def __call__(self, passing: Passing) -> Answer:
        """The answer, to that method's requests for objects possibly a spoiled one."""
        if passing.method != self._method or len(urlsplit(passing.path).path.strip("/").split("/")) < 2:
            return passing.ask()
        if self._method == "PUT":
            if len(passing.body) >= self._least and self._mine(passing):
                passing.body = self._how(passing.body)
            return passing.ask()
        status, headers, body = passing.ask()
        if status in {200, 206} and len(body) >= self._least and self._mine(passing):
            body = self._how(body)
            headers = {name: value for name, value in headers.items() if name != "content-length"}
        return status, headers, body

    def _mine(self, passing: Passing) -> bool:
        body = passing.path, passing.headers.get("range", "")
        with self._lock:
            self._chosen = self._chosen or body
            mine = body == self._chosen and self.spoiled < _TIMES
            self.spoiled += mine
        return mine


class Comparing:
    """Tries tools with three small files, and with a large one of ``large`` bytes."""

    def __init__(self, folder: Path, place: Place, witness: Witness, large: int, stack: contextlib.ExitStack) -> None:
        folder.mkdir()
        self._folder = folder
        self._witness = witness
        self._way = stack.enter_context(meddling(place.endpoint))
        self._places = Places(folder / "front", replace(place, endpoint=self._way.origin), 0, stack)
        self._files = {"put": folder / "large", "put_tree": folder / "tree"}
        witness.ask(storage.make_files, self._files["put"], 1, large)
        witness.ask(storage.make_files, self._files["put_tree"], 3, 64 << 10)
        self._known = {verb: witness.ask(storage.local_digests, files) for verb, files in self._files.items()}
        for verb, files in self._files.items():
            witness.at_server(storage.fill, f"{_PREFIX}/{verb}/", files)
        self._number = 0

    def look(self, tool: Tool, kinds: Iterable[str], programs: Path) -> dict[str, str]:
        """Kind ("get https") -> what the tool compares."""
        found = {}
        for kind in kinds:
            verb, _, scheme = kind.partition(" ")
            if verb in VERBS and verb in tool.verbs:
                env = tool.environment(self._places.by(scheme), self._home(tool), programs)
                found[kind] = self._again(tool, verb, env) if verb.startswith("again") else self._moved(tool, verb, env)
        return found

    def _moved(self, tool: Tool, verb: str, env: dict[str, str]) -> str:
        method, move = ("PUT", self._up) if verb.startswith("put") else ("GET", self._down)
        for how, word in ((flipped, DIGEST), (cut, SIZE)):
            spoiler = self._way.spoil = Spoiler(method, how)
            try:
                noticed = move(tool, verb, env)
            except FailedRun:
                noticed = True
            finally:
                self._way.spoil = lambda passing: passing.ask()
            if not spoiler.spoiled:
                return UNKNOWN
            if noticed:
                return word
            if method == "PUT":
                break  # a body of another length is another request
        return NOTHING

    def _up(self, tool: Tool, verb: str, env: dict[str, str]) -> bool:
        """Send; whether all is right at the server."""
        with self._prefix() as prefix:
            name = "large.bin" if verb == "put" else ""
            spend(tool.verbs[verb](f"{self._files[verb]}/{name}", BUCKET, prefix + name), env=env)
            return self._witness.at_server(storage.digests, prefix) == self._known[verb]

    def _down(self, tool: Tool, verb: str, env: dict[str, str]) -> bool:
        """Fetch; whether all is right here."""
        name, files = ("large.bin", "put") if verb == "get" else ("", "put_tree")
        target = self._target()
        spend(tool.verbs[verb](f"{target}/{name}", BUCKET, f"{_PREFIX}/{files}/{name}"), env=env)
        return self._witness.ask(storage.local_digests, target) == self._known[files]

    def _again(self, tool: Tool, verb: str, env: dict[str, str]) -> str:
        """Change a file that was moved, keeping its size and time: whether the next run sees that."""
        target = self._target()
        with self._prefix() as prefix:
            if verb == "again_up":
                shutil.copytree(self._files["put_tree"], target, dirs_exist_ok=True)
            else:
                prefix = f"{_PREFIX}/put_tree/"
            first = "put_tree" if verb == "again_up" else "get_tree"
            spend(tool.verbs[first](f"{target}", BUCKET, prefix), env=env)
            path = next(target.rglob("*.bin"))
            state = path.stat()
            path.write_bytes(flipped(path.read_bytes()))
            os.utime(path, ns=(state.st_atime_ns, state.st_mtime_ns))
            spend(tool.verbs[verb](f"{target}", BUCKET, prefix), env=env)
            same = self._witness.ask(storage.local_digests, target) == self._witness.at_server(storage.digests, prefix)
            return DIGEST if same else SIZE

    @contextlib.contextmanager
    def _prefix(self) -> Iterator[str]:
        self._number += 1
        prefix = f"{_PREFIX}/{self._number}/"
        try:
            yield prefix
        finally:
            self._witness.at_server(storage.remove, prefix)

    def _target(self) -> Path:
        target = self._folder / "target"
        shutil.rmtree(target, ignore_errors=True)
        target.mkdir()
        return target

    def _home(self, tool: Tool) -> Path:
        home = self._folder / f"home-{tool.name}"
        home.mkdir(exist_ok=True)
        return home
