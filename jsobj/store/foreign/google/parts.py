"""Objects that are sent in parts: temporary objects, put together on the server.

Google's own ways for large objects fit no parts that come in any order from several threads, each proven by its digest
before it counts: a resumable upload takes bytes in their order, and the XML API's parts need another kind of key. So
each part is an object below ``.jsobj-parts/KEY/BEGUN-RANDOM/``, and compositions of up to 32 make one of them, in as
many steps as it takes. An object that is put together has no MD5 any more: its CRC-32C is compared with the one that
follows from those of its parts. Source of the rules: "Composite objects", Cloud Storage documentation.
"""

from __future__ import annotations

import re
import secrets
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Any, TypeVar

from jsobj.errors import ExitCode, JsobjError, ObjectChanged, ObjectNotFound
from jsobj.net.crc32c import combined
from jsobj.parallel_map import if_interrupted, parallel_map
from jsobj.store.foreign.google.listing import PARTS
from jsobj.store.foreign.google.requests import GoogleRequests, encoded, generation_of, resource
from jsobj.store.refusals import CONFLICT, DIGEST_DIFFERS, UPLOAD_NOT_FOUND
from jsobj.store.values import ObjectInfo, Part, PutOptions, Upload

AT_ONCE = 32  # objects that one composition takes
_OURS = re.compile(r"(?P<key>.+)/(?P<id>(?P<begun>\d{1,12})-[0-9a-f]{8})/(?P<number>\d{8})", re.DOTALL)
_ANY = re.compile(r"(?P<key>.+)/(?P<id>(?P<begun>\d{1,12})-[0-9a-f]{8})/[0-9a-z-]+", re.DOTALL)
_LONGEST = 1024 - 64  # bytes; a part's name is up to 64 longer than its object's, and 1024 is the limit
_PARALLEL = 8
_ROUNDS = 3
_COMPOSE_SECONDS = 180.0  # without a word from the server
_LISTED = "items(name,size,generation,md5Hash,crc32c),nextPageToken"

T = TypeVar("T")
S = TypeVar("S")


@dataclass(frozen=True, slots=True)
class Piece:
    """A temporary object: a part, or some that were put together."""

    key: str
    size: int
    generation: str
    crc32c: str
    md5: str = ""


