"""Large objects take the other form by ``jsobj cp``: made by other tools, judged by boto3 and python-swiftclient."""

from __future__ import annotations

import time

import pytest
from forms_scene import KEPT, MIB, PART, FormsScene, of_parts, of_segments, random_pieces

AWKWARD = "a b%20\u20ac/x+y%2F"  # a blank, what looks encoded, and none of ASCII
IN_PARTS = ("--part-size", "5M")
SIZES = {"even": (PART, PART, PART, 17), "uneven": (PART, PART + 7, 3)}


@pytest.mark.parametrize(
    ("forms", "shape"), [("swift", "even"), ("rgw", "even"), ("rgw", "uneven")], indirect=["forms"]
)
def test_segments_become_parts_in_place_and_parts_segments(forms: FormsScene, shape: str) -> None:
    key, pieces = (AWKWARD if shape == "even" else "dir/big"), random_pieces(*SIZES[shape])
    data = b"".join(pieces)
    forms.put_slo(key, pieces)
    there = forms.cp("swift", "s3", key)
    assert (there["done"], there["verified"], there["unverified"]) == (1, 1, 0)
    got, etag, kept = forms.over_s3(key)
    assert (got == data, etag) == (True, of_parts(pieces))
    size = "0" if shape == "uneven" else str(PART)
    assert kept == {"type": "text/x-a", "mtime": "12.5", "jsobj-part-size": size}
    assert forms.over_swift(key)[0] == data
    assert (forms.names(), forms.unfinished()) == ([], [])
    assert (forms.cp("swift", "s3", key)["skipped"], forms.over_s3(key)[1]) == (1, etag)

    back = forms.cp("s3", "swift", key, *IN_PARTS)
    assert (back["done"], back["verified"], back["unverified"]) == (1, 1, 0)
    got, etag, large = forms.over_swift(key)
    assert (got == data, large) == (True, True)
    assert forms.over_s3(key)[0] == data
    if shape == "even":
        assert etag == of_segments(pieces)
    assert forms.cp("s3", "swift", key)["skipped"] == 1
    assert (forms.names(f"{forms.bucket}+segments"), forms.unfinished()) == ([], [])
    assert len(forms.names()) == len(pieces) or shape == "uneven"
    forms("verify", "--segments", forms.url("s3"))


def test_a_dynamic_large_object_and_an_upload_of_boto3(forms: FormsScene) -> None:
    dynamic, parts = random_pieces(PART, PART + 1, 9), random_pieces(PART, 6 * MIB, 5)
    forms.put_dlo("dynamic", dynamic)
    forms.put_parts("parts", parts)
    assert forms.cp("swift", "s3", "dynamic")["verified"] == 1
    assert forms.over_s3("dynamic")[:2] == (b"".join(dynamic), of_parts(dynamic))
    assert forms.names() == []
    done = forms.cp("s3", "swift", "parts", "--part-size", "5M")
    assert (done["done"], done["verified"]) == (1, 1)  # of parts of several sizes, the server itself takes digests
    data, _, large = forms.over_swift("parts")
    assert (data == b"".join(parts), large) == (True, True)
    assert forms.unfinished() == []


@pytest.mark.parametrize("forms", ["rgw"], indirect=True)
def test_small_segments_are_merged(forms: FormsScene) -> None:
    pieces = random_pieces(*[3 * MIB] * 6, 1)
    forms.put_slo("small", pieces)
    done = forms.cp("swift", "s3", "small", "--part-size", "6M")
    assert (done["done"], done["verified"]) == (1, 1)
    data, etag, kept = forms.over_s3("small")
    assert (data == b"".join(pieces), etag[-2:], kept["jsobj-part-size"]) == (True, "-4", str(6 * MIB))
    assert forms.names() == []


def test_to_another_key_nothing_passes_through_here(forms: FormsScene) -> None:
    pieces = random_pieces(PART, 4)
    forms.put_slo("from", pieces)
    forms.cp("swift", "s3", "from", *IN_PARTS, to="parts")
    assert forms.over_s3("parts")[1] == of_parts(pieces)
    forms.cp("s3", "swift", "from", *IN_PARTS, to="again")  # over S3 it is an object in segments, too
    assert forms.over_swift("again")[1:] == (of_segments(pieces), True)
    assert forms.over_swift("from")[0] == b"".join(pieces)
    moved = forms("mv", forms.url("swift", "from"), forms.url("s3", "moved"), *IN_PARTS, "--json").json
    assert (moved["done"], moved["verified"]) == (1, 1)
    assert forms.over_s3("moved")[1] == of_parts(pieces)
    assert [name for name in forms.names() if name.startswith("from/")] == []
    assert forms.over_swift("again")[0] == b"".join(pieces)


