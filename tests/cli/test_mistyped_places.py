"""One of SOURCE and DEST is forgotten, a file stands where a place belongs, a bucket's name has a typo."""

from __future__ import annotations

import pytest
from commands import Jsobj
from objects_scene import Scene


@pytest.mark.parametrize(
    ("words", "message", "hint"),
    [
        (["upload", "run 42.nc"], "DEST is missing", "jsobj upload 'run 42.nc' s3://BUCKET/"),
        (["upload", "a", "--cloud", "x"], "DEST is missing", "jsobj upload a s3://BUCKET/ --cloud x"),
        (["upload", "s3://results"], "SOURCE is missing", "jsobj upload FILE s3://results"),
        (["download", "s3://results"], "DEST is missing", "jsobj download s3://results ."),
        (["download", "results/a"], "DEST is missing", "jsobj download results/a ."),
        (["upload"], "SOURCE and DEST are missing", "jsobj upload --help"),
    ],
)
def test_what_is_missing_is_named(jsobj: Jsobj, words: list[str], message: str, hint: str) -> None:
    error = jsobj(*words, "--json", code=2).error
    assert error["message"].startswith(message)
    assert hint in error["hint"]


def test_a_file_as_the_last_word_of_an_upload(scene: Scene) -> None:
    for name in ("run42.nc", "run43.nc"):
        (scene.jsobj.folder / name).touch()
    error = scene("upload", "run42.nc", "run43.nc", "--json", code=5).error
    assert error["reference"] == "bucket-not-found"
    assert "jsobj upload run42.nc run43.nc s3://BUCKET/" in error["hint"]


def test_a_bucket_with_a_typo(scene: Scene) -> None:
    scene.fill({"a": b"1"})
    (scene.jsobj.folder / "file").touch()
    typo = scene.bucket[:-3] + scene.bucket[-3:][::-1] + "x"
    for words in (
        ["ls", "PLACE"],
        ["upload", "file", "PLACE/"],
        ["download", "PLACE", "."],
        ["rm", "PLACE/a"],
        ["du", "PLACE"],
    ):
        words = [word.replace("PLACE", f"{scene.dialect}://{typo}") for word in words]
        error = scene(*words, "--json", code=5).error
        assert error["reference"] == "bucket-not-found"
        assert error["hint"].startswith(f"did you mean '{scene.bucket}'? "), words
