"""RC files of a mebibyte of one filling after another: read or refused in linear time, with a short message."""

from __future__ import annotations

import pytest

from jsobj.errors import ExitCode, JsobjError
from jsobj.identity.rc.file import RcFile, parse

MIB = 1024 * 1024

FILLINGS = [
    *(
        "A=1;",
        "A=1\n",
        "\n",
        "# x\n",
        "echo a a a a\n",
        "unset A\n",
        "OS_X=",
        "'",
        '"',
        "$(",
        "$( ",
        "${",
        "$A",
        "\\\n",
    ),
    *(
        "\\a",
        "`",
        "` ",
        "a ",
        "OS_X=a~",
        "{",
        "'' ",
        "''",
        "$'",
        "$'\\x41",
        'if [ -z "$OS_A" ]; then\n',
        "A=$( a",
        "  ",
    ),
    *(
        "export OS_X=1\n",
        '$(a "',
        "A=$(a |",
        "OS_A=$OS_A$OS_A\n",
        "export OS_AUTH_TYPE=1\n",
        "\r\n",
        "read A\n",
        ">&2 ",
    ),
    *("$(a a", "$(a'b' ", "A=$(a)", "export OS_APPLICATION_CREDENTIAL_SECRET=&amp;\n", "\u00e9", "OS_A=${OS_A}x\n"),
]


@pytest.mark.timeout(60)
@pytest.mark.parametrize(
    "start", ["", "OS_A=x\n", "OS_X='", 'OS_X="', "A=$(a ", "OS_A=" + "x" * 60_000 + "\n"], ids=range(6)
)
def test_a_full_file_of_anything_ends_B017_S20(start: str) -> None:
    # Linear time is what is wanted: a quadratic step over 1 MiB would run into the time limit.
    for filling in FILLINGS:
        data = (start.encode() + filling.encode() * (MIB // len(filling.encode())))[:MIB]
        outcome: RcFile | JsobjError
        try:
            outcome = parse(data, "my-openrc.sh")
        except JsobjError as error:
            outcome = error
        if isinstance(outcome, JsobjError):
            assert outcome.code is ExitCode.LOCAL
            assert len(outcome.message) < 400
        else:
            assert outcome.values
