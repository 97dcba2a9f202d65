"""Rules of CORS as values: which web pages may read a bucket in a browser. From and to S3's XML, Swift's headers, JSON.

Grammar: Amazon's "CORS configuration"; OpenStack's "Assigning CORS Headers to Requests" of Swift.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from jsobj.errors import BadUsage, ExitCode, JsobjError
from jsobj.net.xml import Element, XmlError, element

# What readers of Zarr, COG and kerchunk ask for in a browser, beside what any script sees.
EXPOSED = ("Accept-Ranges", "Content-Encoding", "Content-Length", "Content-Range", "ETag", "Last-Modified")
METHODS = ("GET", "HEAD", "PUT", "POST", "DELETE")
HOUR = 3600  # seconds
EVERYBODY = "*"
_ORIGIN = re.compile(r"https?://[a-z0-9*._-]+(:[0-9*]{1,5})?")
SWIFT_START = "x-container-meta-access-control-"
_ORIGINS = "x-container-meta-access-control-allow-origin"
_HEADERS = "x-container-meta-access-control-allow-headers"
_EXPOSED = "x-container-meta-access-control-expose-headers"
_AGE = "x-container-meta-access-control-max-age"
_LONGEST = 256  # characters of one header; Swift's limit unless its operator changed it (max_meta_value_length)
_TAGS = {"origins": "AllowedOrigin", "methods": "AllowedMethod", "headers": "AllowedHeader", "expose": "ExposeHeader"}


@dataclass(frozen=True, slots=True)
class CorsRule:
    """Pages of ``origins`` may send ``methods`` with ``headers`` and read the headers ``expose`` of the answers.

    ``max_age``: seconds for which a browser need not ask again; None where the rule does not say.
    """

    origins: tuple[str, ...]
    methods: tuple[str, ...] = ("GET", "HEAD")
    headers: tuple[str, ...] = ("*",)
    expose: tuple[str, ...] = EXPOSED
    max_age: int | None = HOUR
    id: str = ""

    @property
    def words(self) -> str:
        """For people."""
        who = "pages of all origins" if EVERYBODY in self.origins else f"pages of {', '.join(self.origins)}"
        seen = f", and see {', '.join(self.expose)}" if self.expose else ""
        return f"{who} may {', '.join(self.methods)}{seen}"

    def allows(self, origin: str) -> bool:
        """Whether the rule is about pages of ``origin``; ``*`` in a rule's origin is any text."""
        patterns = (re.escape(each).replace(r"\*", ".*") for each in self.origins)
        return any(re.fullmatch(pattern, origin) for pattern in patterns)


def checked_origin(text: str) -> str:
    """``https://viewer.example`` or ``*``, in small letters as browsers send it. Raises usage for anything else."""
    origin = text.strip().lower()
    if origin == EVERYBODY or (_ORIGIN.fullmatch(origin) and origin.count("*") <= 1):
        return origin
    scheme, mark, rest = origin.partition("://")
    cut = f"{scheme}://{re.split('[/?#]', rest)[0]}" if mark else f"https://{re.split('[/?#]', origin)[0]}"
    near = f": --origin {cut}" if _ORIGIN.fullmatch(cut) and cut.count("*") <= 1 else ""
    raise BadUsage(
        f"'{text[:80]}' is no origin of web pages",
        hint=f"write scheme, host and port, without a path{near}" if near else "such as https://viewer.example, or '*'",
    )


def from_s3(text: str) -> tuple[CorsRule, ...]:
    """The rules in S3's document; () for "". Raises :class:`JsobjError` (refused) for what cannot be read."""
    if not text:
        return ()
    try:
        rules = element(text.encode(), "CORSConfiguration").all("CORSRule")
    except XmlError as error:
        raise _unreadable(str(error)) from error
    return tuple(map(_rule, rules))


def to_s3(rules: Sequence[CorsRule]) -> str:
    """S3's document of the rules; "" for none."""
    made = Element("CORSConfiguration", children=tuple(map(_element, rules)))
    return made.write() if rules else ""


