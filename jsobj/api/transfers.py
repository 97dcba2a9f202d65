"""What a connection does with whole objects: upload, download, read, copy, move, delete and verify."""

from __future__ import annotations

import os
import warnings
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, BinaryIO

from jsobj.api.results import TransferFailed, VerifyResult
from jsobj.errors import BadUsage
from jsobj.identity.settings import Settings
from jsobj.store.location import parse_location
from jsobj.transfer.events import Event, Listener, Noted, Summary
from jsobj.transfer.filters import Filters
from jsobj.transfer.options import Options, checked_options

if TYPE_CHECKING:
    from jsobj.actions.context import ActionContext
    from jsobj.actions.stores import BucketStores
    from jsobj.actions.verify import Verification
    from jsobj.store.open import StoreRequest
    from jsobj.transfer.outcomes import Result
    from jsobj.transfer.verify import Checked

StrPath = str | os.PathLike[str]


class Transfers(ABC):
    """The half of :class:`jsobj.api.connection.Connection` that does what the commands of the same names do.

    ``listen`` is called with each event (:mod:`jsobj.transfer.events`), from one thread at a time; without it, events
    that matter to readers of the result become Python warnings. ``include`` and ``exclude`` are globs on paths below a
    folder or prefix; ``exclude`` wins. ``parallel`` is the number of requests at once; None lets it grow where answers
    are short. ``overwrite=False`` leaves alone what exists and differs. Methods raise :class:`JsobjError`, and
    :class:`TransferFailed` where some items failed and the rest is done.
    """

    __slots__ = ()

    @abstractmethod
    def _request(self) -> StoreRequest:
        """Which login and endpoint the stores are opened with: :class:`jsobj.api.connection.Connection` knows."""

    def upload(
        self,
        sources: StrPath | Iterable[StrPath] | BinaryIO,
        url: str,
        *,
        include: Iterable[str] = (),
        exclude: Iterable[str] = (),
        part_size: int | str = "16M",
        parallel: int | None = None,
        compress: str = "",
        metadata: Mapping[str, str] | None = None,
        content_type: str = "",
        content_encoding: str = "",
        cache_control: str = "",
        content_disposition: str = "",
        content_language: str = "",
        overwrite: bool = True,
        check: str = "content",
        links: str = "skip",
        listen: Listener | None = None,
    ) -> Summary:
        """Send files and folders, or all bytes of a file object: verified, and the same call again goes on.

        Parameters
        ----------
        sources:
            Paths; or a file object open for reading in binary mode, which becomes the object ``url``. A file object is
            sent in order, its size need not be known, and an interrupted call starts over.
        part_size:
            Bytes, or a text such as ``"64M"``. Of a file object, up to five parts are held in memory.
        compress:
            ``gzip``, ``br`` or ``zstd``: kept so, with its ``Content-Encoding``.
        metadata:
            Names and values to keep with each object. An object that is there with the same content is sent again where
            it has not these, or the headers that follow.
        content_type, content_encoding, cache_control, content_disposition, content_language:
            Headers to keep with each object; the type is by default that of the file's name.
        check:
            What counts as unchanged: ``content`` (by digest) or ``size``.
        links:
            ``skip`` symbolic links below a folder (with a warning), or ``follow`` them.

        Raises
        ------
        TransferFailed
            Some items failed; the rest is done.
        JsobjError
            Local (a source is missing, or the same job is running), usage (a stream without a key), and what ends the
            whole transfer: auth, not found (bucket), network.
        """
        from jsobj.actions import upload as action

        options = checked_options(
            part_size=part_size,
            parallel=parallel,
            compress=compress,
            metadata=metadata,
            content_type=content_type,
            content_encoding=content_encoding,
            cache_control=cache_control,
            content_disposition=content_disposition,
            content_language=content_language,
            overwrite=overwrite,
            check=check,
        )
        location, filters = parse_location(url, foreign=True), Filters.of(include, exclude)

        def act(context: ActionContext) -> Result:
            if not isinstance(sources, str | os.PathLike) and hasattr(sources, "read"):
                return action.upload_from(context, sources, location, options, name="the file object")
            paths = [sources] if isinstance(sources, str | os.PathLike) else list(sources)
            return action.upload(context, paths, location, options, filters, links=links).run()

        return run_action(self._request(), act, listen)

    def download(
        self,
        url: str,
        destination: StrPath | BinaryIO,
        *,
        include: Iterable[str] = (),
        exclude: Iterable[str] = (),
        part_size: int | str = "16M",
        parallel: int | None = None,
        overwrite: bool = True,
        check: str = "content",
        accept_unverified: bool = False,
        listen: Listener | None = None,
    ) -> Summary:
        """Fetch an object, or everything below a prefix; or write one object to a file object.

        Parameters
        ----------
        destination:
            A path; or a file object open for writing in binary mode, which gets the bytes in order, decompressed where
            the object has a ``Content-Encoding``. Where the server knows only a digest of the whole, damage is found at
            the end: discard what was written when this raises.
        accept_unverified:
            Keep bytes that came twice alike also where they do not give the object's ETag.

        Raises
        ------
        TransferFailed, JsobjError
            As :meth:`upload`; integrity where bytes that were written to a file object are wrong.
        """
        from jsobj.actions.download import download
        from jsobj.actions.read import write_out
        from jsobj.transfer.outcomes import Result

        options = checked_options(part_size=part_size, parallel=parallel, overwrite=overwrite, check=check)
        options = replace(options, accept_unverified=accept_unverified)
        filters, to_file = Filters.of(include, exclude), not isinstance(destination, str | os.PathLike)
        location = parse_location(url, need_key=to_file, public=True, signed=True, foreign=True)

        def act(context: ActionContext) -> Result:
            if isinstance(destination, str | os.PathLike):
                return download(context, [location], os.fspath(destination), options, filters).run()
            write_out(context, [location], destination.write, options)
            summary = context.tally.summary("download")
            context.emit(summary)
            return Result.of(summary)

        return run_action(self._request(), act, listen)

    def read(self, url: str, *, start: int = 0, size: int | None = None) -> bytes:
        """The bytes of one object as they are stored, compared with its digest; or ``size`` bytes from ``start`` on.

        A range cannot be compared; what lies beyond the end is left out.

        Raises
        ------
        JsobjError
            Not found; usage where ``start`` is not inside of the object; integrity where the bytes are wrong.
        """
        from jsobj.actions.read import ByteRange, read
        from jsobj.actions.stores import BucketStores

        if start < 0 or (size is not None and size < 1):
            raise BadUsage("start is 0 or more, size 1 or more")
        part = ByteRange(start, None if size is None else start + size - 1) if start or size is not None else None
        with BucketStores(Settings.read(), self._request()) as stores:
            _, reading = read(stores, parse_location(url, need_key=True, public=True, signed=True, foreign=True), part)
            return b"".join(reading)

    def copy(
        self,
        source: str | Iterable[str],
        destination: str,
        *,
        include: Iterable[str] = (),
        exclude: Iterable[str] = (),
        part_size: int | str = "16M",
        parallel: int | None = None,
        overwrite: bool = True,
        to: Transfers | None = None,
        listen: Listener | None = None,
    ) -> Summary:
        """Copy an object, everything below a prefix, or what a pattern matches, to another key or bucket.

        Within one server the bytes do not pass through this computer; between ``s3://`` and ``swift://`` they do, and
        are compared on the way. A destination that is a bucket or ends in ``/`` takes objects under their own names,
        and several sources.

        Parameters
        ----------
        part_size:
            Bytes, or a text such as ``"64M"``, of parts that pass through this computer.
        to:
            ``connect(cloud="there")`` where the destination is of another login; the bytes then pass through here.

        Returns
        -------
        Summary
            ``size`` counts the bytes of all copies; ``verified`` those whose ETag or digest proves them.

        Raises
        ------
        TransferFailed, JsobjError
            As :meth:`upload`; not found where there is nothing; usage for a copy into itself.
        """
        options = checked_options(part_size=part_size, parallel=parallel, overwrite=overwrite)
        act = _copying(source, destination, options, Filters.of(include, exclude), move=False)
        return run_action(self._request(), act, listen, to)

    def move(
        self,
        source: str | Iterable[str],
        destination: str,
        *,
        include: Iterable[str] = (),
        exclude: Iterable[str] = (),
        part_size: int | str = "16M",
        parallel: int | None = None,
        overwrite: bool = True,
        to: Transfers | None = None,
        listen: Listener | None = None,
    ) -> Summary:
        """As :meth:`copy`; each source is deleted once its copy was compared."""
        options = checked_options(part_size=part_size, parallel=parallel, overwrite=overwrite)
        act = _copying(source, destination, options, Filters.of(include, exclude), move=True)
        return run_action(self._request(), act, listen, to)

    def delete(self, urls: str | Iterable[str], *, recursive: bool = False, listen: Listener | None = None) -> Summary:
        """Delete objects. Nothing is asked, and only a bucket that keeps versions can give them back.

        Parameters
        ----------
        recursive:
            ``URL/`` means everything whose name begins so, ``URL`` the object and everything below ``URL/``. Without it
            a pattern means objects only; folders that match are left alone, with a warning.

        Raises
        ------
        TransferFailed
            Several objects, and some were not deleted.
        JsobjError
            Not found where there is no such object, or nothing below the prefix; and what ends all of it.
        """
        from jsobj.actions.delete import delete, to_delete

        places = [parse_location(url, need_key=not recursive) for url in ([urls] if isinstance(urls, str) else urls)]

        def act(context: ActionContext) -> Result:
            def left(folder: str) -> None:
                context.emit(Noted(f"the folder {folder} is left alone", warning=True))

            objects = to_delete(context.stores, places, recursive=recursive, left=left)
            result = delete(context.stores, objects, context.tally, context.emit)
            if result.failures and len(places) == 1 and not recursive:
                raise result.failures[0]
            return result

        return run_action(self._request(), act, listen)

    def verify(
        self,
        url: str = "",
        local: StrPath = "",
        *,
        manifest: StrPath | bool = "",
        include: Iterable[str] = (),
        exclude: Iterable[str] = (),
        deep: bool = False,
        extra: bool = False,
        links: str = "skip",
        listen: Callable[[Checked], object] | None = None,
    ) -> VerifyResult:
        """Compare objects with a local file or folder, or either with a list of digests; or look at all of a Zarr.

        Parameters
        ----------
        url, local:
            With both, what should hold the same; ``url`` alone, a Zarr. With ``manifest`` one of them: ``url``, or the
            folder ``local``, is compared with the list.
        manifest:
            A list of lines as ``md5sum``, ``sha256sum``, ``shasum`` and BagIt write them: a file, or the URL of an
            object. True: the ``MANIFEST.sha256`` of the place, which ``jsobj publish`` writes.
        deep:
            Fetch objects whose digest cannot be computed from the file, and compare the bytes.
        extra:
            Objects without a file (or without a line in the list) are a difference too.
        links:
            ``skip`` symbolic links below a folder (with a warning), or ``follow`` them.
        listen:
            Called with each verdict, also those that are fine, and links that are left out.

        Raises
        ------
        JsobjError
            Where something cannot be compared at all (a missing folder, no Zarr, no access). A difference is a result.
        """
        from jsobj.actions import verify as action
        from jsobj.actions.stores import BucketStores

        if bool(url) == bool(local) if manifest else not url:
            raise BadUsage("give url or local with manifest" if manifest else "give the url")
        filters = Filters.of(include, exclude)
        with BucketStores(Settings.read(), self._request()) as stores:
            path = os.fspath(local)
            if manifest:
                typed = "" if manifest is True else os.fspath(manifest)
                found = _by_list(stores, url, path, typed, filters, extra=extra, links=links)
            elif local:
                location = stores.folder_of(parse_location(url, public=True, signed=True, foreign=True))
                store = stores.of(location)
                found = action.verify_files(store, location, path, filters, deep=deep, extra=extra, links=links)
            elif filters != Filters():
                raise BadUsage("include and exclude select files: they need local or manifest")
            else:
                location = stores.folder_of(parse_location(url, public=True, foreign=True))
                found = action.verify_zarr(stores.of(location), location)
            differences = []
            for checked in found:
                if listen is not None:
                    listen(checked)
                if not found.is_fine(checked):
                    differences.append(checked)
        if listen is None and found.warning:
            warnings.warn(found.warning, stacklevel=2)
        return VerifyResult(dict(found.counts), tuple(differences), found.code)


