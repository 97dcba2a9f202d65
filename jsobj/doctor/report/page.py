"""``jsobj doctor --report``: one HTML page that a user can read, print and attach to a ticket.

The page needs nothing else: no script, font, picture or connection, and its Content-Security-Policy forbids them all.
``render`` is a pure function of the JSON document; its caller masks secrets and writes the file.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime, timezone
from importlib import resources
from string import Template
from typing import Any

from jsobj.doctor.check import Status
from jsobj.doctor.report.model import CheckRow, Reading, read
from jsobj.doctor.report.parts import facts, fold, folded_check, layer_picture, open_check, root_cause, shape
from jsobj.doctor.report.text import escape

# An inline style is all that the page may use: without pictures, fonts and connections a style carries nothing out.
_POLICY = "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'"

_COUNTED = (
    (Status.FAIL, "failed", "failed"),
    (Status.WARN, "warning", "warnings"),
    (Status.SKIP, "skipped", "skipped"),
    (Status.PASS, "passed", "passed"),
)


def render(document: Mapping[str, Any], *, jsobj_version: str, made: datetime) -> str:
    """The page, as text to be written in UTF-8.

    ``document``: ``jsobj.doctor/1``, secrets already masked. ``made``: when the checks ran; aware, shown in UTC.
    """
    reading, utc = read(document), made.astimezone(timezone.utc)
    first = next(iter(reading.of(Status.FAIL)), None)
    verdict = first.title if first else _good_news(reading)
    state = f'<span class="state fail">{shape(Status.FAIL)}Failed</span> ' if first else ""
    return Template(_file("page.html")).substitute(
        policy=_POLICY,
        style=_file("page.css"),
        title=escape(f"Failed: {verdict}" if first else verdict),
        version=escape(jsobj_version),
        time=f'<time datetime="{utc:%Y-%m-%dT%H:%M:%SZ}">{utc:%Y-%m-%d %H:%M:%S} UTC</time>',
        heading=f"<h1>{state}{escape(verdict)}</h1>",
        counts=", ".join(_counts(reading)),
        about=facts(reading.about),
        body="\n".join(_body(reading)),
    )


def _file(name: str) -> str:
    return resources.files(__package__).joinpath(name).read_text(encoding="utf-8")


def _good_news(reading: Reading) -> str:
    if warned := reading.of(Status.WARN):
        return f"Works, with {len(warned)} warning{'s' if len(warned) > 1 else ''}"
    if reading.of(Status.PASS):
        return "Everything that was checked works" if reading.of(Status.SKIP) else "Everything works"
    return "Nothing could be checked" if reading.checks else "No check was run"


def _counts(reading: Reading) -> Iterator[str]:
    for status, one, many in _COUNTED:
        if number := len(reading.of(status)):
            yield f"{number} {one if number == 1 else many}"


def _body(reading: Reading) -> Iterator[str]:
    """What failed comes before the picture; warnings and what follows from it come after."""
    failed, warned = reading.of(Status.FAIL), reading.of(Status.WARN)
    if failed:
        # The first: checks that build on it are skipped, so a later one can only be a second, independent cause.
        yield f'<section class="first">{root_cause(failed[0])}</section>'
    else:
        yield from _opened("Warnings", warned)
    if reading.checks:
        yield layer_picture(reading.checks)
    if failed:
        yield from _opened("Also failed", failed[1:])
        yield from _opened("Warnings", warned)
    yield from _folded("Skipped", reading.of(Status.SKIP))
    yield from _folded("Passed", reading.of(Status.PASS))
    yield from _request_ids(reading)


def _opened(heading: str, checks: tuple[CheckRow, ...]) -> Iterator[str]:
    if checks:
        yield f"<section><h2>{heading}</h2>{''.join(map(open_check, checks))}</section>"


def _folded(heading: str, checks: tuple[CheckRow, ...]) -> Iterator[str]:
    if checks:
        summary = f'<h2>{heading} <span class="n">{len(checks)}</span></h2>'
        rows = "".join(f"<li>{folded_check(check)}</li>" for check in checks)
        content = f'<ul class="rows">{rows}</ul>'
        yield f"<section>{fold(summary, content, group=True)}</section>"


def _request_ids(reading: Reading) -> Iterator[str]:
    if not (ids := reading.request_ids):
        return
    rows = "".join(f"<dt>{escape(title)}</dt><dd><code>{escape(found)}</code></dd>" for found, title in ids.items())
    yield (
        "<section><h2>Request ids for the help desk</h2>"
        "<p>With these the operators find the requests in the server logs. One click selects a whole id.</p>"
        f'<dl class="facts ids">{rows}</dl></section>'
    )
