"""The search page: equal bytes for equal titles, since it reads the catalogue only when it is opened."""

from __future__ import annotations

from string import Template

from jsobj.publish.assets import asset, digest, part, program
from jsobj.publish.markup import escaped, named, plain

_ABOUT = "Made by jsobj publish. The rows are searched in this browser; what is typed here is sent to nobody."


def render_search(title: str) -> bytes:
    """The document, in UTF-8; it reads what is below ``_catalog/`` beside it."""
    style = part("page.css", "search/search.css")
    script = program("helpers.js", "search/engine.js", "search/view.js")
    text = Template(asset("search/search.html")).substitute(
        policy=f"default-src 'none'; style-src {digest(style)}; script-src {digest(script)}; connect-src 'self'; "
        "base-uri 'none'; form-action 'none'",
        title=escaped(f"Search: {plain(title)}"),
        style=style,
        name=named(title),
        heading=f"Search: {named(title)}",
        about=_ABOUT,
        script=script,
    )
    return text.encode("utf-8", "replace")
