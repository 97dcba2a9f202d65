"""s3cmd: its one file, in which ``host_bucket`` equal to ``host_base`` means path style."""

from __future__ import annotations

from jsobj.export.configuration import Configuration, Section, Word
from jsobj.export.connection import Connection

PATH = "~/.s3cfg"


def configure(connection: Connection) -> Configuration:
    """The section ``default``, which is the only one that s3cmd reads."""
    host = connection.endpoint.netloc
    values: dict[str, Word] = {
        "access_key": connection.access,
        "secret_key": connection.secret,
        "host_base": host,
        "host_bucket": host if connection.path_style else f"%(bucket)s.{host}",
        "bucket_location": connection.region,
        "use_https": "True" if connection.endpoint.scheme == "https" else "False",
        "signature_v2": "False",
    }
    if connection.ca_bundle:
        values["ca_certs_file"] = connection.ca_bundle
    return Configuration(
        (Section(PATH, "default", values, ("access_key", "host_base")),),
        "s3cmd ls",
        "s3cmd has one file for one account: for another, --file ~/.s3cfg-NAME, then s3cmd -c ~/.s3cfg-NAME",
    )
