"""``jsobj verify --segments``: large objects whose segments are gone or were replaced, without reading them."""

from __future__ import annotations

import json
import os
import re
from typing import Any

import pytest
from forms_scene import PART, FormsScene, random_pieces

SMALL = [os.urandom(100) for _ in range(3)] + [os.urandom(50)]


def verified(forms: FormsScene, place: str = "", *, code: int) -> dict[str, Any]:
    """The items by name."""
    found = forms("verify", "--segments", forms.url("swift", place), "--json", code=code).json
    assert found["looked_at"] == len(found["items"])
    return {item["item"]: item for item in found["items"]}


def wrong(item: dict[str, Any]) -> list[tuple[str, str]]:
    return [(each["key"].rpartition("/")[2], each["why"]) for each in item["wrong"]]


def test_what_is_gone_or_replaced_is_named(forms: FormsScene) -> None:
    for key in ("all", "lost", "lost-not", "replaced", "shorter", "whole", "in a folder/%20\u20ac"):
        forms.put_slo(key, SMALL)
    forms.put_dlo("dynamic", SMALL)
    forms.put_dlo("dynamic-lost", SMALL)
    forms.swift.put_object(forms.bucket, "dynamic-gone", b"", headers={"X-Object-Manifest": f"{forms.segments}/no/"})
    forms.swift.put_object(forms.bucket, "empty", b"")

    def name(key: str, number: int, slo: str = "slo/") -> str:
        return f"{forms.folder(key, SMALL, slo)}{number:08d}"

    for number in range(4):
        forms.swift.delete_object(forms.segments, name("all", number))
    forms.swift.delete_object(forms.segments, name("lost", 1))
    forms.swift.delete_object(forms.segments, name("lost", 3))
    forms.swift.delete_object(forms.segments, name("dynamic-lost", 2, ""))
    forms.swift.put_object(forms.segments, name("replaced", 1), os.urandom(100))
    forms.swift.put_object(forms.segments, name("shorter", 1), b"short")
    forms.put_segments(forms.segments, "stray/slo/1.0/5/5/", [b"12345"])

    found = verified(forms, code=8)
    broken = {key for key, item in found.items() if item["state"] == "broken"}
    assert broken == {"all", "lost", "replaced", "shorter", "dynamic-lost", "dynamic-gone"}
    assert set(found) - broken == {"lost-not", "whole", "in a folder/%20\u20ac", "dynamic"}
    assert all(found[key]["state"] == "intact" for key in set(found) - broken)
    assert wrong(found["lost"]) == [("00000001", "gone"), ("00000003", "gone")]
    assert wrong(found["dynamic-lost"]) == [("00000002", "gone")]
    assert wrong(found["shorter"]) == [("00000001", "size")]
    # Ceph gives no manifest out: which one has another MD5 cannot be told there, nor what an object without any was.
    told = forms.server == "swift"
    assert wrong(found["replaced"]) == ([("00000001", "md5")] if told else [])
    assert len(found["all"]["wrong"]) == (4 if told else 0)

    said = forms("verify", "--segments", forms.url("s3"), code=8)
    assert "10 large objects: 4 intact, 6 broken" in said.err
    assert "1 segment (5 B) that no object there names" in said.err
    assert "jsobj bucket clean" in said.err
    assert any(line.startswith("broken\tlost\t2 of 4 segments: ") for line in said.lines)
    assert forms("verify", "--segments", forms.url("swift", "whole")).out == ""
    with forms.jsobj.terminal("verify", "--segments", forms.url("swift", "lost"), columns=80) as terminal:
        terminal.expect_exact("Object")
        shown = re.sub(r"\x1b\[\d*m", "", terminal.read())
    assert "\t" not in shown
    assert max(map(len, shown.splitlines())) <= 80
    assert verified(forms, "in a folder/", code=0).keys() == {"in a folder/%20\u20ac"}
    one = forms("verify", "--segments", forms.url("swift", "lost"), "--json", code=8).json
    assert ([item["item"] for item in one["items"]], one["unnamed"]["segments"]) == (["lost"], 0)
    error = forms("verify", "--segments", forms.url("swift", "no"), "--json", code=5).error
    assert error["reference"] == "object-not-found"


