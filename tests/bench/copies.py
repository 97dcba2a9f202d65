"""jsobj and rclone copy from store to store: another cloud to Ceph RGW and back, whole processes in turn.

    python tests/bench/copies.py --rounds 3
    python tests/bench/copies.py --pairs gs-rgw --large 5120 --small 0

After each copy the target's own SDK says how many objects and bytes are there; the last copy of a row is compared byte
by byte.
"""

from __future__ import annotations

import argparse
import contextlib
import os
import shutil
import sys
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from random import Random

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))  # the servers that tests and benches share

from emulators import CACHE, azurite, gcs, moto
from processes import FailedRun, Spent, median, spend
from servers import gateway
from session import scratch
from store_witness import AzureWitness, GoogleWitness, S3Witness, Witness

REPOSITORY = Path(__file__).resolve().parents[2]
BUCKET = "copied"
MIB = 1024**2
PAIRS = ("aws-rgw", "az-rgw", "gs-rgw", "rgw-az", "rgw-gs")
TOOLS = ("jsobj", "rclone")


@dataclass(frozen=True)
class Ground:
    """A store: its URL for each tool, what they need in their environment, and the SDK that fills and counts it."""

    jsobj: str
    rclone: str
    env: Mapping[str, str]
    witness: Witness
    profile: str = ""


def s3(name: str, witness: S3Witness, home: Path) -> Ground:
    """A profile for jsobj, a remote for rclone."""
    folder = home / ".aws"
    folder.mkdir(exist_ok=True)
    with (folder / "credentials").open("a") as file:
        file.write(f"[{name}]\naws_access_key_id = {witness.access}\naws_secret_access_key = {witness.secret}\n")
    with (folder / "config").open("a") as file:
        file.write(f"[profile {name}]\nendpoint_url = {witness.endpoint}\nregion = {witness.region}\n")
    for path in folder.iterdir():
        path.chmod(0o600)
    upper = f"RCLONE_CONFIG_{name.upper()}"
    env = {
        f"{upper}_TYPE": "s3",
        f"{upper}_PROVIDER": "Ceph" if name == "rgw" else "Other",
        f"{upper}_ENDPOINT": witness.endpoint,
        f"{upper}_ACCESS_KEY_ID": witness.access,
        f"{upper}_SECRET_ACCESS_KEY": witness.secret,
    }
    return Ground(f"s3://{BUCKET}", f"{name}:{BUCKET}", env, witness, name)


def azure(connection: str) -> Ground:
    """Azurite."""
    parts = dict(each.split("=", 1) for each in connection.strip(";").split(";"))
    env = {
        "AZURE_STORAGE_CONNECTION_STRING": connection,
        "RCLONE_CONFIG_AZ_TYPE": "azureblob",
        "RCLONE_CONFIG_AZ_ACCOUNT": parts["AccountName"],
        "RCLONE_CONFIG_AZ_KEY": parts["AccountKey"],
        "RCLONE_CONFIG_AZ_ENDPOINT": parts["BlobEndpoint"],
    }
    return Ground(f"az://{BUCKET}", f"az:{BUCKET}", env, AzureWitness(connection, BUCKET))


def google(endpoint: str) -> Ground:
    """fake-gcs-server."""
    env = {
        "STORAGE_EMULATOR_HOST": endpoint,
        "RCLONE_CONFIG_GS_TYPE": "gcs",
        "RCLONE_CONFIG_GS_ANONYMOUS": "true",
        "RCLONE_CONFIG_GS_ENDPOINT": f"{endpoint}/storage/v1/",
    }
    return Ground(f"gs://{BUCKET}", f"gs:{BUCKET}", env, GoogleWitness(endpoint, BUCKET))


def opened(name: str, folder: Path, stack: contextlib.ExitStack) -> Ground:
    """The store, with its bucket."""
    own = folder / name
    own.mkdir()
    if name == "rgw":
        place = stack.enter_context(gateway(own / "ceph"))
        ground = s3(name, S3Witness(place.endpoint, place.access, place.secret, BUCKET), folder / "home")
    elif name == "aws":
        ground = s3(name, S3Witness(stack.enter_context(moto(own)), "any", "secret", BUCKET), folder / "home")
    elif name == "az":
        ground = azure(stack.enter_context(azurite(own, REPOSITORY / CACHE)))
    else:
        ground = google(stack.enter_context(gcs(own)))
    ground.witness.make()  # type: ignore[attr-defined]  # of those that have buckets
    return ground


