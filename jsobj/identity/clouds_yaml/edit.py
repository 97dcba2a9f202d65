"""Edit one cloud of ``clouds.yaml`` or ``secure.yaml``, as bytes.

A YAML library that loads and dumps a file loses its comments, order and quoting. Here the parser only says on which
lines one entry under ``clouds:`` stands (:mod:`jsobj.identity.clouds_yaml.lines`), and only these lines are replaced;
every other byte stays. The result is read again and must mean the same except for that cloud. No error shows a value,
which may be a secret.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

import yaml

from jsobj.errors import ExitCode, JsobjError
from jsobj.identity.clouds_yaml.lines import CloudsFile, EntryLines, malformed, read, tree

_STEP = 2  # columns, where the file does not show its own indentation
_UNFOLDED = 1 << 30  # columns: a folded text is hard to read and easy to break
# Text that readers of every YAML version take for text. To some of them "1e5", "0o7" or "y" are a number or a truth.
_PLAIN = re.compile(r"[A-Za-z/][A-Za-z0-9_./:@+-]+")


def set_cloud(data: bytes | None, name: str, entry: Mapping[str, object], *, source: str) -> bytes:
    """The file with this cloud's entry replaced by, or added as, ``entry``.

    ``data`` is None when there is no file; ``source`` is its name for messages. ``entry`` holds texts, numbers, truth
    values, None, and mappings and sequences of these; ``yaml.safe_load`` reads them back the same (a sequence as a
    list).

    Raises :class:`JsobjError`: LOCAL ``clouds-file-malformed`` with the line for a file that is not plain YAML in UTF-8
    with a mapping ``clouds:``, LOCAL ``clouds-file-unsafe-edit`` for one that cannot be edited by line without touching
    other things, USAGE ``cloud-entry-bad`` for a name or text that YAML cannot hold.
    """
    if not 1 <= len(name) <= 100 or not name.isprintable() or name != name.strip():
        sentence = "the name of a cloud has 1 to 100 printable characters, and no blank at its ends"
        raise JsobjError("cloud-entry-bad", sentence, hint="choose a plain name: --as js2", code=ExitCode.USAGE)
    wanted = _plain(entry)
    file = read(data or b"", source)
    old = file.entries.get(name)
    if old is None:
        result = _added(file, _block(file, name, wanted))
    elif repr(file.data["clouds"][name]) == repr(wanted):  # repr: True is not 1 here, and order counts
        return data or b""
    else:
        result = _replaced(file, old, name, source, _block(file, name, wanted))
    new = _proven(file, result, name, source)
    if name not in new.entries or repr(new.data["clouds"][name]) != repr(wanted):
        raise _unsafe(source, name)
    return result


def remove_cloud(data: bytes, name: str, *, source: str) -> bytes:
    """The file without this cloud; the same bytes when it is not there. Raises as :func:`set_cloud`."""
    file = read(data, source)
    old = file.entries.get(name)
    if old is None:
        return data
    result = _replaced(file, old, name, source, [])
    if name in _proven(file, result, name, source).entries:
        raise _unsafe(source, name)
    return result


def cloud_names(data: bytes | None, *, source: str) -> tuple[str, ...]:
    """The clouds of the file, in file order; () for no file or an empty one. Raises as :func:`set_cloud`."""
    return tuple(read(data or b"", source).entries)


def _added(file: CloudsFile, block: list[str]) -> bytes:
    """The bytes with one more cloud: after the last one, else under ``clouds:``, else at the end of the file."""
    lines = list(file.lines)
    if file.entries:
        at = max(entry.end for entry in file.entries.values())
    elif file.clouds is None:
        at, block = len(lines), [f"clouds:{_ending(file)}", *block]
    else:
        key, value = file.clouds
        at = key.end_mark.line + 1
        text = lines[at - 1]
        if value.start_mark.line == value.end_mark.line == at - 1:
            # "clouds: {}" or "clouds: null": the value goes, a comment after it stays.
            lines[at - 1] = text[: key.end_mark.column] + ":" + text[value.end_mark.column :]
    if at and not lines[at - 1].endswith("\n"):
        lines[at - 1] += _ending(file)
    return _joined(file, [*lines[:at], *block, *lines[at:]])


def _replaced(file: CloudsFile, old: EntryLines, name: str, source: str, block: list[str]) -> bytes:
    """The bytes with an entry's lines replaced; an empty block removes it."""
    if old.shared:
        what = f"the cloud '{name}' uses YAML anchors, aliases or merge keys (&, *, <<), which jsobj does not edit"
        raise malformed(source, old.first, what, "write its values out")
    lines, end = list(file.lines), old.end
    while not lines[end - 1].strip():  # blank lines after a block of text count as its own, but are not what we change
        end -= 1
    if block and not lines[end - 1].endswith("\n"):
        block[-1] = block[-1].rstrip("\r\n")
    if not block and len(file.entries) == 1 and file.clouds is not None:
        # A bare "clouds:" would be null, which openstacksdk takes for a broken file.
        mark = file.clouds[0].end_mark
        head, colon, rest = lines[mark.line][mark.column :].partition(":")
        lines[mark.line] = lines[mark.line][: mark.column] + head + colon + " {}" + rest
    return _joined(file, [*lines[: old.first], *block, *lines[end:]])


