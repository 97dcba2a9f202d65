"""From a listing to folders: what gets a page, what is on it, and what is one thing."""

from __future__ import annotations

import random

import pytest

from jsobj.publish.tree import Folder, Tree
from jsobj.store.values import Listed

MD5 = "0123456789abcdef0123456789abcdef"


def tree(*names: str, prefix: str = "p/", depth: int | None = None) -> Tree:
    listing = [Listed(prefix + name, 10, MD5, 100.5 + n) for n, name in enumerate(names)]
    random.Random(4).shuffle(listing)
    return Tree(prefix, depth=depth, ours=lambda name: name == "MANIFEST.sha256").read(listing)


def shown(folders: tuple[Folder, ...]) -> dict[str, list[str]]:
    return {folder.path: sorted(entry.name for entry in folder.entries) for folder in folders}


def test_each_folder_has_a_page_and_the_innermost_come_first() -> None:
    found = tree("a", "raw/b", "raw/deep/c", "other/d").folders()
    assert shown(found) == {
        "": ["a", "other/", "raw/"],
        "raw/": ["b", "deep/"],
        "raw/deep/": ["c"],
        "other/": ["d"],
    }
    paths = [folder.path for folder in found]
    assert paths[-1] == ""
    assert paths.index("raw/deep/") < paths.index("raw/")


def test_a_folder_tells_all_that_is_below_it() -> None:
    *_, first = tree("a", "raw/b", "raw/deep/c").folders()
    raw = next(entry for entry in first.entries if entry.folder)
    assert (raw.size, raw.objects, raw.modified, raw.href) == (20, 2, 102, "./raw/index.html")
    single = next(entry for entry in first.entries if not entry.folder)
    assert (single.size, single.md5, single.modified) == (10, MD5, 100)


def test_depth() -> None:
    names = ("a", "raw/b", "raw/deep/c", "raw/deep/er/d")
    assert shown(tree(*names, depth=0).folders()) == {"": ["a", "raw/b", "raw/deep/c", "raw/deep/er/d"]}
    assert shown(tree(*names, depth=1).folders()) == {"": ["a", "raw/"], "raw/": ["b", "deep/c", "deep/er/d"]}


@pytest.mark.parametrize("meta", ["zarr.json", ".zgroup", ".zattrs"])
@pytest.mark.parametrize("name", ["x.zarr", "x"])
def test_a_zarr_is_one_thing(name: str, meta: str) -> None:
    found = tree(f"{name}/{meta}", f"{name}/t/{meta}", f"{name}/t/c/0/0", f"{name}/t/c/1/0", "a").folders()
    assert shown(found) == {"": ["a", f"{name}/"], f"{name}/": sorted([meta, "t/"])}
    zarr, first = found
    assert (zarr.kind, first.kind) == ("Zarr", "")
    array = next(entry for entry in zarr.entries if entry.folder)
    assert (array.objects, array.href) == (3, "")
    entry = next(entry for entry in first.entries if entry.folder)
    assert (entry.kind, entry.objects, entry.href) == ("Zarr", 4, f"./{name}/index.html")


def test_a_zarr_that_is_the_prefix_itself() -> None:
    (one,) = tree("t/c/0", "t/zarr.json", "zarr.json", prefix="run.zarr/").folders()
    assert (one.kind, sorted(entry.name for entry in one.entries)) == ("Zarr", ["t/", "zarr.json"])


def test_what_is_jsobjs_own_is_no_data() -> None:
    found = tree("a", "index.html", "MANIFEST.sha256", ".jsobj/publish.json", "raw/", "raw/index.html", "raw/b")
    assert shown(found.folders()) == {"": ["a", "raw/"], "raw/": ["b"]}
    assert sorted(found.pages) == ["index.html", "raw/index.html"]
    assert found.objects == 2


def test_a_catalogue_is_no_data() -> None:
    found = tree("a", "_catalog/v1/parts/p.parquet", "in/_catalog/v1/search/index.json", "in/_catalog/other")
    assert shown(found.folders()) == {"": ["a", "in/"], "in/": ["_catalog/"], "in/_catalog/": ["other"]}
    assert (found.catalogued, found.searchable, found.objects) == (True, False, 2)
    assert tree("_catalog/v1/search/index.json").searchable
    assert not tree("in/_catalog/v1/search/index.json").catalogued


def test_what_was_published_on_its_own_is_linked_to_and_not_entered() -> None:
    found = tree("a", "sub/.jsobj/publish.json", "sub/b", "sub/c/d", "sub/index.html")
    assert shown(found.folders()) == {"": ["a", "sub/"]}
    assert found.published() == ("sub/",)
    assert [entry.href for entry in found.folders()[0].entries if entry.folder] == ["./sub/index.html"]


def test_an_object_that_is_called_as_a_page_by_chance() -> None:
    found = tree("a", "raw/index.html", depth=0)
    assert shown(found.folders()) == {"": ["a"]}
    found.show("raw/index.html")
    assert shown(found.folders()) == {"": ["a", "raw/index.html"]}
    assert found.pages == {}


def test_folders_that_no_browser_can_open_get_no_page() -> None:
    found = tree("../a", "./b", "/c")
    assert shown(found.folders()) == {"": ["../a", "./b", "/"], "/": ["c"]}
    assert {entry.name: entry.href for entry in found.folders()[-1].entries} == {
        "../a": "",
        "./b": "",
        "/": ".//index.html",
    }


def test_very_deep_names() -> None:
    deep = "a/" * 480 + "z"
    assert len(tree(deep).folders()) == 481
    assert shown(tree(deep, depth=0).folders()) == {"": [deep]}
