"""One object store, as a Python program names it: by a profile, and never with a secret in hand."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from contextlib import closing
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from jsobj.api.mounting import Mounting
from jsobj.api.packing import Packing
from jsobj.api.sync import Syncs
from jsobj.api.transfers import Transfers, run_action
from jsobj.arrays.object_map import ObjectMap, object_map
from jsobj.arrays.recipe import Recipe
from jsobj.errors import ExitCode, JsobjError, NoS3Keys
from jsobj.identity.settings import Settings
from jsobj.store.location import Location

if TYPE_CHECKING:
    from jsobj.api.buckets import Buckets, Storage
    from jsobj.api.catalog import Catalog
    from jsobj.arrays.zarr_store import ZarrStore
    from jsobj.publish.site import Publication
    from jsobj.store.access import S3Access
    from jsobj.store.open import StoreRequest

_OURS = ("swift", "jsobj+swift", "jsobj+s3")  # the protocols of jsobj.fs


def _protocol(url: str) -> str:
    """The protocol of a URL; "" for other text."""
    protocol, found, _ = url.partition("://")
    return protocol if found else ""


def _client_config(access: S3Access) -> dict[str, Any]:
    """What botocore's ``Config`` must say for this server."""
    return {
        "s3": {"addressing_style": access.addressing_style},
        "request_checksum_calculation": access.checksums,
        "response_checksum_validation": access.checksums,
    }


