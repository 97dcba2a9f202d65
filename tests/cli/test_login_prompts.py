"""``jsobj login`` at a terminal: what it asks for, and what becomes of the answers."""

from __future__ import annotations

import os

import pexpect
import yaml
from commands import Jsobj
from fixtures_cloud import Cloud


def test_prompt_for_the_password_does_not_echo(jsobj: Jsobj, cloud: Cloud) -> None:
    with jsobj.terminal("login", cloud.rc("openrc-password")) as child:
        child.expect("OpenStack password of alice in project demo at 127.0.0.1:[0-9]+: ")
        assert not child.getecho()
        child.sendline(cloud.password("alice"))
        child.expect("Stored as cloud 'demo'")
        child.expect(pexpect.EOF)
        child.wait()
        assert child.exitstatus == 0


def test_s04_no_input_does_not_ask_on_a_terminal(jsobj: Jsobj, cloud: Cloud) -> None:
    with jsobj.terminal("login", cloud.rc("openrc-password"), "--no-input") as child:
        child.expect("use --password-stdin")
        child.expect(pexpect.EOF)
        child.wait()
        assert child.exitstatus == 2


def test_prompts_for_a_cloud_without_a_file(jsobj: Jsobj, cloud: Cloud) -> None:
    credential = yaml.safe_load(cloud.rc("clouds").read_text())["clouds"]["sandbox-restricted"]["auth"]
    with jsobj.terminal("login", "--as", "typed") as child:
        child.expect("Keystone URL: ")
        child.sendline(cloud.auth_url)
        child.expect("credential ID, or your user name .*: ")
        child.sendline(credential["application_credential_id"])
        child.expect("credential secret at 127.0.0.1:[0-9]+: ")
        child.sendline(credential["application_credential_secret"])
        child.expect("Stored as cloud 'typed'")
        child.expect(pexpect.EOF)


def test_prompts_for_a_login_by_password_without_a_file(jsobj: Jsobj, cloud: Cloud) -> None:
    with jsobj.terminal("login", "--as", "typed") as child:
        child.expect("Keystone URL: ")
        child.sendline(cloud.auth_url)
        child.expect("credential ID, or your user name .*: ")
        child.sendline("alice")
        child.expect("Project name: ")
        child.sendline("demo")
        child.expect(r"Domain of the user \[Default\]: ")
        child.sendline("")
        child.expect("OpenStack password of alice in project demo at 127.0.0.1:[0-9]+: ")
        child.sendline(cloud.password("alice"))
        child.expect("Stored as cloud 'typed'")
        child.expect(pexpect.EOF)
    assert jsobj("whoami", "--json").json["project"]["name"] == "demo"


def test_c15_ctrl_c_at_the_password_prompt(jsobj: Jsobj, cloud: Cloud) -> None:
    with jsobj.terminal("login", cloud.rc("openrc-password")) as child:
        child.expect("OpenStack password of alice in project demo at 127.0.0.1:[0-9]+: ")
        assert not child.getecho()
        child.sendintr()
        child.expect(pexpect.EOF)
        child.wait()
        assert child.exitstatus == 130
        assert child.getecho(), "the terminal's echo is still off"
    assert not jsobj.clouds.exists()
    assert not jsobj.secure.exists()


def test_c15_the_shell_has_its_echo_again(jsobj: Jsobj, cloud: Cloud) -> None:
    # The shell gets the Ctrl-C too: with a trap it stays, and programs started by it do not inherit that.
    line = f"trap : INT; {' '.join(jsobj.command('login', cloud.rc('openrc-password')))}; echo code $?"
    line += "; stty -a; echo the end"
    child = pexpect.spawn(
        "sh", ["-c", line], env=jsobj.environment(), cwd=str(jsobj.folder), encoding="utf-8", timeout=30
    )
    try:
        child.expect("OpenStack password of alice in project demo at 127.0.0.1:[0-9]+: ")
        os.kill(child.pid, 0)
        child.sendintr()
        child.expect("code 130")
        child.expect("the end")
        assert " echo " in child.before
    finally:
        child.close(force=True)


def test_a_wrong_password_is_asked_for_again_at_a_terminal(jsobj: Jsobj, cloud: Cloud) -> None:
    with jsobj.terminal("login", cloud.rc("openrc-password")) as child:
        child.expect("OpenStack password of alice in project demo")
        child.sendline("wrong-in-every-way")
        child.expect(r"once\s+more")
        child.expect("OpenStack password of alice in project demo")
        child.sendline(cloud.password("alice"))
        child.expect("Stored as cloud 'demo'")
        child.expect(pexpect.EOF)
        child.wait()
        assert child.exitstatus == 0


def test_the_end_of_input_is_no_interrupt(jsobj: Jsobj, cloud: Cloud) -> None:
    with jsobj.terminal("login", cloud.rc("openrc-password")) as child:
        child.expect("OpenStack password of alice")
        child.sendeof()
        child.expect("Ctrl-D")
        child.expect(pexpect.EOF)
        child.wait()
        assert child.exitstatus == 2
