"""``jsobj explain`` knows what jsobj itself says: every reference of an error, and the usual HTTP statuses."""

from __future__ import annotations

from references import references

from jsobj.doctor.causes import CAUSES

STATUSES = {400, 401, 403, 404, 405, 409, 411, 412, 413, 416, 429, 500, 502, 503, 504, 507}
KNOWN = {cause.code for cause in CAUSES}


def test_every_reference_in_the_source_is_explained() -> None:
    found = references()
    assert len(found) > 200
    assert sorted(found - KNOWN) == [], "write a line each into jsobj/doctor/references.ini"


def test_every_reference_that_is_explained_is_in_the_source() -> None:
    ours = {cause.code for cause in CAUSES if cause.cause and not cause.code.isdigit()}
    assert sorted(ours - references()) == []


def test_the_usual_statuses_are_explained() -> None:
    assert {str(status) for status in STATUSES} - KNOWN == set()
