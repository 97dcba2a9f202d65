"""Requests are signed as Microsoft's own library signs them."""

from __future__ import annotations

import base64
from typing import Any
from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jsobj.secret import Secret
from jsobj.store.foreign.azure.names import encoded
from jsobj.store.foreign.azure.shared_key import authorization

KEY = base64.b64encode(bytes(range(64))).decode()
NAMES = st.text(st.characters(codec="utf-8", exclude_characters="\0"), min_size=1, max_size=8)
META = st.from_regex(r"x-ms-meta-[a-z_][a-z0-9_]{0,4}", fullmatch=True)
VALUES = st.from_regex(r"[!-~]([ -~]{0,6}[!-~])?", fullmatch=True).filter(lambda text: "  " not in text)


@pytest.fixture(scope="module", name="witness")
def _witness() -> Any:
    """What azure-storage-blob puts into the header."""
    pytest.importorskip("azure.storage.blob")
    from azure.core.pipeline import PipelineContext, PipelineRequest
    from azure.core.pipeline.transport import HttpRequest
    from azure.storage.blob._shared.authentication import SharedKeyCredentialPolicy

    def sign(method: str, url: str, headers: dict[str, str]) -> str:
        request: Any = PipelineRequest(HttpRequest(method, url, headers=headers), PipelineContext(None))
        SharedKeyCredentialPolicy("samples", KEY).on_request(request)
        made: str = request.http_request.headers["Authorization"]
        return made

    return sign


@given(
    name=NAMES,
    query=st.dictionaries(st.sampled_from(["comp", "restype", "prefix", "marker"]), NAMES),
    meta=st.dictionaries(META, VALUES, max_size=5),
    size=st.integers(0, 10**6),
)
def test_as_the_witness(witness: Any, name: str, query: dict[str, str], meta: dict[str, str], size: int) -> None:
    if "\\" in name or any(part.endswith(".") for part in name.split("/")):
        name = "k"  # those are refused
    path, pairs = f"/one/{encoded(name)}", tuple(query.items())
    sent = {**meta, "x-ms-date": "Mon, 30 Nov 2026 04:30:00 GMT", "content-type": "text/plain", "if-match": '"0x8D"'}
    url = f"https://samples.blob.core.windows.net{path}?" + "&".join(f"{n}={quote(v, safe='')}" for n, v in pairs)
    wanted = witness("PUT", url, {**sent, "Content-Length": str(size)})
    assert authorization("samples", Secret(KEY), "PUT", path, pairs, sent, size) == wanted
