"""A public bucket on each server, and somebody without a login who opens what is published there."""

from __future__ import annotations

import urllib.request
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from commands import Jsobj, Result
from headless import Tab

DESK = (1280, 900)
GROUNDS = ("swift", "rgw", "rgw-tenants")
HOSTILE = (
    "<script>alert(1)</script>.txt",
    "</script><img src=x onerror=alert(1)>",
    "a\"b'c & d.txt",
    "evil\u202egnp.exe",
    "javascript:alert(1)",
    "per%20cent + #7?.txt",
    "\u65e5\u672c\u8a9e \u30c7\u30fc\u30bf.csv",
    "x\u2028y",
    "line\nbreak.txt",
)


@dataclass(frozen=True)
class Scene:
    """``swift`` is the witness: swiftclient with a token of its own. Everybody may read ``bucket``, and list it."""

    ground: str
    jsobj: Jsobj
    bucket: str
    swift: Any

    def fill(self, contents: Mapping[str, bytes]) -> None:
        for key, data in contents.items():
            self.swift.put_object(self.bucket, key, data)

    def names(self) -> list[str]:
        return [item["name"] for item in self.swift.get_container(self.bucket, full_listing=True)[1]]

    def body(self, key: str) -> bytes:
        data: bytes = self.swift.get_object(self.bucket, key)[1]
        return data

    def publish(self, *words: str, key: str = "data", code: int = 0) -> Result:
        return self.jsobj("publish", f"{self.bucket}/{key}", *words, "--json", code=code)


def fetched(url: str) -> tuple[bytes, Mapping[str, str]]:
    """What somebody without a login gets: the body and the headers."""
    with urllib.request.urlopen(url, timeout=60) as answer:
        return answer.read(), {name.lower(): value for name, value in answer.headers.items()}


@dataclass(frozen=True)
class Published:
    """``urls``: of the page, by dialect; ``body``: of the file ``run_2.bin``."""

    scene: Scene
    urls: dict[str, str]
    body: bytes

    @property
    def url(self) -> str:
        return next(iter(self.urls.values()))


def show(tab: Tab, url: str, window: tuple[int, int] = DESK, scheme: str = "light") -> None:
    tab.show(url, width=window[0], height=window[1], scheme=scheme)
