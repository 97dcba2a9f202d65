"""A dataset as HTML: what is shown, and that texts of strangers stay texts."""

from __future__ import annotations

from html.parser import HTMLParser

from jsobj.publish.catalogue.citation import Author, Citation
from jsobj.publish.dataset import Dataset, Dimension, Extent, Picture, Variable
from jsobj.publish.dataset_markup import cited, section

BAD = "</script><script>alert(1)</script>\"'><img src=x onerror=alert(1)>\u202e"
HOSTILE = Dataset(
    BAD,
    BAD,
    BAD,
    (Dimension(BAD, 3, BAD, BAD, 1.0, 2.0), Dimension("t", 3, "time", "", BAD, BAD)),
    (
        Variable(BAD, (BAD,), (3,), BAD, (3,), ((BAD, BAD), ("long_name", BAD), ("units", BAD)), False, BAD, (3,)),
        Variable(BAD, (), (3, 4), BAD, None, (), True),
    ),
    ((BAD, BAD),),
    (BAD,),
    Extent((1.0, 2.0, 3.0, 4.0), BAD, BAD),
    Picture(b"\x89PNG", 10, 20, BAD),
    (BAD,),
)


class Seen(HTMLParser):
    def __init__(self, html: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.attributes: list[tuple[str, str]] = []
        self.text = ""
        self.open: list[str] = []
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.attributes += [(name, value or "") for name, value in attrs]
        if tag not in {"img", "br"}:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.text += data


def test_hostile_texts_stay_texts() -> None:
    seen = Seen(section((HOSTILE,)))
    assert seen.open == []
    assert "script" not in seen.tags
    assert seen.tags.count("img") == 1
    assert {name for name, _ in seen.attributes} <= {
        "class", "src", "width", "height", "alt", "decoding", "scope", "role", "aria-label", "tabindex", "open",
    }  # fmt: skip
    assert [value for name, value in seen.attributes if name == "src"] == ["data:image/png;base64,iVBORw=="]
    assert "\u202e" not in seen.text
    assert "<script>alert(1)" in seen.text


def test_what_is_shown() -> None:
    dataset = Dataset(
        "Zarr 3",
        dimensions=(Dimension("lat", 12_000, "y", "degrees_north", -89.5, 89.5),),
        variables=(
            Variable(
                "sst", ("time", "lat"), (2, 12_000), "float32", (1, 60), (("units", "K"),), False, "zstd", (2, 600)
            ),
            Variable("lat", ("lat",), (12_000,), "float64", coordinate=True),
            Variable("crs", (), (), "int32", coordinate=True),
        ),
        extent=Extent((-180.0, -89.5, 180.0, 0.0), "2000-01-01T00:00:00Z", "2000-01-02T12:00:00Z"),
        notes=("there is no picture: why",),
    )
    text = Seen(section((dataset,))).text
    assert "Zarr 3, 1 variable, 2000-01-01 to 2000-01-02 12:00:00 UTC, 89.5° S to 0°, 180° W to 180° E" in text
    assert "-89.5 to 89.5 degrees_north" in text
    assert "time 2, lat 12\u202f000" in text
    assert "1 \u00d7 60, in shards of 2 \u00d7 600, zstd" in text
    assert "one value" in text
    assert "There is no picture: why" in text
    assert section(()) == ""


def test_a_citation() -> None:
    citation = Citation(BAD, "", (Author(BAD, BAD, BAD),), "10.1000/a&b", "https://x.org/?a&b", date="2024")
    html = cited(citation)
    seen = Seen(html)
    assert "script" not in seen.tags
    assert [value for name, value in seen.attributes if name == "href"] == [
        "https://doi.org/10.1000/a%26b", "https://x.org/?a&b",
    ]  # fmt: skip
    assert "@misc{" in seen.text
    assert cited(Citation("T")) == ""


def test_a_licence_is_a_link_only_where_it_is_one() -> None:
    html = cited(Citation("T", doi="10.1000/1", licence="javascript:alert(1)"))
    assert "<p>Licence: javascript:alert(1)</p>" in html
