"""The runner, the mask, and small decisions: no network, no sleeping."""

from __future__ import annotations

import threading
from collections.abc import Mapping
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jsobj.doctor.case import Case, Scope
from jsobj.doctor.check import Check, Finding, Status, failed, passed, skipped, warned
from jsobj.doctor.checks import aws_files
from jsobj.doctor.document import document, exit_code
from jsobj.doctor.redact import Mask
from jsobj.doctor.runner import chosen, run_checks, without_writing
from jsobj.errors import ExitCode, JsobjError
from jsobj.identity.settings import Settings
from jsobj.net.connection.proxy import ProxyUnusable, malformed, proxy_for
from jsobj.urls import Origin


@pytest.fixture
def case(tmp_path: Path) -> Case:
    return Case(Settings.read({"HOME": str(tmp_path)}))


def check(name: str, finding: Finding = passed("fine"), **more) -> Check:  # noqa: B008 - a frozen value
    return Check(name, "layer", name, lambda case: finding, **more)


def run(case: Case, *checks: Check) -> dict[str, tuple[str, str]]:
    return {o.check.id: (o.status.value, o.finding.found) for o in run_checks(checks, case)}


def test_a_failure_is_told_once_and_the_chain_behind_it_is_skipped(case: Case) -> None:
    told = run(
        case,
        check("a", failed("broken", hint="mend")),
        check("b", needs=("a",)),
        check("c", needs=("b",)),
        check("d", after=("c",)),
    )
    assert told["b"] == told["c"] == ("SKIP", "not looked at, since 'a' failed")
    assert told["d"] == ("PASS", "fine")


def test_a_reason_to_skip_is_handed_on(case: Case) -> None:
    told = run(case, check("a", skipped("no keys")), check("b", needs=("a",)), check("c", unless=("a",)))
    assert told == {"a": ("SKIP", "no keys"), "b": ("SKIP", "no keys"), "c": ("PASS", "fine")}


def test_a_warning_stops_nothing(case: Case) -> None:
    assert run(case, check("a", warned("hm", hint="x")), check("b", needs=("a",)))["b"] == ("PASS", "fine")


def test_a_crash_is_a_finding_without_the_words_of_the_exception(case: Case) -> None:
    def crash(case: Case) -> Finding:
        raise RuntimeError("the password is hunter2")

    outcome = run_checks([Check("a", "l", "t", crash)], case)[0]
    assert outcome.status is Status.FAIL
    assert outcome.finding.found == "bug in this check"
    assert "RuntimeError at test_doctor_parts.py" in outcome.finding.evidence["seen"]
    assert "hunter2" not in str(outcome.finding)


def test_an_error_of_jsobj_becomes_the_finding(case: Case) -> None:
    def refuse(case: Case) -> Finding:
        raise JsobjError("made-up", "it is broken", code=ExitCode.LOCAL, context="seen here", hint="mend it")

    finding = run_checks([Check("a", "l", "t", refuse)], case)[0].finding
    assert (finding.found, finding.hint) == ("it is broken", "mend it")
    assert finding.evidence == {"reference": "made-up", "seen": "seen here"}


@pytest.mark.parametrize(
    ("hint", "named"),
    [
        ("replace it: jsobj ec2-creds rotate", "replace it: jsobj ec2-creds rotate --cloud 'js 2' --profile sci"),
        ("jsobj whoami shows roles; ask", "jsobj whoami --cloud 'js 2' --profile sci shows roles; ask"),
        ("jsobj ec2-creds --profile NAME makes it", "jsobj ec2-creds --cloud 'js 2' --profile NAME makes it"),
        (
            "jsobj ls, then: jsobj rm X",
            "jsobj ls --cloud 'js 2' --profile sci, then: jsobj rm --cloud 'js 2' --profile sci X",
        ),
        (
            "# at a terminal\njsobj ec2-creds --cloud x --login-as al",
            "# at a terminal\njsobj ec2-creds --profile sci --cloud x --login-as al",
        ),
        ("jsobj login RCFILE; or jsobj help keyless", "jsobj login RCFILE; or jsobj help keyless"),
    ],
)
def test_a_command_in_a_hint_means_the_same_login(hint: str, named: str, case: Case) -> None:
    assert case.named(hint) == hint
    assert Case(case.settings, Scope(cloud="js 2", profile="sci")).named(hint) == named


def test_a_malformed_file_is_not_said_to_be_left_alone(case: Case) -> None:
    """That belongs to commands that were to change it."""
    path = case.settings.aws.credentials
    path.parent.mkdir()
    path.write_text("[demo]\n[demo]\n")
    finding = aws_files.readable(case)
    assert finding.status is Status.FAIL
    assert "run the same command again" in finding.hint
    assert "left as it is" not in finding.hint


def test_a_check_that_hangs_is_given_up(case: Case) -> None:
    release = threading.Event()

    def hang(case: Case) -> Finding:
        release.wait(60)
        return passed("too late")

    told = run(case, Check("a", "l", "t", hang, seconds=0.05), check("b", needs=("a",)), check("c"))
    release.set()
    assert told["a"] == ("FAIL", "no answer within 0 seconds")
    assert told["b"][0] == "SKIP"
    assert told["c"] == ("PASS", "fine")


