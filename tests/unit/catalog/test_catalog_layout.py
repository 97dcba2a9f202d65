"""Names of parts, which become names of files."""

from __future__ import annotations

import pytest

from jsobj.catalog.layout import is_part_name


@pytest.mark.parametrize("name", ["", ".", "..", "../../x", "/tmp/x", "a/b", "a*", "[a]", "a\0", "a\n", "x" * 201])
def test_what_no_part_is_called(name: str) -> None:
    assert not is_part_name(name)
    assert is_part_name("c-0123456789abcdef")
