"""Web addresses of public data, pasted by somebody in an empty HOME, and copied by another project; links that end."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from commands import Jsobj
from people import Boto, Users
from published import read_as_pasted, read_by_link, write


@pytest.fixture(name="published")
def _published(alice: Jsobj, name: str) -> Iterator[str]:
    """A bucket of alice's that everybody may read."""
    alice("bucket", "create", name)
    alice("upload", f"{write(alice.folder / 'site')}/", f"s3://{name}/")
    alice("bucket", "public", name)
    yield name
    alice("bucket", "delete", f"s3://{name}", "--recursive", "--yes")


@pytest.fixture(name="urls")
def _urls(alice: Jsobj, published: str) -> dict[str, str]:
    found: dict[str, str] = alice("bucket", "public", published, "--json").json["urls"]
    assert set(found) == {"s3", "swift"}
    return found


def test_each_form_of_the_address_of_what_was_published(newcomer: Users, urls: dict[str, str]) -> None:
    nobody = newcomer("nobody")
    for url in urls.values():
        read_as_pasted(nobody, url)


def test_another_project_copies_what_is_public(keyed: Users, boto: Boto, urls: dict[str, str], name: str) -> None:
    otto, theirs = keyed("otto"), f"{name}-o"
    otto("bucket", "create", theirs)
    try:
        for dialect, url in urls.items():
            for end in ("s3", "swift"):
                done = otto("cp", f"{url}run/index.html", f"{end}://{theirs}/{dialect}-{end}/", "--json").json
                assert (done["done"], done["verified"]) == (4, 4)
        client = boto(otto)
        assert client.get_object(Bucket=theirs, Key="s3-swift/in/ü b%20.txt")["Body"].read() == b"bb"
        assert client.get_object(Bucket=theirs, Key="swift-s3/a.txt")["Body"].read() == b"a"
        assert otto("mv", f"{urls['s3']}run/a.txt", f"s3://{theirs}/", "--json", code=2).error["reference"] == (
            "location-is-web-address"
        )
    finally:
        otto("bucket", "delete", f"s3://{theirs}", "--recursive", "--yes")


@pytest.mark.parametrize("dialect", ["s3", "swift"])
def test_a_link_that_is_signed(alice: Jsobj, newcomer: Users, published: str, dialect: str) -> None:
    alice("bucket", "private", published)
    words = ("--make-key",) if dialect == "swift" else ()
    link = alice("presign", f"{dialect}://{published}/run/a.txt", *words, shows_secrets=True).out.strip()
    read_by_link(newcomer("nobody"), link, b"a")
    empty = alice.folder / "empty"
    empty.write_bytes(b"")
    alice("upload", empty, f"s3://{published}/empty")
    link = alice("presign", f"{dialect}://{published}/empty", shows_secrets=True).out.strip()
    assert newcomer("nobody")("cat", link, shows_secrets=True).out == ""
