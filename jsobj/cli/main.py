"""The command line: the table of commands, and the one place where an error becomes an exit code."""

from __future__ import annotations

import errno
import io
import os
import signal
import sys
from collections.abc import Sequence
from pathlib import Path
from types import FrameType
from typing import TYPE_CHECKING, Any, NoReturn

import click

from jsobj import __version__
from jsobj.cli.parsing.command import Entry, Group, ReaderGone
from jsobj.cli.parsing.world import Call
from jsobj.errors import BadUsage, ExitCode, JsobjError, OutputNotWritten

if TYPE_CHECKING:
    from jsobj.transfer.detached.keeper import Keeper

_START, _KEYS, _DATA, _SICK, _MORE = "Logging in", "Keys and endpoints", "Buckets", "When it does not work", "More"
_OBJECTS, _UNDER_WAY, _OTHERS = "Objects", "Transfers under way", "Other tools"

COMMANDS = {
    "login": Entry("login:login", "Log in to a cloud with a file from its portal.", _START),
    "whoami": Entry("whoami:whoami", "Show who you are and where that came from.", _START),
    "logout": Entry("logout:logout", "Forget a login.", _START),
    "clouds": Entry("clouds:group", "List logins, choose the default one, forget one.", _START),
    "app-cred": Entry("app_cred:group", "Make and manage application credentials.", _START),
    "ec2-creds": Entry("ec2_creds:group", "Make S3 keys and write the AWS profile.", _KEYS),
    "endpoint": Entry("endpoint:endpoint", "Find, correct and test an S3 endpoint.", _KEYS),
    "bucket": Entry("bucket:group", "Create, list, show, open and delete buckets.", _DATA),
    "container": Entry("bucket:group", "", _DATA),
    "share": Entry("share:group", "Let somebody else read or write.", _DATA),
    "shares": Entry("shares:shares", "List what you gave and what you accepted.", _DATA),
    "unshare": Entry("shares:unshare", "Take back what was given.", _DATA),
    "upload": Entry("upload:upload", "Send files and folders to a bucket.", _OBJECTS),
    "download": Entry("download:download", "Fetch objects to files and folders.", _OBJECTS),
    "unpack": Entry("unpack:unpack", "Fetch what is in an archive.", _OBJECTS),
    "sync": Entry("sync:sync", "Make a folder or prefix like another.", _OBJECTS),
    "apply": Entry("sync:apply", "Do what a plan says that jsobj sync --plan wrote.", _OBJECTS),
    "ls": Entry("ls:ls", "List buckets, folders and objects.", _OBJECTS),
    "tree": Entry("tree:tree", "Draw folders and objects as a tree.", _OBJECTS),
    "stat": Entry("stat:stat", "Show objects: size, time, ETag, type, metadata.", _OBJECTS),
    "cat": Entry("cat:cat", "Write objects to standard output.", _OBJECTS),
    "cp": Entry("cp:cp", "Copy objects.", _OBJECTS),
    "mv": Entry("cp:mv", "Move or rename objects.", _OBJECTS),
    "rm": Entry("rm:rm", "Delete objects.", _OBJECTS),
    "undelete": Entry("undelete:undelete", "Bring deleted objects back, where a bucket keeps versions.", _OBJECTS),
    "du": Entry("du:du", "Count objects and bytes below places.", _OBJECTS),
    "verify": Entry("verify:verify", "Compare objects with local files, or with a list of digests.", _OBJECTS),
    "presign": Entry("presign:presign", "Make a URL with which anybody may GET or PUT one object.", _OBJECTS),
    "catalog": Entry("catalog:group", "Rows of metadata beside objects, in the bucket itself.", _OBJECTS),
    "publish": Entry("publish:publish", "Put a page beside public data that shows them in a browser.", _OBJECTS),
    "uploads": Entry("uploads:group", "List and abort unfinished multipart uploads.", _UNDER_WAY),
    "jobs": Entry("jobs:group", "See, await, continue, cancel: transfers in the background, or cut.", _UNDER_WAY),
    "mount": Entry("mount:mount", "Mount a bucket as a folder, or for one command.", _OTHERS),
    "umount": Entry("umount:umount", "Unmount, when all that was written is in the store.", _OTHERS),
    "mounts": Entry("umount:mounts", "List mounts of object stores, and what waits to be sent.", _OTHERS),
    "export": Entry("export:export", "Configure another tool for this object store.", _OTHERS),
    "snippet": Entry("snippet:snippet", "Show the lines of code that open a URL in a library.", _OTHERS),
    "doctor": Entry("doctor:doctor", "Test the setup and name the cause of what fails.", _SICK),
    "explain": Entry("explain:explain", "Explain an error code or message.", _SICK),
    "sandbox": Entry("sandbox:group", "Run a real Keystone and Swift on this machine.", _MORE),
    "demo": Entry("demo:demo", "Run the whole way once, on a cloud of its own.", _MORE),
    "completion": Entry("completion:completion", "Print or install shell completion.", _MORE),
    "help": Entry("help_topics:help_topics", "Explain a command or a topic, such as files, patterns or JSON.", _MORE),
}

_HELP = """From a portal's credentials file to data in OpenStack object storage that every tool can read.

\b
  jsobj login app-cred-openrc.sh     log in with the file from the portal
  jsobj bucket create NAME           make a bucket
  jsobj upload DATA swift://NAME/    send data; Python reads swift:// URLs too
  jsobj ec2-creds                    S3 keys for aws and boto3, where allowed
  jsobj help keyless                 what works without S3 keys
  jsobj COMMAND --help               more about a command
"""

