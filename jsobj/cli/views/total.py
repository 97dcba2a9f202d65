"""What a listing has counted when it ends."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from jsobj.ui.output import Output
from jsobj.units import human_bytes

if TYPE_CHECKING:
    from jsobj.store.buckets import Bucket


@dataclass(slots=True)
class Total:
    """Counts what passes. ``size``: their bytes, None where those of a bucket are not known."""

    buckets: int = 0
    folders: int = 0
    objects: int = 0
    size: int | None = 0

    def of_buckets(self, found: Iterable[Bucket]) -> Iterator[Bucket]:
        """Pass buckets on."""
        for bucket in found:
            self.buckets += 1
            self.size = None if self.size is None or bucket.size is None else self.size + bucket.size
            yield bucket

    def count(self, size: int | None) -> None:
        """One more object; a folder with None."""
        if size is None:
            self.folders += 1
        else:
            self.objects += 1
            self.size = (self.size or 0) + size

    @property
    def text(self) -> str:
        """``3 objects, 2 folders, 1.5 KiB``."""
        numbers = (("bucket", self.buckets), ("object", self.objects), ("folder", self.folders))
        counts = [f"{number} {noun}{'s' * (number != 1)}" for noun, number in numbers if number]
        return ", ".join([*(counts or ["0 objects"]), *([] if self.size is None else [human_bytes(self.size)])])

    @property
    def data(self) -> dict[str, object]:
        """The key of a document that has the counts."""
        counts = {"buckets": self.buckets} if self.buckets else {"objects": self.objects, "folders": self.folders}
        return {"total": {**counts, "bytes": self.size}}

    def end(self, out: Output, *, human: bool) -> tuple[dict[str, object], str]:
        """The end of a stream: a terminal's line is for people, and a pipe's one has the columns of ``du``."""
        if out.on_terminal:
            return self.data, f"total: {self.text}"
        size = "" if self.size is None else human_bytes(self.size) if human else self.size
        return self.data, f"{size}\t{self.buckets or self.objects}\ttotal"