def words(tool: str, source: Ground, target: Ground, prefix: str, new: str) -> list[str]:
    """The command that copies a prefix."""
    if tool == "rclone":
        rclone = shutil.which("rclone", path=f"{Path(sys.executable).parent}:{os.environ['PATH']}") or "rclone"
        # The tier of Azure is no class of S3, which rclone would take it for.
        return [rclone, "copy", "-q", f"{source.rclone}/{prefix}", f"{target.rclone}/{new}"]
    logins = [f"--{option}" for option in ("profile", "dest-profile")]
    named = [
        word
        for option, ground in zip(logins, (source, target), strict=True)
        if ground.profile
        for word in (option, ground.profile)
    ]
    return [
        *(sys.executable, "-m", "jsobj", "cp", "-q", f"{source.jsobj}/{prefix}", f"{target.jsobj}/{new}", *named),
    ]


def copied(tool: str, source: Ground, target: Ground, prefix: str, home: Path) -> Spent | str:
    """One run, its result counted; why it failed, where it did."""
    new = f"to-{tool}/{prefix}"
    env = {"HOME": str(home), "PATH": os.environ["PATH"], "PYTHONPATH": str(REPOSITORY), "LANG": "C.UTF-8"}
    for key in target.witness.keys(new):
        target.witness.delete(key)
    try:
        spent = spend(words(tool, source, target, prefix, new), env={**env, **source.env, **target.env})
    except FailedRun as error:
        return str(error)[-300:]
    wanted = sorted(source.witness.keys(prefix).values())
    found = sorted(target.witness.keys(new).values())
    return spent if found == wanted else f"{len(found)} of {len(wanted)} objects are there"


def main() -> None:
    """See the top."""
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--pairs", default=",".join(PAIRS), help="by commas")
    options.add_argument("--tools", default=",".join(TOOLS), help="by commas")
    options.add_argument("--rounds", type=int, default=3)
    options.add_argument("--large", type=int, default=256, help="MiB of the large object")
    options.add_argument("--small", type=int, default=2000, help="objects of 64 KiB")
    options.add_argument("--folder", type=Path, help="where servers keep what they hold")
    chosen = options.parse_args()
    with scratch(chosen) as (folder, stack):
        home = folder / "home"
        home.mkdir()
        names = dict.fromkeys(name for pair in chosen.pairs.split(",") for name in pair.split("-"))
        grounds = {name: opened(name, folder, stack) for name in names}
        print("| | tool | wall, s | CPU, s | memory, MiB |\n|---|---|---|---|---|")
        for pair in chosen.pairs.split(","):
            source, target = (grounds[name] for name in pair.split("-"))
            fill(source.witness, chosen.large, chosen.small)
            for prefix, what in (("large/", f"{chosen.large} MiB"), ("small/", f"{chosen.small} x 64 KiB")):
                if not source.witness.keys(prefix):
                    continue
                runs: dict[str, list[Spent]] = {}
                for _ in range(chosen.rounds):
                    for tool in chosen.tools.split(","):
                        found = copied(tool, source, target, prefix, home)
                        if isinstance(found, str):
                            print(f"| {pair}, {what} | {tool} | failed: {found} |", flush=True)
                        else:
                            runs.setdefault(tool, []).append(found)
                for tool, spent in runs.items():
                    middle = median(spent)
                    print(
                        f"| {pair}, {what} | {tool} | {middle.wall:.2f} | {middle.cpu:.2f} | {middle.rss / MIB:.0f} |",
                        flush=True,
                    )
                compare(source.witness, target.witness, prefix)


def fill(witness: Witness, large: int, small: int) -> None:
    """Random bytes, the same in each store."""
    if large and not witness.keys("large/"):
        witness.put("large/a.bin", Random(large).randbytes(MIB) * large)
    if small and not witness.keys("small/"):
        with ThreadPoolExecutor(8) as pool:
            list(pool.map(lambda n: witness.put(f"small/{n:05}", Random(n).randbytes(65536)), range(small)))


def compare(source: Witness, target: Witness, prefix: str) -> None:
    """The last copy of each tool, some of it byte by byte."""
    for key in target.keys("to-"):
        original = key.split("/", 1)[1]
        if original.startswith(prefix) and hash(key) % 50 == 0 and target.get(key) != source.get(original):
            sys.exit(f"{key} is not {original}")


if __name__ == "__main__":
    main()
