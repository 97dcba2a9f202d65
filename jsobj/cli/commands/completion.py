"""``jsobj completion``."""

from __future__ import annotations

from pathlib import Path

import click

from jsobj.cli.parsing.command import command
from jsobj.cli.parsing.world import World
from jsobj.ui.documents import Record

# Where each shell looks for completions, below the home folder.
_PLACES = {
    "bash": ".local/share/bash-completion/completions/jsobj",
    "zsh": ".zfunc/_jsobj",
    "fish": ".config/fish/completions/jsobj.fish",
}
_ADVICE = {
    "bash": "It works in new shells where the package bash-completion is installed.",
    "zsh": "Put this into ~/.zshrc, before compinit: fpath+=~/.zfunc",
    "fish": "It works in new shells.",
}


@command("completion")
@click.argument("shell", type=click.Choice(tuple(_PLACES)))
@click.option("--install", is_flag=True, help="Write it where the shell looks for it.")
def completion(world: World, shell: str, install: bool) -> None:
    """Print or install shell completion.

    \b
    Examples:
      jsobj completion bash --install
      jsobj completion zsh > ~/.zfunc/_jsobj
    """
    from jsobj.cli.parsing.shells import script as script_of

    script = script_of(shell)
    if not install:
        world.out.data(script)
        return
    from jsobj.atomic import edit_private_file

    target = world.settings.home / Path(_PLACES[shell])
    edit_private_file(target, lambda old: script.encode())
    data = {"shell": shell, "file": str(target)}
    world.out.show(Record("jsobj.completion/1", data, [("Shell", shell), ("Written to", str(target))]))
    world.out.note(_ADVICE[shell])
