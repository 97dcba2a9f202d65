"""Tickets: what was written is read, however it was pasted; what was cut or changed is recognised."""

from __future__ import annotations

import textwrap

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from jsobj.errors import ExitCode, JsobjError
from jsobj.share.grants.ticket import Ticket, read_ticket, written

PROFILE = settings(max_examples=100, derandomize=True, deadline=None, database=None)
TEXT = st.text(st.characters(codec="utf-8"), max_size=20)
ONE = Ticket(
    id="k7m2xp",
    server="https://host:8001",
    project="0123456789abcdef0123456789abcdef",
    bucket="results",
    key="run 42/ä/",
    access="read",
    ends="2027-01-31T12:00:00Z",
    mechanism="policy",
    giver="alice of project demo",
    for_project="f" * 32,
    tenants="yes",
)


@PROFILE
@given(st.builds(Ticket, *[TEXT] * 13))
def test_round_trip(ticket: Ticket) -> None:
    assert read_ticket(written(ticket)) == ticket


def test_blanks_and_quotes_of_a_mail_do_no_harm() -> None:
    word = written(ONE)
    assert read_ticket("  > ".replace(">", "") + "\n".join(textwrap.wrap(word, 60)) + " \r\n") == ONE
    assert read_ticket(f"'{word}'") == ONE
    assert read_ticket(f"<{word}>") == ONE


def test_every_cut_and_every_changed_letter_is_recognised() -> None:
    word = written(ONE)
    for end in range(len("jsobj1."), len(word)):
        with pytest.raises(JsobjError) as caught:
            read_ticket(word[:end])
        assert (caught.value.reference, caught.value.code) == ("ticket-cut", ExitCode.USAGE)
    for at in range(len("jsobj1."), len(word)):
        other = "A" if word[at] != "A" else "B"
        with pytest.raises(JsobjError, match="ticket"):
            read_ticket(word[:at] + other + word[at + 1 :])


@pytest.mark.parametrize("text", ["", "hello", "jsobj.", "jsobjX.a.b", "jsobj1" * 5000])
def test_what_is_no_ticket(text: str) -> None:
    with pytest.raises(JsobjError) as caught:
        read_ticket(text)
    assert caught.value.reference == "ticket-unknown"


def test_a_newer_version_is_said() -> None:
    with pytest.raises(JsobjError) as caught:
        read_ticket("jsobj2.abc.def")
    assert caught.value.reference == "ticket-version"
