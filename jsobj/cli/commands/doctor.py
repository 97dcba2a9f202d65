"""``jsobj doctor``."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from jsobj.cli.parsing.command import command
from jsobj.cli.parsing.shell_complete import complete_buckets, completer
from jsobj.cli.parsing.world import World
from jsobj.errors import BadUsage, ExitCode, JsobjError
from jsobj.ui.documents import Listing

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from jsobj.doctor.case import Case, Scope
    from jsobj.doctor.check import Check, Fix, Outcome
    from jsobj.doctor.redact import Mask
    from jsobj.identity.settings import Settings
    from jsobj.store.location import Location

_ROUNDS = 8  # one fault may hide the next, but not more often than this


@completer
def _complete_checks(settings: Settings, ctx: click.Context, incomplete: str) -> Iterable[str]:
    """Layers, then checks."""
    from jsobj.doctor.check_names import LAYERS

    return dict.fromkeys([*LAYERS, *(name for names in LAYERS.values() for name in names)])


@command("doctor")
@click.argument("checks", nargs=-1, metavar="[CHECK...]", shell_complete=_complete_checks)
@click.option("--list", "list_checks", is_flag=True, help="List the checks and run none.")
@click.option("--fix", is_flag=True, help="Show and apply what can be mended and taken back.")
@click.option("--yes", is_flag=True, help="With --fix: do not ask.")
@click.option("--strict", is_flag=True, help="Exit 10 for a warning too.")
@click.option(
    "--bucket",
    metavar="NAME",
    default="",
    help="Do the round trip inside this bucket, or look at one of gs:// or az://.",
    shell_complete=complete_buckets,
)
@click.option("--from-env", is_flag=True, help="Use what the environment names, and no stored default.")
@click.option("--no-round-trip", is_flag=True, help="Write nothing to the cloud.")
@click.option("--report", type=click.Path(path_type=Path), metavar="FILE.html", help="Write a page for a ticket.")
@click.option("--from-dask", "scheduler", metavar="ADDRESS", default="", help="Ask each worker of a dask scheduler.")
@click.option("--emit-script", is_flag=True, help="Print a boto3-only test for a help desk; run nothing.")
def doctor(world: World, checks: tuple[str, ...], bucket: str, report: Path | None, **options: Any) -> None:
    """Test the setup and name the cause of what fails.

    Looks at files, environment, network, clock, Keystone, keys, S3 and Swift, then writes and reads objects in a bucket
    of its own that is removed: over S3 where there are keys, over Swift where there is a login. What depends on a
    failed check is skipped, so the first failure is the cause. --verbose shows every check.

    CHECK is the name of a check or of a layer (see --list); what it needs is run too. Exit code 10 means that something
    failed.

    \b
    Examples:
      jsobj doctor
      jsobj doctor network --report report.html
    """
    from jsobj.cli.views.doctor import show, show_checks, show_script
    from jsobj.doctor.case import Case, Scope
    from jsobj.doctor.document import exit_code
    from jsobj.doctor.other_clouds import checks_for
    from jsobj.doctor.registry import CHECKS
    from jsobj.doctor.runner import chosen, without_writing

    if options["from_env"] and (world.cloud or world.profile):
        raise BadUsage("--from-env and --cloud or --profile exclude each other")
    if options["scheduler"]:
        _ask_workers(world, options["scheduler"])
        return
    other = _other_cloud(bucket)
    bucket = bucket.removeprefix("s3://").removeprefix("swift://").rstrip("/")
    scope = Scope(world.cloud, world.profile, bucket, options["from_env"], other)
    if options["emit_script"]:
        show_script(world, Case(world.settings, scope))
        return
    wanted = chosen(checks_for(other, checks) if other else CHECKS, checks)
    if options["list_checks"]:
        show_checks(world, wanted)
        return
    if report is not None and (report.is_dir() or not report.parent.is_dir()):
        sentence = f"the report cannot be written to {report}"
        hint = "name a file in a folder that exists: --report report.html"
        raise JsobjError("report-unwritable", sentence, code=ExitCode.LOCAL, hint=hint)
    wanted = without_writing(wanted) if options["no_round_trip"] else wanted
    case, outcomes, mended = _examine(world, scope, wanted, fix=options["fix"], yes=options["yes"])
    show(world, case, outcomes, mended, report)
    click.get_current_context().exit(exit_code(outcomes, strict=options["strict"]))


def _other_cloud(bucket: str) -> Location | None:
    """The place in another cloud that ``--bucket`` names; None for one of ours."""
    from jsobj.store.bucket_name import FOREIGN
    from jsobj.store.location import parse_location

    scheme = bucket.partition("://")[0]
    if scheme not in {*FOREIGN, "https"}:
        return None
    found = parse_location(bucket, public=True, foreign=True)
    if found.dialect in FOREIGN:
        return found
    raise BadUsage("--bucket takes a bucket's name, or a place in another cloud", hint="see: jsobj help clouds")


def _ask_workers(world: World, address: str) -> None:
    """One listing of buckets by each dask worker, with the files and variables that it has."""
    from jsobj.doctor.dask_workers import ask_workers

    reports = ask_workers(address, profile=world.profile, cloud=world.cloud)
    rows = [
        {
            "worker": each.worker,
            "version": each.version,
            "status": "FAIL" if each.error else "PASS",
            "evidence": each.error or f"sees {each.buckets} bucket(s)",
            "hint": each.hint,
        }
        for each in reports
    ]
    columns = {"Worker": "worker", "jsobj": "version", "Status": "status", "Evidence": "evidence"}
    world.out.show(Listing("jsobj.doctor-workers/1", rows, columns))
    for hint in dict.fromkeys(each.hint for each in reports if each.hint):
        world.out.note(f"Next, where the workers run: {hint}")
    if any(each.error for each in reports):
        click.get_current_context().exit(int(ExitCode.DOCTOR))


def _examine(
    world: World, scope: Scope, wanted: Sequence[Check], *, fix: bool, yes: bool
) -> tuple[Case, Sequence[Outcome], list[str]]:
    """Run; with ``fix`` fix and run again, since one fault may hide the next."""
    from jsobj.cli.views.doctor import Teller
    from jsobj.doctor.case import Case
    from jsobj.doctor.redact import mask_for
    from jsobj.doctor.runner import run_checks

    mended: list[str] = []
    touched: set[Path] = set()
    for _ in range(_ROUNDS):
        case = Case(world.settings, scope)
        outcomes = run_checks(wanted, case, tell=Teller(world, case, wanted))
        fixes = _first_of_each_file(outcomes)
        if not fix or not fixes:
            break
        mended += _mend(world, fixes, touched, yes=yes, mask=mask_for(case))
    return case, outcomes, mended


def _first_of_each_file(outcomes: Sequence[Outcome]) -> list[Fix]:
    """One change of a file at a time: the second was thought out for the file as it is before the first."""
    found: dict[Path, Fix] = {}
    for outcome in outcomes:
        if outcome.finding.fix is not None:
            found.setdefault(outcome.finding.fix.path, outcome.finding.fix)
    return list(found.values())


def _mend(world: World, fixes: Sequence[Fix], touched: set[Path], *, yes: bool, mask: Mask) -> list[str]:
    """Show every change, ask once, and do them; what was done.

    Only the bytes that the user wrote are kept beside a file, not those of ``touched`` ones, which we wrote.
    """
    from jsobj.atomic import edit_private_file

    for fix in fixes:
        world.out.note(f"{mask(fix.title)}\n{mask(fix.diff)}")
    if not yes:
        world.confirm(f"Make {'this change' if len(fixes) == 1 else f'these {len(fixes)} changes'}?", option="--yes")
    done = []
    for fix in fixes:
        change = edit_private_file(fix.path, fix.edit, backup=fix.path not in touched)
        touched.add(fix.path)
        kept = f" (the old file is {change.backup})" if change.backup else ""
        world.out.note(f"done: {mask(fix.title)}{kept}")
        done.append(mask(fix.title))
    return done