_KNOWN_SIGNALS = (signal.SIGTERM, signal.SIGHUP)


class _Terminated(BaseException):
    """SIGTERM or SIGHUP, as an exception, so that undo runs."""


def make_root() -> Group:
    """The ``jsobj`` command."""
    root = Group("jsobj", COMMANDS, help=_HELP)
    environ = os.environ  # noqa: TID251 - the entry point: a shell asks what Tab may offer
    if "_JSOBJ_COMPLETE" in environ:
        from jsobj.cli.parsing.shells import register

        register(environ)
    flag: dict[str, Any] = {"is_flag": True, "expose_value": False}
    said = "Show the version and exit; with -v also what makes digests."
    version = click.option("--version", **flag, is_eager=True, callback=_version, help=said)
    more = click.option("-v", "--verbose", **flag, hidden=True)  # `jsobj -v COMMAND` never comes as far as this
    return version(more(root))


def _version(ctx: click.Context, parameter: click.Parameter, asked: bool) -> None:
    if not asked or ctx.resilient_parsing:
        return
    click.echo(f"jsobj {__version__}")
    if {"-v", "--verbose"} & set(ctx.obj.words if ctx.obj else ()):
        import platform

        from jsobj.identity.settings import Settings
        from jsobj.net.md5.streams import engine

        Settings.read()
        click.echo(f"python: {platform.python_version()} ({sys.executable})\ndigests: {engine()}")
    ctx.exit()


def run(argv: Sequence[str], *, more: Sequence[str] = (), keeper: Keeper | None = None) -> int:
    """Run one command line and return its exit code. Only this function turns errors into exit codes.

    ``more``: words that are not part of the command line which a journal keeps. ``keeper``: of the detached run that
    this is.
    """
    made, argv = Call(tuple(argv), keeper), (*more, *argv)
    before = _catch_signals()
    _escape_letters()
    try:
        code = _call(argv, made)
        sys.stdout.flush()
    except JsobjError as error:
        if isinstance(error, OutputNotWritten):
            _drop_stdout()
        return _report(error, argv)
    except click.UsageError as error:
        return _report(_usage(error), argv)
    except (click.Abort, KeyboardInterrupt):
        sys.stderr.write("" if "--json" in argv else "\n")
        return _report(JsobjError("interrupted", "stopped by Ctrl-C", code=ExitCode.INTERRUPTED), argv)
    except _Terminated:
        return _report(JsobjError("terminated", "stopped by a signal", code=ExitCode.TERMINATED), argv)
    except (BrokenPipeError, ReaderGone):
        _drop_stdout()  # the reader (head, less) has closed the pipe
        return ExitCode.OK
    except Exception as error:  # noqa: BLE001 - the outermost handler: anything that arrives here is a bug
        return _report(_bug(error, argv), argv)
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
    return code


def _call(argv: Sequence[str], made: Call) -> int:
    code = make_root().main(args=list(argv), prog_name="jsobj", standalone_mode=False, obj=made)
    return code if isinstance(code, int) else ExitCode.OK  # an int after click's own exit: help, or a command's code


def _escape_letters() -> None:
    """Where the locale's encoding lacks a letter of a name, show the letter's number."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper) and stream.encoding.lower().replace("-", "") != "utf8":
            stream.reconfigure(errors="backslashreplace")


def _drop_stdout() -> None:
    """Python would fail again when it closes stdout."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), 1)


def _report(error: JsobjError, argv: Sequence[str]) -> int:
    from jsobj.ui.output import Output

    environ = os.environ  # noqa: TID251 - see parsing.command.make_world
    Output(sys.stdout, sys.stderr, as_json="--json" in argv, environ=environ).error(error)
    return int(error.code)


def _usage(error: click.UsageError) -> JsobjError:
    path = error.ctx.command_path if error.ctx else "jsobj"
    message = " ".join(error.format_message().split()).rstrip(".")
    hint = f"{path} --help"
    if isinstance(error, click.NoSuchOption):
        from jsobj.cli.parsing.other_words import OTHER_OPTIONS

        hint = OTHER_OPTIONS.get(error.option_name, hint)
    return BadUsage(message, hint=hint)


def _bug(error: Exception, argv: Sequence[str]) -> JsobjError:
    """Where it happened, for a bug report; never the values of variables."""
    import traceback

    if "--debug" in argv:
        sys.stderr.write("".join(traceback.format_tb(error.__traceback__)))
    last = traceback.extract_tb(error.__traceback__)[-1]
    place = f"{Path(last.filename).name}:{last.lineno} in {last.name}"
    if isinstance(error, OSError) and error.filename is None and error.errno == errno.ENOSPC:
        from jsobj.ui.output import output_failed

        _drop_stdout()
        return output_failed(error)  # help and other texts that click writes
    if isinstance(error, OSError):
        place = place if "--debug" in argv else ""
        name = f" ({error.filename})" if error.filename else ""
        message = f"the system refused: {error.strerror or error}{name}"
        return JsobjError("system-refused", message, code=ExitCode.LOCAL, context=place)
    message = "this is a bug in jsobj"
    hint = "run the command again with --debug and send what it prints"
    return JsobjError("bug", message, code=ExitCode.FAILURE, context=f"{type(error).__name__} at {place}", hint=hint)


def _catch_signals() -> dict[int, signal._HANDLER]:
    def handle(number: int, frame: FrameType | None) -> NoReturn:
        raise _Terminated

    try:
        return {number: signal.signal(number, handle) or signal.SIG_DFL for number in _KNOWN_SIGNALS}
    except ValueError:  # not the main thread: another program, with handlers of its own
        return {}