class Parts:
    """The parts of the uploads to one bucket. For any number of threads."""

    def __init__(self, api: GoogleRequests) -> None:
        self._api = api

    def begin(self, key: str) -> Upload:
        """Choose the parts' names; nothing is kept anywhere yet. Raises :class:`JsobjError` (usage) for a long key."""
        encoded(key)
        if len(key.encode("utf-8", "surrogateescape")) > _LONGEST:
            sentence = f"a name of more than {_LONGEST} bytes leaves no room for those of parts: '{key[:80]}...'"
            raise JsobjError("object-name", sentence, code=ExitCode.USAGE, hint="give it a shorter one")
        begun = time.time()
        return Upload(key, f"{int(begun)}-{secrets.token_hex(4)}", begun)

    def there(self, upload: Upload) -> dict[int, Piece]:
        """The parts that are there, by number."""
        return {
            int(match["number"]): piece
            for piece in self._below(f"{_folder(upload)}/")
            if (match := _OURS.fullmatch(piece.key.removeprefix(PARTS))) and match["id"] == upload.id
        }

    def uploads(self, prefix: str) -> Iterator[Upload]:
        """The uploads of which parts are there."""
        named = ((m["key"], m["id"], m["begun"]) for piece in self._below(f"{PARTS}{prefix}") if (m := _ours(piece)))
        for (key, ident, begun), _ in groupby(named):
            yield Upload(key, ident, float(begun))

    def remove(self, upload: Upload) -> None:
        """Delete all that is there of an upload."""
        for _ in range(_ROUNDS):  # a part may still be on its way
            found = [piece.key for piece in self._below(f"{_folder(upload)}/")]
            if not found:
                return
            self._each(self._api.remove, found)

    def whole(self, upload: Upload, parts: Sequence[Part], options: PutOptions) -> ObjectInfo:
        """Make the object.

        Raises :class:`JsobjError`: not found (a part is gone), integrity, network (another writer).
        """
        there = self.there(upload)
        pieces = [there[part.number] for part in parts if part.number in there]
        if [(piece.size, piece.md5) for piece in pieces] != [(part.size, part.etag) for part in parts]:
            raise UPLOAD_NOT_FOUND.error("gs", self._api.bucket, upload.key, "not all of its parts are there")
        crc32c = combined((piece.crc32c, piece.size) for piece in pieces)
        level = 0
        while len(pieces) > AT_ONCE:
            level += 1
            groups = [pieces[at : at + AT_ONCE] for at in range(0, len(pieces), AT_ONCE)]
            names = [f"{_folder(upload)}/level-{level}-{number:08d}" for number in range(len(groups))]
            pieces = self._each(lambda pair: self._composed(*pair), list(zip(names, groups, strict=True)))
        try:
            return self._landed(upload.key, pieces, options, crc32c)
        except ObjectNotFound as error:
            raise UPLOAD_NOT_FOUND.error("gs", self._api.bucket, upload.key, error.context) from error

    def _composed(self, name: str, pieces: Sequence[Piece]) -> Piece:
        if len(pieces) == 1:
            return pieces[0]
        made = self._compose(name, pieces, {"contentType": "application/octet-stream"})
        return Piece(name, made.size, generation_of(made.etag), made.crc32c)

    def _landed(self, key: str, pieces: Sequence[Piece], options: PutOptions, crc32c: str) -> ObjectInfo:
        """The last step, under the object's own name.

        It replaces the generation that was looked at and no other, so that a request whose answer was lost can be sent
        again: a second one that finds the first one's object is refused, and that object is what was wanted. It also
        keeps one that is late from replacing what somebody has written since.
        """
        size = sum(piece.size for piece in pieces)
        before = self._generation(key)
        try:
            made = self._made(key, pieces, resource(options), before)
        except JsobjError as error:
            if not isinstance(error, ObjectChanged) and error.code is not ExitCode.NETWORK:
                raise
            try:
                made = self._api.head(key)
            except JsobjError:
                raise error from None
            if generation_of(made.etag) == before or (made.size, made.crc32c) != (size, crc32c):
                if isinstance(error, ObjectChanged):
                    raise CONFLICT.error("gs", self._api.bucket, key, error.context) from error
                raise
        if (made.size, made.crc32c) != (size, crc32c):
            context = f"the CRC-32C of all parts is {crc32c}, the object's {made.crc32c or 'unknown'}"
            raise DIGEST_DIFFERS.error("gs", self._api.bucket, key, context)
        return made

    def _generation(self, key: str) -> str:
        """Of the object that is there; 0 for none, as conditions have it."""
        try:
            return generation_of(self._api.head(key).etag)
        except ObjectNotFound:
            return "0"

    def _made(self, key: str, pieces: Sequence[Piece], kept: dict[str, Any], before: str) -> ObjectInfo:
        if len(pieces) > 1:
            return self._compose(key, pieces, kept, before)
        # A copy of a single part has the part's MD5.
        only = pieces[0]
        return self._api.rewrite((self._api.bucket, only.key, only.generation), key, kept, before)

    def _compose(self, name: str, pieces: Sequence[Piece], kept: dict[str, Any], before: str = "") -> ObjectInfo:
        sources = [
            {"name": piece.key, "objectPreconditions": {"ifGenerationMatch": piece.generation}} for piece in pieces
        ]
        document = {"sourceObjects": sources, "destination": kept}
        query = (("ifGenerationMatch", before),) if before else ()
        path = f"{self._api.path(name)}/compose"
        return self._api.info(self._api.call("POST", path, name, document, query=query, idle=_COMPOSE_SECONDS))

    def _each(self, do: Callable[[S], T], items: Sequence[S]) -> list[T]:
        """One after the other where no thread can be started, as while the program ends."""
        try:
            return list(parallel_map(do, items, _PARALLEL, stop=if_interrupted(self._api.session.stop)))
        except RuntimeError:
            return [do(item) for item in items]

    def _below(self, prefix: str) -> Iterator[Piece]:
        """The temporary objects whose names begin so."""
        token = ""
        while True:
            words = {"prefix": prefix, "pageToken": token, "fields": _LISTED}
            query = tuple((name, value) for name, value in words.items() if value)
            document = self._api.call("GET", self._api.path(), query=query)
            for each in document.get("items") or []:
                info = self._api.info(each)
                yield Piece(info.key, info.size, generation_of(info.etag), info.crc32c, info.md5)
            token = document.get("nextPageToken") or ""
            if not token:
                return


def part_name(upload: Upload, number: int) -> str:
    """The name of part ``number``."""
    return f"{_folder(upload)}/{number:08d}"


def _folder(upload: Upload) -> str:
    return f"{PARTS}{upload.key}/{upload.id}"


def _ours(piece: Piece) -> re.Match[str] | None:
    return _ANY.fullmatch(piece.key.removeprefix(PARTS))
