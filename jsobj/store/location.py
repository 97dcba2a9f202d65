"""Names of objects, exactly as typed: ``s3://bucket/key``, ``swift://container/object`` or ``bucket/key``.

A key is everything behind the first slash, byte for byte: ``//``, ``..`` and a trailing slash belong to it. A key that
ends in a slash, or an empty one, means everything that begins with it. ``archive.zip!/inner/path`` is a member of an
archive, where there is an object ``archive.zip``, and else a key like any other. Where data are only read, the address
of public data as a browser has it will do too, and for single objects a link that is signed.
"""

from __future__ import annotations

import re
import shlex
from collections.abc import Generator, Iterator
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING
from urllib.parse import parse_qsl, quote, unquote

from jsobj.errors import ExitCode, JsobjError, ObjectNotFound
from jsobj.store.bucket_name import WEB, foreign_hint, grammar_fault
from jsobj.store.values import Listed, ObjectInfo
from jsobj.urls import parse_url, split_swift_path

if TYPE_CHECKING:
    from jsobj.store.objects import Store

# The hosts of Azure's Blob storage, each account with one of its own, in all of its clouds.
_AZURE_HOST = re.compile(r"[a-z0-9]{3,24}\.blob\.core\.(?:windows\.net|chinacloudapi\.cn|usgovcloudapi\.net)")
# The hosts of Amazon's S3 and of Google's storage that have the bucket in front; both serve it behind the slash, too.
# Hosts for acceleration and for websites are others.
_BUCKET_HOST = re.compile(
    r"(?P<bucket>[a-z0-9][a-z0-9._-]*)\."
    r"(?P<server>s3(?:\.dualstack)?(?:[.-](?!accelerate|website)[a-z0-9-]+)?\.amazonaws\.com(?:\.cn)?|storage\.googleapis\.com)"
)
# What signs a link for one request, in small letters: SigV4, SigV2, and Swift's temporary URLs.
_SIGNATURES = frozenset({"x-amz-signature", "signature", "temp_url_sig"})
NOT_SIGNED: tuple[tuple[str, str], ...] = ()
_NO_BUCKET = frozenset({"location-grammar", "location-is-web-address"})
ARCHIVE, INSIDE = ".zip", "!/"
IN_ARCHIVE = ARCHIVE + INSIDE
_FORMS = "write s3://BUCKET/KEY, swift://CONTAINER/OBJECT or BUCKET/KEY"


@dataclass(frozen=True, slots=True)
class Location:
    """A place in a bucket. ``dialect``: ``s3``, ``swift``, ``gs``, ``az``, or "" for S3 where there are keys.

    ``key``: "" for all of it. Over S3 ``bucket`` may be ``project:bucket``. ``public``: the endpoint, or a Swift
    account's URL, where it is read without a login (in Azure, with one that is found for the account); "" where the
    options choose. ``signed``: the query of a link to one object (in Azure, or to a container), which is as good as a
    password until it ends.

    Dialects ``http`` and ``https``: at a web server that is no object store, whose host is the ``bucket``, and the path
    the key; ``query``: what follows it. ``address``: what was typed, where only the server can tell which of both it is
    (:func:`at_web_server`).
    """

    dialect: str
    bucket: str
    key: str = ""
    public: str = ""
    signed: tuple[tuple[str, str], ...] = field(default=NOT_SIGNED, repr=False)
    query: str = field(default="", repr=False)
    address: str = field(default="", repr=False, compare=False)

    @property
    def many(self) -> bool:
        """Whether it means everything that begins with ``key``, not one object."""
        return not self.key or self.key.endswith("/")

    @property
    def archive(self) -> str:
        """The key of the archive that has it, where it may be a member of one; "" else."""
        before, mark, _ = f"{self.key}/".partition(IN_ARCHIVE)
        return before + ARCHIVE if mark and before and not self.signed else ""

    def __str__(self) -> str:
        """As it would be typed."""
        if self.dialect in WEB:
            return f"{self.public}/{web_path(self.key)}"
        return f"{self.dialect}://{self.bucket}/{self.key}" if self.dialect else f"{self.bucket}/{self.key}"


def parse_location(
    text: str, *, need_key: bool = False, public: bool = False, signed: bool = False, foreign: bool = False
) -> Location:
    """The place that a user typed. ``need_key``: it must name one object; ``public``: a web address will do.

    ``signed``: so will a link that is signed for one object. ``foreign``: so will one in Google's or Azure's storage.

    Raises :class:`JsobjError` (usage) for anything else, with the form to write.
    """
    text = _as_utf8(text)
    dialect, separator, _ = text.partition("://")
    if not (public and separator and dialect.lower().lstrip("< ") in WEB):
        return _in_bucket(text, need_key=need_key, foreign=foreign)
    dialect = _at_server(text)[1]
    query = _sas(text) if dialect == "az" else _signature(text, signed)
    try:
        found = at_object_store(text, need_key=need_key or (bool(query) and dialect != "az"), foreign=foreign)
    except JsobjError as error:
        # A name that is no bucket's, or none at all, is what other web servers have.
        if query or dialect != "s3" or error.reference not in _NO_BUCKET:
            raise
        return at_web_server(text, need_key=need_key)
    asked = dialect == "s3" and not query and found.public == str(parse_url(_pasted(text)[0])[0])
    return replace(found, signed=query, address=text if asked else "")


