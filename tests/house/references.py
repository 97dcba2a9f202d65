"""Every reference of an error in the source, found by how errors are made."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

PACKAGE = Path(__file__).parents[2] / "jsobj"
_WORDS = re.compile(r"[a-z][a-z0-9]*(-[a-z0-9]+)+")
_MAKERS = re.compile(r"(?i).*(refus|fail|error|fault|unreach)")  # what makes an error of a reference
_OTHER_WORDS = frozenset(
    {
        *(
            "app-cred",
            "aws-services",
            "cache-control",
            "cloud-files",
            "content-type",
            "credential-process",
            "ec2-creds",
            "github-actions",
            "gitlab-ci",
            "leave-out",
        ),
        *("multipart-manifest", "object-store", "s3fs-fuse", "temp-url-key", "zarr-v2"),
    }
)  # first words of tuples and calls in the same files


def references() -> set[str]:
    """All of them."""
    found = {word for path in PACKAGE.rglob("*.py") for word in _in_file(path.read_text(encoding="utf-8"))}
    return {word for word in found - _OTHER_WORDS if not word.startswith("x-")}


def _in_file(text: str) -> Iterator[str]:
    if "reference" not in text and "JsobjError" not in text and "code=" not in text:
        return
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.ClassDef):
            yield from (k.value.value for k in node.keywords if k.arg == "reference" and _is_text(k.value))
        elif isinstance(node, ast.Call) and node.args:
            yield from _made_by(node)
        elif isinstance(node, ast.Tuple) and len(node.elts) > 1:
            yield from _words_of(node.elts[0])


def _made_by(call: ast.Call) -> Iterator[str]:
    first = call.args[0]
    if any(keyword.arg == "code" for keyword in call.keywords) and _is_text(first):
        yield first.value
    elif isinstance(call.func, ast.Name) or (isinstance(call.func, ast.Attribute) and _MAKERS.match(call.func.attr)):
        yield from _words_of(first)


def _words_of(node: ast.expr) -> Iterator[str]:
    for part in (node.body, node.orelse) if isinstance(node, ast.IfExp) else (node,):
        if _is_text(part) and _WORDS.fullmatch(part.value):
            yield part.value


def _is_text(node: ast.expr) -> bool:
    return isinstance(node, ast.Constant) and isinstance(node.value, str)
