"""Keystone's address, as logins are asked at it."""

from __future__ import annotations

import pytest

from jsobj.errors import ExitCode, JsobjError
from jsobj.identity.keystone.token import identity_root


@pytest.mark.parametrize("written", ["https://k/v3", "https://k/v3/", "https://k", "https://k/"])
def test_the_root_ends_in_v3_once(written: str) -> None:
    assert identity_root(written) == "https://k/v3"


def test_an_address_that_cannot_be_read_is_an_error_with_a_hint() -> None:
    with pytest.raises(JsobjError) as caught:
        identity_root("https://[::1/v3")
    assert caught.value.reference == "auth-url-bad"
    assert caught.value.code is ExitCode.LOCAL
    assert "clouds.yaml" in caught.value.hint
