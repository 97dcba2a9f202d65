"""Local files as URLs."""

from __future__ import annotations

import pytest

from jsobj.errors import BadUsage
from jsobj.transfer.local.file_url import local_path, path_of


@pytest.mark.parametrize(
    ("text", "path"),
    [
        ("file:///data/run%2042/", "/data/run 42/"),
        ("file://localhost/a", "/a"),
        ("FILE://LOCALHOST/a%2Fb", "/a/b"),
        ("file:/a?b#c", "/a?b#c"),
        ("file:///%FF%C3%BC", "/\udcffü"),
        ("/data", None),
        ("s3://b/k", None),
        ("files/a", None),
    ],
)
def test_paths(text: str, path: str | None) -> None:
    assert path_of(text) == path
    assert local_path(text) == (path or text)


@pytest.mark.parametrize(
    "text", ["file://host/a", "file://", "file:a", "file:////a", "file:///a%00b", "file://localhost"]
)
def test_what_is_no_file_of_this_machine(text: str) -> None:
    with pytest.raises(BadUsage):
        path_of(text)
