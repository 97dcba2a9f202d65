"""A configuration as text: with its secrets, or with ``***`` in their place."""

from __future__ import annotations

import json
import re
import shlex
from collections.abc import Callable, Mapping

from jsobj.errors import ExitCode, JsobjError
from jsobj.export.configuration import Branch, CloudEntry, Configuration, Part, Section, Variables, Whole, Word
from jsobj.identity.clouds_yaml.edit import set_cloud

_PLAIN = re.compile(r"[A-Za-z0-9_./:@%+=,~-]*")  # what no reader of .env files takes for something else
# In single quotes python-dotenv reads escapes and expands ``${NAME}``; Docker Compose and shells do not.
_DISPUTED = re.compile(r"['\\]|\$\{")
_POWERSHELL_QUOTE = re.compile("['\u2018\u2019\u201a\u201b]")  # all of these end a string there; a doubled one does not


def revealed(word: Word) -> str:
    """The text itself."""
    return word if isinstance(word, str) else word.reveal()


def text_of(configuration: Configuration, *, secrets: bool) -> str:
    """Everything, file after file; each begins with a comment where there are several."""
    files: dict[str, list[str]] = {}
    for part in configuration.parts:
        files.setdefault(part.path, []).append(part_text(part, secrets=secrets))
    if len(files) == 1:
        return "\n".join(next(iter(files.values())))
    return "\n".join(f"# {path}\n" + "\n".join(texts) for path, texts in files.items())


def part_text(part: Part, *, secrets: bool) -> str:
    """One part, as it stands in a file that holds nothing else."""

    def shown(word: Word) -> str:
        return revealed(word) if secrets else str(word)

    match part:
        case Section():
            return "\n".join([f"[{part.header}]", *_lines(part.pairs, shown)]) + "\n"
        case Branch():
            document = grafted(dict(part.around), part, {name: shown(word) for name, word in part.pairs.items()})
            return json.dumps(document, indent="\t") + "\n"
        case Variables():
            lines = [variable_line(name, shown(word), part.style) for name, word in part.pairs.items()]
            return "".join(f"{line}\n" for line in [*unset_lines(part), *lines])
        case Whole():
            return "".join(map(shown, part.pieces))
        case CloudEntry():
            return set_cloud(None, part.name, cloud_entry(part, shown), source=part.path).decode()


def _lines(values: Mapping[str, Word | Mapping[str, str]], shown: Callable[[Word], str]) -> list[str]:
    lines = []
    for name, value in values.items():
        if isinstance(value, Mapping):
            lines += [f"{name} =", *(f"    {key} = {text}" for key, text in value.items())]
        else:
            lines.append(f"{name} = {shown(value)}")
    return lines


def grafted(document: dict[str, object], branch: Branch, value: Mapping[str, str]) -> dict[str, object]:
    """``document`` with the branch's value at its route; what is there already under other names stays."""
    document = {**branch.around, **document}
    place = document
    for step in branch.route[:-1]:
        held = place.get(step)
        inner: dict[str, object] = dict(held) if isinstance(held, dict) else {}
        place[step] = inner
        place = inner
    place[branch.route[-1]] = dict(value)
    return document


def cloud_entry(part: CloudEntry, shown: Callable[[Word], str]) -> dict[str, object]:
    """The entry as :func:`jsobj.identity.clouds_yaml.edit.set_cloud` takes it."""
    return {"auth": {name: shown(word) for name, word in part.pairs.items()}, **part.settings}


def unset_lines(part: Variables) -> list[str]:
    """The line that takes away what another login left; none where the style has no word for it."""
    if part.unset and part.style == "sh":
        return [f"unset {' '.join(part.unset)}"]
    if part.unset and part.style == "powershell":
        names = ", ".join(f"Env:{name}" for name in part.unset)
        return [f"Remove-Item {names} -ErrorAction Ignore"]
    return []


def variable_line(name: str, value: str, style: str) -> str:
    """One line that sets a variable. Raises :class:`JsobjError` where readers of .env files would not agree on it."""
    if style == "powershell":
        quoted = _POWERSHELL_QUOTE.sub(r"\g<0>\g<0>", value)
        return f"$Env:{name} = '{quoted}'"
    if style == "dotenv":
        if _DISPUTED.search(value):
            raise JsobjError(
                "dotenv-ambiguous",
                f"the value of {name} cannot be written so that all readers of .env files read the same",
                code=ExitCode.REFUSED,
                context="an apostrophe, a backslash or ${ is in it",
                hint="use variables of a shell instead: jsobj export shell",
            )
        return f"{name}={value}" if _PLAIN.fullmatch(value) else f"{name}='{value}'"
    return f"export {name}={shlex.quote(value)}"
