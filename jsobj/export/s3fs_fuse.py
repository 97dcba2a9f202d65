"""s3fs-fuse: its password file, and the line for ``/etc/fstab`` or the command that mounts."""

from __future__ import annotations

from jsobj.export.configuration import Configuration, Whole
from jsobj.export.connection import Connection


def configure(connection: Connection) -> Configuration:
    """A password file of its own, so that other mounts keep theirs."""
    path = f"~/.passwd-s3fs-{connection.name}"
    style = ",use_path_request_style" if connection.path_style else ""
    options = f"passwd_file={path},url={connection.endpoint}{style},endpoint={connection.region}"
    fstab = f"{connection.a_bucket} /MOUNT/POINT fuse.s3fs _netdev,allow_other,{options} 0 0"
    return Configuration(
        (Whole(path, (connection.access, ":", connection.secret, "\n")),),
        f"s3fs {connection.a_bucket} DIR -o {options}",
        f"for /etc/fstab (with the whole path of the password file): {fstab}",
    )
