"""Each snippet, run as it is printed: private data with a profile's keys, on both servers."""

from __future__ import annotations

import sys
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from commands import Jsobj
from fixtures_places import PROFILE, Place
from snippet_scene import CASES, SHOWS, files_of, make_data, run_all

from jsobj.export.snippets.registry import LIBRARIES

NEVER_OVER_S3 = "swiftclient"


def test_every_library_is_tested() -> None:
    assert {library.name for library in LIBRARIES} == {*SHOWS, "zarr-v2"}


@pytest.mark.timeout(400)
def test_snippets_read_private_data_with_the_profile(place: Place, tmp_path: Path) -> None:
    """All in turn on one place: the data are made once."""
    (tmp_path / "data").mkdir()
    make_data(tmp_path / "data")
    for key, body in files_of(tmp_path / "data"):
        place.put(key, body)
    jsobj = Jsobj(place.home, {place.key[1]})
    scripts = {
        f"{name} {key}": jsobj("snippet", name, place.url(key), "--profile", PROFILE).out
        for name, key in CASES
        if name != NEVER_OVER_S3
    }
    ended = run_all(sys.executable, scripts, jsobj.environment(), tmp_path)
    for (name, key), word in CASES.items():
        if name != NEVER_OVER_S3:
            good, text = ended[f"{name} {key}"]
            assert good, text
            assert word in text, f"{name} {key}"
    jsobj.check_no_secret_leaked()


@pytest.mark.timeout(200)
def test_boto3_lists_more_objects_than_one_answer_holds(place_on: Callable[[str], Place], tmp_path: Path) -> None:
    place = place_on("rgw")
    names = [f"many/{number:04}" for number in range(1003)]
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda name: place.put(name, b""), names))
    jsobj = Jsobj(place.home, {place.key[1]})
    script = jsobj("snippet", "boto3", place.url("many/"), "--profile", PROFILE).out
    good, text = run_all(sys.executable, {"boto3": script}, jsobj.environment(), tmp_path)["boto3"]
    assert good, text
    assert [line.split()[0] for line in text.splitlines()] == names
    for some in (names[:1000], names[1000:]):
        place.witness.delete_objects(Bucket=place.bucket, Delete={"Objects": [{"Key": name} for name in some]})