@dataclass(frozen=True, slots=True)
class Connection(Transfers, Packing, Syncs, Mounting):
    """Only names: a pickled connection carries no secret, and each process reads its own files.

    Made by :func:`jsobj.connect`. ``profile`` is an AWS profile, ``cloud`` an entry of clouds.yaml; with neither, the
    environment decides as it does for the commands. ``unsigned``: public data, without any login. Places are written
    ``s3://bucket/key``, ``swift://container/object`` or ``bucket/key`` (S3 where there are keys).

    Methods raise :class:`jsobj.errors.JsobjError`, whose ``reference`` is a stable word, ``hint`` says what to do (from
    Python 3.11 on a traceback ends with it) and ``code`` is the exit code that the command would end with.
    """

    profile: str = ""
    cloud: str = ""
    unsigned: bool = False
    endpoint: str = ""

    # -- with CloudBridge's verbs

    @property
    def buckets(self) -> Buckets:
        """The project's buckets, with the verbs of CloudBridge's ``provider.storage.buckets``.

        Examples
        --------
        >>> bucket = jsobj.connect("js2").buckets.get("results")
        >>> bucket.objects.create("notes.txt").upload("hello")
        >>> for each in bucket.objects:
        ...     print(each.name, each.size)
        """
        from jsobj.api.buckets import Buckets

        request = self._request()
        return Buckets(self, request, lambda act: run_action(request, act, None))

    @property
    def storage(self) -> Storage:
        """``storage.buckets`` is :attr:`buckets`: a program written for CloudBridge changes its first line only."""
        from jsobj.api.buckets import Storage

        return Storage(self.buckets)

    # -- for other libraries

    def storage_options(self, url: str = "") -> dict[str, Any]:
        """For fsspec, and so for xarray, dask, pandas and zarr: the names of a login, not its secrets.

        Parameters
        ----------
        url:
            What is to be opened. For ``swift://`` and ``jsobj+s3://`` they are those of :mod:`jsobj.fs`; for ``s3://``,
            or without a URL, those of s3fs.

        Raises
        ------
        JsobjError
            For s3fs: auth where there are no S3 keys, usage where no endpoint is known. Where keys come from ``AWS_*``
            variables, each process reads its own.
        """
        if _protocol(url) in _OURS:
            named = {"cloud": self.cloud, "profile": self.profile, "unsigned": self.unsigned, "endpoint": self.endpoint}
            return {name: value for name, value in named.items() if value}
        access = self._access()
        options: dict[str, Any] = {"endpoint_url": str(access.origin), "client_kwargs": {"region_name": access.region}}
        if isinstance(access.verify, str):
            options["client_kwargs"]["verify"] = access.verify
        options["config_kwargs"] = _client_config(access)
        if self.unsigned:
            options["anon"] = True
        elif access.profile:
            options["profile"] = access.profile
        return options

    def filesystem(self, url: str = "", **more: Any) -> Any:
        """An fsspec filesystem for ``url``; ``more`` goes to it too.

        ``swift://`` and ``jsobj+s3://`` give :mod:`jsobj.fs`'s, ``s3://`` an ``s3fs.S3FileSystem``. Without a URL:
        s3fs where there are S3 keys, else :mod:`jsobj.fs` over Swift, which needs none; paths are written alike.
        """
        protocol = _protocol(url)
        if not protocol:
            try:
                self._access()
            except NoS3Keys:
                protocol = "swift"
        if protocol in _OURS:
            from jsobj.fs import S3FileSystem, SwiftFileSystem

            kind = S3FileSystem if protocol == "jsobj+s3" else SwiftFileSystem
            return kind(**{**self.storage_options(f"{protocol}://"), **more})
        import s3fs

        return s3fs.S3FileSystem(**{**self.storage_options(), **more})

    def s3_client(self, **more: Any) -> Any:
        """A boto3 client of S3; ``more`` goes to ``session.client`` too."""
        import boto3
        from botocore import UNSIGNED
        from botocore.config import Config

        access = self._access()
        signature = UNSIGNED if self.unsigned else "s3v4"
        words = {
            "endpoint_url": str(access.origin),
            "region_name": access.region,
            "verify": access.verify if isinstance(access.verify, str) else None,
            "config": Config(signature_version=signature, **_client_config(access)),
        }
        return boto3.Session(profile_name=access.profile or None).client("s3", **{**words, **more})

    def _access(self) -> S3Access:
        from jsobj.store.access import no_s3_keys, s3_access, s3_public

        settings, named = Settings.read(), {"cloud": self.cloud, "profile": self.profile}
        if self.unsigned:
            return s3_public(settings, **named, endpoint=self.endpoint)
        access = s3_access(settings, **named, endpoint=self.endpoint)
        if access is None:
            raise no_s3_keys(settings, **named)
        return access

    # -- on jsobj's own connections

    def store(self, url: str, *, parallel: int | None = None) -> ObjectMap:
        """The objects below a place, as a mapping from keys to bytes, compared by digest.

        ``parallel``: requests at once; by default 16, and over a long way as many as cover it, up to 128.

        Connections and threads are shared by all stores of the same place and ``parallel`` in a process, and stay for
        a while when the last is gone, for the next task that unpickles one.
        """
        recipe = Recipe(Location("", ""), self.cloud, self.profile, self.unsigned, self.endpoint)
        return object_map(url, recipe, parallel=parallel)

    def zarr_store(self, url: str, *, read_only: bool = False, parallel: int | None = None) -> ZarrStore:
        """A store for zarr-python 3 (``pip install 'jsobj[zarr]'``), for xarray and dask too.

        Where an array's chunks are small, zarr is told to ask for as many of them at once as this store does (its
        setting ``async.concurrency``, which is 10 and counts for all of its stores), unless you have set a number of
        your own. ``parallel`` as for :meth:`store`.

        ``mode="w"`` deletes an existing Zarr. Where anything else exists it raises :class:`JsobjError`
        (refused), since a bucket or a folder of other data may have been named by mistake.

        Examples
        --------
        >>> store = jsobj.connect("js2").zarr_store("s3://results/run42.zarr")
        >>> xarray.open_zarr(store)
        """
        try:
            from jsobj.arrays.zarr_store import ZarrStore
        except ImportError as error:
            raise JsobjError(
                "zarr-missing",
                "zarr-python 3 is not installed here",
                code=ExitCode.LOCAL,
                context=str(error),
                hint="pip install 'jsobj[zarr]'",
            ) from error
        return ZarrStore(self.store(url, parallel=parallel), read_only=read_only)

    def put_many(self, url: str, items: Iterable[tuple[str, bytes]] | Mapping[str, bytes]) -> int:
        """Write ``(key, bytes)`` below ``url``; how many. Raises :class:`jsobj.arrays.parallel.SomeFailed`."""
        with closing(self.store(url)) as objects:
            return objects.put_many(items)

    def get_many(self, url: str, keys: Iterable[str]) -> Iterator[tuple[str, bytes]]:
        """``(key, bytes)`` of objects below ``url`` as they arrive, compared by digest. Raises as :meth:`put_many`."""
        with closing(self.store(url)) as objects:
            yield from objects.get_many(keys)

    def delete_many(self, url: str, keys: Iterable[str]) -> int:
        """Delete objects below ``url``; one that is not there is no error. Raises as :meth:`put_many`."""
        with closing(self.store(url)) as objects:
            return objects.delete_many(keys)

    # -- rows of metadata

    def catalog(self, url: str) -> Catalog:
        """The catalogue below ``url``: rows of metadata beside objects (``pip install 'jsobj[catalog]'``).

        ``url`` is a place, or the web address of a published catalogue, which needs no login.

        Examples
        --------
        >>> jsobj.connect("js2").catalog("s3://results/").query("experiment = 'e7'").rows()
        """
        from jsobj.api.catalog import catalog

        return catalog(url, self._request())

    # -- pages

    def publish(
        self,
        url: str,
        *,
        title: str = "",
        readme: str | None = None,
        depth: int | None = None,
        manifest: bool | None = None,
        force: bool = False,
    ) -> Publication:
        """Put a page beside public data, in each folder below ``url``, and prove that others read it; where there is a
        catalogue, also the page on which it is searched.

        Parameters
        ----------
        title, depth, manifest:
            As the options of ``jsobj publish``; what is not given is as the last time.
        readme:
            A text in CommonMark that is put there as ``README.md``.
        force:
            Replace an ``index.html`` or ``README.md`` that jsobj has not made.

        Raises
        ------
        JsobjError
            Refused where it is not public, or a page is there that jsobj has not made; not found where nothing is
            there; usage for more than 1000 folders without ``depth``; integrity where bytes are not what their digest
            says; failure where others do not read the page.
        """
        from jsobj.actions.stores import BucketStores
        from jsobj.publish.site import Site, prefix_of
        from jsobj.publish.wish import Wish
        from jsobj.share.owner import owner_of
        from jsobj.store.location import parse_location

        settings, place, request = Settings.read(), parse_location(url), self._request()
        wish = Wish(title, None if readme is None else readme.encode(), depth, manifest, force)
        with BucketStores(settings, request) as stores, owner_of(settings, place, request) as owner:
            site = Site(stores.of(place), prefix_of(place.key), owner.place, wish)
            site.require()
            return site.run()

    def unpublish(self, url: str) -> tuple[str, ...]:
        """Delete what :meth:`publish` wrote below ``url``, and nothing else; the keys."""
        from jsobj.actions.stores import BucketStores
        from jsobj.publish.site import prefix_of, remove
        from jsobj.store.location import parse_location

        place = parse_location(url)
        with BucketStores(Settings.read(), self._request()) as stores:
            return remove(stores.of(place), prefix_of(place.key))

    def _request(self) -> StoreRequest:
        from jsobj.store.open import StoreRequest

        return StoreRequest(self.cloud, self.profile, self.unsigned, self.endpoint)


def connect(profile: str = "", *, cloud: str = "", unsigned: bool = False, endpoint: str = "") -> Connection:
    """See :func:`jsobj.connect`."""
    return Connection(profile, cloud, unsigned, endpoint)