def at_object_store(text: str, *, need_key: bool = False, foreign: bool = False) -> Location:
    """What the address of public data means at an object store. Raises :class:`JsobjError` (usage)."""
    server, dialect, rest = _at_server(text)
    if not rest:
        raise _web_address(text)
    found = _grammatical(text, dialect, "://", rest, need_key=need_key, foreign=foreign)
    return replace(found, public=server)


def at_web_server(text: str, *, need_key: bool = False) -> Location:
    """What an address means at a web server that is no object store. Raises :class:`JsobjError` (usage)."""
    address, query = _pasted(text)
    origin, path = parse_url(address)
    key = unquote(path, errors="surrogateescape")[1:]
    reason = _key_fault(key) or ("'..' leads out of folders" if ".." in key.split("/") else "")
    if not reason and need_key and (not key or key.endswith("/")):
        reason = "it ends in a slash: that means many objects" if key else "it names no file"
    if reason:
        raise _no_place(text, reason)
    return Location(origin.scheme, origin.netloc, key, str(origin), query=query, address=text)


def web_path(key: str) -> str:
    """A key at a web server as its URL has it, without the slash in front."""
    return quote(key, safe="/~!$&'()*+,;=:@", errors="surrogateescape")


def _in_bucket(text: str, *, need_key: bool, foreign: bool) -> Location:
    dialect, separator, rest = text.partition("://")
    if separator and dialect.lower().lstrip("< ") in WEB:
        raise _web_address(text)
    if not separator:
        dialect, rest = "", text
    return _grammatical(text, dialect, separator, rest, need_key=need_key, foreign=foreign)


def _grammatical(
    text: str, dialect: str, separator: str, rest: str, *, need_key: bool, foreign: bool = False
) -> Location:
    bucket, _, key = rest.partition("/")
    reason = _fault(text, dialect, separator, bucket, key, foreign=foreign)
    if not reason and need_key and (not key or key.endswith("/")):
        reason = "it names a bucket, not an object" if not key else "it ends in a slash: that means many objects"
    if reason:
        raise _no_place(text, reason)
    return Location(dialect, bucket, key)


def _no_place(text: str, reason: str) -> JsobjError:
    shown = text.partition("?")[0] if "://" in text else text
    hint = foreign_hint(text.partition("://")[0]) or _FORMS
    return JsobjError(
        "location-grammar", f"'{shown[:200]}' cannot be used here: {reason}", code=ExitCode.USAGE, hint=hint
    )


def _pasted(text: str) -> tuple[str, str]:
    """A web address without what surrounds it in a text, and without its fragment; and its query."""
    address, _, query = text.strip(" \t\r\n<>").partition("#")[0].partition("?")
    return address.replace(" ", "%20"), query


def _signature(text: str, allowed: bool) -> tuple[tuple[str, str], ...]:
    """The query of a link that is signed, () for any other: servers and browsers add words that mean nothing here.

    Raises :class:`JsobjError` (usage) for a link that is not whole, and for one where it cannot be used.
    """
    pairs = tuple(parse_qsl(_pasted(text)[1], keep_blank_values=True))
    names = {name.lower() for name, _ in pairs}
    if not names & _SIGNATURES:
        begun = [name for name in names if name.startswith(("x-amz-", "temp_url_"))]
        if begun:
            raise _cut_link()
        if "versionid" in names:
            raise JsobjError(
                "location-is-signed",
                "the address names one version of an object, and public data are read as they are now",
                code=ExitCode.USAGE,
                hint="fetch that version as it is: curl -fo FILE 'ADDRESS'",
            )
        return NOT_SIGNED
    if not allowed:
        raise JsobjError(
            "location-is-signed",
            "this is a link that was signed for one object, and cannot be used here",
            code=ExitCode.USAGE,
            hint="fetch the object: jsobj download 'LINK' FILE",
        )
    return pairs


def _sas(text: str) -> tuple[tuple[str, str], ...]:
    """The shared access signature behind an address in Azure, which may be for one blob or for all of a container."""
    query = _pasted(text)[1]
    pairs = tuple(parse_qsl(query.replace("+", "%2B"), keep_blank_values=True))
    names = {name for name, _ in pairs}
    if "sig" in names:
        return pairs
    if names & {"sv", "se", "sp", "spr"}:
        raise _cut_link()
    return NOT_SIGNED


