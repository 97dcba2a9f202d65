"""A STAC item for a dataset with coordinates in space and time, so that catalogues can take it up.

Sources: STAC Item Specification 1.1.0; Datacube Extension v2.2.0; RFC 7946, section 3.1.9 (antimeridian). Equal values
give an equal item: nothing in it depends on when it was made.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any
from urllib.parse import quote

from jsobj.publish.catalogue.citation import Citation
from jsobj.publish.catalogue.structured import media_of
from jsobj.publish.dataset import Dataset, Dimension

DATACUBE = "https://stac-extensions.github.io/datacube/v2.2.0/schema.json"
_LONGEST = 200  # characters of an id


def item(dataset: Dataset, place: str, citation: Citation, page: str) -> dict[str, Any] | None:
    """The item; None where the dataset has no place on the Earth or no time.

    ``place``: the key of the dataset in its bucket, which makes the id; ``page``: the link to its page, relative to the
    item.
    """
    extent = dataset.extent
    if extent.box is None or not extent.start:
        return None
    cube = {each.name: described for each in dataset.dimensions if (described := _dimension(each)) is not None}
    properties: dict[str, Any] = {
        "title": citation.title,
        "description": citation.description,
        "datetime": extent.start if extent.start == extent.end else None,
        "start_datetime": extent.start,
        "end_datetime": extent.end,
        "license": _licence(citation.licence),
        "keywords": list(citation.keywords),
        "cube:dimensions": cube,
        "cube:variables": _variables(dataset, cube),
    }
    if citation.doi:
        properties["sci:doi"] = citation.doi
    optional = {"title", "description", "license", "keywords"}
    extensions = [DATACUBE]
    if citation.doi:
        extensions.append("https://stac-extensions.github.io/scientific/v1.0.0/schema.json")
    return {
        "type": "Feature",
        "stac_version": "1.1.0",
        "stac_extensions": extensions,
        "id": _id(place),
        "geometry": _geometry(extent.box),
        "bbox": list(extent.box),
        "properties": {name: value for name, value in properties.items() if value or name not in optional},
        "links": [{"rel": "about", "href": page, "type": "text/html", "title": citation.title or place}],
        "assets": {
            "data": {
                "href": f"./{quote(dataset.place)}" if dataset.place else "./",
                "type": media_of(dataset.kind),
                "title": dataset.kind,
                "roles": ["data"],
            }
        },
    }


def _id(place: str) -> str:
    """Letters, digits, dots, dashes and underscores of the place."""
    return re.sub(r"[^\w.-]+", "-", place, flags=re.ASCII).strip("-.")[-_LONGEST:] or "dataset"


def _licence(text: str) -> str:
    """A name of SPDX, or ``other`` with what is meant said elsewhere."""
    if text.startswith("https://spdx.org/licenses/"):
        return text.removeprefix("https://spdx.org/licenses/").removesuffix(".html")
    return "other" if text else ""


def _geometry(box: tuple[float, float, float, float]) -> Mapping[str, Any]:
    west, south, east, north = box
    if west <= east:
        return {"type": "Polygon", "coordinates": [_ring(west, south, east, north)]}
    halves = [[_ring(west, south, 180.0, north)], [_ring(-180.0, south, east, north)]]
    return {"type": "MultiPolygon", "coordinates": halves}


def _ring(west: float, south: float, east: float, north: float) -> list[list[float]]:
    """Counterclockwise, closed."""
    return [[west, south], [east, south], [east, north], [west, north], [west, south]]


def _dimension(each: Dimension) -> Mapping[str, Any] | None:
    """As the extension has it; an axis that is not in degrees has no reference system that is known here."""
    numbers = isinstance(each.least, int | float) and isinstance(each.largest, int | float)
    if each.kind == "time" and isinstance(each.least, str):
        return {"type": "temporal", "extent": [each.least, each.largest]}
    extent = [each.least, each.largest] if numbers else [0, max(0, each.size - 1)]
    unit = {"unit": each.unit} if each.unit and numbers else {}
    if numbers and each.kind in {"x", "y"} and each.unit.lower().startswith("degree"):
        return {"type": "spatial", "axis": each.kind, "extent": extent, "reference_system": 4326}
    if numbers and each.kind == "z":
        return {"type": "spatial", "axis": "z", "extent": extent, **unit}
    return {"type": "other", "extent": extent, **unit}


def _variables(dataset: Dataset, cube: Mapping[str, Any]) -> Mapping[str, Any]:
    found: dict[str, Any] = {}
    for variable in dataset.variables:
        if variable.name in cube or not set(variable.dimensions) <= set(cube):
            continue
        one: dict[str, Any] = {
            "dimensions": list(variable.dimensions),
            "type": "auxiliary" if variable.coordinate else "data",
        }
        for name, text in (
            ("description", variable.attribute("long_name", "standard_name")),
            ("unit", variable.attribute("units")),
        ):
            if text:
                one[name] = text
        found[variable.name] = one
    return found
