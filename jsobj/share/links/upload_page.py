"""The page with the form of a drop box: a pure function to the bytes of one HTML document that needs nothing else."""

from __future__ import annotations

import base64
import hashlib
from datetime import datetime
from importlib import resources
from string import Template
from urllib.parse import urlsplit

from jsobj.publish.markup import escaped, script_json
from jsobj.share.links.ways import Upload
from jsobj.units import human_bytes, human_time


def upload_page(upload: Upload, ends: datetime, largest: int) -> bytes:
    """The document, in UTF-8. ``largest``: bytes of one file, which the page looks at before it sends."""
    style, script = _text("upload.css"), _text("upload.js")
    target = urlsplit(upload.url)
    origin = f"{target.scheme}://{target.netloc}"
    fields = "".join(
        f'<input type="hidden" name="{escaped(name)}" value="{escaped(value)}">\n'
        for name, value in upload.fields.items()
    )
    form = f' action="{escaped(upload.url)}" method="post" enctype="multipart/form-data"' if upload.fields else ""
    needs = "" if upload.fields else "<noscript><p>This page needs JavaScript to send a file.</p></noscript>\n"
    data = {"method": upload.method, "url": upload.url, "query": upload.query, "largest": largest}
    text = Template(_text("upload.html")).substitute(
        policy=f"default-src 'none'; style-src {_digest(style)}; script-src {_digest(script)}; "
        f"connect-src {origin}; form-action {origin}; base-uri 'none'",
        style=style,
        form=form,
        fields=fields,
        needs=needs,
        largest=human_bytes(largest),
        ends=escaped(human_time(ends)),
        data=script_json(data),
        script=script,
    )
    return text.encode()


def _text(name: str) -> str:
    return resources.files(__package__).joinpath(name).read_text(encoding="utf-8").strip()


def _digest(part: str) -> str:
    return f"'sha256-{base64.b64encode(hashlib.sha256(part.encode()).digest()).decode()}'"
