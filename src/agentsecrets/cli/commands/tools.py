"""``demo`` and ``completion``."""

from __future__ import annotations

import click

from agentsecrets.cli.errand import Errand
from agentsecrets.cli.grammar import with_errand
from agentsecrets.cli.shells import SCRIPTS


@click.command("demo", short_help="Show the main job in a temporary home.")
@with_errand
def demo(errand: Errand) -> int:
    """Run the product's own commands against an API that this command starts, then search everything they left for the values.

    Nothing of yours is touched: it happens in a temporary folder, which is removed afterwards.
    """
    from agentsecrets.demo.transcript import run

    return run(as_json=errand.as_json)


@click.command("completion", short_help="Print completion for a shell.")
@click.argument("shell", type=click.Choice(tuple(SCRIPTS)))
@with_errand
def completion(errand: Errand, shell: str) -> None:
    """Print a script that completes commands, flags and names, e.g. for ~/.bashrc: eval "$(agentsecrets completion bash)".

    Names of secrets, projects, workspaces and hosts come from a daemon that runs and is open; none is started or unlocked for them.
    """
    errand.tell({"shell": shell, "script": SCRIPTS[shell]}, SCRIPTS[shell])
