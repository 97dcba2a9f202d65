"""Reading the INI dialect of ``~/.aws/credentials`` and ``~/.aws/config``, from bytes.

Two readers look at every file. Python's ``configparser`` says what a file means, because botocore reads with it (its
``configloader``: ``RawConfigParser`` with default settings, then indented ``key = value`` lines as one nested level).
Our own line scan says where each thing stands, so that an edit can be made by line. Where the two differ, or where a
person could read the file differently from botocore, the file is refused by line number. No error shows a value, which
may be a secret.
"""

from __future__ import annotations

import configparser
import re
from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum

from jsobj.errors import ExitCode, JsobjError

Value = str | Mapping[str, str]

_LIMIT = 10 << 20  # bytes
_LONGEST_KEY = 200  # characters; also keeps configparser's regular expressions from quadratic work on a binary file
_HEADER = re.compile(r"\[(.+)\]")
DELIMITER = re.compile("[=:]")
# str.splitlines() breaks lines here and botocore uses it for nested blocks, while configparser does not.
_ODD_BREAKS = re.compile("\r(?!\n)|[\x00\x0b\x0c\x1c-\x1e\x85\u2028\u2029]")
_MARKS = {b"\xef\xbb\xbf": "UTF-8 with a byte order mark", b"\xff\xfe": "UTF-16", b"\xfe\xff": "UTF-16"}
# A second line in one of these values is always a slip: the next key, indented by accident.
_ONE_LINE = frozenset(
    {
        "aws_access_key_id",
        "aws_secret_access_key",
        "aws_security_token",
        "aws_session_token",
        "ca_bundle",
        "credential_process",
        "endpoint_url",
        "region",
        "request_checksum_calculation",
        "response_checksum_validation",
        "role_arn",
        "services",
        "source_profile",
    }
)


class Kind(Enum):
    """What a line is."""

    BLANK = "blank"
    COMMENT = "comment"
    HEADER = "header"
    KEY = "key"
    MORE = "more"  # continues the value above, or is a line of its nested block


@dataclass(frozen=True, slots=True)
class Line:
    """One line: ``name`` is the section of a header, the key (lower case) of a key line or of what it continues."""

    text: str
    ending: str
    kind: Kind
    name: str = ""

    @property
    def indent(self) -> str:
        """The blanks that the line begins with."""
        return self.text[: len(self.text) - len(self.text.lstrip())]

    @property
    def value(self) -> str:
        """What stands after the first delimiter, as configparser takes it."""
        return DELIMITER.split(self.text, maxsplit=1)[1].strip()


@dataclass(frozen=True, slots=True)
class Ini:
    """One file: its lines, its sections as botocore reads them, and what ``[DEFAULT]`` gives to every section."""

    lines: tuple[Line, ...]
    sections: Mapping[str, Mapping[str, Value]]
    defaults: Mapping[str, Value]

    def span(self, name: str) -> tuple[int, int] | None:
        """Where a section stands: its header, and one past its last key (comments after it belong to what follows)."""
        headers = [index for index, line in enumerate(self.lines) if line.kind is Kind.HEADER]
        start = next((index for index in headers if self.lines[index].name == name), None)
        if start is None:
            return None
        end = next((index for index in headers if index > start), len(self.lines))
        while self.lines[end - 1].kind in (Kind.BLANK, Kind.COMMENT):
            end -= 1
        return start, end


def read(data: bytes, source: str) -> Ini:
    """Read a file named ``source``; raises ``aws-file-malformed`` (LOCAL) with the line number.

    Refused is what botocore refuses or misreads: a byte order mark, UTF-16, other encodings than UTF-8, NUL or odd line
    breaks, more than 10 MiB, a line that is neither section, key nor comment, a key before any section, a section or
    key twice (keys without regard to case), a line indented by accident that would become part of the value above, a
    broken nested block.
    """
    text = _decode(data, source)
    scanner = _Scanner(source)
    for line in text.splitlines(keepends=True):  # odd line breaks have been refused
        content = line.rstrip("\r\n")
        scanner.add(content, line[len(content) :])
    parser = configparser.RawConfigParser()
    try:
        parser.read_string(text.replace("\r\n", "\n"))
    except configparser.Error as error:
        at = getattr(error, "lineno", None)
        where = f"{source}, line {at}" if at else source
        # Not "from error": configparser quotes the line, which may hold a secret.
        raise malformed(f"{where}: the AWS tools cannot read it ({type(error).__name__})", "correct it") from None
    keys: dict[str, set[str]] = {}
    for section, key in scanner.seen:
        keys.setdefault(section, set(parser.defaults())).update([key] if key else [])
    keys.pop(parser.default_section, None)
    if keys != {name: set(parser.options(name)) for name in parser.sections()}:
        raise malformed(f"{source}: jsobj and the AWS tools read it differently", "simplify its indentation")
    sections = {name: {key: _nested(value) for key, value in parser.items(name)} for name in parser.sections()}
    return Ini(tuple(scanner.lines), sections, {key: _nested(value) for key, value in parser.defaults().items()})


