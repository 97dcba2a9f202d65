"""The section of a page that says what a dataset is: HTML that is safe, made of texts that are not."""

from __future__ import annotations

import base64
from collections.abc import Iterable, Iterator
from urllib.parse import quote

from jsobj.publish.catalogue.citation import Citation, as_text, bibtex
from jsobj.publish.dataset import Attributes, Dataset, Dimension, Extent, Variable
from jsobj.publish.markup import escaped, named, plain

_TIMES = " \u00d7 "
_NUMBER = ' class="number"'
_OPEN = 12  # attributes that are shown without being asked for


def section(datasets: Iterable[Dataset]) -> str:
    """What stands below the heading "Dataset"; "" for none."""
    found = tuple(datasets)
    return "".join(_one(dataset, number, alone=len(found) == 1) for number, dataset in enumerate(found))


def cited(citation: Citation) -> str:
    """How it is cited; "" where too little is known."""
    if not citation.citable:
        return ""
    text = named(as_text(citation))
    if citation.doi:
        link = f"https://doi.org/{citation.doi}"
        anchor = f'<a href="{escaped(quote(link, safe=":/"))}" rel="noopener">{escaped(link)}</a>'
        text = text.replace(escaped(link), anchor)
    licence = escaped(citation.licence)
    if citation.licence.startswith(("http://", "https://")):
        licence = f'<a href="{licence}" rel="license noopener">{licence}</a>'
    return (
        f'<div class="dataset"><h3>Cite</h3>\n<p>{text}</p>\n'
        + (f"<p>Licence: {licence}</p>\n" if licence else "")
        + f'<details><summary>BibTeX</summary><pre tabindex="0">{escaped(bibtex(citation))}</pre></details></div>\n'
    )


def _one(dataset: Dataset, number: int, *, alone: bool) -> str:
    parts = []
    if dataset.place:
        parts.append(f"<h3>{named(dataset.place)}</h3>\n")
    parts.append(f'<p class="facts">{escaped(plain(", ".join(_facts(dataset))))}</p>\n')
    parts.extend(_picture(dataset))
    if dataset.dimensions:
        parts.append(_dimensions(dataset.dimensions))
    for label, variables in (("Variables", dataset.measured), ("Coordinates", dataset.coordinates)):
        if variables:
            parts.append(_variables(label, variables))
    if dataset.attributes:
        parts.append(_attributes(dataset.attributes, "", opened=alone and len(dataset.attributes) <= _OPEN))
    parts.extend(f'<p class="note">{named(_sentence(note))}</p>\n' for note in dataset.notes)
    return f'<div class="dataset">{"".join(parts)}</div>\n'


def _facts(dataset: Dataset) -> Iterator[str]:
    yield dataset.kind
    measured = len(dataset.measured)
    yield f"{measured} variable{'' if measured == 1 else 's'}"
    if dataset.groups:
        yield f"{len(dataset.groups)} group{'' if len(dataset.groups) == 1 else 's'}"
    yield from _extent(dataset.extent)


def _extent(extent: Extent) -> Iterator[str]:
    if extent.start:
        first, last = _moment(extent.start), _moment(extent.end)
        yield first if first == last else f"{first} to {last}"
    if extent.box is not None:
        west, south, east, north = extent.box
        yield f"{_degrees(south, 'N', 'S')} to {_degrees(north, 'N', 'S')}"
        yield f"{_degrees(west, 'E', 'W')} to {_degrees(east, 'E', 'W')}"


def _degrees(value: float, positive: str, negative: str) -> str:
    side = positive if value > 0 else negative if value < 0 else ""
    return f"{abs(value):.6g}°{side and f' {side}'}"


def _moment(text: str) -> str:
    return text.removesuffix("T00:00:00Z").replace("T", " ").replace("Z", " UTC")


def _picture(dataset: Dataset) -> Iterator[str]:
    picture = dataset.picture
    if picture is None:
        return
    data = base64.b64encode(picture.data).decode()
    words = escaped(plain(_sentence(picture.shows)))
    yield (
        f'<figure><img src="data:image/png;base64,{data}" width="{picture.width}" height="{picture.height}" '
        f'alt="{words}" decoding="async"><figcaption>{named(_sentence(picture.shows))}</figcaption></figure>\n'
    )


def _dimensions(dimensions: Iterable[Dimension]) -> str:
    rows = "".join(
        f'<tr><th scope="row">{named(each.name)}</th><td class="number">{_count(each.size)}</td>'
        f"<td>{_span(each)}</td></tr>\n"
        for each in dimensions
    )
    return _table("Dimensions", ("Name", "Size", "From, to"), rows)


def _span(dimension: Dimension) -> str:
    least, largest, unit = dimension.least, dimension.largest, dimension.unit
    if least is None or largest is None:
        return ""
    ends = [_moment(end) if isinstance(end, str) else f"{end:.8g}" for end in (least, largest)]
    return named((ends[0] if ends[0] == ends[1] else f"{ends[0]} to {ends[1]}") + (f" {unit}" if unit else ""))


def _variables(label: str, variables: Iterable[Variable]) -> str:
    return _table(label, ("Name", "Dimensions", "Type", "Chunks"), "".join(map(_variable, variables)))


def _variable(variable: Variable) -> str:
    about = variable.attribute("long_name", "standard_name", "description")
    unit = variable.attribute("units")
    words = ", ".join(text for text in (about, unit) if text)[:300]
    name = named(variable.name) + (f"<br><small>{named(words)}</small>" if words else "")
    if variable.attributes:
        name += _attributes(variable.attributes, variable.name, opened=False)
    names = variable.dimensions or ("",) * len(variable.shape)
    axes = ", ".join(
        f"{named(name) if name else ''} {_count(size)}".strip()
        for name, size in zip(names, variable.shape, strict=False)
    )
    return (
        f'<tr><th scope="row">{name}</th><td>{axes or "one value"}</td>'
        f"<td>{named(variable.dtype)}</td><td>{_stored(variable)}</td></tr>\n"
    )


def _stored(variable: Variable) -> str:
    words = []
    if variable.chunks:
        words.append(_TIMES.join(map(_count, variable.chunks)))
    if variable.shards:
        words.append(f"in shards of {_TIMES.join(map(_count, variable.shards))}")
    if variable.codec:
        words.append(named(variable.codec))
    return ", ".join(words)


def _attributes(attributes: Attributes, of: str, *, opened: bool) -> str:
    label = "Attributes" + (f'<span class="unheard"> of {named(of)}</span>' if of else "")
    terms = "".join(f"<dt>{named(name)}</dt><dd>{_lines(text)}</dd>" for name, text in attributes)
    state = " open" if opened else ""
    return f"<details{state}><summary>{label} ({len(attributes)})</summary><dl>{terms}</dl></details>\n"


def _lines(text: str) -> str:
    """A text of several lines, such as a history."""
    return "<br>".join(named(line.replace("\t", " ")) for line in text.splitlines())


def _table(caption: str, titles: Iterable[str], rows: str) -> str:
    head = "".join(f'<th scope="col"{_NUMBER if each == "Size" else ""}>{each}</th>' for each in titles)
    return (
        f'<div class="wide" role="region" aria-label="{caption}" tabindex="0"><table><caption>{caption}</caption>'
        f"<thead><tr>{head}</tr></thead>\n<tbody>{rows}</tbody></table></div>\n"
    )


def _sentence(text: str) -> str:
    return text[:1].upper() + text[1:]


def _count(number: int) -> str:
    return f"{number:,}".replace(",", "\u202f") if number >= 10_000 else str(number)
