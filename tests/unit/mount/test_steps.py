"""What is done next with a mount that is to go."""

from __future__ import annotations

import pytest

from jsobj.mount.holders import Holder
from jsobj.mount.mounters.protocol import Waiting
from jsobj.mount.steps import Seen, Step, next_step

FILE = (Waiting("a/b", 3),)
SHELL = (Holder(7, "bash", "working directory", "/m"),)
WRITER = (Holder(8, "model", "open file", "/m/a/b", writing=True),)
READER = (Holder(9, "less", "open file", "/m/a/b"),)

CASES = [
    # mounted, alive, waiting, holders, over, lazy -> step
    (True, True, (), (), False, False, Step.UNMOUNT),
    (True, True, FILE, (), False, False, Step.WAIT),
    (True, True, FILE, (), True, False, Step.UNSENT),
    (True, True, FILE, (), False, True, Step.WAIT),
    (True, True, FILE, (), True, True, Step.DETACH),
    (True, True, (), SHELL, False, False, Step.WAIT),
    (True, True, (), SHELL, True, False, Step.BUSY),
    (True, True, (), SHELL, False, True, Step.DETACH),
    (True, True, FILE, SHELL, True, False, Step.UNSENT),
    (True, True, FILE, WRITER, False, False, Step.WAIT),
    (True, True, FILE, WRITER, True, False, Step.BUSY),
    (True, True, FILE, READER, True, False, Step.UNSENT),
    (True, False, (), (), False, False, Step.UNMOUNT),
    (True, False, FILE, (), False, False, Step.UNSENT),
    (True, False, FILE, (), False, True, Step.UNMOUNT),
    (True, False, FILE, SHELL, False, True, Step.DETACH),
    (True, False, (), SHELL, True, False, Step.BUSY),
    (False, True, (), (), False, False, Step.WAIT),
    (False, True, (), (), True, False, Step.BUSY),
    (False, False, (), (), False, False, Step.GONE),
    (False, False, FILE, (), False, False, Step.UNSENT),
]


@pytest.mark.parametrize(("mounted", "alive", "waiting", "holders", "over", "lazy", "step"), CASES)
def test_the_next_step(  # type: ignore[no-untyped-def]
    mounted, alive, waiting, holders, over, lazy, step
) -> None:
    assert next_step(Seen(mounted, alive, waiting, holders), over=over, lazy=lazy) is step


def test_the_kernel_says_busy_and_nobody_is_seen() -> None:
    assert next_step(Seen(True, True, refused=True), over=False, lazy=False) is Step.WAIT
    assert next_step(Seen(True, True, refused=True), over=True, lazy=False) is Step.BUSY


def test_never_gone_while_something_waits() -> None:
    """Whatever else is seen."""
    for mounted in (True, False):
        for alive in (True, False):
            for holders in ((), SHELL, WRITER):
                for over in (True, False):
                    for lazy in (True, False):
                        assert next_step(Seen(mounted, alive, FILE, holders), over=over, lazy=lazy) is not Step.GONE
