"""Names of objects as typed: the exact grammar, and what is said where it is not met (B073, B079)."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from jsobj.errors import ExitCode, JsobjError
from jsobj.store.location import Location, at_web_server, parse_location
from jsobj.urls import split_swift_path

PROFILE = settings(max_examples=200, derandomize=True, deadline=None, database=None)


@pytest.mark.parametrize(
    ("text", "dialect", "bucket", "key"),
    [
        ("s3://b", "s3", "b", ""),
        ("s3://b/", "s3", "b", ""),
        ("s3://b/k", "s3", "b", "k"),
        ("s3://b/a/b.nc", "s3", "b", "a/b.nc"),
        ("s3://b//k", "s3", "b", "/k"),
        ("s3://b/a//b/", "s3", "b", "a//b/"),
        ("s3://b/../x", "s3", "b", "../x"),
        ("s3://b/a%2Fb+c d", "s3", "b", "a%2Fb+c d"),
        ("s3://b/x://y", "s3", "b", "x://y"),
        ("s3://b/\x1b[31m", "s3", "b", "\x1b[31m"),
        ("s3://project:b/k", "s3", "project:b", "k"),
        ("project:b/k", "", "project:b", "k"),
        ("swift://c:d/o", "swift", "c:d", "o"),
        ("swift://Container_1/ünï", "swift", "Container_1", "ünï"),
        ("b", "", "b", ""),
        ("b/", "", "b", ""),
        ("b/k", "", "b", "k"),
        ("b/-rf", "", "b", "-rf"),
    ],
)
def test_places(text: str, dialect: str, bucket: str, key: str) -> None:
    assert parse_location(text) == Location(dialect, bucket, key)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "name is missing"),
        ("/", "name is missing"),
        ("/k", "name is missing"),
        ("s3://", "name is missing"),
        ("swift://", "name is missing"),
        ("s3:///key", "name is missing"),
        ("S3://b/k", "small letters"),
        ("Swift://b/k", "small letters"),
        ("gs://b/k", "another cloud's"),
        ("az://b/k", "another cloud's"),
        ("ftp://b/k", "neither s3:// nor swift://"),
        ("file:///tmp/x", "it is local"),
        ("s3:/b", "slashes are missing"),
        ("s3:b", "slashes are missing"),
        ("swift:/b", "slashes are missing"),
        ("./local/file", "folder's name"),
        ("../file", "folder's name"),
        ("s3://./k", "folder's name"),
        ("swift://../k", "folder's name"),
        ("s3://:b/k", "project:bucket"),
        (":b/k", "project:bucket"),
        ("s3://p:/k", "project:bucket"),
        ("s3://a:b:c/k", "project:bucket"),
        ("arn:aws:s3:::b/k", "ARN"),
        ("s3://arn:aws:s3:::b/k", "ARN"),
        ("swift://c\x1b/k", "control character"),
        ("s3://b/k\0", "NUL"),
        ("s3://b/\udcff", "UTF-8"),
    ],
)
def test_b073_b079_what_is_no_place(text: str, said: str) -> None:
    with pytest.raises(JsobjError, match=said) as caught:
        parse_location(text)
    assert caught.value.code is ExitCode.USAGE
    assert caught.value.hint


def test_what_is_known_where_other_clouds_are() -> None:
    for text, said in (("ftp://b/k", "s3://, swift://, gs:// nor az://"), ("GS://b/k", "gs:// is written in small")):
        with pytest.raises(JsobjError, match=said):
            parse_location(text, foreign=True)


@pytest.mark.parametrize("text", ["s3://b", "s3://b/", "b", "swift://c/a/", "b/a/b/"])
def test_an_object_is_wanted(text: str) -> None:
    assert parse_location(text).many
    with pytest.raises(JsobjError) as caught:
        parse_location(text, need_key=True)
    assert caught.value.code is ExitCode.USAGE


@pytest.mark.parametrize(
    ("text", "hint"),
    [
        ("https://js2.example.org:8001/swift/v1/AUTH_abc/data/raw/x.nc", "swift://data/raw/x.nc"),
        ("https://js2.example.org:8001/swift/v1/data/raw/", "swift://data/raw/"),
        ("https://swift.example.org/v1/AUTH_abc/data/my%20file", "'swift://data/my file'"),
        ("http://127.0.0.1:8080/bucket/key", "s3://bucket/key and, if need be, --endpoint http://127.0.0.1:8080"),
        ("HTTPS://js2.example.org", "write s3://BUCKET/KEY"),
        ("https://js2.example.org/b/k?X-Amz-Signature=abc", "write s3://BUCKET/KEY"),
    ],
)
def test_a_web_address_says_what_to_type_instead(text: str, hint: str) -> None:
    with pytest.raises(JsobjError) as caught:
        parse_location(text)
    assert caught.value.reference == "location-is-web-address"
    assert caught.value.code is ExitCode.USAGE
    assert hint in caught.value.hint


@pytest.mark.parametrize(
    ("text", "place"),
    [
        (
            "https://h.org:8001/swift/v1/AUTH_abc/data/raw/x.nc",
            ("swift", "data", "raw/x.nc", "https://h.org:8001/swift/v1/AUTH_abc"),
        ),
        ("https://h.org/swift/v1/data/raw//", ("swift", "data", "raw//", "https://h.org/swift/v1")),
        ("https://h.org/v1/AUTH_abc/data/my%20file%25", ("swift", "data", "my file%", "https://h.org/v1/AUTH_abc")),
        ("http://127.0.0.1:8080/bucket/a+b", ("s3", "bucket", "a+b", "http://127.0.0.1:8080")),
        ("https://h.org:8001/abc:data/", ("s3", "abc:data", "", "https://h.org:8001")),
        ("https://h.org:8001/abc%3Adata/x", ("s3", "abc:data", "x", "https://h.org:8001")),
        (" <https://h.org/b/k l?utm_source=x#part>\n", ("s3", "b", "k l", "https://h.org")),
        ("https://h.org/b/k%3Fv%23w", ("s3", "b", "k?v#w", "https://h.org")),
        ("HTTPS://h.org/b/k", ("s3", "b", "k", "https://h.org")),
    ],
)
def test_the_address_of_public_data(text: str, place: tuple[str, str, str, str]) -> None:
    assert parse_location(text, public=True) == Location(*place)


@pytest.mark.parametrize(
    ("text", "place"),
    [
        ("https://open-data.s3.amazonaws.com/a%20b/", ("open-data", "a b/", "https://s3.amazonaws.com")),
        ("https://open-data.s3.amazonaws.com", ("open-data", "", "https://s3.amazonaws.com")),
        ("https://o.d.s3.eu-west-1.amazonaws.com/k?x=1", ("o.d", "k", "https://s3.eu-west-1.amazonaws.com")),
        ("https://open-data.s3-us-west-2.amazonaws.com/k", ("open-data", "k", "https://s3-us-west-2.amazonaws.com")),
        (
            "https://open.s3.dualstack.eu-west-1.amazonaws.com/",
            ("open", "", "https://s3.dualstack.eu-west-1.amazonaws.com"),
        ),
        ("https://open.s3.cn-north-1.amazonaws.com.cn/k", ("open", "k", "https://s3.cn-north-1.amazonaws.com.cn")),
        ("https://open.storage.googleapis.com/a/k", ("open", "a/k", "https://storage.googleapis.com")),
    ],
)
def test_the_address_of_public_data_whose_host_has_the_bucket(text: str, place: tuple[str, str, str]) -> None:
    found = parse_location(text, public=True)
    assert found == Location("s3", *place)
    assert not found.address, "nobody need be asked whether it is an object store"


@pytest.mark.parametrize(
    "host", ["s3.eu-west-1.amazonaws.com", "d.s3-website-eu-west-1.amazonaws.com", "s3.amazonaws.com.example.org"]
)
def test_a_host_that_has_no_bucket(host: str) -> None:
    assert parse_location(f"https://{host}/data/k", public=True) == Location("s3", "data", "k", f"https://{host}")


def test_a_link_is_for_the_host_that_it_was_signed_for() -> None:
    found = parse_location("https://d.s3.amazonaws.com/a/k?X-Amz-Signature=abc", public=True, signed=True)
    assert (found.bucket, found.key, found.public) == ("a", "k", "https://d.s3.amazonaws.com")


@pytest.mark.parametrize(
    ("text", "reference"),
    [
        ("https://h.org/v1/AUTH_abc/", "location-is-web-address"),
        ("https://h.org/b/k?X-Amz-Signature=abc", "location-is-signed"),
        ("https://h.org/b/k?X-Amz-Date=abc", "location-is-signed"),
        ("https://h.org/b/k?versionId=abc", "location-is-signed"),
        ("https://h.org/b/%FF", "location-grammar"),
        ("https://h.org/..%2Fx/k", "location-grammar"),
    ],
)
def test_web_addresses_that_are_no_public_data(text: str, reference: str) -> None:
    with pytest.raises(JsobjError) as caught:
        parse_location(text, public=True)
    assert (caught.value.reference, caught.value.code) == (reference, ExitCode.USAGE)
    assert "abc" not in caught.value.hint


AZURE = "https://samples.blob.core.windows.net"


@pytest.mark.parametrize(
    ("text", "place"),
    [
        (f"{AZURE}/one/a%20b//c", ("az", "one", "a b//c", AZURE)),
        (f"{AZURE}/one", ("az", "one", "", AZURE)),
        (f"{AZURE}/$web/x?utm=1", ("az", "$web", "x", AZURE)),
    ],
)
def test_an_address_in_azure(text: str, place: tuple[str, str, str, str]) -> None:
    assert parse_location(text, public=True, foreign=True) == Location(*place)
    with pytest.raises(JsobjError):
        parse_location(text, public=True)  # where another cloud will not do
    with pytest.raises(JsobjError) as caught:
        parse_location(text.partition("?")[0])
    assert "export AZURE_STORAGE_ACCOUNT=samples, and write " in caught.value.hint


def test_a_shared_access_signature() -> None:
    place = parse_location(f"{AZURE}/one/a/?sv=2021-12-02&sp=rl&sig=a%2Bb+c%3D", public=True, foreign=True)
    assert place == Location("az", "one", "a/", AZURE, (("sv", "2021-12-02"), ("sp", "rl"), ("sig", "a+b+c=")))
    assert "a+b" not in repr(place)
    with pytest.raises(JsobjError, match="not whole"):
        parse_location(f"{AZURE}/one/a?sv=2021-12-02", public=True, foreign=True)


@pytest.mark.parametrize(
    ("text", "need_key", "place", "shown"),
    [
        ("https://h.org", False, ("https", "h.org", "", "https://h.org"), "https://h.org/"),
        ("https://h.org:8443/file.nc?a=b#c", True, ("https", "h.org:8443", "file.nc", "https://h.org:8443"), ""),
        ("http://127.0.0.1/..x%3F/%25", False, ("s3", "..x?", "%", "http://127.0.0.1"), "s3://..x?/%"),
        ("http://h.org/a:b:c/k", False, ("http", "h.org", "a:b:c/k", "http://h.org"), "http://h.org/a:b:c/k"),
    ],
)
def test_what_only_other_web_servers_have(
    text: str, need_key: bool, place: tuple[str, str, str, str], shown: str
) -> None:
    found = parse_location(text, public=True, need_key=need_key)
    assert (found.dialect, found.bucket, found.key, found.public) == place
    assert str(found) == (shown or text.partition("?")[0])


@pytest.mark.parametrize("text", ["https://h.org/b/k?a=b&c", "https://h.org/b/k", "https://h.org/b/"])
def test_what_may_be_either(text: str) -> None:
    found = at_web_server(parse_location(text, public=True).address)
    assert (found.dialect, found.bucket, found.query) == ("https", "h.org", text.partition("?")[2])
    assert f"https://h.org/{found.key}" == text.partition("?")[0]
    assert "a=b" not in f"{found} {found!r}".replace("address", "")


@pytest.mark.parametrize("name", ["X-Amz-Signature", "Signature", "temp_url_sig"])
def test_a_link_that_is_signed_where_one_will_do(name: str) -> None:
    place = parse_location(f"https://h.org/b/k?{name}=a%2Bc&Expires=1&empty=", public=True, signed=True)
    assert place == Location("s3", "b", "k", "https://h.org", ((name, "a+c"), ("Expires", "1"), ("empty", "")))
    assert "a+c" not in repr(place)
    with pytest.raises(JsobjError, match="ends in a slash"):
        parse_location(f"https://h.org/b/k/?{name}=abc", public=True, signed=True)


@PROFILE
@given(st.sampled_from(["s3", "swift"]), st.text().filter(lambda text: "\0" not in text))
def test_keys_are_kept_as_they_are(dialect: str, key: str) -> None:
    text = f"{dialect}://bucket/{key}"
    try:
        key.encode()
    except UnicodeEncodeError:
        with pytest.raises(JsobjError, match="UTF-8"):
            parse_location(text)
        return
    place = parse_location(text)
    assert place == Location(dialect, "bucket", key)
    assert str(place) == text


def _place_or_error(text: str) -> Location | JsobjError:
    try:
        return parse_location(text)
    except JsobjError as error:
        return error


@PROFILE
@given(st.text(max_size=40))
def test_anything_is_a_place_or_a_usage_error(text: str) -> None:
    found = _place_or_error(text)
    if isinstance(found, JsobjError):
        assert found.code is ExitCode.USAGE
    else:
        assert found.bucket
        assert "/" not in found.bucket


@pytest.mark.parametrize(
    ("path", "found"),
    [
        ("/swift/v1", ("/swift/v1", "")),
        ("/swift/v1/AUTH_p/c/o", ("/swift/v1/AUTH_p", "c/o")),
        ("/v1/AUTH_p", ("/v1/AUTH_p", "")),
        ("/v1/container", None),
        ("/bucket/key", None),
    ],
)
def test_the_account_in_a_swift_path(path: str, found: tuple[str, str] | None) -> None:
    assert split_swift_path(path) == found


def test_what_an_ascii_locale_did_not_decode_is_read_as_utf8() -> None:
    assert parse_location("s3://b/ü/".encode().decode("ascii", "surrogateescape") + "é.txt").key == "ü/é.txt"
    with pytest.raises(JsobjError, match="not valid UTF-8"):
        parse_location("s3://b/" + b"\xfc.txt".decode("ascii", "surrogateescape"))
