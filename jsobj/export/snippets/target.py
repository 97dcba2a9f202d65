"""What a snippet is about: a URL, and the way to it, as fragments of Python code."""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import quote, unquote

from jsobj.store.bucket_name import with_project
from jsobj.store.location import Location
from jsobj.urls import Origin


@dataclass(frozen=True, slots=True)
class Target:
    """An object or a prefix, and one of three ways to it.

    ``way`` is ``s3`` (keys of ``profile``, or of ``AWS_*`` variables where it is ""), ``swift`` (a login, through
    jsobj's filesystem) or ``https`` (public data: plain object URLs below ``container_url``).

    ``endpoint`` is the S3 endpoint; None where there is none, or where its S3 API needs a key. With
    ``typed_endpoint`` it is not the profile's own. ``cloud`` is the login for jsobj ("": the default one, or ``OS_*``
    variables), ``login`` its entry in clouds.yaml for openstacksdk ("": ``OS_*`` variables). ``account``: the Swift
    URL above the public container. ``object``: one object, not everything below a prefix.
    """

    way: str
    bucket: str
    key: str
    object: bool = True
    endpoint: Origin | None = None
    typed_endpoint: bool = False
    region: str = ""
    profile: str = ""
    ca_bundle: str = ""
    cloud: str = ""
    login: str = ""
    container_url: str = ""
    account: str = ""

    @property
    def public(self) -> bool:
        """Whether the lines need no login."""
        return self.way == "https"

    @property
    def tenant(self) -> bool:
        """Whether the bucket is written ``project:bucket``, which botocore refuses."""
        return ":" in self.bucket

    @property
    def member(self) -> bool:
        """Whether it may be in an archive, which jsobj's filesystems alone look into."""
        return bool(Location("", self.bucket, self.key).archive)

    @property
    def protocol(self) -> str:
        """fsspec's protocol. s3fs cannot name another project's bucket, and jsobj's own S3 filesystem can."""
        return "jsobj+s3" if self.way == "s3" and (self.tenant or self.member) else self.way

    @property
    def url(self) -> str:
        """The URL for fsspec."""
        if self.public:
            return f"{self.container_url}/{quote(self.key)}".rstrip("/")
        return f"{self.protocol}://{self.bucket}/{self.key}".rstrip("/")

    @property
    def storage_options(self) -> str:
        """The ``storage_options`` of fsspec, as code; "" where none are needed."""
        if self.way != "s3":
            return f'{{"cloud": {literal(self.cloud)}}}' if self.cloud else ""
        return self._named_options("endpoint") if self.protocol == "jsobj+s3" else self.s3fs_options

    @property
    def s3fs_options(self) -> str:
        """The arguments of s3fs, as code.

        A profile written by jsobj holds endpoint, region and checksums, and s3fs reads them there; with keys in
        variables they must be given.
        """
        if self.profile:
            return self._named_options("endpoint_url")
        return (
            "{\n"
            f'    "endpoint_url": {literal(str(self.endpoint))},\n'
            f'    "client_kwargs": {{"region_name": {literal(self.region)}}},\n'
            '    "config_kwargs": {"request_checksum_calculation": "when_required",'
            ' "response_checksum_validation": "when_required"},\n'
            "}"
        )

    def _named_options(self, endpoint: str) -> str:
        items = [f'"profile": {literal(self.profile)}'] if self.profile else []
        items += [f'"{endpoint}": {literal(str(self.endpoint))}'] if self.typed_endpoint else []
        return f"{{{', '.join(items)}}}" if items else ""

    @property
    def container(self) -> str:
        """The name of the public container, without a project."""
        return unquote(self.container_url.rpartition("/")[2].rpartition(":")[2])

    def flags(self) -> set[str]:
        """What the templates may ask of it."""
        flags = {
            "public": self.public,
            "private": not self.public,
            "profile": bool(self.profile) and not self.public,
            "tenant": self.tenant if self.way != "swift" else bool(with_project(self.bucket)[0]),
            "options": bool(self.storage_options),
            "http": self.endpoint is not None and self.endpoint.scheme != "https",  # some libraries must allow it
        }
        return {name for name, holds in flags.items() if holds}

    def fragments(self) -> dict[str, str]:
        """What the templates may name, each as code."""
        options = self.storage_options
        keyword = f"{self.protocol}=options" if self.protocol.isidentifier() else f'**{{"{self.protocol}": options}}'
        path = f"{self.bucket}/{self.key}".rstrip("/")
        endpoint = literal(str(self.endpoint))
        session = f"boto3.Session(profile_name={literal(self.profile)})" if self.profile else "boto3.Session()"
        # For polars and obstore, which are built on object_store (Rust): with a bare colon polars reads what follows as
        # a port, and obstore signs another path than it sends.
        escaped = self.bucket.replace(":", "%3A")
        project, name = with_project(self.bucket)
        return {
            "url": literal(self.url),
            "bucket": literal(self.bucket),
            "key": literal(self.key),
            "prefix": literal(self.key.rstrip("/")),
            "path": literal(path),
            "folder": literal(f"{path}/"),
            "escaped_bucket": literal(escaped),
            "escaped_url": literal(f"s3://{escaped}/{self.key}"),
            "slash_bucket": literal(f"/{quote(self.bucket)}"),
            "cached": literal(f"simplecache::{self.url}"),
            "protocol": literal(self.protocol),
            "options": options,
            "s3fs_options": self.s3fs_options,
            "storage": ", storage_options=options" if options else "",
            "unpacked": ", **options" if options else "",
            "chained": f", {keyword}" if options else "",
            "consolidated": ", consolidated=True" if self.public else "",
            "endpoint": endpoint,
            "typed_endpoint": f", endpoint_url={endpoint}" if self.typed_endpoint or not self.profile else "",
            "region": literal(self.region),
            "session": session,
            "client": session if self.profile else "boto3",
            "connect": f"openstack.connect(cloud={literal(self.login)})" if self.login else "openstack.connect()",
            "cacert": f", cacert={literal(self.ca_bundle)}" if self.ca_bundle else "",
            "container": literal(name),
            "project": literal(project),
            "os_options": "options" if project else '{"region_name": cloud.config.region_name}',
            "container_url": literal(self.container_url),
            "account": literal(self.account),
            "container_slash": literal(f"{self.container}/"),
        }


def literal(text: str) -> str:
    """A text as Python code, in double quotes where that needs no escapes."""
    return f'"{text}"' if text.isprintable() and not set(text) & {'"', "\\"} else repr(text)
