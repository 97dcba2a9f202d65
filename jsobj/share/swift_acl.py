"""Access control lists of Swift containers (``X-Container-Read``) as texts with commas, changed element by element.

Grammar: OpenStack's "Access Control Lists (ACLs)" of Swift. ``.r:*`` lets everybody read objects, ``.rlistings`` also
list them; ``.r:HOST`` asks for a Referer, which anybody can claim. What else is in a list stays in its order.
"""

from __future__ import annotations

from collections.abc import Iterable

EVERYBODY = ".r:*"
LISTINGS = ".rlistings"
_REFERRERS = (".r:", ".ref:", ".referer:", ".referrer:")


def elements(acl: str) -> tuple[str, ...]:
    """The elements of a list, without blanks around them."""
    return tuple(each for part in acl.split(",") if (each := part.strip()))


def joined(found: Iterable[str]) -> str:
    """The list of some elements."""
    return ",".join(found)


def made_public(acl: str, *, listed: bool | None) -> str:
    """With what lets everybody read, and with ``listed`` list; None leaves the list as it is.

    Of referrers the last that fits decides, so everybody comes before those that are named.
    """
    found = [each for each in elements(acl) if listed is None or each != LISTINGS]
    if EVERYBODY not in found:
        place = next((n for n, each in enumerate(found) if each.startswith(_REFERRERS)), len(found))
        found.insert(place, EVERYBODY)
    return joined([*found, *([LISTINGS] if listed else [])])


def made_private(acl: str) -> str:
    """Without anything for those who have no login."""
    return joined(each for each in elements(acl) if not _for_everybody(each))


def for_everybody(acl: str) -> tuple[str, ...]:
    """The elements for those who have no login."""
    return tuple(each for each in elements(acl) if _for_everybody(each))


def _for_everybody(element: str) -> bool:
    return element == LISTINGS or element.startswith(_REFERRERS)
