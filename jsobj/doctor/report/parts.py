"""The pieces of the report's page: a check, a fold, the picture of the layers. HTML fragments from values.

Every text of a document goes through ``escape``; nothing here knows where on the page it will stand.
"""

from __future__ import annotations

import shlex
from collections.abc import Iterable, Iterator, Sequence

from jsobj.doctor.check import Status, worst
from jsobj.doctor.report.model import CheckRow, Facts
from jsobj.doctor.report.text import escape, layer_name, split_hint

# State is shown by shape, word and colour (WCAG 1.4.1): a disc with a tick, a triangle, a square with a cross, a ring.
# Strokes named "ink" take the colour of the paper, the rest that of the state.
_SHAPES = {
    Status.PASS: '<circle cx="8" cy="8" r="7"/><path class="ink" d="M4.8 8.3l2.2 2.2 4.3-4.8"/>',
    Status.WARN: '<path d="M8 1.2 15.4 14.4H.6Z"/><path class="ink" d="M8 5.8v4M8 11.6v1"/>',
    Status.FAIL: '<rect x="1" y="1" width="14" height="14" rx="1.5"/><path class="ink" d="M5 5l6 6M11 5l-6 6"/>',
    Status.SKIP: '<circle class="ring" cx="8" cy="8" r="6"/>',
}
_WORDS = {Status.PASS: "Passed", Status.WARN: "Warning", Status.FAIL: "Failed", Status.SKIP: "Skipped"}


def shape(status: Status) -> str:
    """The mark of a state; hidden from screen readers, because the word stands beside it."""
    return f'<svg class="mark {status.value.lower()}" viewBox="0 0 16 16" aria-hidden="true">{_SHAPES[status]}</svg>'


def seconds(value: float) -> str:
    """Seconds in a form that lines up in a column; a dash for what took no time."""
    if value <= 0:
        return "\N{EN DASH}"
    return "<0.01 s" if value < 0.005 else f"{value:.2f} s"


def fold(summary: str, content: str, *, group: bool = False) -> str:
    """``content`` folded under ``summary``; works by keyboard without a script."""
    kind = ' class="group"' if group else ""
    return f"<details{kind}><summary>{summary}</summary>{content}</details>"


def layer_picture(checks: Iterable[CheckRow]) -> str:
    """One row per layer, from the first to the last: mark, name, word, how many, bar, seconds.

    Seconds are summed over the checks, which may have run side by side.
    """
    layers: dict[str, list[CheckRow]] = {}
    for check in checks:
        layers.setdefault(check.layer, []).append(check)
    longest = max(sum(check.seconds for check in layer) for layer in layers.values())
    items = "".join(_layer(name, layer, longest) for name, layer in layers.items())
    return (
        '<section aria-labelledby="layers"><h2 id="layers">Layer by layer</h2>'
        '<p class="note">In the order in which they build on each other. Seconds are summed per layer.</p>'
        f'<ol class="layers">{items}</ol></section>'
    )


def _layer(name: str, checks: Sequence[CheckRow], longest: float) -> str:
    status, took = worst({check.status for check in checks}), sum(check.seconds for check in checks)
    share = 100 * took / longest if longest else 0.0
    same = sum(check.status is status for check in checks)
    of = "" if len(checks) == 1 else f" {same}" if same == len(checks) else f" {same} of {len(checks)}"
    return (
        f'<li class="{status.value.lower()}">{shape(status)}'
        f'<span class="name">{escape(layer_name(name))}</span>'
        f'<span class="word">{_WORDS[status]}<span class="of">{of}</span></span>'
        '<svg class="bar" viewBox="0 0 100 4" preserveAspectRatio="none" aria-hidden="true">'
        f'<rect width="{share:.1f}" height="4"/></svg>'
        f'<span class="secs">{escape(seconds(took))}</span></li>'
    )


def root_cause(check: CheckRow) -> str:
    """The check that the page begins with: its title is the page's heading, so it is not repeated here."""
    return _article(check, "<h2>Root cause</h2>")


def open_check(check: CheckRow) -> str:
    """A check in full: title, hint, commands, fix; only the evidence is folded."""
    return _article(check, f"<h3>{shape(check.status)}<span>{escape(check.title)}</span></h3>")


def _article(check: CheckRow, heading: str) -> str:
    origin = (
        f"<strong>{_WORDS[check.status]}</strong>",
        escape(layer_name(check.layer)),
        f'<code class="id">{escape(check.id)}</code>',
        escape(seconds(check.seconds)),
    )
    parts = [heading, f'<p class="origin">{" · ".join(origin)}</p>']
    if check.found:
        parts.append(f'<p class="found">{escape(check.found)}</p>')
    if check.hint:
        parts.append(f'<div class="next"><p class="label">What to do</p>{"".join(_hint(check.hint))}</div>')
    if check.fix:
        parts.append(_fix(check))
    if evidence := facts(check.evidence):
        parts.append(fold("Evidence", evidence))
    kind = f"check {check.status.value.lower()}"
    return f'<article class="{kind}" id="check-{escape(check.id)}">{"".join(parts)}</article>'


def folded_check(check: CheckRow) -> str:
    """A check as one row with its answer; the rest folds out."""
    answer = f'<span class="found">{escape(check.found)}</span>' if check.found else ""
    row = (
        f'{shape(check.status)}<span class="what">{escape(check.title)} <code class="id">{escape(check.id)}</code>'
        f'{answer}</span><span class="secs">{escape(seconds(check.seconds))}</span>'
    )
    inside = facts(check.evidence) + "".join(_hint(check.hint))
    return fold(row, inside) if inside else f'<div class="row">{row}</div>'


def _hint(hint: str) -> Iterator[str]:
    for text, is_command in split_hint(hint):
        yield _command(text) if is_command else f'<p class="hint">{escape(text)}</p>'


def _command(text: str) -> str:
    """A command to paste. A line must not break inside ``--fix``."""
    words = " ".join(f"<span>{escape(word)}</span>" for word in text.split(" "))
    return f'<pre class="command">{words}</pre>'


def _fix(check: CheckRow) -> str:
    # Hints of checks with a fix often name the command already.
    command = "" if "--fix" in check.hint else _command(f"jsobj doctor {shlex.quote(check.id)} --fix")
    return (
        '<div class="fix"><p class="label">What jsobj can change for you; it shows the change and asks first</p>'
        f"{command}{facts({'': check.fix['title'], 'path': check.fix['path']})}{_diff(check.fix['diff'])}</div>"
    )


def _diff(text: str) -> str:
    """A unified diff, line by line; the signs in front say what the colours say."""
    classes = {"+": ' class="added"', "-": ' class="removed"'}
    lines = (f"<span{classes.get(line[:1], '')}>{escape(line)}</span>" for line in text.rstrip("\n").split("\n"))
    return f'<pre class="diff">{"".join(lines)}</pre>'


def facts(known: Facts) -> str:
    """Labelled facts as a list, without empty ones; one without a label as a sentence before it."""
    shown = {name: escape(text) for name, text in known.items() if text}
    plain = f'<p class="said">{shown[""]}</p>' if "" in shown else ""
    named = "".join(f"<dt>{escape(name)}</dt><dd><code>{text}</code></dd>" for name, text in shown.items() if name)
    return plain + (f'<dl class="facts">{named}</dl>' if named else "")