def _by_list(
    stores: BucketStores, url: str, local: str, manifest: str, filters: Filters, *, extra: bool, links: str
) -> Verification:
    from jsobj.actions import manifests

    if local:
        listed = manifests.list_of(stores, manifest, local)
        return manifests.verify_folder(local, listed, filters, extra=extra, links=links)
    location = stores.folder_of(parse_location(url, public=True, foreign=True))
    listed = manifests.list_of(stores, manifest, location)
    return manifests.verify_objects(stores.of(location), location, listed, filters, extra=extra)


def _copying(
    source: str | Iterable[str], destination: str, options: Options, filters: Filters, *, move: bool
) -> Callable[[ActionContext], Result]:
    from jsobj.actions.copy import copy

    urls = [source] if isinstance(source, str) else source
    places = [parse_location(url, public=not move, signed=not move, foreign=not move) for url in urls]
    end = parse_location(destination, foreign=True)
    return lambda context: copy(context, places, end, options, filters, move=move).run()


def run_action(
    request: StoreRequest, act: Callable[[ActionContext], Result], listen: Listener | None, to: Transfers | None = None
) -> Summary:
    """The summary of an action that did all. Raises :class:`TransferFailed` for any other."""
    from jsobj.actions.context import action_context

    unheard: list[str] = []

    def hear(event: Event) -> None:
        if isinstance(event, Noted) and event.warning:
            unheard.append(event.text)

    with action_context(Settings.read(), request, listen or hear, to=to._request() if to else None) as context:
        result = act(context)
    for text in unheard:
        warnings.warn(text, stacklevel=3)  # at the line that called the connection's method
    if not result.code:
        return result.summary
    first = result.failures[0] if result.failures else None
    raise TransferFailed(
        "transfer-incomplete",
        f"{result.summary.failed} of {result.summary.failed + result.summary.done} items failed"
        + (f"; the first: {first.message}" if first else ""),
        code=result.code,
        context=first.context if first else "",
        hint="run the same call again: it goes on where it stopped",
    )
