"""How the links of one bucket are signed: over S3 with the key of the profile, over Swift with a second key.

What can be taken back follows from it. A presigned URL ends with the key that signed it, and so does everything else
that this key signs; a temporary URL ends when the second key is replaced, which others' links alone are signed with.
"""

from __future__ import annotations

import shlex
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Protocol
from urllib.parse import quote

from jsobj.errors import BadUsage, ExitCode, JsobjError
from jsobj.net.sigv4 import LONGEST_URL
from jsobj.packing.store import MemberStore
from jsobj.store.objects import Store
from jsobj.store.s3.presign import post_form, presigned
from jsobj.store.s3.store import S3Store
from jsobj.store.swift.link_signer import LinkSigner
from jsobj.store.swift.store import SwiftStore
from jsobj.store.swift.temp_url import Level

PRESIGNED, TEMPURL, OBJECT = "presigned", "tempurl", "object"
MECHANISMS = frozenset({PRESIGNED, TEMPURL, OBJECT})


@dataclass(frozen=True, slots=True)
class Upload:
    """How somebody sends a file below a prefix: ``method`` POST with ``fields`` before the file, or PUT.

    Of a PUT ``url`` is the prefix's, which the name of the file is put behind, and then ``?`` and ``query``.
    """

    method: str
    url: str
    fields: Mapping[str, str] = field(default_factory=dict)
    query: str = ""


class Links(Protocol):
    """Makes links that end at one moment. ``details``: which key signs, to find out later what ends with it."""

    @property
    def mechanism(self) -> str:
        """:data:`PRESIGNED` or :data:`TEMPURL`."""

    @property
    def details(self) -> Mapping[str, str]:
        """What the inventory keeps; no secret."""

    def read(self, key: str) -> str:
        """A link to an object."""

    def shown(self, key: str) -> str:
        """A link that a browser shows rather than saves."""

    def below(self, prefix: str) -> Callable[[str], str]:
        """Makes links to objects whose keys begin with ``prefix`` (not empty, or else the bucket's)."""

    def upload(self, prefix: str, largest: int) -> Upload:
        """How a file comes to be below ``prefix``. ``largest`` in bytes, where the server can refuse more."""


@dataclass(frozen=True, slots=True)
class Presigned:
    """Over S3. ``now``, ``ends``: seconds since 1970."""

    store: S3Store
    now: float
    ends: int
    mechanism: str = PRESIGNED

    @property
    def details(self) -> Mapping[str, str]:
        """The id of the key."""
        return {"access": self.store.signer.access}

    def read(self, key: str) -> str:
        """A presigned GET."""
        requests = self.store.requests
        seconds, path = round(self.ends - self.now), requests.path(key)
        return presigned(self.store.signer, requests.access.origin, path, method="GET", seconds=seconds, now=self.now)

    shown = read

    def below(self, prefix: str) -> Callable[[str], str]:
        """Each object's own link."""
        return self.read

    def upload(self, prefix: str, largest: int) -> Upload:
        """A form, which S3 calls POST Object."""
        requests = self.store.requests
        form = post_form(
            self.store.signer,
            requests.access.origin,
            requests.path(),
            self.store.place.bucket,
            prefix,
            largest=largest,
            ends=self.ends,
            now=self.now,
        )
        return Upload("POST", form.url, form.fields)


@dataclass(frozen=True, slots=True)
class Temporary:
    """Over the Swift API. ``ends``: seconds since 1970."""

    store: SwiftStore
    signer: LinkSigner
    ends: int
    mechanism: str = TEMPURL

    @property
    def details(self) -> Mapping[str, str]:
        """Whose key, and which."""
        return {"level": self.signer.level, "mark": self.signer.mark, "account": self.store.place.account}

    def read(self, key: str) -> str:
        """A temporary URL for GET; a browser saves what it gives."""
        return self.signer.url("GET", key, self.ends)

    def shown(self, key: str) -> str:
        """The same with ``inline``, which nothing has to sign."""
        return f"{self.read(key)}&inline"

    def below(self, prefix: str) -> Callable[[str], str]:
        """Each object's own link: one for the whole prefix would open what is not on the page, and what is to come."""
        return self.read

    def upload(self, prefix: str, largest: int) -> Upload:
        """A temporary URL for PUT below the prefix; it can set no limit to the size."""
        return Upload("PUT", self.signer.base(prefix), query=self.signer.query("PUT", prefix, self.ends))


def links_of(store: Store, ends: datetime, now: datetime, elsewhere: str = "") -> Links:
    """How links to what is in this bucket are made.

    ``elsewhere``: an object that needs a key of the account, over Swift. Raises :class:`JsobjError`: usage (too long,
    a member of an archive), auth, refused.
    """
    until = int(ends.timestamp())
    if isinstance(store, MemberStore):
        store.refuse_link()
    if isinstance(store, SwiftStore):
        level: Level = "account" if elsewhere else "container"
        return Temporary(store, store.link_signer(level, key=elsewhere), until)
    if not isinstance(store, S3Store) or not store.signer.access:
        raise JsobjError(
            "presign-no-key",
            "without a key no link can be signed",
            code=ExitCode.AUTH,
            hint="make one: jsobj ec2-creds",
        )
    if ends - now > timedelta(seconds=LONGEST_URL):
        swift = shlex.quote(f"swift://{store.place.bucket.rpartition(':')[2]}/")
        raise BadUsage(
            "a link over S3 lasts 7 days at most",
            hint=f"write --expires 7d or less; over the Swift API ({swift}...) it may last longer",
        )
    return Presigned(store, now.timestamp(), until)


def named_below(url: str, name: str) -> str:
    """The URL of an object whose name is put behind that of a folder."""
    return f"{url}{quote(name, safe='')}"