def test_a_dynamic_object_whose_container_is_gone(forms: FormsScene) -> None:
    """Swift answers 404 for it, and lists it: it is broken, and can be deleted by its name."""
    gone = f"{forms.bucket}-never"
    forms.swift.put_object(forms.bucket, "dynamic", b"", headers={"X-Object-Manifest": f"{gone}/x/"})
    item = verified(forms, code=8)["dynamic"]
    assert (item["state"], item["by"]) == ("broken", f"nothing lies below {gone}/x/")
    place = forms.url("swift", "dynamic")
    assert len(forms("rm", place, "--dry-run", "--json").json["items"]) == 1
    assert forms("rm", place).code == 0
    assert forms("ls", forms.url("swift")).out == ""
    assert forms("rm", place, "--json", code=5).error["reference"] == "object-not-found"


@pytest.mark.parametrize("forms", ["swift"], indirect=True)
@pytest.mark.parametrize("number", [0, 1])
@pytest.mark.parametrize("fault", ["gone", "replaced"])
def test_copies_tell_of_segments(forms: FormsScene, number: int, fault: str) -> None:
    """A server that copies segment by segment does not fail for the object's sake, nor for another version of it."""
    pieces = random_pieces(PART, PART, 5)
    forms.put_slo("x", pieces)
    segment = f"{forms.folder('x', pieces)}{number:08d}"
    if fault == "gone":
        forms.swift.delete_object(forms.segments, segment)
    else:
        forms.swift.put_object(forms.segments, segment, random_pieces(PART)[0])
    for verb, dialect, new in (("cp", "s3", "x"), ("cp", "s3", "new"), ("cp", "swift", "new"), ("mv", "swift", "new")):
        (failure,) = forms(verb, forms.url("swift", "x"), forms.url(dialect, new), "--json", code=8).json["failures"]
        assert (failure["reference"], failure["exit_code"]) == ("segments-gone", 8), (verb, dialect, new)
        assert f"swift://{forms.bucket}/x cannot be read" in failure["message"]
    assert forms("ls", forms.url("swift")).lines == ["x"]


@pytest.mark.parametrize("forms", ["rgw"], indirect=True)
def test_where_the_first_segment_is_gone(forms: FormsScene) -> None:
    """Ceph answers 404 for such an object, and lists it."""
    forms.put_slo("x", SMALL)
    forms.swift.delete_object(forms.segments, f"{forms.folder('x', SMALL)}00000000")
    assert wrong(verified(forms, code=8)["x"]) == [("00000000", "gone")]
    assert forms("rm", forms.url("swift", "x")).code == 0
    assert forms("ls", forms.url("swift")).out == ""


@pytest.mark.parametrize("forms", ["swift"], indirect=True)
def test_manifests_that_name_manifests(forms: FormsScene) -> None:
    """Each is a segment itself, and must be the one that was named."""
    inner = "k/slo/2.0/350/350/00000000"

    def put(container: str, key: str, lines: list[dict[str, Any]]) -> None:
        forms.swift.put_object(container, key, json.dumps(lines), query_string="multipart-manifest=put")

    lines = forms.put_segments(forms.segments, forms.folder("k", SMALL), SMALL)
    put(forms.segments, inner, lines)
    put(forms.bucket, "k", [{"path": f"/{forms.segments}/{inner}"}])
    done = forms("verify", "--segments", forms.url("swift"), "--json").json
    assert (done["looked_at"], done["unnamed"]["segments"]) == (1, 0)
    put(forms.segments, inner, lines[::-1])
    assert wrong(verified(forms, code=8)["k"]) == [("00000000", "md5")]


def test_segments_elsewhere_and_objects_in_parts(forms: FormsScene) -> None:
    forms.put_slo("elsewhere", SMALL, container=f"{forms.bucket}-else", folder="x")
    forms.put_parts("parts", random_pieces(PART, 5))
    swift = forms.server == "swift"
    found = verified(forms, code=0 if swift else 3)
    assert found["elsewhere"]["state"] == ("intact" if swift else "unverified")
    assert ("parts" in found) == swift
    if swift:
        name = forms.names(f"{forms.bucket}+segments")[0]
        forms.swift.delete_object(f"{forms.bucket}+segments", name)
        assert wrong(verified(forms, code=8)["parts"]) == [("1", "gone")]


@pytest.mark.parametrize("forms", ["swift"], indirect=True)
def test_over_s3_alone_nothing_can_be_seen(forms: FormsScene) -> None:
    for path in (forms.jsobj.clouds, forms.jsobj.secure):
        path.unlink()
    error = forms("verify", "--segments", forms.url("s3"), "--profile", "both", "--json", code=4).error
    assert error["reference"] == "segments-unseen"
    assert "--segments swift://" in error["hint"]
    usage = forms("verify", "--segments", forms.url("s3"), forms.url("s3"), "--json", code=2).error
    assert "--segments goes with one URL alone" in usage["message"]
