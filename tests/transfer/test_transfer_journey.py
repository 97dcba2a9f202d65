"""P22: every verb in one go, the same on all servers, dialects and ways; each step seen by the witness."""

from __future__ import annotations

import os

from transfer_scene import IN_PARTS, PART, TransferScene, on_disk, sha, shas


def test_p22_every_verb_on_every_ground(anywhere: TransferScene) -> None:
    files = {"a.txt": b"0123456789", "deep/b with space.nc": os.urandom(70_000), "large": os.urandom(PART + 7)}
    tree = anywhere.write(files)
    assert anywhere.summary("upload", f"{tree}/", anywhere.url("t/"), *IN_PARTS)["verified"] == 3
    assert anywhere.digests() == shas({f"t/{name}": data for name, data in files.items()})

    rows = anywhere("ls", "-r", anywhere.url("t/"), "--json").json["items"]
    assert {row["key"]: row["size"] for row in rows} == {f"t/{name}": len(data) for name, data in files.items()}
    assert anywhere("stat", anywhere.url("t/a.txt"), "--json").json["size"] == 10
    assert anywhere("cat", anywhere.url("t/a.txt"), "--range", "2-4").out == "234"
    assert str(sum(map(len, files.values()))) in anywhere("du", anywhere.url("t/"), "--json").out

    anywhere("cp", anywhere.url("t/large"), anywhere.url("copy"), *IN_PARTS)
    anywhere("mv", anywhere.url("t/a.txt"), anywhere.url("moved"))
    assert set(anywhere.keys()) == {"t/deep/b with space.nc", "t/large", "copy", "moved"}
    assert sha(anywhere.get("copy")) == sha(files["large"])
    assert anywhere.get("moved") == b"0123456789"

    anywhere("mv", anywhere.url("moved"), anywhere.url("t/a.txt"))
    anywhere("verify", f"{tree}/", anywhere.url("t/"))
    anywhere.put("t/a.txt", b"changed")
    anywhere("verify", f"{tree}/", anywhere.url("t/"), code=8)
    assert anywhere.summary("download", anywhere.url("t/"), "back", *IN_PARTS)["done"] == 3
    assert on_disk(anywhere.folder / "back") == shas({**files, "a.txt": b"changed"})

    anywhere("rm", "-r", "--yes", anywhere.url())
    assert anywhere.keys() == []
    assert anywhere("uploads", "list", anywhere.url(), "--json").json["items"] == []
    assert anywhere("jobs", "list", "--json").json["items"] == []
    assert anywhere.unfinished() == []


def test_a_path_may_be_written_as_a_url(over_s3: TransferScene) -> None:
    """As cp and sync take it, and no folder called 'file:' is made."""
    tree = over_s3.write({"a b": b"1"})
    for source in (f"file://{tree}/", f"file://{tree}/a%20b"):
        assert over_s3("upload", source, over_s3.url("in/")).code == 0
    assert over_s3.keys() == ["in/a b"]
    assert over_s3.summary("download", over_s3.url("in/"), f"file://{over_s3.folder}/back%20again/")["done"] == 1
    assert on_disk(over_s3.folder / "back again") == {"a b": sha(b"1")}
    assert not (over_s3.folder / "file:").exists()
    assert over_s3("verify", f"file://{over_s3.folder}/back%20again/", over_s3.url("in/")).code == 0
    assert "no file of this machine" in over_s3("download", over_s3.url("in/"), "file://elsewhere/x/", code=2).err
