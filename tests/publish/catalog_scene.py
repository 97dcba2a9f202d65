"""A catalogue beside public data: rows with what people, spreadsheets and attackers write into cells."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, timedelta

from publish_scene import Scene

from jsobj.catalog import layout
from jsobj.catalog.search.write import SearchIndex, write_shards
from jsobj.identity.settings import Settings
from jsobj.store.location import parse_location
from jsobj.store.objects import Store
from jsobj.store.open import StoreRequest, open_store

ROOT = f"data/{layout.ROOT}"
COLUMNS = (
    ("_key", "VARCHAR"),
    ("item", "VARCHAR"),
    ("date", "DATE"),
    ("comment", "VARCHAR"),
    ("degrees", "DOUBLE"),
    ("_object", "VARCHAR"),
    ("_size", "BIGINT"),
    ("_sha256", "VARCHAR"),
)
WORDS = ("leaf", "root", "stem", "bark")
HOSTILE = (
    "=HYPERLINK(\"http://elsewhere.example\",\"x\")",
    "<img src=x onerror='window.intruder=1'>",
    "</script><script>window.intruder=1</script>",
    "evil\u202egnp.exe",
    "line\nbreak",
    "x\u2028y",
    "a\x7fb",
    "M\u00fcller M\u00dcLLER",
)  # fmt: skip
FILES = {"data/a b/ü #1?.csv": b"one\n", "data/plain.csv": b"two\n"}
Row = Sequence[object]


def row(key: str, day: date | None, comment: str, degrees: float | None, name: str | None = None) -> Row:
    size = None if name is None else len(name)
    return (key, key.upper(), day, comment, degrees, name, size, "ab" * 32)


def many(count: int) -> Iterator[Row]:
    """Of each two hundred rows one has the words ``root needle`` and a temperature of 99."""
    for n in range(count):
        found = n % 200 == 37
        comment = f"{WORDS[n % 4]} {'Needle' if found else WORDS[n // 4 % 4]}"
        yield row(f"k{n:07d}", date(2026, 1, 1) + timedelta(n % 365), comment, 99 if found else n % 90, f"f/{n}.csv")


def few() -> Iterator[Row]:
    """Sixteen rows: the hostile ones, two with files, and some without this or that."""
    yield row("a1", date(2026, 3, 1), "with a strange name", 21.5, "a b/ü #1?.csv")
    yield row("a2", date(2026, 3, 2), "with a plain name", -3, "plain.csv")
    yield row("a3", None, "", None)
    yield row("a4", date(2025, 12, 31), "leads up", 1e3, "../../secret.csv")
    for n, text in enumerate(HOSTILE):
        yield row(f"h{n}", date(2026, 4, 1 + n), text, n)
    for n, word in enumerate(WORDS):
        yield row(f"w{n}", date(2024, 1, 1), f"{word} {'long ' * 100}", 7)


@contextmanager
def opened_store(scene: Scene) -> Iterator[Store]:
    """As alice has it, by her keys."""
    place = parse_location(f"{scene.bucket}/data")
    store = open_store(Settings.read({"HOME": str(scene.jsobj.home)}), place, StoreRequest())
    try:
        yield store
    finally:
        store.close()


def write(scene: Scene, rows: Iterable[Row]) -> SearchIndex:
    with opened_store(scene) as store:
        return write_shards(store, ROOT, COLUMNS, iter(rows))


@dataclass(frozen=True)
class Searched:
    """A published catalogue: ``urls`` of its search page, by dialect."""

    scene: Scene
    urls: dict[str, str]

    @property
    def url(self) -> str:
        return next(iter(self.urls.values()))


def searched(scene: Scene, rows: Iterable[Row]) -> Searched:
    write(scene, rows)
    return Searched(scene, scene.publish("--no-manifest", "--title", "Plants <b>").json["search"])
