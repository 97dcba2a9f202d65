"""Lines to copy: what they name, and that no name of an object can become a part of them."""

from __future__ import annotations

import ast
import shlex
from dataclasses import replace

from jsobj.publish.entries import Entry
from jsobj.publish.lines import Published, ways
from jsobj.publish.tree import Folder
from jsobj.publish.wish import Wish
from jsobj.store.links.public_look import PublicContainer
from jsobj.urls import Origin

ORIGIN = Origin("https", "host", 443)
S3 = Published(
    PublicContainer("https://host/b", "https://host/swift/v1", "b"), ORIGIN, "us-east-1", "p/", manifest=True
)
ACCOUNT = "https://host/v1/AUTH_1"
SWIFT = replace(S3, container=PublicContainer(f"{ACCOUNT}/b", ACCOUNT, ""))
ZARR = Folder("x.zarr/", (Entry("c/", objects=3), Entry("zarr.json", 1)), "Zarr")
PLAIN = Folder("", (Entry("a.txt", 1), Entry("b.nc", 2), Entry("sub/", objects=1)))


def lines(place: Published, folder: Folder) -> dict[str, str]:
    return {way.name: way.lines for way in ways(place, folder)}


def test_what_is_offered() -> None:
    assert list(lines(S3, ZARR)) == ["xarray", "zarr", "s3fs", "boto3", "obstore", "curl", "wget"]
    assert list(lines(S3, PLAIN)) == ["xarray", "s3fs", "boto3", "obstore", "curl", "wget"]
    assert list(lines(SWIFT, PLAIN)) == ["xarray", "swiftclient", "obstore", "curl", "wget"]
    assert list(lines(replace(S3, listed=False), PLAIN)) == ["xarray", "curl", "wget"]
    assert list(lines(replace(S3, manifest=False), ZARR))[-1] == "curl"
    assert "https://host/b/p/b.nc" in lines(S3, PLAIN)["curl"]  # the one whose kind is known
    assert "https://host/b/p/x.zarr/zarr.json" in lines(S3, ZARR)["curl"]


def test_names_stay_names() -> None:
    name = 'a\'; rm -rf ~; "$(x)" `y` \\ \n.nc'
    for place in (S3, SWIFT):
        said = lines(replace(place, prefix=f"{name}/"), Folder(f"{name}/", (Entry(name, 1),)))
        for way, text in said.items():
            if way in {"curl", "wget"}:
                words = shlex.split(text)
                assert words[0] == way
                assert [word for word in words if "rm" in word] == [words[-1]]
                assert words[-1].startswith("https://host/")
            else:
                called = {ast.unparse(node.func) for node in ast.walk(ast.parse(text)) if isinstance(node, ast.Call)}
                assert not called & {"rm", "x"}


def test_a_folder_of_the_address_for_each_that_wget_leaves_out() -> None:
    assert "--cut-dirs=1 https://host/b/p/index.html" in lines(S3, PLAIN)["wget"]
    assert "--cut-dirs=3 " in lines(SWIFT, PLAIN)["wget"]
    assert "grep -F '  x.zarr/'" in lines(S3, ZARR)["wget"]


def test_what_was_wished_before_is_kept() -> None:
    before = Wish("Old", depth=2, manifest=False)
    assert Wish().over(before) == before
    assert Wish("New", depth=0, manifest=True, force=True).over(before) == Wish("New", None, 0, True, True)
