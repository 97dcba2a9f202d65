"""The lines that a page offers, copied by its buttons, do what they say: run as a stranger would, without a login."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

from headless import Tab
from publish_scene import Published, show


def test_copied_lines_run(tab: Tab, published: Published, tmp_path: Path) -> None:
    inner = published.url.replace("index.html", "sea.zarr/index.html")
    said = {"outer": lines_of(tab, published.url), "zarr": lines_of(tab, inner)}
    server = {"s3fs", "boto3", "obstore"} if published.scene.ground != "swift" else {"swiftclient", "obstore"}
    assert set(said["zarr"]) == {"xarray", "zarr", "curl", "wget", *server}
    assert set(said["outer"]) == {"xarray", "curl", "wget", *server}
    for page, ways in said.items():
        for name, text in ways.items():
            folder = tmp_path / page / name
            folder.mkdir(parents=True)
            check(name, run(name, text, folder), folder, page)


def lines_of(tab: Tab, url: str) -> dict[str, str]:
    """What each copy button puts into the clipboard."""
    show(tab, url)
    tab.allow("clipboardReadWrite", "clipboardSanitizedWrite")
    said = {}
    for number, name in enumerate(tab.ask("[...document.querySelectorAll('.ways label')].map(one => one.textContent)")):
        tab.click(f".ways label:nth-of-type({number + 1})")
        button = f".lines:nth-of-type({number + 1}) button"
        tab.click(button)
        tab.wait_for(f"document.querySelector({button!r}).textContent == 'Copied'")
        said[name] = tab.ask("navigator.clipboard.readText()")
        assert said[name].strip() == tab.ask(
            f"document.querySelector({button!r}).parentElement.querySelector('pre').innerText.trim()"
        )
    return said


def run(name: str, text: str, folder: Path) -> str:
    shell = name in {"curl", "wget"}
    if shell and shutil.which(name) is None:
        return ""
    done = subprocess.run(
        ["sh", "-ec", text] if shell else [sys.executable, "-W", "ignore", "-c", text],
        cwd=folder, env={"PATH": os.environ["PATH"], "HOME": str(folder)},
        capture_output=True, text=True, timeout=100, check=False,
    )  # fmt: skip
    assert done.returncode == 0, f"{text}\n{done.stdout}{done.stderr}"
    return done.stdout


def check(name: str, out: str, folder: Path, page: str) -> None:
    if name == "xarray":
        assert "sst" in out
    elif name == "zarr":
        assert "Group" in out
    elif name == "curl" and shutil.which(name):
        assert len([path for path in folder.iterdir() if path.is_file()]) == 1
    elif name == "wget" and shutil.which(name):
        there = {str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file()}
        if page == "outer":
            assert "my data/run_2.bin" in there
            assert "my data/evil\u202egnp.exe" in there
        else:
            assert "sea.zarr/sst/0.0.0" in there
    elif name != "obstore":
        assert "sea.zarr" in out