def _rule(found: Element) -> CorsRule:
    lists = {name: tuple(each.text for each in found.all(tag)) for name, tag in _TAGS.items()}
    age = found.text_at("MaxAgeSeconds")
    return CorsRule(**lists, max_age=int(age) if age.isdigit() else None, id=found.text_at("ID"))


def _element(rule: CorsRule) -> Element:
    parts = [Element("ID", rule.id)] if rule.id else []
    for name, tag in _TAGS.items():
        parts += [Element(tag, text) for text in getattr(rule, name)]
    parts += [Element("MaxAgeSeconds", str(rule.max_age))] if rule.max_age is not None else []
    return Element("CORSRule", children=tuple(parts))


def from_swift(headers: Mapping[str, str]) -> tuple[CorsRule, ...]:
    """The rule in a container's headers, names in small letters; () where no origin is named."""
    origins, allowed, exposed = (
        tuple(headers.get(name, "").replace(",", " ").split()) for name in (_ORIGINS, _HEADERS, _EXPOSED)
    )
    if not origins:
        return ()
    age = headers.get(_AGE, "")
    return (CorsRule(origins, METHODS, allowed, exposed, int(age) if age.isdigit() else None),)


def to_swift(rules: Sequence[CorsRule]) -> dict[str, str]:
    """The headers of a container for one rule, or for none; Swift cannot keep more, and answers every method.

    Raises :class:`JsobjError` (refused) for what the headers cannot say.
    """
    if len(rules) > 1:
        raise _beyond_swift("a container of Swift has one rule, and these are more")
    names = (_ORIGINS, _HEADERS, _EXPOSED, _AGE)
    values = dict.fromkeys(names, "")
    for rule in rules:
        if any("*" in each and each != EVERYBODY for each in rule.origins):
            raise _beyond_swift("Swift compares origins as a whole, and knows no '*' within one")
        age = "" if rule.max_age is None else str(rule.max_age)
        values = dict(zip(names, (*map(" ".join, (rule.origins, rule.headers, rule.expose)), age), strict=True))
    if max(map(len, values.values())) > _LONGEST:
        raise _beyond_swift(f"these origins or headers are longer than {_LONGEST} characters together")
    return values


def as_data(rule: CorsRule) -> dict[str, object]:
    """The rule as JSON documents have it."""
    return {name: list(value) if isinstance(value, tuple) else value for name, value in asdict(rule).items()}


def from_json(text: str) -> tuple[CorsRule, ...]:
    """The rules of ``jsobj bucket cors show --json``, or of Amazon's ``{"CORSRules": [...]}``.

    Raises :class:`JsobjError` (usage).
    """
    try:
        document = json.loads(text)
        listed = document["rules"] if "rules" in document else document["CORSRules"]
        return tuple(map(_rule_of_json, listed))
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise BadUsage(
            "these are no rules of CORS",
            context=f"{type(error).__name__}: {error}"[:200],
            hint='what jsobj bucket cors show --json prints, or {"CORSRules": [...]} as aws s3api takes it',
        ) from error


def _rule_of_json(found: Mapping[str, Any]) -> CorsRule:
    if "AllowedOrigins" in found:
        found = {
            **{name: found.get(f"{tag}s", ()) for name, tag in _TAGS.items()},
            "max_age": found.get("MaxAgeSeconds"),
            "id": found.get("ID", ""),
        }
    lists = {name: tuple(map(str, found.get(name, ()))) for name in _TAGS}
    if not lists["origins"] or not lists["methods"]:
        raise ValueError("a rule without origins or methods")
    age = found.get("max_age")
    return CorsRule(**lists, max_age=None if age is None else int(age), id=str(found.get("id") or ""))


def _unreadable(reason: str) -> JsobjError:
    return JsobjError(
        "rules-unreadable",
        "the bucket has rules that cannot be read, so they are not changed",
        code=ExitCode.REFUSED,
        context=reason[:200],
    )


def _beyond_swift(reason: str) -> JsobjError:
    return JsobjError("cors-swift", reason, code=ExitCode.REFUSED, hint="name fewer origins, each as a whole, or '*'")