def test_what_is_to_be_deleted_by_itself_stays_so(forms: FormsScene) -> None:
    """Or it is said: Ceph takes X-Delete-At over Swift alone."""
    pieces, ends = random_pieces(PART, 4), str(int(time.time()) + 86_400)
    forms.put_slo("from", pieces)
    forms.put_slo("here", pieces)
    for key in ("from", "here"):
        forms.swift.post_object(forms.bucket, key, {**KEPT, "X-Delete-At": ends})
    assert forms("stat", forms.url("swift", "from"), "--json").json["delete_at"]

    def told(key: str) -> str:
        return str(forms.swift.head_object(forms.bucket, key).get("x-delete-at"))

    forms("cp", forms.url("swift", "from"), forms.url("swift", "again"))
    assert told("again") == ends
    moved = forms("cp", forms.url("swift", "here"), forms.url("s3", "here"), *IN_PARTS)
    assert forms.over_s3("here")[1] == of_parts(pieces)
    if forms.server == "swift":
        assert told("here") == ends
        forms("cp", forms.url("s3", "here"), forms.url("swift", "here"))
        assert told("here") == ends
        assert "x-delete-at" not in moved.err
    else:
        assert "has not the metadata of its source: the server does not keep 'x-delete-at'" in moved.err


@pytest.mark.parametrize("forms", ["swift"], indirect=True)
@pytest.mark.parametrize("target", ["s3", "swift"])
def test_links_stay_links_in_place(forms: FormsScene, target: str) -> None:
    pieces, other = random_pieces(PART, 4), {"s3": "swift", "swift": "s3"}[target]
    (forms.put_slo if target == "s3" else forms.put_parts)("big", pieces)
    forms.swift.put_object(forms.bucket, "link", b"", headers={"X-Symlink-Target": f"{forms.bucket}/big"})
    words = (forms.url(other), forms.url(target), *IN_PARTS)
    plan = {item["item"]: item["reason"] for item in forms("cp", *words, "--dry-run", "--json").json["items"]}
    assert plan == {"big": None, "link": "it is a link to another object"}
    done = forms("cp", *words, "--json").json
    assert (done["done"], done["skipped"], done["failed"]) == (1, 1, 0)
    link = forms.swift.head_object(forms.bucket, "link", query_string="symlink=get")
    assert link["x-symlink-target"] == f"{forms.bucket}/big"


def test_all_of_a_bucket_in_place(forms: FormsScene) -> None:
    pieces = random_pieces(PART, 7)
    forms.put_slo("a/slo", pieces)
    forms.put_parts("a/parts", pieces)
    forms.swift.put_object(forms.bucket, "a/plain", b"plain")
    forms.swift.put_object(forms.bucket, "a/empty", b"")
    words = (forms.url("swift"), forms.url("s3"), "--json")
    plan = {item["item"]: (item["action"], item["reason"]) for item in forms("cp", *words, "--dry-run").json["items"]}
    assert plan == {
        "a/empty": ("skip", "it is no large object"),
        "a/parts": ("skip", "it is a multipart object already"),
        "a/plain": ("skip", "it is no large object"),
        "a/slo": ("copy", None),
    }
    done = forms("cp", *words).json
    assert (done["done"], done["skipped"], done["failed"]) == (1, 3, 0)
    assert forms.over_s3("a/slo")[1] == of_parts(pieces)
    assert forms("cp", forms.url("s3", "a/"), forms.url("swift", "a/"), "--json").json["done"] == 2
    assert forms.over_swift("a/parts")[2]
    assert forms.over_s3("a/plain")[0] == b"plain"
    for verb, code in (("mv", 2), ("cp", 2)):
        target = forms.url("s3") if verb == "mv" else forms.url("swift", "a/b/")
        error = forms(verb, forms.url("swift", "a/" if verb == "cp" else ""), target, "--json", code=code).error
        assert error["reference"] == "copy-into-itself"
    assert forms("mv", forms.url("swift", "a/slo"), forms.url("s3", "a/slo"), "--json", code=2).json["failed"] == 1


def test_segments_of_others_stay(forms: FormsScene) -> None:
    """What lies below the object's own name goes with its manifest; what others may share does not."""
    pieces = random_pieces(PART, 7)
    forms.put_slo("mine", pieces, folder="shared/")
    forms.put_slo("other", pieces, folder="shared/")
    done = forms.cp("swift", "s3", "mine", "--part-size", "5M", code=8 if forms.server == "rgw" else 0)
    if forms.server == "rgw":  # it gives no manifest out, and nothing proves what such an object consists of
        assert done["failures"][0]["reference"] == "copy-unproven"
    else:
        assert forms.over_s3("mine")[1] == of_parts(pieces)
    assert forms.over_swift("mine")[0] == forms.over_swift("other")[0] == b"".join(pieces)
    assert forms.names() == ["shared/00000000", "shared/00000001"]
    forms.put_slo(".hidden", pieces, container=forms.bucket, folder=".file-segments/.hidden/1/")
    forms.cp("swift", "s3", ".hidden")
    assert forms.over_s3(".hidden")[1] == of_parts(pieces)
    assert [name for name in forms.names(forms.bucket) if name.startswith(".file")] == []
