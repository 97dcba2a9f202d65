"""jsobj: from a portal's credentials file to data in OpenStack object storage that every tool can read."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from jsobj.api.connection import Connection

__version__ = "0.1.0"
__all__ = ["connect"]


def connect(profile: str = "", *, cloud: str = "", unsigned: bool = False, endpoint: str = "") -> Connection:
    """The object store of an AWS profile, or of a cloud; with neither, the one that the commands would use.

    Sends no request and reads no file: the methods of the result do.

    Parameters
    ----------
    profile:
        A profile of ``~/.aws``, as ``jsobj ec2-creds`` writes it.
    cloud:
        An entry of ``clouds.yaml``, as ``jsobj login`` writes it.
    unsigned:
        Public data, without any login.
    endpoint:
        An S3 endpoint instead of the profile's; for public data over Swift, the account's URL.
    """
    from jsobj.api.connection import connect as make

    return make(profile, cloud=cloud, unsigned=unsigned, endpoint=endpoint)
