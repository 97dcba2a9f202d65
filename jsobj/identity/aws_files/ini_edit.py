"""Editing the INI dialect of ``~/.aws/credentials`` and ``~/.aws/config``: pure functions on bytes.

An edit changes the lines of its keys and no other byte: comments, order, blank lines, unknown keys, line endings and a
missing final one stay. The result is read again before it is returned, and an edit that would change the meaning of
anything else is refused. No error shows a value, which may be a secret.
"""

from __future__ import annotations

import configparser
import re
import unicodedata
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import replace

from jsobj.errors import ExitCode, JsobjError
from jsobj.identity.aws_files.ini_read import DELIMITER, Ini, Kind, Line, Value, inner_pair, malformed, read

# The name of a cloud, a profile or a remote that every file and tool takes.
EASY_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")
_KEY = re.compile("[a-z][a-z0-9_-]*")
_INNER_DELIMITER = re.compile("=")


def sections(data: bytes, *, source: str) -> Mapping[str, Mapping[str, Value]]:
    """Every section as botocore reads it: a value is a text, or a mapping for a nested block."""
    return read(data, source).sections


def section(data: bytes, name: str, *, source: str = "the file") -> Mapping[str, Value] | None:
    """One section as botocore reads it; None when there is none of that name."""
    return sections(data, source=source).get(name)


def set_section(
    data: bytes | None,
    name: str,
    values: Mapping[str, Value],
    *,
    remove: Collection[str] = (),
    source: str = "the file",
) -> bytes:
    """The file with these keys set in section ``name``; every byte that is not ours stays.

    A value is replaced in its line; missing keys come after the section's last key; a missing section comes at the end
    after a blank line. A mapping is merged into a nested block, whose other lines stay. ``remove`` names keys to take
    out; a key in a nested block is written ``s3.addressing_style``, and the block goes with its last key. ``data`` is
    None when there is no file; ``source`` is its name for messages.

    Raises USAGE for a name or value that the format cannot hold (the value is not shown), LOCAL for a malformed file
    and for one that cannot be edited without changing the meaning of something else.
    """
    refuse_bad_values(values)
    old = read(data or b"", source)
    lines = old.lines
    ending = next((line.ending for line in lines if line.ending), "\n")
    span = old.span(name)
    if span is None:
        refuse_bad_name(name)
        gap = [Line("", ending, Kind.BLANK)] if lines and lines[-1].kind is not Kind.BLANK else []
        lines = (*lines, *gap, Line(f"[{name}]", ending, Kind.HEADER, name))
        span = len(lines) - 1, len(lines)
    start, end = span
    head, body, tail = lines[: start + 1], lines[start + 1 : end], lines[end:]
    editor = _Editor(body, head[-1].indent, ending, source)
    for key in remove:
        editor.remove(*key.split(".", 1))
    for key, value in values.items():
        editor.put(key, value)
    result = _join([*head, *editor.body, *tail], ending)
    new = read(result, source)
    if new.sections != {**old.sections, name: _expected(old, name, values, remove)}:
        raise _unsafe(name, source)
    return result


def remove_section(data: bytes, name: str, *, only_empty: bool = False, source: str = "the file") -> bytes:
    """The file without that section: its header and everything up to its last key.

    Blank lines and comments after the last key stay. With ``only_empty`` a section that holds a key stays too.
    """
    old = read(data, source)
    span = old.span(name)
    if span is None or (only_empty and span[1] > span[0] + 1):
        return data
    result = _join([*old.lines[: span[0]], *old.lines[span[1] :]], "")
    if read(result, source).sections != {kept: keys for kept, keys in old.sections.items() if kept != name}:
        raise _unsafe(name, source)
    return result


