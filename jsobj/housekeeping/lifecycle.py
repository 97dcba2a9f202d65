"""Lifecycle rules of S3 as values: what the server deletes by itself, when. Rules of others are kept as they are.

Grammar: Amazon's "Lifecycle configuration elements", as far as Ceph RGW 16 keeps it: it forgets filters by size and
``NewerNoncurrentVersions``, and refuses two rules of one ID. A prefix with tags it gives out in a form that it does not
take: set as it was read, the rule would lose its prefix. A rule of ours is known by its ID, made of its prefix.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass

from jsobj.errors import ExitCode, JsobjError
from jsobj.net.xml import Element, XmlError, element

_ROOT = "LifecycleConfiguration"
_OURS = "jsobj-"
_WHERE = frozenset({"Filter", "Prefix"})


@dataclass(frozen=True, slots=True)
class Ends:
    """After how many days what ends below ``prefix`` ("": in all of the bucket). None: never.

    ``expire``: objects, since they were written; ``uploads``: unfinished ones, since they were begun; ``noncurrent``:
    old versions, since they were replaced.
    """

    prefix: str = ""
    expire: int | None = None
    uploads: int | None = None
    noncurrent: int | None = None

    @property
    def deletes(self) -> bool:
        """Whether data go, and not only what was never finished."""
        return self.expire is not None or self.noncurrent is not None


def rules_of(text: str) -> tuple[Element, ...]:
    """The rules of S3's document; () for "". Raises :class:`JsobjError` (refused) for what cannot be read."""
    if not text.strip():
        return ()
    try:
        return element(text.encode(), _ROOT).all("Rule")
    except XmlError as error:
        raise JsobjError(
            "rules-unreadable",
            "these are no lifecycle rules of S3's, so nothing is changed",
            code=ExitCode.REFUSED,
            context=str(error)[:200],
        ) from error


def document(rules: Sequence[Element]) -> str:
    """S3's document; "" for no rules. A filter that asks for more than one thing has ``And``, as servers want it."""
    return Element(_ROOT, children=tuple(map(as_taken, rules))).write() if rules else ""


def as_taken(rule: Element) -> Element:
    """The rule with its filter as servers take it."""
    asked, prefix = _asked(rule), prefix_of(rule)
    if not asked:
        return rule
    parts = (*((Element("Prefix", prefix),) if prefix else ()), *asked)
    made = Element("Filter", children=parts if len(parts) == 1 else (Element("And", children=parts),))
    place = next(number for number, each in enumerate(rule.children) if each.tag in _WHERE)
    before, after = rule.children[:place], rule.children[place:]
    return Element("Rule", children=(*before, made, *(each for each in after if each.tag not in _WHERE)))


def _asked(rule: Element) -> tuple[Element, ...]:
    """What a filter asks for beside the prefix: tags, sizes."""
    found = rule.first("Filter") or Element("Filter")
    both = (*found.children, *(inner for each in found.all("And") for inner in each.children))
    return tuple(each for each in both if each.tag not in {"Prefix", "And"})


def rule(ends: Ends) -> Element:
    """Our rule for one prefix."""
    parts = [
        Element("ID", rule_id(ends.prefix)),
        Element("Filter", children=(Element("Prefix", ends.prefix),)),
        Element("Status", "Enabled"),
    ]
    for action, unit, days in (
        ("Expiration", "Days", ends.expire),
        ("NoncurrentVersionExpiration", "NoncurrentDays", ends.noncurrent),
        ("AbortIncompleteMultipartUpload", "DaysAfterInitiation", ends.uploads),
    ):
        parts += [Element(action, children=(Element(unit, str(days)),))] if days is not None else []
    return Element("Rule", children=tuple(parts))


def rule_id(prefix: str) -> str:
    """The ID of our rule for a prefix: letters and digits, whatever stands in the prefix."""
    return f"{_OURS}{hashlib.sha256(prefix.encode()).hexdigest()[:16] if prefix else 'all'}"


