"""jsobj cp and mv between the dialects, which show the same buckets."""

from __future__ import annotations

import hashlib
import os

import pytest
from commands import Jsobj

MIB = 1024 * 1024


def fetched(jsobj: Jsobj, bucket: str, key: str) -> str:
    """The digest of an object as the aws command gets it."""
    jsobj.tool("aws", "s3", "cp", f"s3://{bucket}/{key}", "witness", "--profile", "demo")
    return hashlib.sha256((jsobj.folder / "witness").read_bytes()).hexdigest()


@pytest.mark.parametrize("verb", ["cp", "mv"])
def test_one_object_under_two_names_is_never_moved_onto_itself(keyed: Jsobj, name: str, verb: str) -> None:
    """s3://B/K and swift://B/K are one object: a move would delete what it has just made; a copy leaves it alone."""
    (keyed.folder / "only").write_bytes(b"only one")
    keyed("bucket", "create", name)
    keyed("upload", "only", f"s3://{name}/")
    for source, target in (("s3", "swift"), ("swift", "s3"), ("s3", "s3")):
        code = 0 if verb == "cp" and source != target else 2
        keyed(verb, f"{source}://{name}/only", f"{target}://{name}/only", code=code)
    assert fetched(keyed, name, "only") == hashlib.sha256(b"only one").hexdigest()
    keyed("bucket", "delete", name, "--recursive", "--yes")


@pytest.mark.parametrize("size", [0, 1000, 11 * MIB + 5])
def test_between_dialects_the_bytes_are_compared_on_their_way(keyed: Jsobj, name: str, size: int) -> None:
    data = os.urandom(size)
    (keyed.folder / "file").write_bytes(data)
    keyed("bucket", "create", name)
    keyed("upload", "file", f"s3://{name}/first", "--part-size", "5M")
    there = keyed("cp", f"s3://{name}/first", f"swift://{name}/second", "--part-size", "5M", "--json").json
    back = keyed("mv", f"swift://{name}/second", f"s3://{name}/third", "--part-size", "5M", "--json").json
    assert [(each["done"], each["verified"]) for each in (there, back)] == [(1, 1), (1, 1)]
    assert fetched(keyed, name, "third") == hashlib.sha256(data).hexdigest()
    keyed("cat", f"swift://{name}/second", code=5)
    keyed("bucket", "delete", name, "--recursive", "--yes")