class _Editor:
    """The lines of one section's body while they are changed."""

    def __init__(self, body: Sequence[Line], indent: str, ending: str, source: str) -> None:
        keys = [line for line in body if line.kind is Kind.KEY]
        self.body = list(body)
        # As deep as the last key: deeper would continue its value, and less could swallow what follows.
        self._indent = keys[-1].indent if keys else indent
        self._ending = ending
        self._source = source

    def put(self, key: str, value: Value) -> None:
        """Set one key."""
        at = self._at(key)
        if at is None:
            at = len(self.body)
            self.body.append(Line(f"{self._indent}{key} =", self._ending, Kind.KEY, key))
        if isinstance(value, str):
            self._put_text(at, value)
        else:
            for inner, text in value.items():
                self._put_nested(at, key, inner, text)

    def remove(self, key: str, inner: str | None = None) -> None:
        """Take out one key, or one line of its nested block (and the block with its last line)."""
        at = self._at(key)
        if at is None:
            return
        more = self._more(at)
        gone = [index for index in more if inner in (None, inner_pair(self.body[index].text)[0])]
        if inner is None or (gone and gone == more):
            gone.append(at)
        self.body = [line for index, line in enumerate(self.body) if index not in gone]

    def _put_text(self, at: int, value: str) -> None:
        line, more = self.body[at], self._more(at)
        if line.value == value and not more:
            return
        self.body[at] = replace(line, text=_swap(line.text, DELIMITER, value))
        self.body = [kept for index, kept in enumerate(self.body) if index not in more]

    def _put_nested(self, at: int, key: str, inner: str, value: str) -> None:
        if self.body[at].value:
            sentence = f"{self._source}: {key} holds a plain value where a nested block is needed"
            raise malformed(sentence, f"remove the line that begins with '{key} ='")
        more = self._more(at)
        same = [index for index in more if inner_pair(self.body[index].text)[0] == inner]
        if len(same) > 1:
            raise malformed(f"{self._source}: {inner} stands twice in the block {key}", "remove one of the two lines")
        if same:
            line = self.body[same[0]]
            if inner_pair(line.text)[1] != value:
                self.body[same[0]] = replace(line, text=_swap(line.text, _INNER_DELIMITER, value))
            return
        last = self.body[more[-1]] if more else None
        indent = last.indent if last else self.body[at].indent + "    "
        new = Line(f"{indent}{inner} = {value}", self._ending, Kind.MORE, key)
        self.body.insert((more[-1] if more else at) + 1, new)

    def _at(self, key: str) -> int | None:
        found = (i for i, line in enumerate(self.body) if line.kind is Kind.KEY and line.name == key.lower())
        return next(found, None)

    def _more(self, at: int) -> list[int]:
        """Where the lines stand that continue the key at ``at``; comments and blank lines among them do not count."""
        key = self.body[at].name
        return [index for index, line in enumerate(self.body) if line.kind is Kind.MORE and line.name == key]


def _swap(text: str, delimiter: re.Pattern[str], value: str) -> str:
    """The line with another value, and the blanks around its delimiter as they were."""
    key, rest = delimiter.split(text, maxsplit=1)
    blanks = rest[: len(rest) - len(rest.lstrip())] if rest.strip() else " "
    return key + text[len(key)] + blanks + value


def _join(lines: Sequence[Line], ending: str) -> bytes:
    """The bytes again; only the last line may lack its line ending."""
    last = len(lines) - 1
    return "".join(line.text + (line.ending or ending * (at < last)) for at, line in enumerate(lines)).encode()


def _expected(old: Ini, name: str, values: Mapping[str, Value], remove: Iterable[str]) -> Mapping[str, Value]:
    """What the section must hold after the edit."""
    result = dict(old.sections.get(name, {}))
    for key in remove:
        outer, _, inner = key.partition(".")
        block = result.get(outer)
        if inner and isinstance(block, Mapping):
            result[outer] = {k: v for k, v in block.items() if k != inner}
        if not inner or result.get(outer) == {}:
            result.pop(outer, None)
    for key, value in values.items():
        block = result.get(key)
        result[key] = value if isinstance(value, str) or not isinstance(block, Mapping) else {**block, **value}
    return {**old.defaults, **result}


def refuse_bad_name(name: str) -> None:
    """Raise ``aws-name-bad`` (USAGE) for what cannot be the name of a section."""
    if not name or name != name.strip() or "]" in name or name == configparser.DEFAULTSECT or not is_plain(name):
        sentence = "the name of the profile cannot be written to an AWS file"
        hint = "use letters, digits, '-' and '_', for example: --profile js2"
        raise JsobjError("aws-name-bad", sentence, hint=hint, code=ExitCode.USAGE)


def refuse_bad_values(values: Mapping[str, Value], block: str = "") -> None:
    """Raise ``aws-value-bad`` (USAGE), naming the key only, for a value that would not read back the same."""
    for key, value in values.items():
        if not isinstance(value, str):
            refuse_bad_values(value, f"{key}.")
        elif not _KEY.fullmatch(key) or value != value.strip() or not is_plain(value):
            sentence = f"the value of {block}{key} cannot be written to an AWS file so that it reads back the same"
            context = "a line break, another control character, or a blank at its beginning or end is in it"
            hint = "look for a stray character where the value comes from, often from copying and pasting"
            raise JsobjError("aws-value-bad", sentence, context=context, hint=hint, code=ExitCode.USAGE)


def is_plain(text: str) -> bool:
    """Whether the text stays in its line and can be encoded: no control, separator or surrogate characters."""
    return not any(unicodedata.category(character) in ("Cc", "Cs", "Zl", "Zp") for character in text)


def _unsafe(name: str, source: str) -> JsobjError:
    sentence = f"{source}: section [{name}] cannot be changed without changing what something else in the file means"
    hint = "write each section and key at the beginning of its line, then run the same command again"
    return JsobjError("aws-file-unsafe-edit", sentence, hint=hint, code=ExitCode.LOCAL)
