"""Read ``clouds.yaml`` or ``secure.yaml`` so that it can be edited by line: what it means and where its clouds stand.

The parser's events and nodes carry line numbers; the meaning comes from the safe constructor, which makes plain data
only. Whatever is ambiguous, or costs unbounded time, is refused with its line. No error shows a value, which may be a
secret; the parser's own messages quote them, so they are not passed on.
"""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import yaml

from jsobj.errors import ExitCode, JsobjError

_LIMIT = 1 << 20  # bytes
_DEPTH = 50  # levels; libyaml's composer calls itself for each and would overrun the stack
_WEIGHT = 100_000  # nodes, each alias counted in full: a few lines of aliases can stand for billions
_MARK = "\ufeff"
# What YAML cannot hold, and the line breaks that YAML counts and editors do not.
_ODD = re.compile("\r(?!\n)|[^\t\n\r\x20-\x7e\xa0-\u2027\u202a-\ud7ff\ue000-\ufefe\uff00-\ufffd\U00010000-\U0010ffff]")

_Loader: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


@dataclass(frozen=True, slots=True)
class EntryLines:
    """Where one cloud stands: lines ``first`` to before ``end`` (counted from 0), its key at ``column``.

    ``shared`` says that an anchor, an alias or a merge key is in these lines; ``value`` is the parsed node.
    """

    first: int
    end: int
    column: int
    shared: bool
    value: yaml.Node


@dataclass(frozen=True, slots=True)
class CloudsFile:
    """One file: its lines with their endings (after the byte order ``mark``, if any), its clouds in order.

    ``clouds`` is the key ``clouds`` and its value, None in an empty file; ``data`` is what ``yaml.safe_load`` gives;
    ``rest`` is the meaning of everything else than clouds, for comparison.
    """

    mark: str
    lines: tuple[str, ...]
    clouds: tuple[yaml.Node, yaml.Node] | None
    entries: Mapping[str, EntryLines]
    data: Any
    rest: object


def read(data: bytes, source: str) -> CloudsFile:
    """Read a file named ``source``; raises ``clouds-file-malformed`` (LOCAL) with the line number."""
    text = _decode(data, source)
    mark = _MARK if text.startswith(_MARK) else ""
    text = text.removeprefix(mark)
    lines = tuple(text.splitlines(keepends=True))
    try:
        layout = _survey(text, source)
        root = yaml.compose(text, Loader=_Loader)
        if root is None or _is_null(root):
            return CloudsFile(mark, lines, None, {}, None, [])
        _weigh(root, source, {})
        pairs = _mapping(root, source, "the file")
        plain = yaml.load(text, Loader=_Loader)  # noqa: S506 # nosec B506 - one of PyYAML's two safe loaders, see above
    except yaml.MarkedYAMLError as error:
        line = error.problem_mark.line if error.problem_mark else None
        tagged = isinstance(error, yaml.constructor.ConstructorError)
        what = "a tag asks for something that is not plain data" if tagged else _broken(lines, line)
        raise malformed(source, line, what) from None
    except RecursionError:
        raise malformed(source, None, "its values are nested too deeply") from None
    except (ValueError, LookupError, TypeError, AttributeError):
        # PyYAML lets these out for values such as the date 2020-99-99 or !!bool maybe.
        raise malformed(source, None, "a number, date or tag in it makes no sense") from None
    clouds = next(((key, value) for key, value in pairs if key.value == "clouds"), None)
    if clouds is None:
        raise malformed(source, None, "it has no key 'clouds' at its top level", "add a line 'clouds: {}'")
    rest = [(tree(key), tree(value)) for key, value in pairs if key is not clouds[0]]
    return CloudsFile(mark, lines, clouds, dict(_entries(clouds, pairs, lines, layout, source)), plain, rest)


def tree(node: yaml.Node) -> object:
    """What a node means, for comparison: tags and texts, without places and styles (``.nan`` equals itself here)."""
    if isinstance(node, yaml.MappingNode):
        return node.tag, [(tree(key), tree(value)) for key, value in node.value]
    if isinstance(node, yaml.SequenceNode):
        return node.tag, [tree(item) for item in node.value]
    return node.tag, node.value


def malformed(source: str, line: int | None, what: str, remedy: str = "correct the file") -> JsobjError:
    """The error for a file that must be put right by hand first; ``line`` counts from 0."""
    where = source if line is None else f"{source}, line {line + 1}"
    hint = f"{remedy}, then run the same command again; the file was left as it is"
    return JsobjError("clouds-file-malformed", f"{where}: {what}", hint=hint, code=ExitCode.LOCAL)


def _decode(data: bytes, source: str) -> str:
    if len(data) > _LIMIT:
        raise malformed(source, None, f"it is larger than {_LIMIT >> 20} MiB, which is no list of clouds", "look at it")
    try:
        text = data.decode()
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start)
        raise malformed(source, line, "the text is not UTF-8", "save the file as UTF-8") from None
    odd = _ODD.search(text, 1 if text.startswith(_MARK) else 0)
    if odd:
        line = text.count("\n", 0, odd.start())
        raise malformed(source, line, f"there is a control character or odd line break (U+{ord(odd[0][0]):04X})")
    return text