def with_rule(rules: Sequence[Element], made: Element) -> tuple[Element, ...]:
    """With this one, in the place of an earlier one of the same ID."""
    ident = id_of(made)
    if ident not in map(id_of, rules):
        return (*rules, made)
    return tuple(made if id_of(each) == ident else each for each in rules)


def without(rules: Sequence[Element], prefix: str | None) -> tuple[Element, ...]:
    """Without our rule for ``prefix``; None: without all of ours."""
    gone = None if prefix is None else rule_id(prefix)
    return tuple(each for each in rules if not is_ours(each) or (gone is not None and id_of(each) != gone))


def id_of(rule: Element) -> str:
    """The ID of a rule."""
    return rule.text_at("ID")


def is_ours(rule: Element) -> bool:
    """Whether jsobj made a rule."""
    return id_of(rule).startswith(_OURS)


def prefix_of(rule: Element) -> str:
    """The prefix of a rule, wherever it stands; "" for all of the bucket."""
    return rule.text_at("Filter", "And", "Prefix") or rule.text_at("Filter", "Prefix") or rule.text_at("Prefix")


def deletes(rule: Element) -> bool:
    """Whether a rule deletes data, and not only what was never finished."""
    kinds = ("Expiration", "NoncurrentVersionExpiration")
    return enabled(rule) and any(rule.first(kind) is not None for kind in kinds)


def enabled(rule: Element) -> bool:
    """Whether a rule is in force."""
    return rule.text_at("Status") == "Enabled"


def same(one: Sequence[Element], other: Sequence[Element]) -> bool:
    """Whether two sets of rules mean the same: in any order, and wherever a prefix stands."""
    return sorted(map(_meaning, one)) == sorted(map(_meaning, other))


def _meaning(rule: Element) -> str:
    """A rule with its parts in one order, its filter flat: RGW puts a prefix and tags elsewhere than they were."""
    inner = [each.write() for each in _asked(rule)]
    others = [each.write() for each in rule.children if each.tag not in _WHERE]
    return "".join([Element("Prefix", prefix_of(rule)).write(), *sorted(inner), *sorted(others)])


def words(rule: Element) -> tuple[str, ...]:
    """What a rule does, one sentence each."""
    where = f"below {prefix_of(rule)}" if prefix_of(rule) else "in the bucket"
    asked = _asked(rule)
    tags = [f"{each.text_at('Key')}={each.text_at('Value')}" for each in asked if each.tag == "Tag"]
    tagged = f" with tag {', '.join(tags)}" if tags else ""
    odd = [f" ({each.tag} {each.text})" for each in asked if each.tag != "Tag"]
    off = "" if enabled(rule) else " (not in force)"
    made = [
        f"{_sentence(each, f'{where}{tagged}')}{''.join(odd)}{off}" for each in rule.children if _sentence(each, "")
    ]
    return tuple(made) or (f"does nothing that jsobj knows {where}",)


def _sentence(action: Element, where: str) -> str:
    days = _days(action)
    if action.tag == "Expiration":
        if action.text_at("ExpiredObjectDeleteMarker").lower() == "true":
            return f"delete markers without versions {where} go"
        date = action.text_at("Date")
        return f"objects {where} are deleted {f'on {date}' if date else f'{days} after they were written'}"
    if action.tag == "NoncurrentVersionExpiration":
        return f"old versions {where} are deleted {days} after they were replaced"
    if action.tag == "AbortIncompleteMultipartUpload":
        return f"unfinished uploads {where} are given up {days} after they were begun"
    if action.tag in {"Transition", "NoncurrentVersionTransition"}:
        what = "objects" if action.tag == "Transition" else "old versions"
        return f"{what} {where} move to storage class {action.text_at('StorageClass')} after {days}"
    return ""


def _days(action: Element) -> str:
    number = next((each.text for each in action.children if each.tag.startswith(("Days", "Noncurrent"))), "?")
    return "1 day" if number == "1" else f"{number} days"
