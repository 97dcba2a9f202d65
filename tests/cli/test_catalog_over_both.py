"""Catalogues over S3 and over Swift's own API: large objects, whose ETag is another by each."""

from __future__ import annotations

import os

from objects_scene import DIALECTS, Scene


def test_scan_verify_and_export(scene: Scene) -> None:
    folder = scene.jsobj.folder / "data"
    folder.mkdir()
    (folder / "large.bin").write_bytes(os.urandom(6 * 1024**2))
    (folder / "small.txt").write_text("small")
    scene("upload", f"{folder}/", scene.url("data/"), "--part-size", "5M")
    assert scene("catalog", "scan", scene.url("data/"), "--metadata", "--json").json["added"] == 2
    assert scene("catalog", "scan", scene.url("data/"), "--metadata", "--json").json["same"] == 2
    assert "2 same" in scene("catalog", "verify", scene.url("data/"), "--extra").err
    (other,) = {*DIALECTS} - {scene.dialect}
    elsewhere = scene("catalog", "verify", f"{other}://{scene.bucket}/data/", "-v", code=3)
    assert [line.split("\t")[0] for line in elsewhere.lines] == ["unverified", "same"]
    deep = scene("catalog", "verify", scene.url("data/"), "--deep", "-v", code=3)
    assert [line.split("\t")[::2] for line in deep.lines] == [
        ["unverified", "the row has no SHA-256; the same is size and ETag"],
        ["same", "md5"],
    ]
    csv, path = "name,path,size,url\n1,large.bin,a,b\n2,small.txt,c,d\n", scene.jsobj.folder / "t.csv"
    path.write_text(csv)
    scene("catalog", "load", str(path), scene.url("data2/"), "--files", str(folder))
    rows = scene("catalog", "query", scene.url("data2/"), "--order", "path", "--json").json["items"]
    assert [(row["size"], row["url"]) for row in rows] == [("a", "b"), ("c", "d")]  # the user's, not the objects'
    assert "2 same" in scene("catalog", "verify", scene.url("data2/"), "--deep").err
    scene("catalog", "export", scene.url("data2/"), "--csv", str(scene.jsobj.folder / "all.csv"))
    assert len((scene.jsobj.folder / "all.csv").read_text().splitlines()) == 3
