"""``jsobj help``: what is common to all commands."""

from __future__ import annotations

import click

from jsobj.cli.frame import command
from jsobj.cli.world import World
from jsobj.errors import ExitCode

TOPICS = ("exit-codes", "environment", "json")

ENVIRONMENT = """\
What jsobj reads from the environment. An option beats a variable, a variable beats a file.

Which login
  OS_CLOUD                      the cloud to use, by its name in clouds.yaml
  OS_CLIENT_CONFIG_FILE         another clouds.yaml
  OS_CLIENT_SECURE_FILE         another secure.yaml
  OS_AUTH_URL, OS_USERNAME ...  a whole login, as an RC file sets it; used when neither --cloud nor OS_CLOUD is given
Which keys
  AWS_PROFILE                   the profile to use
  AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY
                                keys without any profile
  AWS_ENDPOINT_URL_S3, AWS_ENDPOINT_URL
                                the S3 endpoint, in this order
  AWS_REGION, AWS_DEFAULT_REGION
                                the region to sign with
  AWS_SHARED_CREDENTIALS_FILE, AWS_CONFIG_FILE
                                other files than ~/.aws/credentials and ~/.aws/config
Network
  OS_CACERT, AWS_CA_BUNDLE      certificate authorities of Keystone, of the S3 endpoint
  REQUESTS_CA_BUNDLE, CURL_CA_BUNDLE
                                the same for Keystone, where a login names none
  HTTPS_PROXY, HTTP_PROXY, NO_PROXY
                                as everywhere; 127.0.0.1 is never reached through a proxy
Terminal
  NO_COLOR, FORCE_COLOR, TERM=dumb
Folders
  XDG_CONFIG_HOME               clouds.yaml is in openstack/ below it (default ~/.config)
  XDG_STATE_HOME                jsobj/ledger.json, jsobj/jobs and the sandbox (default ~/.local/state)
  XDG_CACHE_HOME                bucket names for completion, what was sent and fetched (default ~/.cache)
  JSOBJ_SANDBOX                 set by jsobj sandbox shell: the sandbox one is in; nothing reads it
"""

JSON = """\
With --json a command prints one JSON document on standard output and nothing else there; talk stays on standard error.

One thing    {"schema": "jsobj.<thing>/1", ...its fields}
A list       {"schema": "jsobj.<thing>-list/1", "items": [...]}
A transfer   {"schema": "jsobj.transfer/1", "verb", "done", "skipped", "failed", "bytes", "verified", "unverified",
             "retries", "seconds", "interrupted", "job", "failures": [...]}, at its end; with --progress json a line
             {"schema": "jsobj.event/1", "event", ...} for each event comes first
A plan       {"schema": "jsobj.plan/1", "items": [{"action", "item", "destination", "size", "reason"}]} of --dry-run
The doctor   {"schema": "jsobj.doctor/1", "checks": [{"id", "layer", "title", "status", "evidence", "hint", "fix",
             "seconds"}], "summary"}; status is PASS, WARN, FAIL or SKIP, evidence.found the sentence for people
An error     {"schema": "jsobj.error/1", "reference", "message", "context", "hint", "exit_code"}, on standard error,
             its last line

Keys are only ever added. Times are ISO 8601 in UTC, sizes are bytes, what is not known is null. Without --json and
without a terminal, lists are one tab-separated line per item, without headings.

\b
  jsobj bucket list --json | jq -r '.items[].name'
  jsobj upload run42.zarr s3://results/ --json | jq .verified
"""


@command("help")
@click.argument("topic", type=click.Choice(TOPICS))
def help_topics(world: World, topic: str) -> None:
    """Explain exit codes, variables or JSON output."""
    from jsobj.ui.documents import Record

    if topic == "exit-codes":
        codes = [{"code": int(code), "name": code.name, "meaning": code.meaning} for code in ExitCode]
        lines = [(str(int(code)), code.meaning) for code in ExitCode]
        world.out.show(Record("jsobj.exit-codes/1", {"codes": codes}, lines))
        return
    text = (ENVIRONMENT if topic == "environment" else JSON).replace("\b\n", "")
    if world.out.as_json:
        world.out.show(Record("jsobj.help/1", {"topic": topic, "text": text}, []))
    else:
        world.out.data(text)