def _block(file: CloudsFile, name: str, entry: object) -> list[str]:
    """The lines of an entry, indented as the file's other entries are."""
    column, step = _indentation(file, name)
    text: str = yaml.dump(
        {name: entry},
        Dumper=_Dumper,
        default_flow_style=False,
        allow_unicode=True,
        sort_keys=False,
        indent=step,
        width=_UNFOLDED,
    )
    return [" " * column + line + _ending(file) for line in text.rstrip("\n").split("\n")]


def _indentation(file: CloudsFile, name: str) -> tuple[int, int]:
    """The column of cloud names and the step to what stands under them: from this cloud, else from the others."""
    steps = {
        other: entry.value.value[0][0].start_mark.column - entry.column
        for other, entry in file.entries.items()
        if isinstance(entry.value, yaml.MappingNode) and entry.value.value and not entry.value.flow_style
    }
    step = next((steps[other] for other in (name, *steps) if steps.get(other, 0) >= _STEP), _STEP)
    if file.entries:
        return next(iter(file.entries.values())).column, step
    return (file.clouds[0].start_mark.column if file.clouds else 0) + step, step


def _proven(file: CloudsFile, result: bytes, name: str, source: str) -> CloudsFile:
    """The result, read again: everything but this cloud must mean what it meant."""
    try:
        new = read(result, source)
    except JsobjError as error:
        raise _unsafe(source, name) from error
    if _others(new, name) != _others(file, name):
        raise _unsafe(source, name)
    return new


def _others(file: CloudsFile, name: str) -> object:
    return file.rest, [(other, tree(entry.value)) for other, entry in file.entries.items() if other != name]


def _ending(file: CloudsFile) -> str:
    return "\r\n" if file.lines and file.lines[0].endswith("\r\n") else "\n"


def _joined(file: CloudsFile, lines: list[str]) -> bytes:
    return (file.mark + "".join(lines)).encode()


def _plain(value: object) -> object:
    """The value as ``yaml.safe_load`` will give it back."""
    if isinstance(value, str):
        if not value.isascii() and any("\ud800" <= character <= "\udfff" for character in value):
            sentence = "a value of the cloud's entry is not text that can be written as UTF-8"
            raise JsobjError("cloud-entry-bad", sentence, hint="look where the value comes from", code=ExitCode.USAGE)
        return str(value)
    if isinstance(value, Mapping):
        return {_plain(key): _plain(item) for key, item in value.items()}
    if isinstance(value, Sequence) and not isinstance(value, (bytes, bytearray)):
        return [_plain(item) for item in value]
    if value is None or isinstance(value, (bool, int, float)):
        return value
    raise TypeError(f"a cloud's entry cannot hold a {type(value).__name__}")  # a mistake of the program, not the user


class _Dumper(yaml.SafeDumper):
    """Plain data, no aliases, and quotes around every text that some reader could take for something else."""

    def ignore_aliases(self, data: object) -> bool:
        return True


def _represent_text(dumper: _Dumper, text: str) -> yaml.Node:
    """Quote by need: none, single, or double for what must be escaped (a line break would fold)."""
    style = None if _PLAIN.fullmatch(text) else "'" if text.isprintable() else '"'
    return dumper.represent_scalar("tag:yaml.org,2002:str", text, style=style)


_Dumper.add_representer(str, _represent_text)


def _unsafe(source: str, name: str) -> JsobjError:
    sentence = f"{source}: the cloud '{name}' cannot be changed by line without changing what something else means"
    hint = "write each cloud on lines of its own under 'clouds:', then run the same command again"
    return JsobjError("clouds-file-unsafe-edit", sentence, hint=hint, code=ExitCode.LOCAL)
