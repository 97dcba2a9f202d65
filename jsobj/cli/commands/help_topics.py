"""``jsobj help``: what is common to all commands, the help of one command, and the whole manual."""

from __future__ import annotations

import click

from jsobj.cli.parsing.command import Group, command
from jsobj.cli.parsing.world import World
from jsobj.cli.views.manual import TOPICS, man_page, markdown, topic_text
from jsobj.errors import BadUsage, ExitCode, did_you_mean
from jsobj.ui.documents import Record


def _complete(ctx: click.Context, parameter: click.Parameter, incomplete: str) -> list[str]:
    group = _command_at(ctx.find_root(), ctx.params.get("words") or ())
    names = group.list_commands(ctx) if isinstance(group, Group) else []
    return [name for name in (*TOPICS, *names) if name.startswith(incomplete)]


@command("help")
@click.argument("words", metavar="[TOPIC | COMMAND...]", nargs=-1, shell_complete=_complete)
@click.option("--man", is_flag=True, help="Print the manual page of all commands and topics, for man.")
@click.option("--markdown", "as_markdown", is_flag=True, help="Print the same as Markdown.")
@click.pass_context
def help_topics(ctx: click.Context, world: World, words: tuple[str, ...], man: bool, as_markdown: bool) -> None:
    """Explain a command or a topic, such as files, patterns or JSON.

    \b
    Examples:
      jsobj help                    all commands and topics
      jsobj help upload             as jsobj upload --help
      jsobj help keyless            what works without S3 keys
      jsobj help --man > jsobj.1    the manual page
    """
    root = ctx.find_root()
    if man or as_markdown:
        world.out.data(man_page(root) if man else markdown(root))
    elif words == ("exit-codes",):
        codes = [{"code": int(code), "name": code.name, "meaning": code.meaning} for code in ExitCode]
        lines = [(str(int(code)), code.meaning) for code in ExitCode]
        world.out.show(Record("jsobj.exit-codes/1", {"codes": codes}, lines))
    else:
        name = " ".join(words)
        text = topic_text(name) if name in TOPICS else _help_of(root, words)
        world.out.show(Record("jsobj.help/1", {"topic": name, "text": text}, text if words else text + _topics()))


def _topics() -> str:
    rows = "".join(f"  {name:<13}{title}\n" for name, title in TOPICS.items())
    return f"\nTopics (jsobj help TOPIC):\n{rows}"


def _help_of(root: click.Context, words: tuple[str, ...]) -> str:
    found = _command_at(root, words)
    if found is None:
        group = _command_at(root, words[:-1])
        known = (*TOPICS, *(group.list_commands(root) if isinstance(group, Group) else ()))
        near = did_you_mean(words[-1], known).strip().capitalize()
        raise BadUsage(
            f"there is no command or topic '{' '.join(words)}'. {near}".rstrip(),
            hint=f"jsobj help names all commands and topics ({', '.join(TOPICS)})",
        )
    with click.Context(found, info_name=" ".join(words), parent=root) if words else root as context:
        return f"{found.get_help(context)}\n"


def _command_at(root: click.Context, words: tuple[str, ...]) -> click.Command | None:
    found: click.Command | None = root.command
    for word in words:
        found = found.get_command(root, word) if isinstance(found, Group) else None
    return found
