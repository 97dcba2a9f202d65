"""Web addresses of public data on OpenStack Swift, pasted by somebody in an empty HOME; links that are signed."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from commands import Jsobj
from fixtures_cloud import Cloud
from objects_scene import Scene
from published import read_as_pasted, read_by_link, write


@pytest.fixture(name="nobody")
def _nobody(cloud: Cloud, tmp_path: Path) -> Iterator[Jsobj]:
    runner = Jsobj(tmp_path / "nobody", cloud.secrets)
    yield runner
    runner.check_no_secret_leaked()


@pytest.fixture(name="published")
def _published(scene: Scene) -> Scene:
    scene.jsobj("upload", f"{write(scene.jsobj.folder / 'site')}/", scene.url())
    return scene


@pytest.mark.parametrize("scene", ["swift"], indirect=True)  # its S3 API answers nobody without a key
def test_each_form_of_the_address_of_what_was_published(published: Scene, nobody: Jsobj) -> None:
    url = published.jsobj("bucket", "public", published.url(), "--json").json["urls"]["swift"]
    read_as_pasted(nobody, url)
    done = published.jsobj("cp", f"{url}run/index.html", published.url("copy/"), "--json").json
    assert (done["done"], done["verified"]) == (4, 4)
    error = nobody("cp", f"{url}run/a.txt", "s3://nobody/", "--json", code=4).error
    assert error["reference"] == "no-s3-keys"


def test_a_link_that_is_signed(published: Scene, nobody: Jsobj) -> None:
    words = ("--make-key",) if published.dialect == "swift" else ()
    link = published.jsobj("presign", published.url("run/a.txt"), *words, shows_secrets=True).out.strip()
    read_by_link(nobody, link, b"a")