def _broken(lines: tuple[str, ...], line: int | None) -> str:
    """Words for a syntax error, with the usual cause where it can be seen."""
    text = lines[line] if line is not None and line < len(lines) else ""
    if "\t" in text[: len(text) - len(text.lstrip())]:
        return "the line is indented with a tab, and YAML wants spaces"
    return "the YAML is broken here or just above (indentation, quotes, or a missing colon)"


@dataclass(frozen=True, slots=True)
class _Layout:
    """Per line, from events in text order: where content that starts there ends, and where something is shared."""

    starts: list[int]
    ends: list[int]
    shared: list[int]


def _survey(text: str, source: str) -> _Layout:
    """One pass without recursion, before anything builds a tree: refuses great depth and several documents."""
    layout = _Layout([], [], [])
    depth = documents = 0
    for event in yaml.parse(text, Loader=_Loader):
        first: Any = event.start_mark  # the stubs allow None here, which the parsers never give
        last: Any = event.end_mark
        documents += isinstance(event, yaml.DocumentStartEvent)
        depth += isinstance(event, yaml.CollectionStartEvent) - isinstance(event, yaml.CollectionEndEvent)
        if depth > _DEPTH:
            raise malformed(source, first.line, "its values are nested too deeply")
        if documents > 1:
            raise malformed(source, first.line, "a second document begins here ('---')", "keep one document")
        if isinstance(event, yaml.NodeEvent) and event.anchor is not None:
            layout.shared.append(first.line)
        # The end of a block is a place without width where the next thing begins; all other ends are ends of text.
        if isinstance(event, (yaml.ScalarEvent, yaml.AliasEvent)) or (
            isinstance(event, yaml.CollectionEndEvent) and last.index > first.index
        ):
            layout.starts.append(first.line)
            layout.ends.append(last.line + (last.column > 0))
    return layout


def _weigh(node: yaml.Node, source: str, known: dict[int, int]) -> int:
    """Count nodes as if every alias were written out; refuses too many, cycles, and keys that stand twice."""
    if id(node) in known:
        if not known[id(node)]:
            raise malformed(source, node.start_mark.line, "a value contains itself")
        return known[id(node)]
    known[id(node)] = 0
    if isinstance(node, yaml.MappingNode):
        children = [child for pair in _mapping(node, source) for child in pair]
    else:
        children = list(node.value) if isinstance(node, yaml.SequenceNode) else []
    weight = 1 + sum(_weigh(child, source, known) for child in children)
    if weight > _WEIGHT:
        raise malformed(source, node.start_mark.line, "its aliases (*name) multiply to an enormous file")
    known[id(node)] = weight
    return weight


def _mapping(node: yaml.Node, source: str, what: str = "this") -> list[tuple[yaml.Node, yaml.Node]]:
    """The pairs of a mapping, with no key twice."""
    if not isinstance(node, yaml.MappingNode):
        raise malformed(source, node.start_mark.line, f"{what} must be a mapping ('name: value' lines)")
    seen: dict[tuple[str, str], int] = {}
    for key, _ in node.value:
        if isinstance(key, yaml.ScalarNode):
            line, meaning = key.start_mark.line, (key.tag, key.value)
            if meaning in seen:
                raise malformed(source, line, f"a key stands here a second time (first in line {seen[meaning] + 1})")
            seen[meaning] = line
    return list(node.value)


def _is_null(node: yaml.Node) -> bool:
    return isinstance(node, yaml.ScalarNode) and node.tag == "tag:yaml.org,2002:null"


def _entries(
    clouds: tuple[yaml.Node, yaml.Node],
    pairs: list[tuple[yaml.Node, yaml.Node]],
    lines: tuple[str, ...],
    layout: _Layout,
    source: str,
) -> Iterator[tuple[str, EntryLines]]:
    """Every cloud and its place; refuses a layout in which a cloud has no lines of its own."""
    key, node = clouds
    if _is_null(node):
        return
    inner = _mapping(node, source, "'clouds'")
    flows = isinstance(node, yaml.MappingNode) and node.flow_style
    if inner and (flows or node.start_mark.line <= key.start_mark.line):
        what = "the clouds stand in braces or behind an alias, where jsobj cannot edit them by line"
        raise malformed(source, key.start_mark.line, what, "write each cloud on lines of its own under 'clouds:'")
    tops = sorted(name.start_mark.line for name, _ in (*pairs, *inner))
    for name, value in inner:
        first, column = name.start_mark.line, name.start_mark.column
        if name.tag != "tag:yaml.org,2002:str" or lines[first][:column].strip(" "):
            what = "a cloud's name must be plain text at the beginning of its line (not a number, yes, no, << or ?)"
            raise malformed(source, first, what, "put the name in quotes")
        following = bisect_left(tops, first + 1)
        limit = tops[following] if following < len(tops) else len(lines)
        end = max(layout.ends[bisect_left(layout.starts, first) : bisect_left(layout.starts, limit)])
        shared = bisect_left(layout.shared, first) < bisect_left(layout.shared, end)
        yield name.value, EntryLines(first, end, column, shared, value)
