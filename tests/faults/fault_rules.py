"""What the fault proxy is told to break, where; and what it writes down of each request."""

from __future__ import annotations

import dataclasses
import random
import re
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Literal
from urllib.parse import parse_qs

SECONDS = 120.0  # how long a test waits for anything before it fails

# request: nothing has reached the server. sent: it has the request, its answer is not read.
# answer: it has answered, the client has nothing. sending, receiving: at byte ``at`` of a body.
When = Literal["request", "sending", "sent", "answer", "receiving"]
# reset: RST. cut: FIN. stall: nothing more, until the proxy ends. hold: go on when released. flip: one bit is another.
# answer: the client gets ``Rule.answer`` instead. change: the server's answer, as ``Rule.change`` makes it.
# late: ``Rule.seconds`` later. slow: both bodies at ``Rule.rate``, wherever ``when`` says.
Fault = Literal["reset", "cut", "stall", "hold", "flip", "answer", "change", "late", "slow"]


@dataclass(frozen=True)
class Answer:
    """An answer in whole; header names in small letters."""

    status: int
    headers: dict[str, str] = field(default_factory=dict)
    body: bytes = b""

    def as_bytes(self) -> bytes:
        lines = "".join(f"{name}: {value}\r\n" for name, value in self.headers.items() if name != "content-length")
        length = f"content-length: {self.headers.get('content-length', len(self.body))}\r\n"
        return f"HTTP/1.1 {self.status} Told\r\n{lines}{length}\r\n".encode("latin-1") + self.body


_HERE = {"answer", "also", "change", "struck", "reached", "released"}  # what cannot go to another process as it is


@dataclass
class Rule:
    """One fault, for the requests that fit: all fields that are set must. Of several rules the first that fits counts.

    ``skip`` that many fitting requests first, then meet ``times`` of them (0: all), each with ``probability``.
    ``reached`` is set when it first strikes; :meth:`release` ends a hold.
    """

    fault: Fault
    when: When = "request"
    method: str = ""  # a regular expression, as are the next two
    path: str = ""
    query: str = ""
    part: int = 0
    at: int = 0  # the byte of the body, for sending and receiving; negative counts from its end
    skip: int = 0
    times: int = 1
    probability: float = 1.0
    seed: int = 0
    answer: Answer = field(default_factory=lambda: Answer(500))
    change: Callable[[Answer], Answer] | None = None
    least: int = 0  # bytes of the request's body that make it fit
    seconds: float = 0.0  # for late
    rate: int = 0  # for slow: bytes per second
    also: Callable[[], None] | None = None  # done when the rule strikes, before its fault
    struck: int = 0
    reached: threading.Event = field(default_factory=threading.Event)
    released: threading.Event = field(default_factory=threading.Event)
    _seen: int = 0
    _random: random.Random | None = None

    def fits(self, one: Exchange) -> bool:
        """Whether it strikes this request; counts it."""
        if not self._matches(one):
            return False
        self._seen += 1
        if self._seen <= self.skip or (self.times and self.struck >= self.times):
            return False
        if self.probability < 1:
            self._random = self._random or random.Random(self.seed)
            if self._random.random() >= self.probability:
                return False
        self.struck += 1
        return True

    def _matches(self, one: Exchange) -> bool:
        patterns = ((self.method, one.method), (self.path, one.path), (self.query, one.query))
        if not all(re.search(pattern, value) for pattern, value in patterns if pattern):
            return False
        return one.length >= self.least and (not self.part or one.part == self.part)

    def told(self) -> dict[str, Any]:
        """As JSON, for a proxy in another process: what was set. Functions cannot go there."""
        if self.also is not None or self.change is not None:
            raise ValueError("functions stay in their process: use the proxy of this one")
        names = {known.name for known in dataclasses.fields(self) if known.init and known.name[0] != "_"}
        words: dict[str, Any] = {name: getattr(self, name) for name in names - _HERE}
        words["answer"] = [self.answer.status, self.answer.headers, self.answer.body.decode("latin-1")]
        return words

    @staticmethod
    def heard(words: dict[str, Any]) -> Rule:
        """What :meth:`told` made."""
        status, headers, body = words["answer"]
        return Rule(**{**words, "answer": Answer(status, headers, body.encode("latin-1"))})

    def release(self) -> None:
        """Let what is held go on."""
        self.released.set()

    def wait(self) -> None:
        """Until it has struck."""
        assert self.reached.wait(SECONDS), f"no request met {self}"


@dataclass
class Exchange:
    """One request as it passed. ``sent`` and ``received``: bytes of bodies; ``status`` 0: no answer was passed on."""

    method: str
    path: str
    query: str
    length: int
    began: float
    connection: int = 0  # the client's connections in the order of their coming, from 1
    range: str = ""  # the header, "" for none
    place: str = ""  # host and port where the client named them, as it does to an HTTP_PROXY
    sent: int = 0
    received: int = 0
    status: int = 0
    fault: str = ""

    @property
    def part(self) -> int:
        """The part number of S3, 0 for none."""
        return int(parse_qs(self.query).get("partNumber", ["0"])[0])
