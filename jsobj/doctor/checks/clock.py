"""Does this computer's clock agree with the servers'? Signatures are refused beyond 15 minutes (older Swift: 5)."""

from __future__ import annotations

from jsobj.doctor.case import Case
from jsobj.doctor.check import Finding, failed, passed, skipped, warned

LIMIT = 15 * 60.0  # seconds; RGW and Swift's allowable_clock_skew
NEAR = 4 * 60.0  # seconds; older Swift refuses at 5 minutes
_SET = "set the clock: sudo timedatectl set-ntp true"


def skew(case: Case) -> Finding:
    """Judge by the ``Date`` headers of the servers."""
    dates = dict(case.dates)
    if not dates:
        return skipped("no server has sent its time")
    evidence = {f"{service} minus this computer": f"{offset:+.0f} seconds" for service, offset in dates.items()}
    worst = max(dates, key=lambda service: abs(dates[service]))
    offset = dates[worst]
    if abs(offset) < NEAR:
        return passed("this computer's clock agrees with the servers'", evidence)
    fast = "behind" if offset > 0 else "ahead"
    sentence = f"this computer's clock is {abs(offset):.0f} seconds {fast} of {worst}'s"
    others = [value for service, value in dates.items() if service != worst]
    if others and all(abs(value) < NEAR for value in others):
        sentence = f"{worst}'s clock differs by {abs(offset):.0f} seconds from this computer's and from the others'"
        hint = f"the server's own clock is probably wrong: tell the cloud's help desk; else {_SET}"
        return (failed if abs(offset) >= LIMIT else warned)(sentence, evidence, hint=hint)
    return (failed if abs(offset) >= LIMIT else warned)(sentence, evidence, hint=_SET)
