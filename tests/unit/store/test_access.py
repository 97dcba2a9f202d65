"""The way to a store, from the files of a HOME alone."""

from __future__ import annotations

from pathlib import Path

from jsobj.identity import ledger
from jsobj.identity.settings import Settings
from jsobj.store.access import s3_public


def test_public_data_know_the_project_whose_profile_names_the_server(tmp_path: Path) -> None:
    (tmp_path / ".aws").mkdir()
    (tmp_path / ".aws/config").write_text("[profile demo]\nendpoint_url = https://s3.example\n")
    settings = Settings.read({"HOME": str(tmp_path)})
    ledger.update(settings, lambda book: book.with_cloud(ledger.CloudRecord("demo", "demo", "0a21")))
    assert s3_public(settings, profile="demo").tenant == "0a21"
    assert s3_public(settings, endpoint="https://s3.other").tenant == ""