def _cut_link() -> JsobjError:
    return JsobjError(
        "location-is-signed",
        "this link is not whole: what signs it is missing",
        code=ExitCode.USAGE,
        hint="put it into quotation marks: the shell ends a word at '&'",
    )


def _at_server(text: str) -> tuple[str, str, str]:
    """The server, the dialect, and bucket and key in the address of public data; "" where it names no bucket."""
    origin, path = parse_url(_pasted(text)[0])
    if _AZURE_HOST.fullmatch(origin.host):
        return str(origin), "az", unquote(path, errors="surrogateescape").removeprefix("/")
    # The signature of a link is for the host that it has.
    if not _signature(text, allowed=True) and (found := _BUCKET_HOST.fullmatch(origin.host)):
        server = str(replace(origin, host=found["server"]))
        return server, "s3", found["bucket"] + (unquote(path, errors="surrogateescape") or "/")
    swift = split_swift_path(path)
    if swift is None:
        return str(origin), "s3", unquote(path, errors="surrogateescape").lstrip("/")
    root, place = f"{origin}{swift[0]}", unquote(path[len(swift[0]) :], errors="surrogateescape")
    return root, "swift", place.removeprefix("/")


def _as_utf8(text: str) -> str:
    """Keys are UTF-8 whatever the locale: where Python read the command line as ASCII, its bytes are read again."""
    if text.isascii():
        return text
    try:
        return text.encode("utf-8", "surrogateescape").decode("utf-8")
    except UnicodeError:
        return text  # refused by name


def _fault(text: str, dialect: str, separator: str, bucket: str, key: str, *, foreign: bool) -> str:
    if not separator and text.lower().startswith(("s3:", "swift:", "gs:", "az:")):
        return "two slashes are missing behind the colon"
    return grammar_fault(dialect, separator, bucket, tenants=True, foreign=foreign) or _key_fault(key)


def _key_fault(key: str) -> str:
    try:
        key.encode()
    except UnicodeEncodeError:
        return "the key is not valid UTF-8"
    return "the key contains a NUL" if "\0" in key else ""


def _web_address(text: str) -> JsobjError:
    """A browser's or a portal's address: what to type instead, where that can be derived."""
    hint = _FORMS
    try:
        origin, path = parse_url(text)
    except JsobjError:
        pass
    else:
        swift = split_swift_path(path.rstrip("/"))
        if _AZURE_HOST.fullmatch(origin.host):
            account, place = origin.host.partition(".")[0], unquote(path).lstrip("/")
            hint = f"export AZURE_STORAGE_ACCOUNT={account}, and write {shlex.quote('az://' + place)}"
        elif swift is not None and swift[1]:
            slash = "/" if path.endswith("/") else ""
            hint = f"write {shlex.quote('swift://' + unquote(swift[1]) + slash)}"
        elif swift is None and path.strip("/"):
            hint = f"write {shlex.quote('s3://' + unquote(path).lstrip('/'))} and, if need be, --endpoint {origin}"
    return JsobjError(
        "location-is-web-address",
        f"'{text.partition('?')[0][:200]}' is a web address, and object names begin with s3:// or swift://",
        code=ExitCode.USAGE,
        hint=hint,
    )


def everything_at(store: Store, key: str) -> Iterator[Listed]:
    """The object ``key`` and everything below ``key/``, as ``rm -r`` means it; never what only begins alike.

    With a key that ends in a slash, or "": everything that begins with it.
    """
    if key and not key.endswith("/"):
        found = object_at(store, key)
        if found is not None:
            yield found
        key += "/"
    yield from store.list(key)


def object_at(store: Store, key: str) -> Listed | None:
    """The object ``key`` as a listing shows it; None where there is none. Bucket not found is raised."""
    # Keys below it are folded into one, so that the first page is enough; the key itself comes first of all.
    first = first_of(store.list(key, delimiter="/"))
    return first if first is not None and first.key == key and not first.prefix else None


def first_of(listing: Iterator[Listed]) -> Listed | None:
    """The first item; no further page is fetched."""
    try:
        return next(listing, None)
    finally:
        if isinstance(listing, Generator):
            listing.close()


def head_or_none(store: Store, key: str) -> ObjectInfo | None:
    """What HEAD returns; None for an object that does not exist. A missing bucket is raised."""
    try:
        return store.head(key)
    except ObjectNotFound:
        return None


def nothing_at(store: Store, key: str) -> JsobjError:
    """The error for a place where there is nothing."""
    above = key.rstrip("/").rpartition("/")
    return ObjectNotFound(
        f"there is nothing at {store.place.url(key)}",
        hint=f"see what is there: jsobj ls {shlex.quote(store.place.url(above[0] + above[1]))}{store.place.at}",
    )
