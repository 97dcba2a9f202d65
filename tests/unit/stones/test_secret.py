"""A secret does not show itself, in whatever way it is looked at."""

from __future__ import annotations

import copy
import dataclasses
import json
import logging
import pickle

import pytest

from jsobj.secret import MASK, Secret

CANARY = "canary-hunter2"


def test_all_the_ways_to_text() -> None:
    secret = Secret(CANARY)
    ways = [str(secret), repr(secret), f"{secret}", f"{secret!r}", f"{secret:>30}" if False else format(secret)]
    ways += ["%s" % secret, "%r" % (secret,), str([secret]), str({"a": secret}), "{}".format(secret)]  # noqa: UP031, UP032
    ways.append(logging.LogRecord("n", 10, "p", 1, "%s %r", (secret, secret), None).getMessage())
    assert all(CANARY not in text for text in ways)
    assert all(MASK in text for text in ways)
    assert secret.reveal() == CANARY


def test_json_and_pickle_refuse_it() -> None:
    with pytest.raises(TypeError):
        json.dumps({"a": Secret(CANARY)})
    with pytest.raises(TypeError, match="does not travel"):
        pickle.dumps(Secret(CANARY))
    with pytest.raises(TypeError):
        copy.deepcopy(Secret(CANARY))


def test_inside_a_dataclass() -> None:
    @dataclasses.dataclass(frozen=True)
    class Holder:
        secret: Secret

    assert CANARY not in repr(Holder(Secret(CANARY)))


def test_value() -> None:
    assert Secret("a") == Secret("a")
    assert Secret("a") != Secret("b")
    assert Secret("a") != "a"
    assert len({Secret("a"), Secret("a"), Secret("b")}) == 2
    assert not Secret("")
    assert Secret(" ")
    assert not hasattr(Secret("a"), "__dict__")
