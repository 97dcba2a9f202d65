"""What a snippet is about: a URL, and the way to it, as fragments of Python code."""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import quote, unquote

from jsobj.urls import Origin

_UNLISTED = "# Nothing can be listed over https: a group must have consolidated metadata.\n"


@dataclass(frozen=True, slots=True)
class Target:
    """An object or a prefix, and one of three ways to it.

    ``way`` is ``s3`` (keys of ``profile``, or of ``AWS_*`` variables where it is ""), ``swift`` (a login, through
    jsobj's filesystem) or ``https`` (public data: plain object URLs below ``container_url``).

    ``endpoint`` is the S3 endpoint; None where there is none, or where its S3 API answers nobody without a key. With
    ``typed_endpoint`` it is not the profile's own. ``cloud`` is the login for jsobj ("": the default one, or ``OS_*``
    variables), ``login`` its entry in clouds.yaml for openstacksdk ("": ``OS_*`` variables). ``account``: the Swift
    URL above the public container. ``object``: one object is meant, not everything below a prefix.
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
        """Whether anybody may run the lines."""
        return self.way == "https"

    @property
    def tenant(self) -> bool:
        """Whether the bucket is written ``project:bucket``, which botocore refuses."""
        return ":" in self.bucket

    @property
    def protocol(self) -> str:
        """fsspec's protocol. s3fs cannot name another project's bucket, and jsobj's own S3 filesystem can."""
        return "jsobj+s3" if self.way == "s3" and self.tenant else self.way

    @property
    def url(self) -> str:
        """The URL for fsspec."""
        if self.public:
            return f"{self.container_url}/{quote(self.key)}".rstrip("/")
        return f"{self.protocol}://{self.bucket}/{self.key}".rstrip("/")

    @property
    def storage_options(self) -> str:
        """The ``storage_options`` of fsspec, as code; "" where none are needed.

        A profile written by jsobj holds endpoint, region and checksums, and s3fs reads them there; keys in variables
        need them said.
        """
        if self.way != "s3":
            return f'{{"cloud": {literal(self.cloud)}}}' if self.cloud else ""
        named = [f'"profile": {literal(self.profile)}'] if self.profile else []
        if self.protocol == "jsobj+s3":
            typed = [f'"endpoint": {literal(str(self.endpoint))}'] if self.typed_endpoint else []
            return f"{{{', '.join(named + typed)}}}" if named or typed else ""
        if self.profile:
            typed = [f'"endpoint_url": {literal(str(self.endpoint))}'] if self.typed_endpoint else []
            return f"{{{', '.join(named + typed)}}}"
        when = '"when_required"'
        return lines_of(
            "{}",
            f'"endpoint_url": {literal(str(self.endpoint))}',
            f'"client_kwargs": {self.client_arguments}',
            f'"config_kwargs": {{"request_checksum_calculation": {when}, "response_checksum_validation": {when}}}',
        )

    @property
    def client_arguments(self) -> str:
        """For botocore's client, as code."""
        return f'{{"region_name": {literal(self.region)}}}'

    @property
    def session(self) -> str:
        """A boto3 session, as code."""
        return f"boto3.Session(profile_name={literal(self.profile)})" if self.profile else "boto3.Session()"

    @property
    def container(self) -> str:
        """The name of the public container, without a project."""
        return unquote(self.container_url.rpartition("/")[2].rpartition(":")[2])

    def fragments(self) -> dict[str, str]:
        """What the templates may name, each as code."""
        options = self.storage_options
        keyword = f"{self.protocol}=options" if self.protocol.isidentifier() else f'**{{"{self.protocol}": options}}'
        return {
            "url": literal(self.url),
            "bucket": literal(self.bucket),
            "key": literal(self.key),
            "path": literal(f"{self.bucket}/{self.key}".rstrip("/")),
            "folder": literal(f"{self.bucket}/{self.key}".rstrip("/") + "/"),
            "protocol": literal(self.protocol),
            "options": f"options = {options}\n" if options else "",
            "storage": ", storage_options=options" if options else "",
            "unpacked": ", **options" if options else "",
            "chained": f", {keyword}" if options else "",
            "cached": literal(f"simplecache::{self.url}"),
            "connect": f"openstack.connect(cloud={literal(self.login)})" if self.login else "openstack.connect()",
            "cacert": f", cacert={literal(self.ca_bundle)}" if self.ca_bundle else "",
            "container_url": literal(self.container_url),
            "account": literal(self.account),
            "container_slash": literal(f"{self.container}/"),
            "slash_bucket": literal(f"/{quote(self.bucket)}"),
            "consolidated": ", consolidated=True" if self.public else "",
            "unlisted": _UNLISTED if self.public else "",
        }


def literal(text: str) -> str:
    """A text as Python code, in double quotes where that needs no escapes."""
    return f'"{text}"' if text.isprintable() and not set(text) & {'"', "\\"} else repr(text)


def lines_of(brackets: str, *items: str) -> str:
    """Items between brackets, one a line."""
    return brackets[0] + "\n" + "".join(f"    {item},\n" for item in items) + brackets[1]
