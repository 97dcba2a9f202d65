"""``jsobj completion``: the scripts, and what Tab offers in a real shell."""

from __future__ import annotations

import socket
import subprocess
import time

import pytest
from commands import Jsobj

from jsobj.cli.parsing.shells import Typed, read_line

SHELLS = {"bash": ".local/share/bash-completion/completions/jsobj", "zsh": ".zfunc/_jsobj"}
SHELLS["fish"] = ".config/fish/completions/jsobj.fish"


def complete(jsobj: Jsobj, line: str) -> set[str]:
    """What is offered for the last word of ``line``, by the protocol that the bash script speaks."""
    variables = {"_JSOBJ_COMPLETE": "bash_complete", "_JSOBJ_LINE": line}
    done = subprocess.run(
        [*jsobj.command()[:1], "-c", "import sys; sys.argv[0] = 'jsobj'; from jsobj.__main__ import main; main()"],
        env=jsobj.environment(variables),
        cwd=jsobj.folder,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.stderr == ""
    return {line.partition("\t")[2] for line in done.stdout.splitlines() if line}


@pytest.mark.parametrize("shell", SHELLS)
def test_print_and_install(jsobj: Jsobj, shell: str) -> None:
    printed = jsobj("completion", shell).out
    assert "_JSOBJ_COMPLETE" in printed
    done = jsobj("completion", shell, "--install", "--json").json
    target = jsobj.home / SHELLS[shell]
    assert done == {"schema": "jsobj.completion/1", "shell": shell, "file": str(target)}
    assert target.read_text() == printed
    jsobj("completion", shell, "--install")


def test_unknown_shell(jsobj: Jsobj) -> None:
    assert "bash" in jsobj("completion", "tcsh", code=2).err


def test_words_and_options(jsobj: Jsobj) -> None:
    assert {"login", "logout"} <= complete(jsobj, "jsobj log")
    assert {"create", "list", "show", "delete"} <= complete(jsobj, "jsobj bucket ")
    assert "--recursive" in complete(jsobj, "jsobj bucket delete --r")
    assert complete(jsobj, "jsobj ec2-creds --over") == {"--overwrite"}  # create is the default


def test_names_of_clouds_profiles_and_buckets(keyed: Jsobj, name: str) -> None:
    keyed("bucket", "create", name)
    assert complete(keyed, "jsobj whoami --cloud d") == {"demo"}
    assert "demo" in complete(keyed, "jsobj whoami --profile ")
    assert offered(keyed, f"jsobj bucket show {name[:-2]}") == {name}
    assert offered(keyed, f"jsobj bucket show s3://{name[:-2]}") == {f"s3://{name}"}
    assert offered(keyed, f"jsobj ls {name[:-2]}") == {f"{name}/"}
    keyed("bucket", "delete", name)
    assert complete(keyed, f"jsobj bucket show {name[:-2]}") == set()


@pytest.mark.parametrize("verb", ["ls", "du", "stat", "cat", "rm"])
def test_places_behind_the_first_one(keyed: Jsobj, verb: str) -> None:
    from jsobj.identity.settings import Settings
    from jsobj.store.completion_cache import cache_for

    endpoint = "http://127.0.0.1:1"
    cache = cache_for(Settings.read({"HOME": str(keyed.home)}), cloud="", profile="", others=[f"endpoint {endpoint}"])
    cache.put("s3:", ["results"], seconds=100)
    cache.put("s3://results/", ["raw/", "run.nc"], seconds=100)
    line = f"jsobj {verb} --endpoint {endpoint} s3://results/raw/ swift://b/x "
    assert complete(keyed, f"{line}s3://r") == {"s3://results/"}
    assert complete(keyed, f"{line}s3://results/ru") == {"s3://results/run.nc"}
    assert "--endpoint" in complete(keyed, f"jsobj {verb} s3://results/raw/ --e")


def offered(jsobj: Jsobj, line: str) -> set[str]:
    """The same, where a server must answer: what comes too late for one Tab is there for a later one."""
    for _ in range(40):
        if found := complete(jsobj, line):
            return found
        time.sleep(0.2)
    return set()


def test_a_server_that_does_not_answer_is_asked_once(keyed: Jsobj) -> None:
    """A port that takes connections and says nothing: every Tab after the first ends without asking it."""
    with socket.socket() as silent:
        silent.bind(("127.0.0.1", 0))
        silent.listen()
        line = f"jsobj ls --endpoint http://127.0.0.1:{silent.getsockname()[1]} s3://b"
        for _ in range(3):
            assert complete(keyed, line) == set()
        silent.settimeout(20)
        first, _ = silent.accept()
        silent.settimeout(0.1)
        with first, pytest.raises(TimeoutError):
            silent.accept()


def test_what_was_known_is_offered_while_nothing_answers(keyed: Jsobj) -> None:
    from jsobj.identity.settings import Settings
    from jsobj.store.completion_cache import cache_for

    endpoint = "http://127.0.0.1:1"
    settings = Settings.read({"HOME": str(keyed.home)})
    cache = cache_for(settings, cloud="", profile="", others=[f"endpoint {endpoint}"])
    cache.put("s3:", ["long-ago"], seconds=-100)
    assert complete(keyed, f"jsobj ls --endpoint {endpoint} s3://l") == {"s3://long-ago/"}
    cache.put("s3://long-ago/", ["a/", "b"], seconds=100)  # the whole folder: nothing needs to be asked
    assert complete(keyed, f"jsobj ls --endpoint {endpoint} s3://long-ago/b") == {"s3://long-ago/b"}


def test_names_of_application_credentials(member: Jsobj, name: str) -> None:
    member("app-cred", "create", name)
    assert name in offered(member, f"jsobj app-cred delete {name[:4]}")
    assert name in offered(member, f"jsobj app-cred show {name[:4]}")
    member("app-cred", "delete", name, "--yes")


def test_ids_of_jobs(jsobj: Jsobj) -> None:
    folder = jsobj.home / ".local/state/jsobj/jobs"
    folder.mkdir(parents=True)
    (folder / "abc123.db").touch()
    for verb in ("show", "resume", "cancel"):
        assert complete(jsobj, f"jsobj jobs {verb} a") == {"abc123"}


@pytest.mark.parametrize(
    ("line", "typed"),
    [
        ("jsobj ls ", Typed(("jsobj", "ls"), "")),
        ("jsobj ls s3://b/k", Typed(("jsobj", "ls"), "s3://b/k", 3)),
        ("jsobj ls 's3://b/a b", Typed(("jsobj", "ls"), "s3://b/a b", 0)),
        ('jsobj ls "s3://b/a\\"b', Typed(("jsobj", "ls"), 's3://b/a"b', 0)),
        ("jsobj ls s3://b/1\\:2", Typed(("jsobj", "ls"), "s3://b/1:2", 3)),
        ("jsobj ls a\\ b", Typed(("jsobj", "ls"), "a b")),
        ("jsobj ls '' ", Typed(("jsobj", "ls", ""), "")),
        ("jsobj ls --cloud=d", Typed(("jsobj", "ls"), "--cloud=d", 8)),
        ("jsobj ls a\\", Typed(("jsobj", "ls"), "a\\")),
    ],
)
def test_words_of_a_line(line: str, typed: Typed) -> None:
    assert read_line(line, ":=") == typed


def modules_loaded_by(jsobj: Jsobj, line: str, *, stand_in: bool = True) -> set[str]:
    """What a completion of ``line`` has imported by its end; ``stand_in``: a server is asked in the same process."""
    here = "from jsobj.cli.parsing import asked_names; asked_names._wait_for = lambda work: work()"
    program = f"""
import sys
sys.argv[0], sys.exit = "jsobj", lambda *_: None
{here if stand_in else ""}
from jsobj.cli.main import run
run([])
print(*sys.modules)
"""
    variables = {"_JSOBJ_COMPLETE": "bash_complete", "_JSOBJ_LINE": line}
    words = [*jsobj.command()[:1], "-c", program]
    done = subprocess.run(
        words, env=jsobj.environment(variables), capture_output=True, text=True, timeout=60, check=True
    )
    return set(done.stdout.splitlines()[-1].split())


@pytest.mark.parametrize("with_keys", [True, False])
def test_asking_for_bucket_names_loads_no_sdk(keyed: Jsobj, with_keys: bool) -> None:
    """Neither over S3 nor, without keys, over Swift: whoever presses Tab does not wait for an import."""
    if not with_keys:
        keyed.credentials.unlink()
        keyed.config.unlink()
    modules = modules_loaded_by(keyed, f"jsobj bucket show {'' if with_keys else 'swift://'}")
    assert "jsobj.store.completion_cache" in modules
    assert modules & {"boto3", "botocore", "swiftclient", "keystoneauth1", "requests", "openstack"} == set()


@pytest.mark.parametrize(
    ("line", "offer"),
    [
        ("doctor ", "clock"),
        ("explain NoSuchB", "NoSuchBucket"),
        ("help ", "patterns"),
        ("jobs show a", "abc123"),
        ("export ", "rclone"),
        ("snippet ", "s3fs"),
        ("whoami --profile ", ""),
        ("", "upload"),
    ],
)
def test_names_that_no_server_knows_are_offered_without_heavy_imports(jsobj: Jsobj, line: str, offer: str) -> None:
    """From tables and files: neither the checks nor anything that talks to a server is imported."""
    folder = jsobj.home / ".local/state/jsobj/jobs"
    folder.mkdir(parents=True)
    (folder / "abc123.db").touch()
    assert not offer or offer in complete(jsobj, f"jsobj {line}")
    heavy = {"boto3", "botocore", "rich", "openstack", "keystoneauth1", "requests", "fsspec", "yaml", "ssl", "sqlite3"}
    heavy |= {"jsobj.doctor.registry", "jsobj.net.request", "jsobj.store.objects"}
    assert modules_loaded_by(jsobj, f"jsobj {line}", stand_in=False) & heavy == set()


@pytest.mark.parametrize(
    ("line", "offer"),
    [
        ("bucket show s3://res", "s3://results"),
        ("ls s3://res", "s3://results/"),
        ("ls s3://results/ra", "s3://results/raw/"),
        ("cat s3://results/raw/on", "s3://results/raw/one.nc"),
        ("ec2-creds delete ", "0123abcd"),
        ("app-cred delete ni", "nightly"),
    ],
)
def test_cached_names_of_a_server_are_offered_without_heavy_imports(jsobj: Jsobj, line: str, offer: str) -> None:
    """While the cache is fresh nothing that could ask a server is imported: that alone takes longer than the rest."""
    from jsobj.identity.settings import Settings
    from jsobj.store.completion_cache import cache_for

    cache = cache_for(Settings.read({"HOME": str(jsobj.home)}), cloud="", profile="")
    cache.put("s3:", ["results"], seconds=100)
    cache.put("s3://results/", ["raw/"], seconds=100)
    cache.put("s3://results/raw/", ["raw/one.nc", "raw/two.nc"], seconds=100)
    cache.put("ec2", ["0123abcd"], seconds=100)
    cache.put("app-cred", ["nightly"], seconds=100)
    assert complete(jsobj, f"jsobj {line}") == {offer}
    modules = modules_loaded_by(jsobj, f"jsobj {line}", stand_in=False)
    heavy = {"jsobj.store.open", "jsobj.store.location", "jsobj.identity.keystone.client", "yaml", "ssl", "http.client"}
    assert {each for each in modules if each in heavy or each.startswith("jsobj.net")} == set()


def test_the_table_of_checks_is_that_of_the_registry() -> None:
    from jsobj.doctor.check_names import LAYERS
    from jsobj.doctor.registry import CHECKS

    assert [(layer, name) for layer, names in LAYERS.items() for name in names] == [(c.layer, c.id) for c in CHECKS]


def test_nothing_is_offered_and_nothing_said_where_all_is_broken(jsobj: Jsobj) -> None:
    jsobj.clouds.parent.mkdir(parents=True)
    jsobj.clouds.write_bytes(b"\tnot: yaml")
    jsobj.credentials.parent.mkdir()
    jsobj.credentials.write_bytes(b"junk")
    for line in ("jsobj whoami --cloud ", "jsobj whoami --profile ", "jsobj bucket show "):
        assert complete(jsobj, line) == set()
