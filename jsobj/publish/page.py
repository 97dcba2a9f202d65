"""The page: a pure function from values to the bytes of one HTML document.

It needs nothing else: no other file, font or connection, and its Content-Security-Policy allows only its own style and
its own script, by their digests. Without a script it is a plain table; the script adds search, sorting and copying, and
draws long lists piece by piece.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import datetime, timezone
from string import Template

from jsobj.publish.assets import asset, digest, part, program
from jsobj.publish.entries import Entry, Link, Page, Way
from jsobj.publish.markup import escaped, named, plain, script_json
from jsobj.units import human_bytes

_AT_FIRST = 100  # rows of the table; the script makes the others as they are scrolled to
_MARK = 'document.documentElement.className="js"'


def render(page: Page) -> bytes:
    """The document, in UTF-8: equal for equal values."""
    rows = sorted(page.entries, key=lambda entry: entry.order)
    style, script = part("page.css"), program("helpers.js", "page.js")
    text = Template(asset("page.html")).substitute(
        policy=f"default-src 'none'; style-src {digest(style)}; script-src {digest(_MARK)} {digest(script)}; "
        "img-src data:; base-uri 'none'; form-action 'none'",
        title=escaped(plain(page.title)),
        head="".join(_head(page)),
        mark=_MARK,
        style=style,
        trail=_trail(page),
        heading=named(page.title),
        facts="".join(_facts(page)),
        body="".join(_body(page, rows)),
        about=escaped(page.about),
        data=script_json([_compact(entry) for entry in rows]),
        script=script,
    )
    return text.encode("utf-8", "replace")


def _head(page: Page) -> Iterator[str]:
    if not page.listed:
        yield '<meta name="robots" content="noindex">\n'
    for link in page.links:
        if link.rel:
            kind = f' type="{escaped(link.type)}"' if link.type else ""
            yield f'<link rel="{escaped(link.rel)}"{kind} href="{escaped(link.href)}">\n'
    if page.json_ld:
        safe = page.json_ld.replace("<", "\\u003c").replace(">", "\\u003e").replace("&", "\\u0026")
        yield f'<script type="application/ld+json">{safe}</script>\n'


def _trail(page: Page) -> str:
    if len(page.trail) < 2:
        return ""
    steps = []
    for number, crumb in enumerate(page.trail):
        name = named(crumb.name) if crumb.name else "<i>no name</i>"
        if number == len(page.trail) - 1:
            steps.append(f'<li aria-current="page">{name}</li>')
        else:
            steps.append(f'<li><a href="{escaped(crumb.href)}">{name}</a></li>' if crumb.href else f"<li>{name}</li>")
    return f'<nav aria-label="Folders"><ol class="trail">{"".join(steps)}</ol></nav>\n'


def _facts(page: Page) -> Iterator[str]:
    objects = sum(entry.objects if entry.folder else 1 for entry in page.entries)
    size = sum(entry.size for entry in page.entries)
    times = [entry.modified for entry in page.entries if entry.modified is not None]
    facts = [f"{_count(objects)} file{'' if objects == 1 else 's'}", human_bytes(size)]
    if times:
        facts.append(f"last changed {_time(max(times))}")
    yield f'<p class="facts">{", ".join(facts)}</p>\n'
    if page.note:
        yield f'<p class="note">{escaped(page.note)}</p>\n'
    if page.links:
        yield f'<ul class="links">{"".join(map(_link, page.links))}</ul>\n'


def _link(link: Link) -> str:
    return f'<li><a href="{escaped(link.href)}">{escaped(link.text)}</a></li>'


def _body(page: Page, rows: list[Entry]) -> Iterator[str]:
    if page.readme:
        yield f'<section class="readme" aria-label="Description">\n{page.readme}</section>\n'
    if page.dataset:
        yield f'<section aria-labelledby="dataset"><h2 id="dataset">Dataset</h2>\n{page.dataset}</section>\n'
    if page.ways:
        yield _ways(page.ways)
    yield from _list(page, rows)


def _ways(ways: Iterable[Way]) -> str:
    """Radio buttons choose the lines that are shown, also without a script."""
    choices, panels = [], []
    for number, way in enumerate(ways):
        name, checked = escaped(way.name), " checked" if number == 0 else ""
        choices.append(f'<label><input type="radio" name="way" value="{number}"{checked}><span>{name}</span></label>')
        needs = f'<p class="needs">Needs: <code>{escaped(way.needs)}</code></p>' if way.needs else ""
        label = f' tabindex="0" role="region" aria-label="Lines for {name}"'
        panels.append(f'<div class="lines"><pre{label}><code>{escaped(way.lines.rstrip())}</code></pre>{needs}</div>')
    return (
        '<section aria-labelledby="ways"><h2 id="ways">Read it</h2>\n<div class="ways">'
        f'<fieldset><legend class="unheard">With</legend>{"".join(choices)}</fieldset>\n'
        f"{''.join(panels)}</div></section>\n"
    )


def _list(page: Page, rows: list[Entry]) -> Iterator[str]:
    yield f'<section id="list" tabindex="-1" aria-labelledby="files"><h2 id="files">{escaped(page.names)}</h2>\n'
    if not rows:
        yield "<p>There is nothing here.</p></section>\n"
        return
    yield (
        '<div id="tools"><label>Search <input type="search" id="search" autocomplete="off" spellcheck="false"></label>'
        '<p id="count" role="status"></p></div>\n'
    )
    yield _table(rows[:_AT_FIRST])
    if rest := rows[_AT_FIRST:]:
        # With a script this is a text that is not even parsed.
        yield f'<noscript><ul class="rest">{"".join(map(_short, rest))}</ul></noscript>\n'
    yield "</section>\n"


def _table(rows: Iterable[Entry]) -> str:
    head = "".join(
        f'<th scope="col" class="{kind}">{title}</th>'
        for kind, title in (
            ("name", "Name"),
            ("size", "Size"),
            ("time", "Changed <span>(UTC)</span>"),
            ("sum", "Checksum"),
        )
    )
    body = "\n".join(map(_row, rows))
    return (
        f'<table id="table" aria-labelledby="files"><thead><tr>{head}</tr></thead>\n<tbody>\n{body}\n</tbody></table>\n'
    )


def _short(entry: Entry) -> str:
    shown, href = named(entry.name), entry.href
    name = f'<a href="{escaped(href)}">{shown}</a>' if href else shown
    return f"<li>{name} {human_bytes(entry.size)}</li>"


def _row(entry: Entry) -> str:
    shown, href = named(entry.name), entry.href
    name = f'<a href="{escaped(href)}">{shown}</a>' if href else shown
    kind = f' <span class="kind">{escaped(entry.kind)}</span>' if entry.kind else ""
    if entry.folder and not entry.kind:
        kind = f' <span class="kind">{_count(entry.objects)} file{"" if entry.objects == 1 else "s"}</span>'
    time = _time(entry.modified) if entry.modified is not None else ""
    label, digest = ("SHA-256", entry.sha256) if entry.sha256 else ("MD5", entry.md5)
    checksum = f'<span class="algorithm">{label}</span> <code>{escaped(digest)}</code>' if digest else ""
    return (
        f'<tr><th scope="row" class="name">{name}{kind}</th><td class="size" title="{entry.size} bytes">'
        f'{human_bytes(entry.size)}</td><td class="time">{time}</td><td class="sum">{checksum}</td></tr>'
    )


def _compact(entry: Entry) -> list[object]:
    """Name, size, time, digest, objects, kind, and the link where it is not made of the name as usual (# for none).

    What is empty at the end is left out.
    """
    link = entry.href or "#"
    if link == Entry(entry.name).href:
        link = ""
    digest = entry.sha256 or entry.md5
    values: list[object] = [entry.name, entry.size, entry.modified, digest, entry.objects, entry.kind, link]
    while not values[-1]:
        values.pop()
    return values


def _count(number: int) -> str:
    return f"{number:,}".replace(",", "\u202f")


def _time(seconds: int) -> str:
    moment = datetime.fromtimestamp(seconds, timezone.utc)
    return f'<time datetime="{moment:%Y-%m-%dT%H:%M:%SZ}">{moment:%Y-%m-%d} <span>{moment:%H:%M}</span></time>'