def _nested(value: str) -> Value:
    """A value that begins with a line break is a nested block (botocore's ``_parse_nested``)."""
    if not value.startswith("\n"):
        return value
    return dict(inner_pair(line) for line in value.splitlines() if line.strip())


def inner_pair(text: str) -> tuple[str, str]:
    """Key and value of a line of a nested block, as botocore splits it."""
    key, _, value = text.partition("=")
    return key.strip(), value.strip()


def _decode(data: bytes, source: str) -> str:
    for mark, what in _MARKS.items():
        if data.startswith(mark):
            raise malformed(f"{source}, line 1: the file is {what}, which the AWS tools refuse", "save it as UTF-8")
    if len(data) > _LIMIT:
        raise malformed(f"{source} is larger than {_LIMIT >> 20} MiB: that is no AWS settings file", "look at it")
    try:
        text = data.decode()
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise malformed(f"{source}, line {line}: the text is not UTF-8.", "save the file as UTF-8") from None
    odd = _ODD_BREAKS.search(text)
    if odd:
        line = text.count("\n", 0, odd.start()) + 1
        what = f"a NUL or an unusual line break (U+{ord(odd[0]):04X})"
        raise malformed(f"{source}, line {line}: there is {what}", "remove that character")
    return text


class _Scanner:
    """Classifies each line by configparser's rules, and refuses what is wrong or could be meant otherwise."""

    def __init__(self, source: str) -> None:
        self.lines: list[Line] = []
        self._source = source
        self._section: str | None = None
        self._key: Line | None = None
        self._indent = 0
        self.seen: dict[tuple[str, str], int] = {}  # line of each section (key "") and key

    def add(self, text: str, ending: str) -> None:
        """Classify one line."""
        content = text.strip()
        indent = len(text) - len(text.lstrip())
        if not content:
            line = Line(text, ending, Kind.BLANK)
        elif content[0] in "#;":
            line = Line(text, ending, Kind.COMMENT)
        elif self._key is not None and indent > self._indent:
            line = self._more(text, ending, self._key)
        else:
            self._indent = indent
            header = _HEADER.match(content)
            line = self._header(text, ending, header[1]) if header else self._option(text, ending, content)
            self._key = line if line.kind is Kind.KEY else None
        self.lines.append(line)

    def _more(self, text: str, ending: str, key: Line) -> Line:
        content = text.strip()
        first = DELIMITER.split(content, maxsplit=1)[0].strip().lower()
        if content.startswith("[") or key.name in _ONE_LINE or (key.value and first in _ONE_LINE):
            raise self._wrong(
                f"the line is indented and so becomes part of {_shown(key.name)} above", "remove the indentation"
            )
        if key.value and key.name == "s3":
            raise self._wrong("the block s3 begins with a value", "remove what stands after 's3 ='")
        if not key.value and "=" not in content:
            raise self._wrong(
                f"the block of {_shown(key.name)} holds a line without '='", "remove the line or add its value"
            )
        return Line(text, ending, Kind.MORE, key.name)

    def _header(self, text: str, ending: str, name: str) -> Line:
        if "]" in name:
            raise self._wrong("a section's name holds ']'", "write one [section] in the line and nothing after it")
        self._once(name, "", f"section [{name}]")
        self._section = name
        return Line(text, ending, Kind.HEADER, name)

    def _option(self, text: str, ending: str, content: str) -> Line:
        if self._section is None:
            raise self._wrong("something stands before the first [section]", "put it under a section or remove it")
        key, *rest = DELIMITER.split(content, maxsplit=1)
        key = key.rstrip().lower()
        if not rest or not key or key.startswith("[") or len(key) > _LONGEST_KEY:
            raise self._wrong("the line is no 'key = value', no [section] and no comment", "correct or remove the line")
        self._once(self._section, key, f"{_shown(key)} in [{self._section}]")
        return Line(text, ending, Kind.KEY, key)

    def _once(self, section: str, key: str, what: str) -> None:
        first = self.seen.setdefault((section, key), len(self.lines) + 1)
        if first != len(self.lines) + 1:
            raise self._wrong(f"{what} stands here a second time (first in line {first})", "keep one of the two")

    def _wrong(self, what: str, remedy: str) -> JsobjError:
        return malformed(f"{self._source}, line {len(self.lines) + 1}: {what}", remedy)


def _shown(key: str) -> str:
    """A key for a message: only those we know, for a secret that was pasted at the wrong place may pass for a key."""
    return key if key in _ONE_LINE or key == "s3" else "a key"


def malformed(sentence: str, remedy: str) -> JsobjError:
    """The error for a file that must be put right by hand first; ``remedy`` is the beginning of its hint."""
    hint = f"{remedy}, then run the same command again; the file was left as it is"
    return JsobjError("aws-file-malformed", sentence, hint=hint, code=ExitCode.LOCAL)
