"""restic: a repository in a bucket."""

from __future__ import annotations

from jsobj.export.configuration import Configuration, Variables
from jsobj.export.connection import Connection
from jsobj.export.variables import keys


def configure(connection: Connection) -> Configuration:
    """Variables; the repository's own password is restic's to ask for."""
    place = f"s3:{connection.endpoint}/{connection.a_bucket}/restic"
    values = {"RESTIC_REPOSITORY": place, **keys(connection), "AWS_DEFAULT_REGION": connection.region}
    style = "path" if connection.path_style else "dns"
    notes = ["" if connection.bucket else "name the bucket with --bucket"]
    if connection.ca_bundle:
        notes.append(f"certificates: add --cacert {connection.ca_bundle}")
    return Configuration(
        (Variables("", values),), f"restic -o s3.bucket-lookup={style} init", "; ".join(filter(None, notes))
    )
