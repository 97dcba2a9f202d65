"""Rows of a catalogue may name members of an archive."""

from __future__ import annotations

import urllib.request

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
    member = transfer.url(f"lab/{rows['2']}")
    assert found["2"]["_url"] == member  # of which size and digest are
    assert transfer("catalog", "query", lab, "item = 2", "--urls").out.split() == [member]
    assert transfer("cat", str(found["2"]["_url"])).out.encode() == FILES["raw/two.csv"]
    transfer("catalog", "query", lab, "item <> 2", "--get", "got")
    assert on_disk(transfer.folder / "got") == shas({rows["1"]: FILES["raw/one.csv"], "plain.csv": b"plain"})
    transfer("catalog", "verify", lab)
    transfer("catalog", "verify", lab, "--deep")
    transfer.write({"raw/two.csv": b"other"})
    transfer("upload", "--pack", "tree/", transfer.url("lab/runs.zip"))
    transfer("catalog", "verify", lab, code=8)


def test_no_link_leads_into_an_archive(transfer: TransferScene) -> None:
    transfer.write(FILES)
    for name in ("plain.csv", "odd.zip!/plain.csv"):  # the second is no archive's
        transfer.put(f"lab/{name}", b"plain")
    transfer("upload", "--pack", "tree/", transfer.url("lab/runs.zip"))
    rows = {"1": "runs.zip!/raw/one.csv", "2": "plain.csv", "3": "odd.zip!/plain.csv"}
    table = "item,file\n" + "".join(f"{item},{name}\n" for item, name in rows.items())
    (transfer.folder / "t.csv").write_text(table)
    lab, make_key = transfer.url("lab/"), ("--make-key",) if transfer.url().startswith("swift:") else ()
    transfer("catalog", "load", "t.csv", lab, "--path", "file")
    transfer("presign", f"{lab}plain.csv", *make_key)
    made = transfer("catalog", "query", lab, "--presign", "1h")
    assert [urllib.request.urlopen(link).read() for link in made.out.split()] == [b"plain", b"plain"]
    assert f"such as {lab}{rows['1']}" in made.err
    none = transfer("catalog", "query", lab, "item = 1", "--presign", "1h")
    assert none.out == ""
    assert "no link leads into an archive" in none.err
    assert "No row" not in none.err
    for words in (("presign", *make_key), ("share", "--to", "link")):
        error = transfer(words[0], f"{lab}{rows['1']}", *words[1:], "--json", code=2).error
        assert error["reference"] == "archive-read-only"
        assert f"jsobj presign {lab}runs.zip" in error["hint"]
    for whom in ("link", "upload-link"):
        error = transfer("share", f"{lab}runs.zip!/", "--to", whom, "--json", code=2).error
        assert error["reference"] == "archive-read-only"


def test_links_in_rows_are_tried_on_the_archive(transfer: TransferScene) -> None:
    transfer.write(FILES)
    transfer("upload", "--pack", "tree/", transfer.url("runs.zip"))
    (transfer.folder / "t.csv").write_text("item,file\n1,runs.zip!/raw/one.csv\n")
    load = ("catalog", "load", "t.csv", transfer.url(), "--path", "file")
    if transfer.dialect == "swift":
        hint = transfer(*load, "--expires", "1h", "--json", code=6).error["hint"]
        assert f"jsobj presign --make-key {transfer.url('runs.zip')}" in hint
        transfer("presign", transfer.url("runs.zip"), "--make-key")
    assert transfer(*load, "--expires", "1h", "--json").json["rows"] == 1
    assert transfer(*load, "--public", "--json").json["rows"] == 1
