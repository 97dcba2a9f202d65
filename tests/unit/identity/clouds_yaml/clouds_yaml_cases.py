"""A clouds.yaml written by hand, and what is put into it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

from hypothesis import HealthCheck, settings

from jsobj.errors import JsobjError
from jsobj.identity.clouds_yaml.edit import set_cloud

T = TypeVar("T")
QUIET = settings(
    max_examples=200,
    deadline=None,
    derandomize=True,
    database=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much],
)
ENTRY: dict[str, Any] = {
    "auth": {"auth_url": "https://js2.example.org:5000/v3", "application_credential_id": "0123456789"},
    "auth_type": "v3applicationcredential",
    "region_name": "IU",
    "verify": True,
}
HAND_MADE = b"""# my clouds
cache:
    auth: true     # keep tokens

clouds:
    # the first
    work:
        auth: {username: me, password: 'a: b'}  # short
        regions: [R1,
                  R2]

    # about js2
    js2:
        auth:
            auth_url: "https://old"
    lab:
        note: |
            two
            lines
        more: 1

# the end
client: {force_ipv4: true}"""


def attempt(call: Callable[[], T]) -> tuple[T | None, JsobjError | None]:
    """The result or the refusal."""
    try:
        return call(), None
    except JsobjError as error:
        return None, error


def put(data: bytes | None, name: str = "js2", entry: dict[str, Any] | None = None) -> bytes:
    return set_cloud(data, name, ENTRY if entry is None else entry, source="/x/clouds.yaml")
