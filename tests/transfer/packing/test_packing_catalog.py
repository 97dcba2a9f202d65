"""Rows of a catalogue may name members of an archive."""

from __future__ import annotations

from transfer_scene import TransferScene, on_disk, sha, shas

FILES = {"raw/one.csv": b"1" * 3000, "raw/two.csv": b"2" * 5000}


def test_rows_that_name_members(transfer: TransferScene) -> None:
    transfer.write(FILES)
    transfer.put("lab/plain.csv", b"plain")
    transfer("upload", "--pack", "tree/", transfer.url("lab/runs.zip"))
    rows = {"1": "runs.zip!/raw/one.csv", "2": "runs.zip!/raw/two.csv", "3": "plain.csv"}
    table = "item,file name\n" + "".join(f"{item},{name}\n" for item, name in rows.items())
    (transfer.folder / "t.csv").write_text(table)
    lab = transfer.url("lab/")
    loaded = transfer("catalog", "load", "t.csv", lab, "--path", "file name", "--json").json
    assert (loaded["rows"], loaded["refused"]) == (3, [])
    found = {row["item"]: row for row in transfer("catalog", "query", lab, "--json").json["items"]}
    assert (found["2"]["_size"], found["2"]["_sha256"]) == (5000, sha(FILES["raw/two.csv"]))
    assert str(found["2"]["_url"]).endswith("/lab/runs.zip")
    transfer("catalog", "query", lab, "item <> 2", "--get", "got")
    assert on_disk(transfer.folder / "got") == shas({rows["1"]: FILES["raw/one.csv"], "plain.csv": b"plain"})
    transfer("catalog", "verify", lab)
    transfer("catalog", "verify", lab, "--deep")
    transfer.write({"raw/two.csv": b"other"})
    transfer("upload", "--pack", "tree/", transfer.url("lab/runs.zip"))
    transfer("catalog", "verify", lab, code=8)
