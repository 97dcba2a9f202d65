"""JSON-LD for search engines."""

from __future__ import annotations

import json

from jsobj.publish.catalogue.citation import Author, Citation
from jsobj.publish.catalogue.structured import Download, json_ld
from jsobj.publish.dataset import Dataset, Extent, Variable

DATASET = Dataset(
    "NetCDF 4",
    "a.nc",
    variables=(
        Variable("sst", attributes=(("units", "K"), ("long_name", "sea surface temperature"))),
        Variable("lat", coordinate=True),
    ),
    extent=Extent((-10.0, 40.0, 20.5, 60.0), "2000-01-01T00:00:00Z", "2001-01-01T00:00:00Z"),
)
CITATION = Citation(
    "T", "D", (Author("Ada L", "L", "Ada", "0000-0001"), Author("Team")), "10.1000/1", "CC", ("k",), "2", "2024", "P"
)
DOWNLOAD = Download("https://h/b/a.nc", 2048, "application/x-netcdf4", "ab" * 32, "a.nc")


def test_all_that_is_known() -> None:
    document = json_ld(CITATION, "https://h/b/index.html", (DATASET,), (DOWNLOAD,), "2024-01-01T00:00:00Z")
    assert document == {
        "@context": "https://schema.org/",
        "@type": "Dataset",
        "@id": "https://doi.org/10.1000/1",
        "name": "T",
        "description": "D",
        "url": "https://h/b/index.html",
        "isAccessibleForFree": True,
        "identifier": "https://doi.org/10.1000/1",
        "creator": [
            {
                "@type": "Person",
                "name": "Ada L",
                "givenName": "Ada",
                "familyName": "L",
                "sameAs": "https://orcid.org/0000-0001",
            },
            {"@type": "Organization", "name": "Team"},
        ],
        "license": {"@type": "CreativeWork", "name": "CC"},
        "publisher": {"@type": "Organization", "name": "P"},
        "keywords": ["k"],
        "version": "2",
        "datePublished": "2024",
        "dateModified": "2024-01-01T00:00:00Z",
        "variableMeasured": [
            {
                "@type": "PropertyValue",
                "name": "sst",
                "description": "sea surface temperature",
                "unitText": "K",
            }
        ],
        "distribution": [
            {
                "@type": "DataDownload",
                "name": "a.nc",
                "contentUrl": "https://h/b/a.nc",
                "encodingFormat": "application/x-netcdf4",
                "contentSize": "2 KiB",
                "sha256": "ab" * 32,
            }
        ],
        "temporalCoverage": "2000-01-01T00:00:00Z/2001-01-01T00:00:00Z",
        "spatialCoverage": {"@type": "Place", "geo": {"@type": "GeoShape", "box": "40 -10 60 20.5"}},
    }


def test_what_is_not_known_is_left_out() -> None:
    document = json_ld(Citation("T", "D"), "u", (), ())
    assert sorted(document) == ["@context", "@type", "description", "isAccessibleForFree", "name", "url"]


def test_very_many_files_are_not_all_named() -> None:
    document = json_ld(CITATION, "u", (), (DOWNLOAD for _ in range(10**6)))
    assert len(json.dumps(document)) < 50_000
