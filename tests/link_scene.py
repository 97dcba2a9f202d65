"""What strangers do with links that ``jsobj share`` printed; the same on every server and over both APIs."""

from __future__ import annotations

import html
import json
import re
import subprocess
import time
import urllib.request
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from commands import Jsobj
from headless import Tab
from strangers import status

ODD = "<b>o'dd & \u00e9.txt"
OVER = frozenset({401, 403, 404})


def got(url: str) -> bytes:
    with urllib.request.urlopen(url, timeout=30) as answer:
        return bytes(answer.read())


def until(happens: Callable[[], bool]) -> bool:
    """Whether it happens within a while: servers look at their clocks in whole seconds."""
    end = time.monotonic() + 60
    while not happens():
        if time.monotonic() > end:
            return False
        time.sleep(0.2)
    return True


@dataclass(frozen=True)
class LinkScene:
    """``place``: a bucket with a scheme, in which ``in/a.txt`` and ``in/b c#?.txt`` lie."""

    jsobj: Jsobj
    place: str
    folder: Path

    @property
    def inventory(self) -> str:
        found = self.jsobj.home / ".local/state/jsobj/shares.json"
        return found.read_text() if found.exists() else ""

    def an_object(self) -> str:
        """A link to an object: its id, which is kept. What cannot be taken back is not said to be."""
        made = self.jsobj("share", f"{self.place}/in/a.txt", "--to", "link", "--expires", "1h", "--json").json
        assert got(made["url"]) == b"first"
        assert made["url"].partition("?")[2] not in self.inventory
        lasts = self.jsobj("unshare", made["id"], code=6)
        assert "link-lasts" in lasts.err
        assert made["id"] in self.inventory
        assert got(made["url"]) == b"first"
        assert self.jsobj("share", f"{self.place}/in/none", "--to", "link", code=5)
        return str(made["id"])

    def a_folder(self) -> list[str]:
        """A page of links: they work, and it goes with its share; they are given back."""
        made = self.jsobj("share", f"{self.place}/in/", "--to", "link", "--expires", "1h", "--json").json
        page = got(made["url"]).decode()
        links = [html.unescape(each) for each in re.findall(r'<a[^>]* href="(http[^"]*)"', page)]
        assert {got(each) for each in links} == {b"first", b"second"}
        assert "deleted, but what was copied from it works" in self.jsobj("unshare", made["id"], code=6).err
        assert until(lambda: status(made["url"]) in OVER)
        assert got(links[0]) in {b"first", b"second"}
        return links

    def an_inbox(self) -> dict[str, object]:
        """Strangers send into a new folder, and nowhere else."""
        url = f"{self.place}/box/"
        made = self.jsobj("share", url, "--to", "upload-link", "--max-size", "1000", "--json").json
        (self.folder / "sent.txt").write_bytes(b"from a stranger")
        line = made["curl"].replace("FILE", "sent.txt").replace("NAME", "sent.txt")
        subprocess.run(line, shell=True, cwd=self.folder, check=True, capture_output=True, timeout=60)
        assert self.jsobj("cat", f"{made['folder']}sent.txt").out == "from a stranger"
        assert self.jsobj("ls", "-r", url).out.split() == [f"{made['folder'].removeprefix(url)}sent.txt"]
        elsewhere = line.replace("/received-", "/other-")
        assert elsewhere != line
        failed = subprocess.run(elsewhere, shell=True, cwd=self.folder, capture_output=True, timeout=60)
        assert failed.returncode == 22  # curl's word for an HTTP error
        if made["limited_by_server"]:
            (self.folder / "large.txt").write_bytes(bytes(1001))
            larger = made["curl"].replace("FILE", "large.txt")
            done = subprocess.run(larger, shell=True, cwd=self.folder, capture_output=True, timeout=60)
            assert done.returncode == 22
        assert "Send a file" in got(made["url"]).decode()
        return dict(made)

    def a_form(self, tab: Tab) -> list[str]:
        """The same by a browser: a file with an odd name is chosen and sent; the names that are there then."""
        made = self.jsobj("share", f"{self.place}/form/", "--to", "upload-link", "--max-size", "1000", "--json").json
        small, large = self.folder / ODD, self.folder / "large.bin"
        small.write_bytes(b"by a browser")
        large.write_bytes(bytes(1001))
        tab.show(made["url"], width=360, height=640, scheme="dark")
        assert tab.ask("document.scrollingElement.scrollWidth") == 360
        tab.choose("#file", large)
        tab.click("button")
        assert "larger than is allowed" in tab.wait_for("document.querySelector('#said').textContent")
        tab.choose("#file", small)
        tab.click("button")
        tab.wait_for("document.querySelector('#said').textContent.startsWith('Sent:')")
        assert tab.ask("document.querySelectorAll('#said b').length") == 0
        assert tab.complaints == []
        there = self.jsobj("ls", "-r", made["folder"], "--json").json["items"]
        assert self.jsobj("cat", f"{made['folder']}{small.name}").out == "by a browser"
        return [each["key"].removeprefix(made["folder"].split("/", 3)[3]) for each in there]

    def an_end(self) -> None:
        """A link ends by itself, is shown as ended, and is forgotten when asked."""
        made = self.jsobj("share", f"{self.place}/in/a.txt", "--to", "link", "--expires", "3s", "--json").json
        assert until(lambda: status(made["url"]) in OVER)
        states = {each["id"]: each["state"] for each in self.jsobj("shares", "--json").json["items"]}
        assert states[made["id"]] == "ended"
        self.jsobj("shares", "--prune")
        assert made["id"] not in self.inventory

    def revoked(self, links: list[str]) -> None:
        """Temporary URLs end with the second key, all of them, and nothing else does."""
        url = f"{self.place}/in/a.txt"
        two = [self.jsobj("share", url, "--to", "link", "--json").json for _ in range(2)]
        own = self.jsobj("presign", url, "--make-key", "--json").json["url"]
        done = self.jsobj("unshare", two[0]["id"], "--revoke", "--json").json["items"]
        assert {each["id"] for each in done} >= {two[0]["id"], two[1]["id"]}
        assert until(lambda: all(status(each) in OVER for each in (two[0]["url"], two[1]["url"], *links)))
        assert got(own) == b"first"
        again = self.jsobj("share", url, "--to", "link", "--json").json
        assert got(again["url"]) == b"first"
        self.jsobj("unshare", again["id"], "--revoke")

    def a_file_for_a_while(self) -> list[object]:
        """Sent, linked to, and gone by itself; what is remembered afterwards."""
        (self.folder / "plot.txt").write_bytes(b"for a while")
        made = self.jsobj("share", str(self.folder / "plot.txt"), "--for", "12s", "--json").json
        assert got(made["url"]) == b"for a while"
        assert until(lambda: status(made["url"]) in OVER)
        self.jsobj("shares", "--prune")
        assert made["id"] not in self.inventory
        kept = self.jsobj("share", str(self.folder / "plot.txt"), "--for", "1h", "--json").json
        self.jsobj("unshare", kept["id"])
        assert status(kept["url"]) in OVER
        return list(json.loads(self.inventory)["given"])
