"""Names and values on their way to Azure and back: of blobs, of metadata, of blocks.

Names of metadata are identifiers of C# there. Others are kept as AzCopy keeps them (``RenameIfInvalid``), which reads
them back likewise: the value under ``rename_`` and a name with ``_`` for what is not allowed, and the true name under
``rename_key_`` and that.

The id of a block says whose it is and what is in it: the upload, the part's number and the MD5 of its bytes, with which
the server has compared them. So the list of blocks, which tells sizes only, is enough to go on with an upload, blocks
of two uploads to one name never mix, and the ids of a blob are all of one length, as Azure demands.
"""

from __future__ import annotations

import base64
import binascii
import re
import secrets
import time
from collections.abc import Mapping
from urllib.parse import quote

from jsobj.errors import ExitCode, JsobjError
from jsobj.store.s3.requests import decoded, encoded_text
from jsobj.store.values import PART_SIZE, Part, PutOptions, Upload

META = "x-ms-meta-"
_PROPERTY = "x-ms-blob-"
# What Azure keeps with a blob; ``expires`` is not among it.
_KEPT = ("cache-control", "content-disposition", "content-language")
_IDENTIFIER = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_RENAMED, _TRUE = "rename_", "rename_key_"
_BLOCK = re.compile(r"jsobj-([0-9a-f]{24})-(\d{5})-([A-Za-z0-9_-]{22})")


def encoded(name: str) -> str:
    """A blob's name in a path, percent-encoded once. Raises :class:`JsobjError` (usage) for one that cannot be sent."""
    # The request would be about another blob: the service makes '/' of '\' and may leave out dots at the end of a part;
    # servers and proxies take '.' and '..' for steps in a path.
    ends = any(part.endswith(".") for part in name.split("/"))
    if ends or "\\" in name:
        what = "a part of it ends in '.'" if ends else "Azure takes the '\\' in it for '/'"
        raise JsobjError(
            "object-name",
            f"'{name[:80]}' cannot be a blob's name: {what}",
            code=ExitCode.USAGE,
            hint="choose another key",
        )
    if not name or "\0" in name:
        raise JsobjError("object-name", "the name of a blob is empty or contains a NUL", code=ExitCode.USAGE)
    return quote(name, safe="/-_.~", errors="surrogateescape")


def headers_for(options: PutOptions) -> dict[str, str]:
    """The headers that keep ``options`` with a blob, and its MD5 where it is known.

    The size of parts is left out: it is for ETags that are made of the parts' digests.
    """
    headers = {META + name: encoded_text(value) for name, value in _renamed(options.metadata).items()}
    named = {"content-type": options.content_type, "content-encoding": options.content_encoding}
    named |= {name: options.served.get(name, "") for name in _KEPT}
    named["content-md5"] = to_base64(options.md5)
    return headers | {_PROPERTY + name: value for name, value in named.items() if value}


def _renamed(metadata: Mapping[str, str]) -> dict[str, str]:
    made: dict[str, str] = {}
    for name, value in metadata.items():
        if name == PART_SIZE:
            continue
        if _IDENTIFIER.fullmatch(name):
            made[name.lower()] = value
            continue
        valid = re.sub(r"[^A-Za-z0-9_]", "_", name).lower()
        made |= {_RENAMED + valid: value, _TRUE + valid: name}
    return made


def metadata_of(headers: Mapping[str, str]) -> dict[str, str]:
    """The metadata in an answer's headers, under their true names."""
    found = {name[len(META) :]: decoded(value) for name, value in headers.items() if name.startswith(META)}
    for name in [name for name in found if name.startswith(_TRUE)]:
        valid = name[len(_TRUE) :]
        if _RENAMED + valid in found:
            found[found.pop(name).lower()] = found.pop(_RENAMED + valid)
    return found


def to_base64(md5: str) -> str:
    """A digest as headers have it."""
    return base64.b64encode(bytes.fromhex(md5)).decode()


def md5_in(text: str) -> str:
    """The MD5 in a header, hexadecimal; "" where there is none, or something else."""
    try:
        raw = base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        return ""
    return raw.hex() if len(raw) == 16 else ""


def new_upload(key: str) -> Upload:
    """An upload that nobody else has: the time and a random number."""
    now = int(time.time())
    return Upload(key, f"{now:08x}{secrets.token_hex(8)}", float(now))


def block_id(upload: Upload, part: Part) -> str:
    """The id of a part's block."""
    md5 = base64.urlsafe_b64encode(bytes.fromhex(part.etag)).decode().rstrip("=")
    return base64.b64encode(f"jsobj-{upload.id}-{part.number:05d}-{md5}".encode()).decode()


def of_block(key: str, name: str, size: int) -> tuple[Upload, Part] | None:
    """Upload and part of a block's id; None for one of another program."""
    try:
        match = _BLOCK.fullmatch(base64.b64decode(name, validate=True).decode())
    except ValueError:
        return None
    if match is None:
        return None
    md5 = base64.urlsafe_b64decode(f"{match[3]}==").hex()
    return Upload(key, match[1], float(int(match[1][:8], 16))), Part(int(match[2]), size, md5)
