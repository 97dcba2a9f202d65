"""A catalogue of published data: pages and what is beside them are no data, also for those without a login."""

from __future__ import annotations

from publish_scene import Scene


def test_pages_need_no_rows(scene: Scene) -> None:
    url = f"{scene.bucket}/data/"
    scene.fill({"data/a.csv": b"a\n", "data/more/b.csv": b"b\n", "data/README.md": b"# mine\n"})
    scene.jsobj("catalog", "scan", url)
    scene.jsobj("catalog", "compact", url)
    page = next(iter(scene.publish().json["urls"].values()))
    assert {"data/index.html", "data/search.html", "data/more/index.html", "data/MANIFEST.sha256"} < {*scene.names()}
    again = scene.jsobj("catalog", "scan", url, "--json").json
    assert (again["added"], again["changed"], again["deleted"], again["same"]) == (0, 0, 0, 3)
    assert "3 same" in scene.jsobj("catalog", "verify", url, "--extra").err
    scene.jsobj("catalog", "export", page, "--csv", str(scene.jsobj.folder / "all.csv"))
    assert "3 same" in scene.jsobj("catalog", "verify", page, "--deep", code=0).err