def test_independent_checks_run_side_by_side(case: Case) -> None:
    """Each waits for the other: one after the other, both would be given up."""
    meeting = threading.Barrier(2, timeout=30)

    def meet(case: Case) -> Finding:
        meeting.wait()
        return passed("met")

    told = run(case, Check("a", "l", "t", meet), Check("b", "l", "t", meet))
    assert set(told.values()) == {("PASS", "met")}


def test_outcomes_are_told_in_the_order_of_the_registry(case: Case) -> None:
    first_may_end = threading.Event()

    def slow(case: Case) -> Finding:
        assert first_may_end.wait(30)
        return passed("slow")

    def quick(case: Case) -> Finding:
        first_may_end.set()
        return passed("quick")

    told: list[str] = []
    checks = [Check("slow", "l", "t", slow), Check("quick", "l", "t", quick)]
    run_checks(checks, case, tell=lambda outcome: told.append(outcome.check.id))
    assert told == ["slow", "quick"]


def test_what_was_made_is_undone_even_when_telling_fails(case: Case) -> None:
    undone: list[str] = []

    def make(case: Case) -> Finding:
        case.undo.callback(undone.append, "bucket")
        return passed("made")

    def stop(outcome: object) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        run_checks([Check("a", "l", "t", make)], case, tell=stop)
    assert undone == ["bucket"]


def test_choosing_takes_the_needs_along() -> None:
    checks = [check("a"), check("b", needs=("a",)), check("c", needs=("b",)), check("d")]
    assert [c.id for c in chosen(checks, ["c"])] == ["a", "b", "c"]
    assert [c.id for c in chosen(checks, [])] == ["a", "b", "c", "d"]
    assert [c.id for c in chosen(checks, ["layer"])] == ["a", "b", "c", "d"]
    with pytest.raises(JsobjError, match="no check 'e'"):
        chosen(checks, ["e"])


def test_without_writing_leaves_the_writing_ones_out(case: Case) -> None:
    told = run(case, *without_writing([check("a"), check("b", writes=True)]))
    assert told == {"a": ("PASS", "fine"), "b": ("SKIP", "left out, as asked (--no-round-trip)")}


@pytest.mark.parametrize(
    ("finding", "strict", "code"),
    [
        (passed("x"), True, ExitCode.OK),
        (warned("x", hint="y"), False, ExitCode.OK),
        (warned("x", hint="y"), True, ExitCode.DOCTOR),
        (failed("x", hint="y"), False, ExitCode.DOCTOR),
        (skipped("x"), True, ExitCode.OK),
    ],
)
def test_exit_codes(finding: Finding, strict: bool, code: ExitCode, case: Case) -> None:
    assert exit_code(run_checks([check("a", finding)], case), strict=strict) is code


@given(secret=st.text(min_size=4, max_size=60).filter(lambda s: "*" not in s), around=st.text(max_size=40))
def test_s21_a_known_secret_never_comes_through(secret: str, around: str) -> None:
    masked = Mask([secret])(f"{around} {secret} {around}")
    assert secret in f"{around} *** {around}" or secret not in masked


@pytest.mark.parametrize(
    "text",
    [
        "X-Auth-Token: hunter2secret",
        "Authorization: AWS4-HMAC-SHA256 Credential=hunter2secret/x, Signature=hunter2secret",
        "{'authorization': 'Basic hunter2secret'}",
        "aws_secret_access_key = hunter2secret",
        "http://user:hunter2secret@proxy:3128",
        "https://x/y?X-Amz-Signature=hunter2secret&z=1",
        "password: hunter2secret",
        "gAAAAAhunter2secrethunter2secrethunter2",
    ],
)
def test_s21_what_looks_like_a_secret_is_masked(text: str, case: Case) -> None:
    finding = failed(f"seen {text}", {"evidence": text}, hint=text)
    told = str(document(run_checks([check("a", finding)], case), Mask([])))
    assert "hunter2" not in told


@pytest.mark.parametrize(
    "text",
    [
        "AuthorizationHeaderMalformed: The authorization header is malformed; the region 'us-east-1' is wrong",
        "request id: tx650b694c802249ae92aec-006b0113d8",
        "wrong password or secret: see the portal",
        "http://user@proxy:3128/path",
    ],
)
def test_what_a_help_desk_needs_is_not_masked(text: str) -> None:
    assert Mask([])(text) == text


@pytest.mark.parametrize("value", ["http://:3128", "ftp://proxy:21", "http://proxy:x", "http://proxy:0", "://"])
def test_f27_malformed_proxies(value: str) -> None:
    assert malformed(value)


def test_f27_which_proxy_applies(tmp_path: Path) -> None:
    def environ(**variables: str) -> Mapping[str, str]:
        return Settings.read({"HOME": str(tmp_path), **variables}).environ

    origin = Origin("https", "objects.example.org", 8001)
    found = proxy_for(environ(HTTPS_PROXY="upper:1", https_proxy="http://lower:2"), origin)
    assert found is not None
    assert (found.variable, found.host, found.port) == ("https_proxy", "lower", 2)
    assert proxy_for(environ(HTTP_PROXY="p:1"), origin) is None
    with pytest.raises(ProxyUnusable):
        proxy_for(environ(ALL_PROXY="socks5://p:1"), origin)
    for no in ("*", "example.org", ".example.org", "objects.example.org:8001"):
        assert proxy_for(environ(HTTPS_PROXY="p:1", NO_PROXY=no), origin) is None
    assert proxy_for(environ(HTTPS_PROXY="p:1", NO_PROXY="other.org"), origin) is not None
